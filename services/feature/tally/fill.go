package tally

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"sort"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/wire"
)

// Lacks are the columns that a state, as Append wrote it, holds nothing of because the catalogue that kept it did not have them; nil for one that the
// engine's own plan kept. What is made of the times of sales is never among them: those are kept whatever the catalogue.
func (e *Engine) Lacks(state []byte) ([]int, error) {
	in, _, err := format.Open(state)
	if err != nil {
		return nil, err
	}
	var b [8]byte
	in.Fixed(b[:])
	if in.Failed() {
		return nil, fmt.Errorf("%s: %w", format.Name, wire.ErrDamaged)
	}
	fingerprint := binary.BigEndian.Uint64(b[:])
	if fingerprint == e.plan.Fingerprint {
		return nil, nil
	}
	return slices.DeleteFunc(e.Missing(fingerprint), func(i int) bool { return ofSales(&e.plan.Columns[i]) }), nil
}

// Column is the place of a column in the plan, by its ID.
func (e *Engine) Column(id uint64) (int, bool) {
	i := slices.IndexFunc(e.plan.Columns, func(c catalog.Column) bool { return c.ID == id })
	return i, i >= 0
}

// Only is an engine for the same plan whose states take what these columns, rising, accumulate and nothing else: for State.Fill.
func (e *Engine) Only(columns []int) *Engine {
	out := *e
	keep := func(list []int) []int {
		return slices.DeleteFunc(slices.Clone(list), func(i int) bool {
			at := sort.SearchInts(columns, i)
			return at == len(columns) || columns[at] != i
		})
	}
	out.named, out.any, out.posts = maps.Clone(e.named), keep(e.any), keep(e.posts)
	for name, list := range e.named {
		out.named[name] = keep(list)
	}
	return &out
}

// Fill adds what the columns of o hold, a state of Only: not its times of sales and of its last event, which s has.
func (s *State) Fill(o *State) {
	cells := *o
	cells.seen, cells.sales = false, nil
	s.Merge(&cells)
}
