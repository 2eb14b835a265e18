package tally

import (
	"github.com/freshet/freshet/pkg/catalog"
)

// foreign is another plan, of which there may be states.
type foreign struct {
	engine *Engine
	// place is where each of its columns stands in the plan in hand, -1 where that has no such column.
	place []int
}

// Learn makes states of another plan readable: of each, what this plan has too is taken over, the rest is dropped, and what only this plan has is empty
// until it is filled (Missing). It is for the time before the engine is used.
func (e *Engine) Learn(other *catalog.Plan) {
	if other.Fingerprint == e.plan.Fingerprint {
		return
	}
	byID := map[uint64]int{}
	for i, c := range e.plan.Columns {
		byID[c.ID] = i
	}
	f := &foreign{engine: New(other)}
	for _, c := range other.Columns {
		at, ok := byID[c.ID]
		if !ok {
			at = -1
		}
		f.place = append(f.place, at)
	}
	e.old[other.Fingerprint] = f
}

// Missing are the columns of this plan that a known other one has not, by index: what states that were kept by it lack.
func (e *Engine) Missing(fingerprint uint64) []int {
	f := e.old[fingerprint]
	if f == nil {
		return nil
	}
	has := make([]bool, len(e.plan.Columns))
	for _, at := range f.place {
		if at >= 0 {
			has[at] = true
		}
	}
	var out []int
	for i, ok := range has {
		if !ok {
			out = append(out, i)
		}
	}
	return out
}

// bring makes a state of the other plan one of e.
func (f *foreign) bring(s *State, e *Engine) *State {
	out := e.New()
	out.seen, out.last, out.sales = s.seen, s.last, s.sales
	out.life = f.cells(s.life)
	for h := range s.tiles {
		for to := range e.hops {
			if e.hops[to].ms != f.engine.hops[h].ms {
				continue
			}
			for _, t := range s.tiles[h] {
				if moved := f.cells(t.cells); len(moved) > 0 {
					out.tiles[to] = append(out.tiles[to], tile{start: t.start, cells: moved})
				}
			}
		}
	}
	return out
}

// cells moves cells to where their columns stand in the plan in hand. Plans are sorted by key, so the order stays.
func (f *foreign) cells(list cells) cells {
	var out cells
	for _, c := range list {
		if at := f.place[c.column]; at >= 0 {
			c.column = at
			out = append(out, c)
		}
	}
	return out
}
