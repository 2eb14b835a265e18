package visitor

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/fleet"
)

// maxHops bounds how many merges a read follows.
const maxHops = 16

// View is what is known of a visitor now, whichever replica has him, after all merges known so far. nil: nobody is known by that id in that workspace. While
// the partition is nowhere the error is service.ComeAgain.
func (s *Service) View(ctx context.Context, workspace, customerID string) (*View, error) {
	if !customer.IsID(customerID) {
		return nil, nil
	}
	n, err := s.processor.Partitions(ctx)
	if err != nil {
		return nil, err
	}
	id := customerID
	for range maxHops {
		found, err := s.states.Get(ctx, fleet.Read{Partition: broker.PartitionFor([]byte(id), n), Key: visitorKey(id)})
		if err != nil {
			return nil, err
		}
		if !found[0].Found {
			return nil, nil
		}
		r, err := decodeRecord(found[0].Data)
		if err != nil {
			return nil, fmt.Errorf("read visitor %s: %w", id, err)
		}
		if r.workspace != customer.Workspace(workspace) {
			return nil, nil
		}
		if r.gone == nil {
			return r.view(id, s.consent.byDefault, found[0].At.UnixMilli()), nil
		}
		id = r.gone.mergedInto
	}
	return nil, fmt.Errorf("read visitor %s: more than %d merges in a row", customerID, maxHops)
}

// view is what answers may know of the visitor at a moment.
func (r *record) view(id string, byDefault bool, nowMs int64) *View {
	v := &View{CustomerID: id, Workspace: r.workspace, Personal: r.personal(byDefault), Country: r.country.code, ReceivedMs: r.receivedMs,
		Dismissed: slices.Sorted(maps.Keys(r.dismissed)), Touches: make([]Touch, 0, len(r.visit)+len(r.looks)+len(r.bought))}
	for i := range r.visit {
		if r.visit[i].AtMs > nowMs-Pause {
			v.Touches = append(v.Touches, r.visit[i].Touch)
		}
	}
	if v.Personal {
		v.Touches = r.profile(v.Touches)
		v.Segments = r.within()
	}
	slices.SortStableFunc(v.Touches, func(a, b Touch) int { return int(min(max(a.AtMs-b.AtMs, -1), 1)) })
	return v
}

// within are the segments that the visitor is in, sorted.
func (r *record) within() []string {
	var out []string
	for name, m := range r.segments {
		if m.in {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// profile appends what is kept of the visitor, without what was bought in orders that were cancelled.
func (r *record) profile(out []Touch) []Touch {
	var undone map[uint64]bool
	for i := range r.bought {
		if r.bought[i].undone {
			if undone == nil {
				undone = map[uint64]bool{}
			}
			undone[r.bought[i].Order] = true
		}
	}
	for _, set := range []touches{r.looks, r.bought} {
		for i := range set {
			if k := &set[i]; !k.undone && !(k.Kind == kindBuy && undone[k.Order]) {
				out = append(out, k.Touch)
			}
		}
	}
	return out
}
