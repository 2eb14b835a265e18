package decode

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The table of skew.go, row by row, with both sides of each bound.
func TestAWrongClockIsToldFromALateDelivery(t *testing.T) {
	const day, year = 24 * time.Hour, 365 * 24 * time.Hour
	known := func(skew time.Duration) *time.Duration { return &skew }
	for name, c := range map[string]struct {
		lag                    time.Duration // how far sentAt is behind the receipt
		retried, filed, steady bool
		same                   *time.Duration // what its bytes were told before
		known                  *time.Duration
		want                   time.Duration // the skew
	}{
		"a clock that is right":                                 {lag: 2 * time.Second},
		"5 minutes behind is the network":                       {lag: 5 * time.Minute},
		"5 minutes ahead is the network":                        {lag: -5 * time.Minute},
		"a millisecond more ahead is a wrong clock":             {lag: -5*time.Minute - time.Millisecond, want: -5*time.Minute - time.Millisecond},
		"3 hours ahead":                                         {lag: -3 * time.Hour, want: -3 * time.Hour},
		"12 years ahead":                                        {lag: -12 * year, want: -12 * year},
		"ahead, also when it is a repeat":                       {lag: -3 * time.Hour, retried: true, want: -3 * time.Hour},
		"ahead, though right a moment ago: it was set since":    {lag: -3 * time.Hour, known: known(0), want: -3 * time.Hour},
		"a repeat of one who is ahead by more":                  {lag: -2 * time.Hour, retried: true, known: known(-3 * time.Hour), want: -3 * time.Hour},
		"was ahead by years, and is by hours: it was set since": {lag: -2 * time.Hour, known: known(-3 * year), want: -2 * time.Hour},
		"was ahead, and is right: it was set since":             {lag: time.Second, known: known(-3 * time.Hour)},
		"was ahead, and is behind: late":                        {lag: 2 * time.Hour, known: known(-3 * time.Hour), want: -3 * time.Hour},
		"a millisecond more than 5 minutes behind is in doubt":  {lag: 5*time.Minute + time.Millisecond},
		"half an hour behind is the last in doubt":              {lag: 30 * time.Minute},
		"a millisecond more is a wrong clock":                   {lag: 30*time.Minute + time.Millisecond, want: 30*time.Minute + time.Millisecond},
		"2 hours behind":                                        {lag: 2 * time.Hour, want: 2 * time.Hour},
		"56 years behind: 1970":                                 {lag: 56 * year, want: 56 * year},
		"10 minutes behind, and steadily so":                    {lag: 10 * time.Minute, steady: true, want: 10 * time.Minute},
		"steadily behind, but repeats":                          {lag: 10 * time.Minute, steady: true, retried: true},
		"steadily behind, though right before: it was set":      {lag: 2 * time.Hour, steady: true, known: known(0), want: 2 * time.Hour},
		"2 hours behind, and says that it repeats":              {lag: 2 * time.Hour, retried: true},
		"11 days behind, and says that it repeats":              {lag: 11 * day, retried: true},
		"30 days behind, and repeats":                           {lag: 30 * day, retried: true},
		"31 days behind: nobody repeats for so long":            {lag: 31 * day, retried: true, want: 31 * day},
		"2 days behind, out of a file":                          {lag: 2 * day, filed: true},
		"31 days behind, out of a file":                         {lag: 31 * day, filed: true, want: 31 * day},
		"2 hours behind, and right a moment ago":                {lag: 2 * time.Hour, known: known(0)},
		"2 days behind, and right a moment ago":                 {lag: 2 * day, known: known(0)},
		"2 years behind, and right a moment ago: it was reset":  {lag: 2 * year, known: known(0), want: 2 * year},
		"3 hours behind, of which 2 are the clock":              {lag: 3 * time.Hour, known: known(2 * time.Hour), want: 2 * time.Hour},
		"10 minutes behind, as the clock was":                   {lag: 10 * time.Minute, known: known(10 * time.Minute), want: 10 * time.Minute},
		"repeats, with a clock known to be behind":              {lag: 3 * time.Hour, retried: true, known: known(2 * time.Hour), want: 2 * time.Hour},
		"the same bytes, a day later than at first":             {lag: day, same: known(0)},
		"the same bytes, of a clock that is ahead":              {lag: time.Second, same: known(-10 * time.Minute), want: -10 * time.Minute},
		"the same bytes, two months later":                      {lag: 60 * day, retried: true, same: known(0)},
		"was behind by more than now: it was set since":         {lag: time.Hour, known: known(2 * time.Hour), want: time.Hour},
	} {
		f := facts{lag: c.lag.Milliseconds(), retried: c.retried, filed: c.filed, steady: c.steady}
		if c.known != nil {
			f.known, f.skew = true, c.known.Milliseconds()
		}
		if c.same != nil {
			f.same, f.skew = true, c.same.Milliseconds()
		}
		if got := DefaultClock().judge(f).skew; got != c.want.Milliseconds() {
			t.Errorf("%s: skew %s, want %s", name, time.Duration(got)*time.Millisecond, c.want)
		}
	}
}

// exchange is a sender in the real sequence of things: a device whose clock is off by skew makes events, each is under way for delay.
func TestWhatASendersClockWasAMomentAgoCounts(t *testing.T) {
	type step struct {
		after, delay time.Duration // since the last receipt; of this delivery
		retried      bool
		again        bool          // the bytes of the step before
		want         time.Duration // the skew told
	}
	for name, c := range map[string]struct {
		skew  time.Duration
		steps []step
	}{
		"right, an outage of hours, and what was queued comes late": {0, []step{{delay: time.Second}, {after: time.Minute, delay: 3 * time.Hour}, {after: time.Second, delay: 2 * time.Hour}, {after: time.Second, delay: time.Second}}},
		"right, and a day later late":                               {0, []step{{delay: time.Second}, {after: 23 * time.Hour, delay: 20 * time.Hour}}},
		"right, and forgotten":                                      {0, []step{{delay: time.Second}, {after: 25 * time.Hour, delay: 20 * time.Hour, want: 20 * time.Hour}}},
		"behind, then late":                                         {2 * time.Hour, []step{{want: 2 * time.Hour}, {after: time.Minute, delay: time.Hour, want: 2 * time.Hour}, {after: time.Minute, delay: 26 * time.Hour, retried: true, want: 2 * time.Hour}}},
		"ahead, then late":                                          {-2 * time.Hour, []step{{want: -2 * time.Hour}, {after: time.Minute, delay: time.Hour, want: -2 * time.Hour}, {after: time.Minute, delay: 5 * time.Hour, want: -2 * time.Hour}}},
		"behind by less than is told at once":                       {10 * time.Minute, []step{{}, {after: time.Minute, want: 10 * time.Minute}, {after: time.Minute, delay: time.Minute, want: 10 * time.Minute}}},
		"late twice, each as late as it is":                         {0, []step{{delay: 10 * time.Minute}, {after: time.Minute, delay: 9 * time.Minute}, {after: time.Second, delay: 20 * time.Minute}}},
		"in doubt, and the same bytes again hours later":            {0, []step{{delay: 10 * time.Minute}, {after: 3 * time.Hour, again: true}, {after: 40 * 24 * time.Hour, again: true}}},
		"ahead, and the same bytes again when that is past":         {-10 * time.Minute, []step{{want: -10 * time.Minute}, {after: 10 * time.Minute, again: true, want: -10 * time.Minute}}},
		"1970, and right since":                                     {0, []step{{delay: 56 * 365 * 24 * time.Hour, want: 56 * 365 * 24 * time.Hour}, {after: time.Minute, delay: time.Second}, {after: time.Minute, delay: 5 * time.Hour}}},
	} {
		s, clock, now, sent := NewSenders(), DefaultClock(), noon, int64(0)
		for i, st := range c.steps {
			now = now.Add(st.after)
			tm := times{received: now.UnixMilli(), sent: sent}
			if !st.again {
				tm.sent = now.Add(-st.delay - c.skew).UnixMilli()
			}
			sent = tm.sent
			for range 2 { // two events of one request are told the same
				got := s.judge(clock, device{"web", []byte(`"a"`)}, facts{lag: tm.received - tm.sent, retried: st.retried}, &tm)
				if got != st.want.Milliseconds() {
					t.Errorf("%s, step %d: skew %s, want %s", name, i, time.Duration(got)*time.Millisecond, st.want)
				}
			}
		}
	}
}

// A delivery repeated with the same bytes says the same, whatever was between, as long as its sender is remembered.
func TestASendersRepeatsSayTheSame(t *testing.T) {
	clock := DefaultClock()
	rapid.Check(t, func(t *rapid.T) {
		s := NewSenders()
		skew := rapid.Int64Range(-400*24*3600, 29*24*3600).Draw(t, "skew, s") * 1000
		now := noon.UnixMilli()
		deliver := func(sent, received int64, retried bool) int64 {
			tm := times{sent: sent, received: received}
			return s.judge(clock, device{"web", []byte(`"a"`)}, facts{lag: received - sent, retried: retried}, &tm)
		}
		sent := now - skew - rapid.Int64Range(0, 2000).Draw(t, "network, ms")
		first := deliver(sent, now, false)
		if off := max(skew, -skew); off > 31*60_000 && max(first-skew, skew-first) > 2000 {
			t.Fatalf("a clock off by %d ms was taken to be off by %d", skew, first)
		}
		for range 5 {
			now += rapid.Int64Range(1, 3*3600).Draw(t, "wait, s") * 1000
			if again := deliver(sent, now, true); again != first {
				t.Fatalf("a repeat after a while is moved by %d ms, the first was by %d", again, first)
			}
		}
	})
}

// The memory stays what it is, whoever comes, and one sender is not another.
func TestSendersAreKeptApartInABoundedMemory(t *testing.T) {
	s, clock := NewSenders(), DefaultClock()
	tell := func(source, id string, lag time.Duration) int64 {
		tm := times{received: noon.UnixMilli(), sent: noon.Add(-lag).UnixMilli()}
		return s.judge(clock, device{source, []byte(id)}, facts{lag: lag.Milliseconds()}, &tm)
	}
	tell("web", `"a"`, 0)
	later := func(source, id string) int64 {
		tm := times{received: noon.UnixMilli() + 1000, sent: noon.Add(-2 * time.Hour).UnixMilli()}
		return s.judge(clock, device{source, []byte(id)}, facts{lag: tm.received - tm.sent}, &tm)
	}
	if got := later("web", `"a"`); got != 0 {
		t.Errorf("a sender that was right a moment ago is moved by %d", got)
	}
	for _, other := range [][2]string{{"web", `"b"`}, {"we", `b"a"`}, {"pos", `"a"`}, {"web", ``}} {
		if got := later(other[0], other[1]); got == 0 {
			t.Errorf("%v is judged by another's clock", other)
		}
	}
	for i := range 200_000 {
		tell("web", fmt.Sprint(i), 0)
	}
	if n := testing.AllocsPerRun(100, func() { s.hash(device{"web", []byte(`"abcdefgh"`)}) }); n != 0 {
		t.Errorf("%v allocations to find a sender", n)
	}
	var nobody *Senders
	if got := nobody.judge(clock, device{"web", []byte(`"a"`)}, facts{lag: 7_200_000}, &times{}); got != 7_200_000 {
		t.Errorf("without a memory: %d", got)
	}
}
