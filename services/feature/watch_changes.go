package feature

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/featuretopic"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

// knownBytes is about how much a watch keeps of old values, knownCustomers of how many customers at most. Of the others it knows no old value.
const knownBytes, knownCustomers = 8 << 20, 100_000

// knownCost is about what a customer takes beside the bytes of the values.
const knownCost = 250

// changes finds what changed for one watch, by what it saw of each customer last. Of a set it reads the positions that are watched and no others.
type changes struct {
	catalog   *catalog.Catalog
	at        []int           // positions, rising
	layout    *catalog.Layout // of at
	workspace string
	ids       map[string]bool // nil is everybody
	liveOnly  bool
	known     *simplelru.LRU[string, seen]
	bytes     int
	values    []catalog.Value
	strange   map[uint64]bool // schemas that were looked for
}

// seen is what was seen of a customer last.
type seen struct {
	version int64
	values  []byte // by changes.layout
}

func newChanges(c *catalog.Catalog, at []int, workspace string, ids map[string]bool, liveOnly bool) changes {
	var fields []catalog.Field
	for _, i := range at {
		fields = append(fields, c.Layout().Fields[i])
	}
	known, _ := simplelru.NewLRU[string, seen](knownCustomers, nil) // fails for a size below 1 only
	return changes{catalog: c, at: at, layout: catalog.NewLayout(fields), workspace: workspace, ids: ids, liveOnly: liveOnly, known: known, strange: map[uint64]bool{}}
}

// meet reads what the customers that were named are now, so that their first change has its old values. Those whose state another replica has are met by
// their first change.
func (c *changes) meet(ctx context.Context, s *Service) {
	for id := range c.ids {
		a, err := s.live(ctx, c.workspace, id)
		if err != nil {
			continue
		}
		values := withoutPersonal(slices.Clone(a.values), s.book.traits())
		c.values = c.values[:0]
		for _, at := range c.at {
			c.values = append(c.values, values[at])
		}
		c.note(id, seen{version: a.version, values: c.layout.Encode(nil, c.values)})
	}
}

// of is what a record changed that is watched; nil when nothing. A record that is no feature set, which nobody writes, is passed over.
func (c *changes) of(ctx context.Context, s *Service, rec broker.Record) *featurev1.CustomerChange {
	if c.ids != nil && !c.ids[string(rec.Key)] {
		return nil
	}
	var fs featurev1.FeatureSet
	if err := proto.Unmarshal(rec.Value, &fs); err != nil {
		s.deps.Logger.ErrorContext(ctx, "a watch passes over a record that is no feature set", "partition", rec.Partition, "offset", rec.Offset, "error", err)
		return nil
	}
	if fs.GetWorkspace() != c.workspace {
		return nil
	}
	out := &featurev1.CustomerChange{CustomerId: fs.GetCustomerId(), Version: fs.GetVersion(), AsOfMs: fs.GetAsOfMs(), ReceivedMs: fs.GetReceivedMs(),
		Reason: fs.GetReason(), History: fs.GetHistory(), MergedInto: fs.GetMergedInto()}
	if out.GetMergedInto() != "" {
		if c.ids != nil {
			c.ids[out.GetMergedInto()] = true
		}
		c.forget(out.GetCustomerId())
		return out
	}
	v, err := c.vector(ctx, s, fs.GetSchema(), fs.GetValues())
	if err != nil && ctx.Err() != nil {
		return nil
	}
	if err != nil {
		s.deps.Logger.ErrorContext(ctx, "a watch passes over a feature set that this release cannot read", "partition", rec.Partition, "offset", rec.Offset, "error", err)
		return nil
	}
	if !c.into(out, v) || c.liveOnly && out.GetHistory() {
		return nil
	}
	return out
}

// vector reads a set by the catalogue it was made with; catalogues that came since are read when they are first met.
func (c *changes) vector(ctx context.Context, s *Service, schema uint64, values []byte) (catalog.Vector, error) {
	v, err := s.watches.layouts.Vector(schema, values)
	if !errors.Is(err, featuretopic.ErrUnknown) || c.strange[schema] {
		return v, err
	}
	c.strange[schema] = true // a catalogue is on its topic before its sets: what is not there now never comes
	all, err := featuretopic.All(ctx, s.deps.Broker)
	if err != nil {
		return catalog.Vector{}, err
	}
	for _, m := range all {
		if m.GetSchema() == schema {
			if err := s.watches.layouts.Add(m); err != nil {
				return catalog.Vector{}, fmt.Errorf("a set of another catalogue: %w", err)
			}
		}
	}
	return s.watches.layouts.Vector(schema, values)
}

// into writes what is another than it was seen last, and notes it. False: nothing, or a set that was seen before.
func (c *changes) into(out *featurev1.CustomerChange, v catalog.Vector) bool {
	old, met := c.known.Get(out.GetCustomerId())
	if met && old.version >= out.GetVersion() {
		return false
	}
	was := catalog.NewVector(c.layout, old.values)
	c.values = c.values[:0]
	out.First = !met
	for i, at := range c.at {
		is, before := v.At(at), catalog.Value{}
		c.values = append(c.values, is)
		if met {
			before = was.At(i)
		}
		if same(is, before) {
			continue
		}
		if f := at; f < len(c.catalog.Features) {
			change := &featurev1.FeatureChange{Name: c.catalog.Features[f].Name, New: ValueOf(&c.catalog.Features[f], is)}
			if met {
				change.Old = ValueOf(&c.catalog.Features[f], before)
			}
			out.Features = append(out.Features, change)
			continue
		}
		tag := &featurev1.TagChange{Name: c.catalog.Tags[at-len(c.catalog.Features)].Name, Holds: is.Present, SinceMs: is.Int}
		if !is.Present {
			tag.SinceMs = before.Int
		}
		out.Tags = append(out.Tags, tag)
	}
	c.note(out.GetCustomerId(), seen{version: out.GetVersion(), values: c.layout.Encode(nil, c.values)})
	return len(out.GetFeatures())+len(out.GetTags()) > 0
}

// same compares two values.
func same(a, b catalog.Value) bool {
	return a.Present == b.Present && a.Int == b.Int && a.Text == b.Text && slices.Equal(a.List, b.List)
}

// note keeps what was seen of a customer, and forgets those seen longest ago when it is too much.
func (c *changes) note(id string, s seen) {
	c.forget(id)
	c.known.Add(id, s)
	c.bytes += knownCost + len(s.values)
	for c.bytes > knownBytes || c.known.Len() > knownCustomers-1 {
		_, old, ok := c.known.RemoveOldest()
		if !ok {
			break
		}
		c.bytes -= knownCost + len(old.values)
	}
}

func (c *changes) forget(id string) {
	if old, ok := c.known.Peek(id); ok {
		c.known.Remove(id)
		c.bytes -= knownCost + len(old.values)
	}
}
