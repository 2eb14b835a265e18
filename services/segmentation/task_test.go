package segmentation

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
)

// nowhere is an endpoint that answers nothing: alerts to it can be read from the topic.
const nowhere = "http://127.0.0.1:9"

const bigSpender = `
endpoints: [{name: hook}]
segments:
  - {name: big_spender, when: "spend_30d >= 500", alert: hook}
`

const lapsing = `
endpoints: [{name: hook}]
segments:
  - {name: lapsing, when: "days_since_last_order > 30 && days_since_last_order <= 60", alert: hook}
`

func TestEventMovesInAndOut(t *testing.T) {
	w := newWorld(t, bigSpender)
	w.cfg.Endpoints = endpoint(nowhere)
	w.begin()
	w.send(spend(id(1), 499))
	w.send(spend(id(1), 500))
	w.send(spend(id(1), 700))
	w.send(spend(id(1), 1))
	w.settled()
	w.expect(id(1), "+big_spender EVENT +0", "-big_spender EVENT +0")
	w.alerted("+big_spender EVENT", "-big_spender EVENT")
	for _, a := range all[segmentationv1.Alert](w, topics.Alerts) {
		if a.Endpoint != "hook" || a.Transition.ReceivedMs != start-5 || a.Transition.CustomerId != id(1) || a.Transition.Workspace != "default" {
			t.Errorf("alert %v", a)
		}
	}
}

func TestEndpointHearsOnlyOfWhatItWants(t *testing.T) {
	w := newWorld(t, bigSpender)
	w.cfg.Endpoints = endpoint(nowhere)
	hook := w.cfg.Endpoints["hook"]
	hook.Events = "exited"
	w.cfg.Endpoints["hook"] = hook
	w.begin()
	w.send(spend(id(1), 500), spend(id(1), 1))
	w.settled()
	w.expect(id(1), "+big_spender EVENT +0", "-big_spender EVENT +0")
	w.alerted("-big_spender EVENT")
}

// TestTimeMovesAtTheExactMillisecond: nobody sends anything, and the moment noted is the
// one at which the rule's answer changes, not the one at which the timer was seen to.
func TestTimeMovesAtTheExactMillisecond(t *testing.T) {
	w := newWorld(t, lapsing)
	w.cfg.Endpoints = endpoint(nowhere)
	w.begin()
	w.send(ordered(id(1), start))
	w.settled()
	w.at(start + 30*dayMs)
	w.expect(id(1))
	w.at(start + 30*dayMs + 1)
	w.expect(id(1), "+lapsing TIME +2592000001")
	w.at(start + 60*dayMs + 5000) // the timer fires five seconds late
	w.expect(id(1), "+lapsing TIME +2592000001", "-lapsing TIME +5184000001")
	w.alerted("+lapsing TIME", "-lapsing TIME")
}

// TestOverdueTimeComesBeforeNewFeatures: the service was down over both flips and an order;
// the order must not hide that the customer had lapsed and gone.
func TestOverdueTimeComesBeforeNewFeatures(t *testing.T) {
	w := newWorld(t, lapsing)
	w.cfg.Endpoints = endpoint(nowhere)
	w.begin()
	w.send(ordered(id(1), start))
	w.settled()
	w.end()
	w.now.Store(start + 90*dayMs)
	w.send(ordered(id(1), start+90*dayMs-100))
	w.begin()
	w.settled()
	w.expect(id(1), "+lapsing TIME +2592000001", "-lapsing TIME +5184000001")
	w.at(start + 121*dayMs)
	w.expect(id(1), "+lapsing TIME +2592000001", "-lapsing TIME +5184000001", fmt.Sprintf("+lapsing TIME %+d", 120*dayMs-100+1))
}

// TestHistoryIsSilent: what history causes, or what lies before its arrival, alerts nobody;
// what time does afterwards is live.
func TestHistoryIsSilent(t *testing.T) {
	w := newWorld(t, lapsing+`  - {name: ever_ordered, when: ever("Order Completed"), alert: hook}`)
	w.cfg.Endpoints = endpoint(nowhere)
	w.begin()
	lapsed, fresh := ordered(id(1), start-40*dayMs), ordered(id(2), start-29*dayMs)
	for _, fs := range []*featurev1.FeatureSet{lapsed, fresh} {
		fs.History, fs.ReceivedMs = true, 0
	}
	w.send(lapsed, fresh)
	w.settled()
	w.expect(id(1), "+lapsing EVENT +0", "+ever_ordered EVENT +0")
	w.expect(id(2), "+ever_ordered EVENT +0")
	if got := w.alerts(); len(got) != 0 {
		t.Errorf("history made alerts %q", got)
	}
	w.at(start + 2*dayMs)
	w.expect(id(2), "+ever_ordered EVENT +0", "+lapsing TIME +86400001")
	w.alerted("+lapsing TIME")
}

func TestCopiesAndOlderSetsChangeNothing(t *testing.T) {
	w := newWorld(t, bigSpender)
	w.begin()
	big, small := spend(id(1), 500), spend(id(1), 1)
	big.Version, small.Version = 7, 5
	w.send(big, big, small, big)
	last := spend(id(2), 500) // may lie in the other partition; both are waited for
	w.send(last)
	w.settled()
	w.end()
	w.send(small, big)
	w.begin()
	w.send(spend(id(1), 600))
	w.settled()
	w.expect(id(1), "+big_spender EVENT +0")
}

// TestBadRecordsAreDeadLettered: and their neighbours are folded.
func TestBadRecordsAreDeadLettered(t *testing.T) {
	w := newWorld(t, bigSpender)
	w.begin()
	for _, value := range [][]byte{[]byte("\xff\xff"), nil} {
		if err := w.out.Produce(t.Context(), broker.Message{Topic: topics.Features.Name, Key: []byte(id(1)), Value: value}); err != nil {
			t.Fatal(err)
		}
	}
	w.send(spend(id(1), 500))
	w.settled()
	w.expect(id(1), "+big_spender EVENT +0")
	testkit.Eventually(t, within, func() error {
		spans, err := w.client.Spans(t.Context(), topics.DeadLetter(topics.Features).Name)
		if err == nil && spans[0].Next != 2 {
			err = fmt.Errorf("%d dead letters, want 2", spans[0].Next)
		}
		return err
	})
}

func TestMergeLeavesEverythingInSilence(t *testing.T) {
	w := newWorld(t, bigSpender)
	w.cfg.Endpoints = endpoint(nowhere)
	w.begin()
	w.send(spend(id(1), 500), spend(id(2), 1))
	w.settled()
	gone := &featurev1.FeatureSet{CustomerId: id(1), MergedInto: id(2), Reason: featurev1.ChangeReason_CHANGE_REASON_MERGE}
	survivor := spend(id(2), 501)
	survivor.Reason = featurev1.ChangeReason_CHANGE_REASON_MERGE
	late := spend(id(1), 900)
	late.Version = 1
	w.send(gone, survivor, late)
	w.settled()
	w.expect(id(1), "+big_spender EVENT +0", "-big_spender MERGE +0")
	w.expect(id(2), "+big_spender MERGE +0")
	w.alerted("+big_spender EVENT")
	got := w.listSegments()
	if got.Customers != 1 || size(got, "big_spender") != 1 || size(got, "potential") != 1 {
		t.Errorf("sizes after the merge: %v", got)
	}
	if to, r, err := w.s.find(t.Context(), id(1)); err != nil || to != id(2) || !r.in("big_spender") {
		t.Errorf("the old id leads to %s, %+v, %v", to, r, err)
	}
	// Un-merged later: the customer lives again, and its transitions count on.
	w.send(spend(id(1), 800))
	w.settled()
	w.expect(id(1), "+big_spender EVENT +0", "-big_spender MERGE +0", "+big_spender EVENT +0")
	if got := w.listSegments(); got.Customers != 2 {
		t.Errorf("%d customers after the un-merge", got.Customers)
	}
}

// TestRestartKeepsMemberships, with the local store and without it.
func TestRestartKeepsMemberships(t *testing.T) {
	w := newWorld(t, bigSpender)
	w.begin()
	for i := range 20 {
		w.send(spend(id(i), int64(480+2*i)))
	}
	w.settled()
	for _, lose := range []bool{false, true} {
		w.end()
		if lose {
			w.cfg.Dir = t.TempDir()
		}
		w.begin()
		w.settled()
		for i := range 20 {
			if want := i >= 10; slices.Equal(w.in(id(i)), []string{"big_spender"}) != want {
				t.Errorf("customer %d: in %q, want big spender %v", i, w.in(id(i)), want)
			}
		}
	}
	w.send(spend(id(19), 1))
	w.settled()
	w.expect(id(19), "+big_spender EVENT +0", "-big_spender EVENT +0")
}

// TestRandomLogAgainstOracle: after a random log of feature sets, steps of the clock and
// restarts, the members are those that plain Go says, and replaying the transitions
// gives the same members.
func TestRandomLogAgainstOracle(t *testing.T) {
	w := newWorld(t, `
segments:
  - {name: big, when: "spend_30d >= 3 && !(orders_30d == 2)"}
  - {name: idle, when: "hours_since_event(\"Product Viewed\") >= 2 && hours_since_event(\"Product Viewed\") < 5"}
  - {name: waiting, when: "!ever(\"Order Completed\") && hours_since_last_seen <= 3 || refunds_lifetime > 1"}
`)
	type facts struct{ numbers, events map[string]int64 }
	oracle := func(f facts, now int64) (in []string) {
		viewed, seen := f.events["Product Viewed"], f.numbers["last_seen"]
		if f.numbers["spend_30d"] >= 3_000_000 && f.numbers["orders_30d"] != 2 {
			in = append(in, "big")
		}
		if viewed != 0 && now-viewed >= 2*hourMs && now-viewed < 5*hourMs {
			in = append(in, "idle")
		}
		if f.events["Order Completed"] == 0 && now-seen <= 3*hourMs || f.numbers["refunds_lifetime"] > 1 {
			in = append(in, "waiting")
		}
		return in
	}
	w.begin()
	r := rand.New(rand.NewPCG(7, 8))
	last := map[string]facts{}
	for step := range 12 {
		for range 40 {
			n := w.now.Load()
			f := facts{events: map[string]int64{}, numbers: map[string]int64{"last_seen": n - r.Int64N(6)*hourMs, "spend_30d": r.Int64N(6) * 1_000_000,
				"orders_30d": r.Int64N(4), "refunds_lifetime": r.Int64N(3)}}
			for _, name := range []string{"Product Viewed", "Order Completed"} {
				if r.IntN(2) == 0 {
					f.events[name] = n - r.Int64N(6)*hourMs - r.Int64N(2)
				}
			}
			fs := told(&featurev1.FeatureSet{CustomerId: id(r.IntN(25)), History: r.IntN(4) == 0}, f.numbers, f.events)
			w.send(fs)
			last[fs.CustomerId] = f
		}
		w.settled()
		if step%4 == 3 {
			w.begin()
		}
		w.at(w.now.Load() + r.Int64N(3)*hourMs + r.Int64N(2))
		for id, fs := range last {
			if got, want := w.in(id), oracle(fs, w.now.Load()); !slices.Equal(got, want) {
				t.Fatalf("step %d: customer %s is in %q, want %q", step, id, got, want)
			}
		}
	}
	w.end()
	members := map[string]bool{}
	seqs := map[string]int64{}
	seen := map[string]bool{}
	for _, tr := range all[segmentationv1.Transition](w, topics.SegmentTransitions) {
		key := tr.CustomerId + tr.Segment
		if seen[tr.TransitionId] {
			continue
		}
		seen[tr.TransitionId] = true
		entered := tr.Kind == segmentationv1.TransitionKind_TRANSITION_KIND_ENTERED
		if tr.Seq != seqs[key]+1 || members[key] == entered {
			t.Fatalf("transition %v does not follow on what came before (seq %d, in %v)", tr, seqs[key], members[key])
		}
		seqs[key], members[key] = tr.Seq, entered
	}
	for id, fs := range last {
		for _, name := range []string{"big", "idle", "waiting"} {
			if want := slices.Contains(oracle(fs, w.now.Load()), name); members[id+name] != want {
				t.Errorf("by its transitions customer %s is in %s: %v, want %v", id, name, members[id+name], want)
			}
		}
	}
}
