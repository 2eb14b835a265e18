package tally

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/catalog/expr"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

// planOf is the plan of features written as YAML.
func planOf(tb testing.TB, features string) *catalog.Catalog {
	tb.Helper()
	c, err := catalog.Parse(nil, []byte(features))
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

const byKeys = `features:
- {name: total, description: d, level: behaviour, aggregate: sum, value: properties.n, windows: [30d, lifetime]}
- {name: parts, description: d, level: behaviour, aggregate: breakdown, by: properties.k, value: properties.n, windows: [30d, lifetime], keep: 20}
- {name: liked, description: d, level: behaviour, aggregate: top, by: properties.k, value: properties.n, half_life: 2d, keep: 5}
- {name: kinds, description: d, level: behaviour, aggregate: distinct, value: properties.k, windows: [30d, lifetime]}
- {name: names, description: d, level: behaviour, aggregate: latest, by: properties.k, keep: 64}
`

func keyed(at int64, key string, n int) *eventv1.Event {
	return &eventv1.Event{OccurredMs: at, Type: eventv1.EventType_EVENT_TYPE_TRACK, Name: "View", PropertiesJson: fmt.Appendf(nil, `{"k":%q,"n":%d}`, key, n)}
}

// Ten thousand different categories of one customer take a bounded state, and the total of all of them stays exact.
func TestTenThousandKeysAreBoundedAndAddUp(t *testing.T) {
	c := planOf(t, byKeys)
	e := New(c.Plan())
	s := e.New()
	var x expr.Event
	want := catalog.Sum{}
	for i := range 10_000 {
		x.Reset(keyed(epoch-int64(i%20)*dayMs, fmt.Sprint("category ", i), i%7-1))
		s.Insert(&x, epoch)
		want = want.Plus(catalog.SumOf(int64(i%7-1) * 1_000_000))
	}
	if n := len(s.Append(nil)); n > 128_000 {
		t.Errorf("the state takes %d bytes", n)
	}
	slots := 0
	for i, r := range s.Read(epoch, nil) {
		if e.plan.Columns[e.plan.Slots[i].Column].Op != catalog.OpByKey {
			continue
		}
		slots++
		var all catalog.Sum
		for _, k := range r.Keys {
			all = all.Plus(k.Sum)
		}
		if all != want || r.Sum != want {
			t.Errorf("over %s the keys add up to %v and the total is %v, want %v", e.plan.Slots[i].Window.Name, all, r.Sum, want)
		}
		if named := len(slices.DeleteFunc(slices.Clone(r.Keys), func(k catalog.Keyed) bool { return k.Key == "" })); named != catalog.MaxKeys {
			t.Errorf("%d keys are told apart, want %d", named, catalog.MaxKeys)
		}
	}
	if slots != 2 {
		t.Fatalf("%d slots by key, want 2", slots)
	}
}

// Keys beyond the bound, with sums that cancel out, give the same bytes in any order and by way of any merges.
func TestKeysBeyondTheBoundMeanTheSameInAnyOrder(t *testing.T) {
	e := New(planOf(t, byKeys).Plan())
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(125, 180).Draw(t, "keys")
		var events []*eventv1.Event
		for i := range n {
			worth, at := rapid.IntRange(-1, 1).Draw(t, "n"), epoch-rapid.Int64Range(0, 3).Draw(t, "day")*dayMs
			events = append(events, keyed(at, fmt.Sprint("k", i), worth), keyed(at, fmt.Sprint("k", i), -worth))
		}
		play := func(seed uint64, halves bool) []byte {
			order := rand.New(rand.NewPCG(seed, 7))
			states := []*State{e.New(), e.New(), e.New()}
			var x expr.Event
			for _, i := range order.Perm(len(events)) {
				x.Reset(events[i])
				s := order.IntN(3)
				if halves {
					s = i % 2 // one state has what takes away all that the other one has
				}
				states[s].Insert(&x, epoch)
				if order.IntN(40) == 0 {
					states[s] = again(t, e, states[s])
				}
			}
			states[1].Merge(states[2])
			states[0].Merge(states[1])
			return states[0].Append(nil)
		}
		one, other := play(rapid.Uint64().Draw(t, "order"), true), play(rapid.Uint64().Draw(t, "another"), false)
		if !bytes.Equal(one, other) {
			t.Fatalf("two orders give\n%x and\n%x", one, other)
		}
	})
}

// Clocks that prune at different moments leave the same bytes once all have been pruned at the last of them, which read as if nothing was ever pruned.
func TestWhenItWasPrunedMeansNothing(t *testing.T) {
	c := ofSize(t, 0)
	e := New(c.Plan())
	rapid.Check(t, func(t *rapid.T) {
		var events []*eventv1.Event
		for i := range rapid.IntRange(1, 40).Draw(t, "events") {
			events = append(events, shopping(i, epoch-rapid.Int64Range(0, 100*24).Draw(t, "hours")*3_600_000))
		}
		at := epoch + rapid.Int64Range(0, 20).Draw(t, "days")*dayMs
		var x expr.Event
		play := func(seed uint64) *State {
			order := rand.New(rand.NewPCG(seed, 3))
			a, b := e.New(), e.New()
			for _, i := range order.Perm(len(events)) {
				x.Reset(events[i])
				s := []*State{a, b}[order.IntN(2)]
				passed := at - order.Int64N(120)*dayMs
				s.Insert(&x, passed)
				if order.IntN(3) == 0 {
					s.Prune(passed)
				}
			}
			a.Merge(b)
			a.Prune(at)
			return again(t, e, a)
		}
		one, other := play(rapid.Uint64().Draw(t, "order")), play(rapid.Uint64().Draw(t, "another"))
		whole := e.New() // nothing of it is ever pruned
		for _, ev := range events {
			x.Reset(ev)
			whole.Insert(&x, epoch-500*dayMs)
		}
		same(t, c, "pruned and whole", values(c, one, one.AsOf(at)), values(c, whole, whole.AsOf(at)))
		if a, b := one.Append(nil), other.Append(nil); !bytes.Equal(a, b) {
			t.Fatalf("two histories of pruning give\n%s and\n%s", byOp(one), byOp(other))
		}
	})
}

// Whatever is decoded: no panic, and what is taken is written again as it can be read again, merged and looked at.
func FuzzDecode(f *testing.F) {
	e := New(ofSize(f, 0).Plan())
	for _, n := range []int{0, 1, 10, 60} {
		f.Add(known(e, n).Append(nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, _, err := e.Decode(b, nil)
		if err != nil {
			return
		}
		var x expr.Event
		x.Reset(shopping(5, epoch))
		s.Insert(&x, epoch)
		s.Merge(known(e, 12))
		at := s.AsOf(epoch)
		s.Read(at, nil)
		s.NextFlip(at)
		s.Prune(epoch)
		if _, _, err := e.Decode(s.Append(nil), nil); err != nil {
			t.Fatalf("what was written is not read: %v", err)
		}
	})
}
