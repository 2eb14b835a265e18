package decode

import (
	"testing"
	"time"
)

// What the times of an event, read and its clock judged, make of it.
func TestPlace(t *testing.T) {
	clock := DefaultClock()
	received := noon.UnixMilli()
	at := func(d time.Duration) int64 { return received + d.Milliseconds() }
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		original, skew, stated time.Duration // original and stated from receipt; 0 for the receipt itself
		none                   bool          // no time was sent
		history                bool
		want                   time.Duration
		reason                 string
	}{
		"no time: when it was received":                {none: true},
		"a clock that is right: as sent":               {original: -time.Minute, want: -time.Minute},
		"a clock that is behind":                       {original: -2*time.Hour - time.Second, skew: 2 * time.Hour, want: -time.Second},
		"a clock that is ahead":                        {original: 3*time.Hour - time.Second, skew: -3 * time.Hour, want: -time.Second},
		"a clock of 1970":                              {original: time.Duration(1-received) * time.Millisecond, skew: time.Duration(received-1001) * time.Millisecond, want: -time.Second},
		"mended, never after receipt":                  {original: -time.Hour, skew: 2 * time.Hour, want: 0},
		"half an hour ahead happens at receipt":        {original: 30 * time.Minute},
		"an hour ahead is the last":                    {original: time.Hour},
		"more than an hour ahead":                      {original: time.Hour + time.Millisecond, reason: ReasonInFuture},
		"30 days ago is the last":                      {original: -30 * day, want: -30 * day},
		"more than 30 days ago":                        {original: -30*day - time.Millisecond, reason: ReasonTooOld},
		"the window is of the mended time: taken":      {original: -31 * day, skew: 2 * day, want: -29 * day},
		"the window is of the mended time: too old":    {original: -29 * day, skew: -2 * day, reason: ReasonTooOld},
		"the window is of the mended time: in future":  {original: -time.Minute, skew: 2 * time.Hour, reason: ReasonInFuture},
		"before 1970, and nothing says by how much":    {original: time.Duration(-received-1) * time.Millisecond, reason: ReasonBadTimestamp},
		"history: a wrong clock moves nothing":         {original: -time.Hour, skew: 2 * time.Hour, history: true, want: -time.Hour},
		"history: any past":                            {original: -20 * 365 * day, history: true, want: -20 * 365 * day},
		"history: the future is cut to receipt":        {original: 999 * day, history: true},
		"history: before 1970 there is nothing":        {original: time.Duration(-received-1) * time.Millisecond, history: true, reason: ReasonBadTimestamp},
		"the caller's time beside the client's clock":  {original: -2 * time.Second, stated: -time.Hour, want: -time.Hour},
		"the caller's time is not moved":               {original: -2 * time.Hour, stated: -time.Minute, skew: 2 * time.Hour, want: -time.Minute},
		"the caller's time has to be believable too":   {stated: -31 * day, reason: ReasonTooOld},
		"history: the caller's time":                   {stated: -9000 * time.Hour, history: true, want: -9000 * time.Hour},
		"history without a time is of its receipt too": {none: true, history: true},
	} {
		tm := times{original: at(c.original), skew: c.skew.Milliseconds(), received: received}
		if c.stated != 0 {
			tm.stated = at(c.stated)
		}
		if c.none {
			tm.original = 0
		}
		f := clock.place(&tm, c.history)
		switch {
		case f != nil && f.Reason != c.reason:
			t.Errorf("%s: refused as %s, want %q", name, f.Reason, c.reason)
		case f == nil && c.reason != "":
			t.Errorf("%s: taken, want %s", name, c.reason)
		case f == nil && tm.occurred != at(c.want):
			t.Errorf("%s: occurred %s from receipt, want %s", name, time.Duration(tm.occurred-received)*time.Millisecond, c.want)
		}
	}
}

// The package instant has the writings; here is what the collector asks beyond them.
func TestTimesOfMembers(t *testing.T) {
	for raw, want := range map[string]string{
		`"2026-01-31T12:00:00Z"`: "2026-01-31T12:00:00Z", `"2026-01-31T12:00:00.123456Z"`: "2026-01-31T12:00:00.123Z", `1769860800`: "2026-01-31T12:00:00Z", `1769860800000`: "2026-01-31T12:00:00Z",
		`{"$date":"2026-01-31T12:00:00Z"}`: "2026-01-31T12:00:00Z", `"1900-01-01"`: "1900-01-01T00:00:00Z", `"2261-12-31T23:59:59.999Z"`: "2261-12-31T23:59:59.999Z",
	} {
		got, f := timeOf("timestamp", []byte(raw))
		if f != nil || got != ms(t, want) {
			t.Errorf("%s: %d %v, want %s", raw, got, f, want)
		}
	}
	// What a client without a clock sends is a time, and not the same as none.
	if got, f := timeOf("timestamp", []byte(`"1970-01-01T00:00:00.000Z"`)); f != nil || got == 0 {
		t.Errorf("the beginning of 1970: %d %v, want a time", got, f)
	}
	for _, raw := range []string{`"2026-13-01T00:00:00Z"`, `"12:00"`, `true`, `{}`, `["2026-01-31"]`, `"0001-01-01T00:00:00Z"`, `"9999-12-31T23:59:59Z"`, `"2262-01-01T00:00:00Z"`, `"1899-12-31T23:59:59.999Z"`, `0`, `42`} {
		if got, f := timeOf("timestamp", []byte(raw)); f == nil || f.Reason != ReasonBadTimestamp || got != 0 {
			t.Errorf("%s was read as %d", raw, got)
		}
	}
	for _, raw := range []string{``, `null`, `""`, `" "`} {
		if got, f := timeOf("timestamp", []byte(raw)); f != nil || got != 0 {
			t.Errorf("%q: %d %v, want not sent", raw, got, f)
		}
	}
}
