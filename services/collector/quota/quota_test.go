package quota

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// clock is a time that tests set.
type clock struct{ t time.Time }

func newClock() *clock                       { return &clock{t: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }
func (c *clock) now() time.Time              { return c.t }
func (c *clock) pass(d time.Duration) *clock { c.t = c.t.Add(d); return c }
func one(rate float64, burst int, c *clock) *Source {
	return New(0, 0, c.now).Set([]Spec{{Name: "web", Rate: rate, Burst: burst}})["web"]
}

func TestABucketOfItsOwn(t *testing.T) {
	c := newClock()
	s := one(10, 20, c)
	for _, step := range []struct {
		pass time.Duration
		n    int
		wait time.Duration
	}{
		{0, 15, 0}, // 20 -> 5
		{0, 50, 0}, // above zero: all of it, 5 -> -45
		{0, 1, 4500 * time.Millisecond},
		{4400 * time.Millisecond, 1, 100 * time.Millisecond}, // nothing was charged
		{101 * time.Millisecond, 1, 0},
		{time.Hour, 20, 0},      // no more than the burst was saved
		{0, 1, time.Nanosecond}, // exactly zero is not above
		{time.Millisecond, 2500, 0},
	} {
		c.pass(step.pass)
		if got := s.Take(step.n).Wait; got.Round(time.Millisecond) != step.wait.Round(time.Millisecond) || got == 0 != (step.wait == 0) {
			t.Errorf("%s later %d events: wait %s, want %s", step.pass, step.n, got, step.wait)
		}
	}
}

func TestNoRateLetsEverythingIn(t *testing.T) {
	c := newClock()
	var none *Source
	for _, s := range []*Source{none, one(0, 0, c)} {
		for range 1000 {
			if v := s.Take(2500); v != (Verdict{}) {
				t.Fatalf("refused: %+v", v)
			}
		}
	}
}

func TestTheVerdictNamesTheRate(t *testing.T) {
	c := newClock()
	s := New(100, 10, c.now).Set([]Spec{{Name: "web", Rate: 5, Burst: 1000}, {Name: "pos"}})
	s["web"].Take(500)
	if v := s["web"].Peek(); !v.Shared || v.Rate != 100 || v.Wait <= 0 {
		t.Errorf("beyond the shared rate: %+v", v)
	}
	c.pass(10 * time.Second)
	s["web"].Take(900)
	c.pass(9 * time.Second)
	if v := s["web"].Take(10); v.Shared || v.Rate != 5 || v.Wait <= 0 {
		t.Errorf("beyond its own rate: %+v", v)
	}
	if v := s["pos"].Peek(); v.Wait != 0 {
		t.Errorf("the other source: %+v", v)
	}
}

// What the shared bucket refuses is not charged to the source's own.
func TestARefusalChargesNothing(t *testing.T) {
	c := newClock()
	s := New(1, 2, c.now).Set([]Spec{{Name: "web", Rate: 100, Burst: 100}})["web"]
	s.Take(10)
	before := s.own.fullAt.Load()
	for range 50 {
		if v := s.Take(5); !v.Shared {
			t.Fatalf("%+v", v)
		}
	}
	if after := s.own.fullAt.Load(); after != before {
		t.Errorf("refused events cost %s", time.Duration(after-before))
	}
}

func TestNewSettingsKeepTheDebt(t *testing.T) {
	c := newClock()
	l := New(100, 50, c.now)
	s := l.Set([]Spec{{Name: "web", Rate: 10, Burst: 10}, {Name: "pos"}, {Name: "crm"}})
	s["web"].Take(110) // 100 below zero of its own
	s["pos"].Take(500)
	next := l.Set([]Spec{{Name: "web", Rate: 20, Burst: 10}, {Name: "pos"}})
	if next["pos"] != s["pos"] || next["pos"].Peek().Wait == 0 {
		t.Error("an unchanged source was made anew")
	}
	if wait := next["web"].own.admit(0, l.clock()); wait.Round(time.Millisecond) != 5*time.Second {
		t.Errorf("after a doubled rate the wait is %s, want 5s", wait)
	}
	if n := len(l.shared.filling); n != 2 {
		t.Errorf("%d members are owed something, want 2", n)
	}
	if l.Set(nil); len(l.shared.filling) != 0 {
		t.Error("a removed source still gets a share")
	}
}

// Never more than rate*t + burst and the one batch that went below zero, whatever is sent when.
func TestNoSourceExceedsItsRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := newClock()
		rate := rapid.Float64Range(0.1, 5000).Draw(t, "rate")
		burst := rapid.IntRange(1, 5000).Draw(t, "burst")
		s, begun, in := one(rate, burst, c), c.t, 0.0
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			c.pass(time.Duration(rapid.Int64Range(0, int64(2*time.Second)).Draw(t, "pause")))
			n := rapid.IntRange(1, 2500).Draw(t, "n")
			v := s.Take(n)
			if v.Wait > 0 {
				later := *c
				if c.pass(v.Wait); s.Peek().Wait > 0 {
					t.Fatalf("not let in after the wait of %s", v.Wait)
				}
				*c = later
				continue
			}
			if allowed := rate*c.t.Sub(begun).Seconds() + float64(burst); in > allowed+1e-6 {
				t.Fatalf("%.3f events were let in before this batch of %d, %.3f are allowed", in, n, allowed)
			}
			in += float64(n)
		}
	})
}

// sender wants to send batches of size at demand events a second.
type sender struct {
	demand  float64
	size    int
	backlog float64
	in      float64
}

// fill is the max-min fair division of rate: the oracle.
func fill(rate float64, demands []float64) []float64 {
	out := make([]float64, len(demands))
	order := make([]int, len(demands))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return int(math.Copysign(1, demands[a]-demands[b])) })
	for i, who := range order {
		out[who] = min(demands[who], rate/float64(len(order)-i))
		rate -= out[who]
	}
	return out
}

func TestTheSharedRateIsDividedFairly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.Float64Range(100, 10000).Draw(t, "rate")
		burst := rate / 4
		senders := make([]*sender, rapid.IntRange(1, 8).Draw(t, "sources"))
		var specs []Spec
		var demands []float64
		batches := 0.0 // one of each
		for i := range senders {
			senders[i] = &sender{demand: rapid.Float64Range(0, 2*rate).Draw(t, "demand"), size: rapid.IntRange(1, int(rate/20)).Draw(t, "size")}
			specs, demands = append(specs, Spec{Name: fmt.Sprint(i)}), append(demands, senders[i].demand)
			batches += float64(senders[i].size)
		}
		c := newClock()
		sources := New(rate, int(burst), c.now).Set(specs)
		const step, steps = 10 * time.Millisecond, 6000 // a minute
		total := 0.0
		for range steps {
			c.pass(step)
			for i, s := range senders {
				s.backlog = min(s.backlog+s.demand*step.Seconds(), rate)
				for s.backlog >= float64(s.size) && sources[specs[i].Name].Take(s.size).Wait == 0 {
					s.backlog, s.in, total = s.backlog-float64(s.size), s.in+float64(s.size), total+float64(s.size)
				}
			}
		}
		seconds := (step * steps).Seconds()
		for i, want := range fill(rate, demands) {
			if got := senders[i].in; math.Abs(got-want*seconds) > burst+batches+float64(senders[i].size)+1 {
				t.Errorf("source %d got %.1f events/s, want %.1f of the %.1f it wanted", i, got/seconds, want, demands[i])
			}
		}
		if allowed := rate*seconds + burst + batches; total > allowed+1e-3 {
			t.Errorf("%.0f events were let in, %.0f are allowed", total, allowed)
		}
	})
}

// A source that sends all it can, in the largest batches, takes nothing from one that wants its share and sends one by one.
func TestNobodyIsStarved(t *testing.T) {
	c := newClock()
	s := New(1000, 1000, c.now).Set([]Spec{{Name: "greedy"}, {Name: "modest"}})
	refused, greedy := 0, 0
	for range 60_000 { // a minute in milliseconds
		c.pass(time.Millisecond)
		for s["greedy"].Take(2500).Wait == 0 {
			greedy += 2500
		}
		if c.t.UnixMilli()%2 == 0 && c.t.UnixMilli()%10 != 0 && s["modest"].Take(1).Wait > 0 { // 400 a second of its 500
			refused++
		}
	}
	if refused > 0 {
		t.Errorf("the modest source was refused %d times", refused)
	}
	if greedy < 590*60 || greedy > 600*60+3500+2500 {
		t.Errorf("the greedy source got %d events in a minute, want what the other left: 36,000 and a burst", greedy)
	}
}

func TestAClockSetBackGivesNothing(t *testing.T) {
	c := newClock()
	s := New(10, 2, c.now).Set([]Spec{{Name: "web", Rate: 10, Burst: 2}})["web"]
	s.Take(20)
	c.pass(-time.Hour)
	if s.Take(1).Wait == 0 {
		t.Error("let in")
	}
	c.pass(time.Hour + 3*time.Second)
	if v := s.Take(1); v.Wait != 0 {
		t.Errorf("after the pause: %+v", v)
	}
}

func BenchmarkTakeOwn(b *testing.B) {
	s := New(0, 0, time.Now).Set([]Spec{{Name: "web", Rate: 1e9, Burst: 1e9}})["web"]
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			s.Take(1)
		}
	})
}

// A thousand sources, all of which are owed something.
func BenchmarkTakeShared(b *testing.B) {
	var specs []Spec
	for i := range 1000 {
		specs = append(specs, Spec{Name: fmt.Sprint(i)})
	}
	var sources []*Source
	for _, s := range New(1e6, 1e6, time.Now).Set(specs) {
		sources = append(sources, s)
	}
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			sources[i%len(sources)].Take(1)
		}
	})
}
