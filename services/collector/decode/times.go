package decode

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/freshet/freshet/services/collector/instant"
)

// Times outside of these years fit no column, and are what a program means by never: the year 1 and the year 9999.
var (
	firstTime = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)
	lastTime  = time.Date(2262, 1, 1, 0, 0, 0, 0, time.UTC)
)

// timeOf reads a member that has to be a time, as Unix milliseconds; 0 when absent, null or empty.
func timeOf(field string, raw []byte) (int64, *Fault) {
	if !present(raw) || blank(raw) {
		return 0, nil
	}
	t, ok := instant.JSON(raw)
	switch {
	case !ok:
		return 0, &Fault{ReasonBadTimestamp, fmt.Sprintf("%s %.40s is no time with one reading: send ISO 8601, such as 2026-01-31T12:00:00.000Z, or Unix time", field, raw)}
	case !keepable(t):
		return 0, &Fault{ReasonBadTimestamp, fmt.Sprintf("%s %.40s is not within the years 1900 and 2261", field, raw)}
	}
	return millis(t), nil
}

// keepable says that a time fits into the columns.
func keepable(t time.Time) bool { return !t.Before(firstTime) && t.Before(lastTime) }

// StampOf is a time of gRPC as Unix milliseconds; false when it is none that can be kept.
func StampOf(at *timestamppb.Timestamp) (int64, bool) {
	if !at.IsValid() || !keepable(at.AsTime()) {
		return 0, false
	}
	return millis(at.AsTime()), true
}

// blank says that a raw value is a text of blanks.
func blank(raw []byte) bool {
	if raw[0] != '"' {
		return false
	}
	for _, c := range raw[1 : len(raw)-1] {
		if c != ' ' {
			return false
		}
	}
	return true
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
	// skew is how far behind the client's clock is, in milliseconds; negative when it is ahead, 0 when it is right or nobody knows.
	skew int64
}

// readTimes sets the four times of w.event. Of a live event a time that cannot be read is left out with a note: it happened at its receipt.
// What is imported is refused for it: history must not become today.
func (w *Work) readTimes(it *Item, o *Origin, clock Clock) *Fault {
	t := times{received: o.Received, sent: w.Envelope.SentMS}
	if it.ReceivedMS != 0 {
		t.received, t.sent = it.ReceivedMS, it.SentMS
	}
	strict := o.Imports || o.History
	var bad *Fault
	if t.stated, bad = timeOf("timestamp", it.timestamp); bad != nil {
		w.Note(NoteBadTimestamp, "timestamp", bad.Detail)
	}
	original, f := timeOf("originalTimestamp", it.original)
	if t.original = original; f != nil {
		w.Note(NoteBadTimestamp, "originalTimestamp", f.Detail)
		bad = f
	}
	if t.original == 0 || t.original == t.stated {
		t.original, t.stated = t.stated, 0
	}
	if strict && bad != nil && t.original == 0 {
		return bad
	}
	w.readSentAt(it, &t)
	w.judgeClock(it, o, clock, &t)
	w.Event.History = o.History || o.Imports && !clock.live(&t)
	if f := clock.place(&t, w.Event.History); f != nil {
		if strict || f.Reason != ReasonBadTimestamp {
			return f
		}
		w.Note(NoteBadTimestamp, "timestamp", f.Detail)
		t.occurred = t.received
	}
	w.Event.OriginalMs, w.Event.SentMs, w.Event.ReceivedMs, w.Event.OccurredMs = t.original, t.sent, t.received, t.occurred
	return nil
}

// readSentAt takes the event's own sentAt before that of its batch.
func (w *Work) readSentAt(it *Item, t *times) {
	own, f := timeOf("sentAt", it.sentAt)
	if f != nil {
		w.Note(NoteBadTimestamp, "sentAt", f.Detail)
	} else if own != 0 {
		t.sent = own
	}
}

// happened is when the event took place, its client's clock mended: received - (sent - original), as Segment has it, when the clock is
// wrong; see skew.go.
func (t *times) happened() int64 {
	switch {
	case t.original == 0:
		return t.received
	case t.stated != 0:
		return t.stated // no reading of the clock that sent it: there is nothing to mend
	}
	return t.original + t.skew
}

// live says that an event sent to /v1/import is no history: some of Segment's clients send there what happens now.
func (c Clock) live(t *times) bool {
	at := t.happened()
	return c.ImportLive > 0 && at >= t.received-c.ImportLive.Milliseconds() && at <= t.received+c.MaxFuture.Milliseconds()
}

// place sets t.occurred, or says why the time of the event is not believed.
func (c Clock) place(t *times, history bool) *Fault {
	at := t.happened()
	if history && t.stated == 0 && t.original != 0 {
		at = t.original // a machine's clock says nothing about the times of what it imports
	}
	switch {
	case at < 0:
		return &Fault{ReasonBadTimestamp, "the event's time is before 1970"}
	case !history && at < t.received-c.MaxAge.Milliseconds():
		return &Fault{ReasonTooOld, fmt.Sprintf("the event happened more than %s before it was received: send history to /v1/import", c.MaxAge)}
	case !history && at > t.received+c.MaxFuture.Milliseconds():
		return &Fault{ReasonInFuture, fmt.Sprintf(
			"the event is more than %s in the future: set the client's clock or send sentAt; /v1/import takes any time and sets future ones to the time of receipt", c.MaxFuture)}
	}
	t.occurred = min(at, t.received)
	return nil
}
