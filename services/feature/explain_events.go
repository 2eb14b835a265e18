package feature

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	native "github.com/ClickHouse/clickhouse-go/v2"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/clickhouse"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	"github.com/freshet/freshet/services/feature/factsql"
)

// lastEvents is how many events an explanation tells.
const lastEvents = 20

// lastFacts are the last events and orders that a feature counts, the latest first, and what is to be said of them. An explanation does not fail for
// want of them.
func (s *Service) lastFacts(ctx context.Context, e *evidence, f *catalog.Feature) (out []*featurev1.ContributingEvent, note string) {
	if s.deps.ClickHouse == nil {
		return nil, "no events are told: this service has no ClickHouse, where the facts are"
	}
	ctx, cancel := context.WithTimeout(ctx, s.within)
	defer cancel()
	for _, slot := range slotsOf(e.book.catalog, f) {
		list, err := s.lastOf(ctx, e, slot)
		if err != nil {
			if !clickhouse.Away(err) && ctx.Err() == nil {
				s.deps.Logger.WarnContext(ctx, "the last events of an explanation cannot be read", "feature", f.Name, "error", err)
			}
			return nil, "no events are told: ClickHouse, where the facts are, does not answer"
		}
		out = append(out, list...)
	}
	slices.SortStableFunc(out, func(a, b *featurev1.ContributingEvent) int { return cmp.Compare(b.GetOccurredMs(), a.GetOccurredMs()) })
	out = out[:min(len(out), lastEvents)]
	if len(out) == 0 && e.values[f.Position].Present && (f.Kind != catalog.KindCount && f.Kind != catalog.KindDecimal || e.values[f.Position].Int != 0) {
		note = "the facts in ClickHouse have none of the events yet, or have them no more"
	}
	return out, note
}

// slotsOf are the slots whose facts tell of a feature: the first of its own, and of each feature that it is made of. The second of an average counts what
// the first one adds.
func slotsOf(c *catalog.Catalog, f *catalog.Feature) (out []catalog.Slot) {
	add := func(f *catalog.Feature) {
		if reads := f.Reads(); len(reads) > 0 {
			slot := c.Plan().Slots[reads[0]]
			if f.Window.Length > 0 {
				slot.Window = f.Window // of visits, too, which are kept without one
			}
			if !slices.Contains(out, slot) {
				out = append(out, slot)
			}
		}
	}
	add(f)
	for _, at := range f.MadeOf() {
		add(&c.Features[at])
	}
	return out
}

// lastOf are the last facts of one slot.
func (s *Service) lastOf(ctx context.Context, e *evidence, slot catalog.Slot) (out []*featurev1.ContributingEvent, err error) {
	plan := e.book.catalog.Plan()
	q := factsql.Query{Database: s.cfg.Database, Workspace: e.workspace, Customer: e.id, AsOfMs: e.asOfMs}
	last, err := factsql.CompileLast(plan, slot, q, lastEvents)
	if err != nil {
		return nil, err
	}
	rows, err := s.deps.ClickHouse.Query(native.Context(ctx, native.WithParameters(last.Parameters)), last.Text)
	if err != nil {
		return nil, fmt.Errorf("read the last facts: %w", err)
	}
	defer rows.Close()
	kind := factKind(&plan.Columns[slot.Column])
	for rows.Next() {
		f, err := last.Scan(rows)
		if err != nil {
			return nil, err
		}
		x := &featurev1.ContributingEvent{EventId: f.EventID, Name: f.Name, OccurredMs: f.AtMs, OrderId: f.OrderID, Keys: f.Keys}
		if f.HasAmount {
			x.Amount = valueOf(kind, 0, catalog.Value{Present: true, Int: f.Amount})
		}
		out = append(out, x)
	}
	return out, rows.Err()
}

// factKind is the form of the number that a column takes of one fact.
func factKind(c *catalog.Column) catalog.Kind {
	if c.Source == catalog.FromOrders && (c.Posted == 0 || c.Posted == catalog.PostedOrders || c.Posted == catalog.PostedRefunds) {
		return catalog.KindCount
	}
	return catalog.KindDecimal
}
