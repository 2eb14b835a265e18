package feature

import (
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
	"github.com/freshet/freshet/services/feature/internal/oracle"
)

// An order that goes over from an anonymous customer to the one they turned out to be is in no set twice, so that no rule holds for a
// moment which never held: bought without a name, merged, then told again with one. Each handover comes twice.
func TestAnOrderThatGoesOverIsNeverCountedTwice(t *testing.T) {
	sale := func(who string) []*orderv1.Posting {
		return []*orderv1.Posting{{CustomerId: who, AtMs: oracle.Epoch.UnixMilli(), Orders: 1, SpendMicros: 100}}
	}
	change := func(c *orderv1.Change) input {
		c.Workspace, c.OrderId, c.CustomerId = "default", "O", id(1)
		return input{topic: topics.OrderPostings, key: id(1), value: c}
	}
	over := change(&orderv1.Change{Sequence: 2, Taken: sale(id(1)), Moved: sale(id(2))})
	for name, c := range map[string]struct {
		known   bool // the other one did something before
		then    []input
		belongs string
	}{
		"no merge":                                 {true, []input{over}, id(2)},
		"the merge, then the order":                {true, []input{merge(id(1), id(2), 1), over}, id(2)},
		"the order, then the merge":                {true, []input{over, merge(id(1), id(2), 1)}, id(2)},
		"to one of whom nothing else is known":     {false, []input{over, merge(id(2), id(3), 1)}, id(3)},
		"both went into a third":                   {true, []input{merge(id(1), id(3), 1), merge(id(2), id(3), 2), over}, id(3)},
		"into a third, one of them never heard of": {false, []input{merge(id(2), id(3), 1), merge(id(1), id(3), 2), over}, id(3)},
	} {
		for _, atOnce := range []bool{true, false} { // handovers before what else there is, or after it
			b := newBench(t)
			first := []input{b.event(id(1), nil), b.event(id(3), nil), change(&orderv1.Change{Sequence: 1, Added: sale(id(1))})}
			if c.known {
				first = append(first, b.event(id(2), nil))
			}
			b.batch(nil, first...)
			var told []int64 // of whom it belongs to
			for todo := c.then; len(todo) > 0; {
				said := b.batch(nil, todo[0])
				if next := handovers(t, said); atOnce {
					todo = slices.Concat(next, todo[1:])
				} else {
					todo = slices.Concat(todo[1:], next)
				}
				told = append(told, spends(t, said, c.belongs)...)
			}
			if n := len(told); n == 0 || told[n-1] != 100 || slices.Max(told) > 100 || c.known && !slices.IsSorted(told) {
				t.Errorf("%s (at once: %v): the sets tell a spend of %d; want never more than 100, and 100 in the end and from the first time on", name, atOnce, told)
			}
		}
	}
}

// spends are what the sets of a customer tell of their spend.
func spends(t *testing.T, out []broker.Message, of string) (all []int64) {
	t.Helper()
	for _, m := range out {
		if m.Topic != topics.Features.Name || string(m.Key) != of {
			continue
		}
		fs := &featurev1.FeatureSet{}
		if err := proto.Unmarshal(m.Value, fs); err != nil {
			t.Fatal(err)
		}
		all = append(all, smallBook.of(fs, "spend_lifetime"))
	}
	return all
}

// handovers are those that a batch sent, each twice.
func handovers(t *testing.T, out []broker.Message) (next []input) {
	t.Helper()
	for _, m := range out {
		if m.Topic != topics.FeatureHandover.Name {
			continue
		}
		h := &featurev1.Handover{}
		if err := proto.Unmarshal(m.Value, h); err != nil {
			t.Fatal(err)
		}
		in := input{topic: topics.FeatureHandover, key: string(m.Key), value: h}
		next = append(next, in, in)
	}
	return next
}
