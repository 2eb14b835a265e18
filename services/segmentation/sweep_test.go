package segmentation

import (
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
	"github.com/freshet/freshet/services/segmentation/tier"
)

// TestChangedRulesSweepTheirMembers: more customers than one batch; who matches both
// versions stays without a transition; nobody is alerted.
func TestChangedRulesSweepTheirMembers(t *testing.T) {
	const n = 3 * sweepBatch
	w := newWorld(t, `
endpoints: [{name: hook}]
segments:
  - {name: big, when: "spend_30d >= 500"}
  - {name: doomed, when: "spend_30d >= 100", alert: hook}
`)
	w.begin()
	for i := range n {
		w.send(spend(id(i), int64(i)))
	}
	w.settled()
	w.rules(`
endpoints: [{name: hook}]
segments:
  - {name: big, when: "spend_30d >= 600", alert: hook}
  - {name: fresh, when: "spend_30d < 50", alert: hook}
`)
	w.cfg.Endpoints = endpoint(nowhere)
	w.now.Store(start + 1000)
	w.begin()
	w.swept()
	got := w.listSegments()
	if size(got, "big") != n-600 || size(got, "fresh") != 50 || size(got, "doomed") != -1 {
		t.Errorf("sizes after the sweep: %v", got.Segments)
	}
	w.expect(id(10), "+fresh VERSION +1000")
	w.expect(id(550), "+big EVENT +0", "+doomed EVENT +0", "-big VERSION +1000", "-doomed VERSION +1000")
	w.expect(id(700), "+big EVENT +0", "+doomed EVENT +0", "-doomed VERSION +1000")
	if got := w.alerts(); len(got) != 0 {
		t.Errorf("a change of rules made %d alerts: %q", len(got), got[0])
	}
	w.send(spend(id(10), 700))
	w.settled()
	w.expect(id(10), "+fresh VERSION +1000", "+big EVENT +1000", "-fresh EVENT +1000")
}

// TestUnchangedRuleKeepsItsTimeOverAChangeOfOthers: the service was down while time moved
// somebody; that another rule changed meanwhile must not turn the move silent.
func TestUnchangedRuleKeepsItsTimeOverAChangeOfOthers(t *testing.T) {
	w := newWorld(t, lapsing)
	w.begin()
	w.send(ordered(id(1), start))
	w.settled()
	w.swept()
	w.end()
	w.now.Store(start + 40*dayMs)
	w.rules(lapsing + `  - {name: late, when: "days_since_last_order > 10", alert: hook}`)
	w.cfg.Endpoints = endpoint(nowhere)
	w.begin()
	w.swept()
	w.settled()
	w.expect(id(1), "+lapsing TIME +2592000001", fmt.Sprintf("+late VERSION %+d", 40*dayMs))
	w.alerted("+lapsing TIME")
}

// valued is a customer with a net spend of 365 days, seen at a time.
func valued(i int, units, seenMs int64) *featurev1.FeatureSet {
	return told(&featurev1.FeatureSet{CustomerId: id(i), Reason: featurev1.ChangeReason_CHANGE_REASON_EVENT},
		map[string]int64{"last_seen": seenMs, "spend_365d": units * 1_000_000}, nil)
}

// customerOf is what the tiers see of a feature set.
func customerOf(fs *featurev1.FeatureSet) tier.Customer {
	places, err := tier.In(shipped.Layout())
	if err != nil {
		panic(err)
	}
	return places.Of(catalog.NewVector(shipped.Layout(), fs.GetValues()))
}

// TestCutPointsPutEverybodyIntoOneTier: computed when there are customers enough, swept,
// published once, kept over a restart, and computed anew when the customers became others.
func TestCutPointsPutEverybodyIntoOneTier(t *testing.T) {
	const n = 1000
	w := newWorld(t, "")
	w.begin()
	var people []tier.Customer
	for i := range n {
		fs := valued(i, int64(i*37%n), start-int64(i)*hourMs)
		people = append(people, customerOf(fs))
		w.send(fs)
	}
	w.settled()
	if got := w.listSegments(); size(got, tier.Potential) != n || got.Customers != n || got.Segments[2].Version != 0 {
		t.Fatalf("before cut points: %v", got)
	}
	w.people.set(people)
	shares := map[string]int64{tier.HighValue: 125, tier.Medium: 325, tier.Potential: 375, tier.ChurnRisk: 175}
	version := w.tiersAre(shares, 0)
	for _, tr := range all[segmentationv1.Transition](w, topics.SegmentTransitions) {
		if tr.Segment != tier.Potential && tr.Reason != reasonVersion {
			t.Fatalf("cut points moved somebody for another reason: %v", tr)
		}
	}
	w.begin()
	if again := w.tiersAre(shares, 0); again != version {
		t.Errorf("version %d over a restart, %d before", again, version)
	}
	// A day later the sizes are off by themselves: who was nearest to the limit fell over it, each at its own moment.
	w.people.set(nil)
	w.at(start + dayMs)
	if got := w.listSegments(); size(got, tier.ChurnRisk) != 175+24 {
		t.Errorf("%d at risk a day later, want 199", size(got, tier.ChurnRisk))
	}
	// Customer 825 was the first at risk: the limit lies a millisecond below its 825 hours.
	testkit.Eventually(t, within, func() error {
		if got := w.transitions(id(824), true); !slices.Contains(got, fmt.Sprintf("+%s TIME %+d", tier.ChurnRisk, hourMs)) {
			return fmt.Errorf("customer 824 became a risk at another moment: %q", got)
		}
		return nil
	})
	w.people.set(people)
	w.now.Store(start + dayMs + hourMs)
	w.tiersAre(shares, version)
	if cuts := all[segmentationv1.CutPoints](w, topics.SegmentCutPoints); len(cuts) != 2 {
		t.Errorf("%d cut points were published, want 2: %v", len(cuts), cuts)
	}
}

// tiersAre waits for the sizes of the tiers under cut points of another version than before, and returns it.
func (w *world) tiersAre(want map[string]int64, before int64) (version int64) {
	w.t.Helper()
	testkit.Eventually(w.t, within, func() error {
		got := w.listSegments()
		version = got.Segments[0].Version
		for _, name := range tier.Names {
			if size(got, name) != want[name] || version == before {
				return fmt.Errorf("%s has %d members under version %d, want %d under another than %d", name, size(got, name), version, want[name], before)
			}
		}
		return nil
	})
	return version
}

// TestTwoComputersOfCutPoints: a process that was asleep computes once more, from what it saw, after another has followed it. Whichever cut
// points are published last hold for everybody, in every process.
func TestTwoComputersOfCutPoints(t *testing.T) {
	const n = 1000
	w := newWorld(t, "")
	w.begin()
	var people []tier.Customer
	for i := range n {
		fs := valued(i, int64(i*37%n), start-int64(i)*hourMs)
		people = append(people, customerOf(fs))
		w.send(fs)
	}
	w.settled()
	w.people.set(people)
	version := w.tiersAre(map[string]int64{tier.HighValue: 125, tier.Medium: 325, tier.Potential: 375, tier.ChurnRisk: 175}, 0)
	w.people.set(nil) // the one that is awake finds nothing to do

	m, err := newMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	var old population // only half of the customers had come, each worth twice as much
	var half []tier.Customer
	for _, c := range people[:n/2] {
		half = append(half, tier.Customer{Value: 2 * c.Value, LastSeenMs: c.LastSeenMs})
	}
	old.set(half)
	sleeper := &computer{
		cfg: Default().CutPoints, population: &old, producer: w.client.NewProducer(broker.ProducerConfig{}), board: &board{},
		logger: slog.New(slog.DiscardHandler), metrics: m, now: func() time.Time { return time.UnixMilli(start) },
	}
	if err := sleeper.compute(t.Context(), "default"); err != nil {
		t.Fatal(err)
	}
	published := all[segmentationv1.CutPoints](w, topics.SegmentCutPoints)
	last := published[len(published)-1]
	want := map[string]int64{}
	for _, c := range people {
		want[tier.Of(c, last, w.now.Load())]++
	}
	w.tiersAre(want, version)

	awake := &computer{
		cfg: Default().CutPoints, population: &old, producer: sleeper.producer, board: &board{},
		logger: sleeper.logger, metrics: m, now: sleeper.now,
	}
	if err := awake.compute(t.Context(), "default"); err != nil {
		t.Fatal(err)
	}
	if published := all[segmentationv1.CutPoints](w, topics.SegmentCutPoints); published[len(published)-1].GetVersion() != last.GetVersion() {
		t.Errorf("equal cut points have versions %d and %d", last.GetVersion(), published[len(published)-1].GetVersion())
	}
}

// TestWhenCutPointsAreDue walks one computer through its decisions.
func TestWhenCutPointsAreDue(t *testing.T) {
	now := time.UnixMilli(start)
	b := &board{}
	c := &computer{cfg: Default().CutPoints, board: b, now: func() time.Time { return now }, last: map[string]*attempt{}}
	good := func(n int64) sizes {
		return sizes{customers: n, segments: map[string]int64{tier.HighValue: n * 125 / 1000, tier.Medium: n * 325 / 1000, tier.Potential: n * 375 / 1000, tier.ChurnRisk: n * 175 / 1000}}
	}
	off := sizes{customers: 1000, segments: map[string]int64{tier.Potential: 1000}}
	step := func(what string, after time.Duration, s sizes, want bool) {
		t.Helper()
		now = now.Add(after)
		if got := c.due("default", s); got != want {
			t.Errorf("%s: due %v, want %v", what, got, want)
		}
	}
	step("the first, at once", 0, good(1000), true)
	step("and again while there are none", 0, good(1000), true)
	b.put(&segmentationv1.CutPoints{Workspace: "default", Version: 1, Customers: 1000, ComputedMs: start})
	step("nothing changed", time.Minute, good(1000), false)
	step("not a fifth more", 0, good(1199), false)
	step("a fifth more", 0, good(1200), true)
	step("a tier left its band", 10*time.Second, off, true)
	step("but not again at once", 10*time.Second, off, false)
	step("after twice the time", 10*time.Second, off, true)
	step("not sooner than four times", 39*time.Second, off, false)
	step("four times", time.Second, off, true)
	step("regularly", 15*time.Minute, good(1200), true)
	step("patience is short again", 10*time.Second, off, true)
}
