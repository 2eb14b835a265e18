package tally

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/catalog/catalogtest"
	"github.com/freshet/freshet/pkg/catalog/expr"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
	"github.com/freshet/freshet/services/feature/internal/oracle"
)

// epoch is about when the drawn histories end.
const epoch = int64(1_795_000_000_000)

// history is what happened to one customer.
type history struct {
	events []*eventv1.Event
	posted []*orderv1.Posting
	// taken are postings that were told, and taken back.
	taken []*orderv1.Posting
}

func drawHistory(t *rapid.T) (h history) {
	spread := rapid.SampledFrom([]int64{1, 60_000, 3_600_000, dayMs, 40 * dayMs, 500 * dayMs}).Draw(t, "spread")
	at := func(what string) int64 { return epoch - rapid.Int64Range(0, spread).Draw(t, what) }
	for i := range rapid.IntRange(0, 90).Draw(t, "events") {
		h.events = append(h.events, catalogtest.Event(t, fmt.Sprint(i), at("at")))
	}
	posting := func() *orderv1.Posting {
		n := func(what string, most int64) int64 { return rapid.Int64Range(-1, most).Draw(t, what) }
		return &orderv1.Posting{AtMs: at("sold"), Orders: n("orders", 1), QuantityMicros: n("quantity", 5e6), SpendMicros: n("spend", 9e8), Refunds: n("refunds", 1), RefundMicros: n("refund", 9e7)}
	}
	for range rapid.IntRange(0, 20).Draw(t, "postings") {
		h.posted = append(h.posted, posting())
	}
	for range rapid.IntRange(0, 5).Draw(t, "taken") {
		h.taken = append(h.taken, posting())
	}
	return h
}

// play tells a history to a state in some order; some of it by way of other states that are merged, each written and read in between.
func (h history) play(t *rapid.T, e *Engine, order *rand.Rand, passed int64) *State {
	var steps []func(*State)
	var x expr.Event
	for _, ev := range h.events {
		steps = append(steps, func(s *State) { x.Reset(ev); s.Insert(&x, passed) })
	}
	for _, p := range h.posted {
		steps = append(steps, func(s *State) { s.Post(p, false, passed) })
	}
	for _, p := range h.taken {
		steps = append(steps, func(s *State) { s.Post(p, false, passed) }, func(s *State) { s.Post(p, true, passed) })
	}
	order.Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] })
	states := []*State{e.New()}
	for range order.IntN(4) {
		states = append(states, e.New())
	}
	for _, step := range steps {
		i := order.IntN(len(states))
		step(states[i])
		switch order.IntN(5) {
		case 0:
			states[i] = again(t, e, states[i])
		case 1:
			states[i].Prune(passed)
		}
	}
	for len(states) > 1 {
		i := order.IntN(len(states) - 1)
		states[i].Merge(states[len(states)-1])
		states = states[:len(states)-1]
	}
	states[0].Prune(passed)
	return again(t, e, states[0])
}

// again writes and reads a state.
func again(t *rapid.T, e *Engine, s *State) *State {
	b := s.Append([]byte("before"))
	read, rest, err := e.Decode(append(b, "behind"...)[len("before"):], nil)
	if err != nil {
		t.Fatal(err)
	}
	if string(rest) != "behind" || !bytes.Equal(read.Append(nil), b[len("before"):]) {
		t.Fatalf("a state is written as\n%x and again as\n%x", b[len("before"):], read.Append(nil))
	}
	return read
}

func values(c *catalog.Catalog, s *State, at int64) []catalog.Value {
	return c.Values(s.Read(at, nil), at, nil)
}

func same(t *rapid.T, c *catalog.Catalog, what string, got, want []catalog.Value) {
	t.Helper()
	for i := range c.Features {
		if d := cmp.Diff(want[i], got[i]); d != "" {
			f := &c.Features[i]
			t.Fatalf("%s: %s, %s over %q (-want +got):\n%s", what, f.Name, f.Formula(), f.Window.Name, d)
		}
	}
}

// Whatever is defined and whatever happened, in whatever order it was told and by way of whatever merges, a state reads as the plainest computation says,
// now and at any later moment; and nothing changes before the moment that NextFlip tells.
func TestStateEqualsOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := catalogtest.Random(t)
		e := New(c.Plan())
		h := drawHistory(t)
		now := epoch + rapid.Int64Range(0, 3*dayMs).Draw(t, "now")
		s := h.play(t, e, rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "order"), 1)), now)
		at := s.AsOf(now)
		for i := range 6 {
			want := oracle.Values(c, h.events, h.posted, at)
			same(t, c, fmt.Sprintf("at now%+d", at-now), values(c, s, at), want)
			flip, ok := s.NextFlip(at)
			end := flip - 1
			if !ok {
				end = at + 800*dayMs
			}
			between := rapid.Int64Range(at, end).Draw(t, "between")
			same(t, c, fmt.Sprintf("at now%+d, before the flip at now%+d", between-now, flip-now), oracle.Values(c, h.events, h.posted, between), want)
			same(t, c, fmt.Sprintf("state at now%+d", end-now), values(c, s, end), want)
			if !ok {
				break
			}
			if at = flip; i == 3 {
				at += rapid.Int64Range(0, 200*dayMs).Draw(t, "jump")
			}
		}
	})
}

// The same events in another order, by way of other merges, give the same bytes.
func TestTheOrderOfEventsMeansNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := New(catalogtest.Random(t).Plan())
		h := drawHistory(t)
		seed := rapid.Uint64().Draw(t, "seed")
		one := h.play(t, e, rand.New(rand.NewPCG(seed, 1)), epoch)
		other := h.play(t, e, rand.New(rand.NewPCG(seed, 2)), epoch)
		if !bytes.Equal(one.Append(nil), other.Append(nil)) {
			t.Fatalf("two orders give\n%x and\n%x", one.Append(nil), other.Append(nil))
		}
	})
}
