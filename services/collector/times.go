package collector

import (
	"bytes"
	"fmt"
	"time"

	"github.com/freshet/freshet/services/collector/jsonscan"
)

// layouts are the forms of ISO 8601 met in the wild besides RFC 3339; a time without a zone is UTC.
var layouts = []string{
	"2006-01-02T15:04:05.999999999Z0700", "2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02T15:04:05.999999999Z07", "2006-01-02 15:04:05.999999999Z07",
	"2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04Z07:00", time.DateOnly,
}

// instant reads a member that has to be an ISO 8601 time, as Unix milliseconds; 0
// when absent, null or empty.
func instant(field string, raw []byte) (int64, *fault) {
	if !present(raw) {
		return 0, nil
	}
	if raw[0] != '"' {
		return 0, &fault{reasonBadTimestamp, fmt.Sprintf("%s must be a string in ISO 8601, not %s", field, kind(raw))}
	}
	value := bytes.TrimSpace(jsonscan.Text(raw))
	if len(value) == 0 {
		return 0, nil
	}
	var t time.Time
	if t.UnmarshalText(value) == nil {
		return millis(t), nil
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, view(value)); err == nil {
			return millis(t), nil
		}
	}
	return 0, &fault{reasonBadTimestamp, fmt.Sprintf("%s %.40q is not a time in ISO 8601, such as 2026-01-31T12:00:00.000Z", field, value)}
}

// millis is a time as Unix milliseconds, and never 0, which means that none was sent: what a device without a clock
// says, the beginning of 1970, is a wrong time and not a missing one. It becomes the millisecond after.
func millis(t time.Time) int64 {
	if ms := t.UnixMilli(); ms != 0 {
		return ms
	}
	return 1
}

// times are the four times of an event in Unix milliseconds; 0 means not sent.
type times struct {
	original, sent, received, occurred int64
	// stated is what the caller said, where the client sent its own clock beside it: RudderStack's
	// clients put the clock into originalTimestamp and the caller's word into timestamp.
	stated int64
}

// happened is when the event took place, its client's clock mended.
//
// Segment's formula is received - (sent - original). It is applied only when the
// client's clock is plainly wrong: with every event it would add the network's delay
// and, with clients that do not refresh sentAt, the whole time of their retries.
func (c Clock) happened(t *times) int64 {
	switch {
	case t.original == 0:
		return t.received
	case t.stated != 0:
		return t.stated // no reading of the clock that sent it: there is nothing to mend
	}
	at := t.original
	if t.sent != 0 {
		skew := t.received - t.sent
		if far := max(skew, -skew); far > c.SkewThreshold.Milliseconds() && far <= c.SkewLimit.Milliseconds() {
			at += skew
		}
	}
	return at
}

// live says that an event sent to /v1/import is no history: some of Segment's clients send there what happens now.
func (c Clock) live(t *times) bool {
	at := c.happened(t)
	return c.ImportLive > 0 && at >= t.received-c.ImportLive.Milliseconds() && at <= t.received+c.MaxFuture.Milliseconds()
}

// place sets t.occurred, or says why a live event's time is not believed.
func (c Clock) place(t *times, history bool) *fault {
	if t.original == 0 {
		t.occurred = t.received
		return nil
	}
	if history {
		at := t.original
		if t.stated != 0 {
			at = t.stated
		}
		if at < 0 {
			return &fault{reasonBadTimestamp, "the event's time is before 1970"}
		}
		t.occurred = min(at, t.received)
		return nil
	}
	at := c.happened(t)
	if at < t.received-c.MaxAge.Milliseconds() {
		return &fault{reasonTooOld, fmt.Sprintf("the event happened more than %s before it was received: send history to /v1/import", c.MaxAge)}
	}
	if at > t.received+c.MaxFuture.Milliseconds() {
		return &fault{reasonInFuture, fmt.Sprintf(
			"the event is more than %s in the future: set the client's clock or send sentAt; /v1/import takes any time and sets future ones to the time of receipt", c.MaxFuture)}
	}
	t.occurred = min(at, t.received)
	return nil
}
