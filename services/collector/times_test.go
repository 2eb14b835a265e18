package collector

import (
	"testing"
	"time"
)

func TestPlace(t *testing.T) {
	clock := Default().Clock
	received := noon.UnixMilli()
	at := func(d time.Duration) int64 { return received + d.Milliseconds() }
	for name, c := range map[string]struct {
		original, sent int64
		stated         int64
		history        bool
		want           int64
		reason         string
	}{
		"no time: when it was received":                             {want: received},
		"no sentAt: as sent":                                        {original: at(-time.Hour), want: at(-time.Hour)},
		"a clock that is right: as sent":                            {original: at(-time.Minute), sent: at(-2 * time.Second), want: at(-time.Minute)},
		"5 minutes off is the network":                              {original: at(-time.Hour), sent: at(-5 * time.Minute), want: at(-time.Hour)},
		"a clock 2 hours behind is mended":                          {original: at(-2*time.Hour - time.Second), sent: at(-2 * time.Hour), want: at(-time.Second)},
		"a clock 3 hours ahead is mended":                           {original: at(3*time.Hour - time.Second), sent: at(3 * time.Hour), want: at(-time.Second)},
		"a millisecond more than 5 minutes behind is a wrong clock": {original: at(-time.Hour), sent: at(-5*time.Minute - time.Millisecond), want: at(-time.Hour + 5*time.Minute + time.Millisecond)},
		"5 minutes ahead is the network":                            {original: at(-time.Hour), sent: at(5 * time.Minute), want: at(-time.Hour)},
		"a millisecond more than 5 minutes ahead is a wrong clock":  {original: at(-time.Hour), sent: at(5*time.Minute + time.Millisecond), want: at(-time.Hour - 5*time.Minute - time.Millisecond)},
		"a day behind is the last that is believed":                 {original: at(-25 * time.Hour), sent: at(-24 * time.Hour), want: at(-time.Hour)},
		"a millisecond more than a day behind is not":               {original: at(-25 * time.Hour), sent: at(-24*time.Hour - time.Millisecond), want: at(-25 * time.Hour)},
		"a day ahead is the last that is believed":                  {original: at(23 * time.Hour), sent: at(24 * time.Hour), want: at(-time.Hour)},
		"a millisecond more than a day ahead is not":                {original: at(23 * time.Hour), sent: at(24*time.Hour + time.Millisecond), reason: reasonInFuture},
		"the window is of the mended time: not too old":             {original: at(-30*24*time.Hour - time.Hour), sent: at(-2 * time.Hour), want: at(-30*24*time.Hour + time.Hour)},
		"the window is of the mended time: too old":                 {original: at(-30*24*time.Hour + time.Hour), sent: at(2 * time.Hour), reason: reasonTooOld},
		"the window is of the mended time: not in the future":       {original: at(2 * time.Hour), sent: at(3 * time.Hour), want: at(-time.Hour)},
		"the window is of the mended time: in the future":           {original: at(30 * time.Minute), sent: at(-2 * time.Hour), reason: reasonInFuture},
		"history: a wrong clock moves nothing":                      {original: at(-time.Hour), sent: at(-2 * time.Hour), history: true, want: at(-time.Hour)},
		"an offset beyond a day is not believed":                    {original: at(-49 * time.Hour), sent: at(-48 * time.Hour), want: at(-49 * time.Hour)},
		"mended, never after receipt":                               {original: at(-time.Hour), sent: at(-2 * time.Hour), want: received},
		"half an hour ahead happens at receipt":                     {original: at(30 * time.Minute), want: received},
		"an hour ahead is the last":                                 {original: at(time.Hour), want: received},
		"more than an hour ahead":                                   {original: at(time.Hour + time.Millisecond), reason: reasonInFuture},
		"30 days ago is the last":                                   {original: at(-30 * 24 * time.Hour), want: at(-30 * 24 * time.Hour)},
		"more than 30 days ago":                                     {original: at(-30*24*time.Hour - time.Millisecond), reason: reasonTooOld},
		"a clock years ahead":                                       {original: at(9000 * time.Hour), sent: at(9000 * time.Hour), reason: reasonInFuture},
		"sentAt of the year 1":                                      {original: received, sent: time.Time{}.UnixMilli(), want: received},
		"the year 1":                                                {original: time.Time{}.UnixMilli(), reason: reasonTooOld},
		"history: any past, whatever sentAt says":                   {original: at(-20 * 365 * 24 * time.Hour), sent: at(-2 * time.Hour), history: true, want: at(-20 * 365 * 24 * time.Hour)},
		"history: the future is cut to receipt":                     {original: at(999 * time.Hour), history: true, want: received},
		"the caller's time beside the client's clock":               {original: at(-2 * time.Second), stated: at(-time.Hour), sent: at(-time.Second), want: at(-time.Hour)},
		"the caller's time is not moved with the clock":             {original: at(-2 * time.Hour), stated: at(-time.Minute), sent: at(-2 * time.Hour), want: at(-time.Minute)},
		"the caller's time has to be believable too":                {original: received, stated: at(-31 * 24 * time.Hour), reason: reasonTooOld},
		"history: the caller's time":                                {original: received, stated: at(-9000 * time.Hour), history: true, want: at(-9000 * time.Hour)},
		"history: before 1970 there is no time to store":            {original: -1, history: true, reason: reasonBadTimestamp},
	} {
		tm := times{original: c.original, stated: c.stated, sent: c.sent, received: received}
		f := clock.place(&tm, c.history)
		switch {
		case f != nil && f.reason != c.reason:
			t.Errorf("%s: refused as %s, want %q", name, f.reason, c.reason)
		case f == nil && c.reason != "":
			t.Errorf("%s: taken, want %s", name, c.reason)
		case f == nil && tm.occurred != c.want:
			t.Errorf("%s: occurred %s from receipt, want %s", name, time.Duration(tm.occurred-received)*time.Millisecond, time.Duration(c.want-received)*time.Millisecond)
		}
	}
}

func TestInstant(t *testing.T) {
	for raw, want := range map[string]string{
		`"2026-01-31T12:00:00Z"`: "2026-01-31T12:00:00Z", `"2026-01-31T12:00:00.123456Z"`: "2026-01-31T12:00:00.123Z",
		`"2026-01-31T14:00:00+02:00"`: "2026-01-31T12:00:00Z", `"2026-01-31T14:00:00+0200"`: "2026-01-31T12:00:00Z",
		`"2026-01-31T12:00:00"`: "2026-01-31T12:00:00Z", `"2026-01-31 12:00:00.5"`: "2026-01-31T12:00:00.500Z",
		`"2026-01-31 14:00:00+02:00"`: "2026-01-31T12:00:00Z", `"2026-01-31T14:00:00.5+02"`: "2026-01-31T12:00:00.500Z", `"2026-01-31 12:00:00+00"`: "2026-01-31T12:00:00Z", `"2026-01-31T12:00Z"`: "2026-01-31T12:00:00Z", `" 2026-01-31 "`: "2026-01-31T00:00:00Z",
	} {
		got, f := instant("timestamp", []byte(raw))
		if f != nil || got != ms(t, want) {
			t.Errorf("%s: %d %v, want %s", raw, got, f, want)
		}
	}
	// What a client without a clock sends is a time, and not the same as none.
	if got, f := instant("timestamp", []byte(`"1970-01-01T00:00:00.000Z"`)); f != nil || got == 0 {
		t.Errorf("the beginning of 1970: %d %v, want a time", got, f)
	}
	for _, raw := range []string{`"2026-13-01T00:00:00Z"`, `"1700000000"`, `"12:00"`, `1700000000000`, `true`, `{}`, `["2026-01-31"]`} {
		if got, f := instant("timestamp", []byte(raw)); f == nil || f.reason != reasonBadTimestamp {
			t.Errorf("%s was read as %d", raw, got)
		}
	}
	for _, raw := range []string{``, `null`, `""`, `" "`} {
		if got, f := instant("timestamp", []byte(raw)); f != nil || got != 0 {
			t.Errorf("%q: %d %v, want not sent", raw, got, f)
		}
	}
}
