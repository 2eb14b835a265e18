package churn

import (
	"fmt"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/services/churn/row"
)

// Ages grow with no event: everybody is scored again at night, each partition at its own time, and what did not move is not told.
func TestTheNightlySweep(t *testing.T) {
	const n = 2*sweepBatch + 30
	w := newWorld(t)
	w.both()
	w.begin()
	for i := range n {
		w.send(ordered(i, start, int64(20+i%50)))
	}
	w.settled()
	w.swept()
	night := start + 15*hourMs // 03:00
	w.now.Store(night - 1)
	w.heard(id(0), 1)
	w.now.Store(night + (10 * time.Minute).Milliseconds()) // both partitions have begun
	w.swept()
	for _, i := range []int{0, 49, n - 1} {
		days := float64(20+i%50) + 15.0/24 + 10.0/24/60
		band := map[bool]string{true: "/medium", false: "/low"}
		word := func(p float64) string {
			if p >= .6 {
				return "/high"
			}
			return band[p >= .3]
		}
		before := float64(20+i%50) / 100
		// the moment is that of the batch, which stands still here
		w.expect(id(i), fmt.Sprintf("EVENT churn=%.3f%s spend=50.000", before, word(before)), fmt.Sprintf("TIME churn=%.3f%s spend=50.000", days/100, word(days/100)))
	}
	w.begin() // a restart in the same night begins nothing
	w.swept()
	w.send(ordered(n, start, 1))
	w.settled()
	w.heard(id(0), 2)
}

// When nights begin, for each partition.
func TestNightsAreCountedFromTheirTime(t *testing.T) {
	cfg := Default()
	cfg.SweepAt, cfg.SweepEvery, cfg.SweepSpread = "02:30", 12*time.Hour, 40*time.Minute
	n, err := newNights(cfg)
	if err != nil {
		t.Fatal(err)
	}
	at := func(text string) time.Time {
		x, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	begun := n.number(at("2026-06-15T02:30:00Z"), 0, 4)
	for text, want := range map[string]int64{
		"2026-06-15T02:29:59.999Z": -1, "2026-06-15T02:30:00Z": 0, "2026-06-15T14:29:59Z": 0, "2026-06-15T14:30:00Z": 1, "2026-06-16T02:30:00Z": 2, "1969-12-31T02:30:00Z": -41240,
	} {
		if got := n.number(at(text), 0, 4) - begun; got != want && want != -41240 || want == -41240 && got >= -40000 {
			t.Errorf("%s: night %d, want %d", text, got, want)
		}
	}
	if got := n.number(at("2026-06-15T02:59:59Z"), 3, 4) - begun; got != -1 {
		t.Errorf("the last of four partitions begins with the first: %d", got)
	}
	if got := n.number(at("2026-06-15T03:00:00Z"), 3, 4) - begun; got != 0 {
		t.Errorf("the last of four partitions has not begun half an hour later: %d", got)
	}
}

// Another model is told of as such, to everybody, with no event; who matches both models' numbers is told of too, since the version is another.
func TestAnotherModelSweepsEverybody(t *testing.T) {
	const n = sweepBatch + 10
	w := newWorld(t)
	w.both()
	w.begin()
	for i := range n {
		w.send(ordered(i, start, 40))
	}
	w.settled()
	w.swept()
	w.shelf.put("churn_risk_60d", second, slope{Column: "last_order", By: .02}, halves)
	w.shelf.live("churn_risk_60d", second)
	for i := range n {
		w.expect(id(i), "EVENT churn=0.400/medium spend=50.000", "MODEL churn=0.800/high spend=50.000")
	}
	w.swept()
	w.shelf.live("churn_risk_60d", first) // back
	for i := range n {
		got := w.expect(id(i), "EVENT churn=0.400/medium spend=50.000", "MODEL churn=0.800/high spend=50.000", "MODEL churn=0.400/medium spend=50.000")
		if v := got[2].GetScores()[0].GetModelVersion(); v != first {
			t.Errorf("model %s", v)
		}
	}
	w.swept()
	w.shelf.put("churn_risk_60d", third, leave, halves) // the same numbers
	w.shelf.live("churn_risk_60d", third)
	got := w.expect(id(0), "EVENT churn=0.400/medium spend=50.000", "MODEL churn=0.800/high spend=50.000", "MODEL churn=0.400/medium spend=50.000", "MODEL churn=0.400/medium spend=50.000")
	if v := got[3].GetScores()[0].GetModelVersion(); v != third {
		t.Errorf("model %s", v)
	}
}

// A customer whom a live record reaches before the sweep does is brought to the new model first, so that nobody takes the model's doing for the event's.
func TestAnotherModelIsToldBeforeTheEvent(t *testing.T) {
	w := newWorld(t)
	w.both()
	w.begin()
	w.send(ordered(1, start, 40))
	w.settled()
	w.swept()
	w.end()
	w.send(ordered(1, start, 10)) // waits, and is folded before the first tick
	w.shelf.put("churn_risk_60d", second, slope{Column: "last_order", By: .02}, halves)
	w.shelf.live("churn_risk_60d", second)
	w.begin()
	w.settled()
	w.expect(id(1), "EVENT churn=0.400/medium spend=50.000", "MODEL churn=0.800/high spend=50.000", "EVENT churn=0.200/low spend=50.000")
}

// A file of targets that changed is told as another model: bands and targets are others.
func TestOtherTargetsSweepEverybody(t *testing.T) {
	w := newWorld(t)
	w.both()
	w.begin()
	w.send(ordered(1, start, 40))
	w.settled()
	w.forecasts("remove: [churn_risk_90d, repurchase_30d, spend_next_90d, spend_next_365d]\n")
	w.begin()
	w.swept()
	w.expect(id(1), "EVENT churn=0.400/medium spend=50.000", "MODEL churn=-") // the shipped one is for named customers only
}

// The service ends in the middle of a sweep, and the next start goes on where it was: nobody is told twice, nobody is left out.
func TestASweepGoesOnAfterARestart(t *testing.T) {
	const n = 12 * sweepBatch
	w := newWorld(t)
	w.both()
	w.begin()
	for i := range n {
		w.send(ordered(i, start, 40))
	}
	w.settled()
	w.swept()
	w.now.Store(start + 16*hourMs)
	testkit.Eventually(t, within, func() error { // stop it once it has begun
		for p := range 2 {
			s, _, err := w.sweep(p)
			if err != nil {
				return err
			}
			if !s.done && s.cursor != "" {
				return nil
			}
			if s.done && s.night > 0 && w.told(id(0)) > 1 && w.told(id(n-1)) > 1 {
				return nil // it was too quick to be caught
			}
		}
		return fmt.Errorf("no sweep has begun")
	})
	w.begin()
	w.swept()
	counts := map[int]int{}
	for i := range n {
		counts[w.told(id(i))]++
	}
	if counts[2] != n {
		t.Errorf("score sets of each customer: %v, want 2 of each of %d", counts, n)
	}
}

// told is how often a customer was told of.
func (w *world) told(id string) int {
	r, err := w.record(id)
	if err != nil || r == nil {
		return 0
	}
	return int(r.told)
}

// A sweep goes on from its place, by the bytes: what lies before it is not looked at again.
func TestASweepGoesOnFromItsPlace(t *testing.T) {
	w := newWorld(t)
	w.both()
	k := newBench(t, w.cfg, w.deps())
	for i := range 3 * sweepBatch {
		k.send(t, ordered(i, start, 40))
	}
	k.now += 16 * hourMs
	k.tick(t)
	k.tick(t)
	s := k.sweep(t)
	if s.done || s.cursor == "" || k.out(reasonTime) != 2*sweepBatch {
		t.Fatalf("after two batches: %+v, %d told", s, k.out(reasonTime))
	}
	k.restart(t)
	for k.tick(t) {
	}
	if s = k.sweep(t); !s.done || k.out(reasonTime) != 3*sweepBatch {
		t.Errorf("at the end: %+v, %d told, want %d", s, k.out(reasonTime), 3*sweepBatch)
	}
	looks, keys := 0, k.keys
	k.looked = &looks
	if k.tick(t) || looks != 0 || k.keys != keys {
		t.Errorf("a sweep that is done looks at %d customers, and writes %d keys", looks, k.keys-keys)
	}
}

// Of several sets of a customer in one commit the last is scored; what differs in kind is scored for itself.
func TestOnlyTheLastSetOfACommitIsScored(t *testing.T) {
	w := newWorld(t)
	w.both()
	k := newBench(t, w.cfg, w.deps())
	var looks int
	k.looked = &looks
	first, second, third := ordered(1, start, 40), ordered(1, start, 30), ordered(1, start, 20)
	first.ReceivedMs, second.ReceivedMs, third.ReceivedMs = start-7, start-9, start-3
	k.send(t, first, second, third)
	if looks != 1 || len(k.sets) != 1 || line(k.sets[0]) != "EVENT churn=0.200/low spend=50.000" || k.sets[0].GetReceivedMs() != start-9 || k.sets[0].GetFeaturesVersion() != 3 {
		t.Errorf("%d looks, %v", looks, k.sets)
	}
	history := ordered(1, start, 60)
	history.History = true
	k.send(t, history, ordered(1, start, 10), ordered(1, start, 11))
	if looks != 3 || len(k.sets) != 3 || line(k.sets[1]) != "EVENT(history) churn=0.600/high spend=50.000" || line(k.sets[2]) != "EVENT churn=0.110/low spend=50.000" {
		t.Errorf("%d looks, %v", looks, k.sets)
	}
}

// What a sweep counts is everybody once, however busy they are.
func TestASweepCountsEverybodyOnce(t *testing.T) {
	w := newWorld(t)
	w.both()
	deps := w.deps()
	k := newBench(t, w.cfg, deps)
	for i := range sweepBatch + 5 {
		k.send(t, ordered(i, start, 40), ordered(i, start, 41), ordered(i, start, 42))
	}
	counted := map[*Bound]*mean{}
	for i := range k.board().Seats {
		b := k.board().Seats[i].Champion
		b.NewTally = func() Tally { counted[b] = &mean{}; return counted[b] }
	}
	k.now += 16 * hourMs
	for k.tick(t) {
	}
	for b, m := range counted {
		if m.n != sweepBatch+5 || len(k.tallies.of(b)) != 1 || k.tallies.of(b)[0] != Tally(m) {
			t.Errorf("%s: %d counted, %d tallies", b.Version, m.n, len(k.tallies.of(b)))
		}
	}
	if len(counted) != 2 {
		t.Errorf("%d models were counted for", len(counted))
	}
}

// A version that has a profile is counted for: every sweep hands out a whole count, and one without a profile serves all the same.
func TestAProfileIsCountedInto(t *testing.T) {
	w := newWorld(t)
	w.both()
	w.shelf.profile("churn_risk_60d", first, "cuts")
	made := map[string]*mean{}
	deps := w.deps()
	deps.NewTallies = func(profile []byte, columns []row.Column) (func() Tally, error) {
		return func() Tally { made[string(profile)] = &mean{columns: len(columns)}; return made[string(profile)] }, nil
	}
	k := newBench(t, w.cfg, deps)
	k.send(t, ordered(1, start, 40), ordered(2, start, 40))
	for k.tick(t) {
	}
	if m := made["cuts"]; len(made) != 1 || m.n != 2 || m.columns != len(row.New(shipped).Columns()) || k.board().Seats[1].Champion == nil {
		t.Errorf("%v, %+v", made, m)
	}
}

// Another board is noted with the next set though it says nothing else: a customer is looked at twice once, and not for ever.
func TestAnotherBoardIsNotedOnce(t *testing.T) {
	w := newWorld(t)
	w.both()
	k := newBench(t, w.cfg, w.deps())
	k.send(t, ordered(1, start, 40))
	same := *k.board()
	same.Mark++
	k.t.judge.models = boards{&same}
	var looks int
	k.looked = &looks
	for i, want := range []int{2, 1, 1} {
		looks = 0
		if k.send(t, ordered(1, start, 40)); looks != want || len(k.sets) != 1 {
			t.Errorf("set %d: %d looks, want %d; %d told", i, looks, want, len(k.sets))
		}
	}
}
