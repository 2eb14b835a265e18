package feature

import (
	"slices"

	"github.com/freshet/freshet/pkg/catalog"
)

// changes is the earliest moment after the explained one at which time alone can change a feature; 0 when it cannot (TestNothingChangesBeforeItIsSaid).
func (e *evidence) changes(f *catalog.Feature) int64 {
	var next earliestOf
	for _, at := range f.MadeOf() {
		next.at(e.changes(&e.book.catalog.Features[at]))
	}
	plan := e.book.catalog.Plan()
	for _, slot := range f.Reads() {
		c, r, w := &plan.Columns[plan.Slots[slot].Column], &e.readings[slot], plan.Slots[slot].Window
		half := c.HalfLife.Milliseconds()
		switch c.Op {
		case catalog.OpSessions:
			if list := f.Visits(r, e.asOfMs); len(list) > 0 {
				next.at(f.Window.LeavesMs(catalog.Floor(list[0].StartMs, f.Window.Hop.Milliseconds())))
			}
		case catalog.OpDecayed:
			now, _ := catalog.SpanOf(e.asOfMs, c.HalfLife)
			if slices.ContainsFunc(r.Spans, func(s catalog.Span) bool { return s.Index >= now-catalog.SpansKept }) {
				next.at(catalog.Floor(e.asOfMs, half/catalog.DecaySteps) + half/catalog.DecaySteps)
			}
		case catalog.OpDecayedByKey:
			for _, k := range r.Keys {
				for _, s := range k.Spans {
					if at := (s.Index + catalog.SpansKept + 1) * half; at > e.asOfMs {
						next.at(at)
					}
				}
			}
		case catalog.OpDays:
			if n := len(r.Times); n > 0 {
				next.at(r.Times[0] + 366*86_400_000)
				if at := r.Times[n-1] + 2*86_400_000; at > e.asOfMs {
					next.at(at)
				}
			}
		default:
			if w.Length > 0 {
				if tiles := e.state.Tiles(slot, e.asOfMs, mostTiles); len(tiles) > 0 {
					next.at(w.LeavesMs(tiles[0].StartMs))
				}
			}
		}
	}
	return next.ms
}
