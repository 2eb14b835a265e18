package tally

import (
	"math"
	"slices"

	"github.com/freshet/freshet/pkg/catalog"
)

// AsOf is the moment a reading at nowMs holds for: nowMs, or the last event or sale when that is later because the clock that stamped it runs ahead of
// ours. The finest tile cannot be cut, so an answer never ends before the last of them.
func (s *State) AsOf(nowMs int64) int64 {
	if s.seen {
		nowMs = max(nowMs, s.last)
	}
	if last := standing(s.sales, 1); len(last) > 0 {
		nowMs = max(nowMs, last[0])
	}
	return nowMs
}

// Read gives a reading for each slot of the plan at asOf, an AsOf of this state. It reuses dst. Readings share memory with the state: they hold until it
// changes.
func (s *State) Read(asOf int64, dst []catalog.Reading) []catalog.Reading {
	dst = slices.Grow(dst[:0], len(s.e.plan.Slots))[:len(s.e.plan.Slots)]
	clear(dst)
	for i := range s.life {
		if slot := s.e.lifetime[s.life[i].column]; slot >= 0 {
			read(&s.e.plan.Columns[s.life[i].column], &s.life[i], &dst[slot], asOf)
		}
	}
	for i := range s.e.plan.Columns {
		if c := &s.e.plan.Columns[i]; ofSales(c) && s.e.lifetime[i] >= 0 {
			ofTheSales(c, s.sales, &dst[s.e.lifetime[i]])
		}
	}
	for h := range s.tiles {
		s.readTiles(h, asOf, dst)
	}
	return dst
}

// readTiles adds each tile to the slots whose windows reach it.
func (s *State) readTiles(h int, asOf int64, dst []catalog.Reading) {
	hp := &s.e.hops[h]
	var buf [16]int64
	starts := hp.starts(asOf, buf[:0])
	from := hp.longest.StartMs(asOf)
	for i := len(s.tiles[h]) - 1; i >= 0 && s.tiles[h][i].start >= from; i-- {
		t := &s.tiles[h][i]
		for j := range t.cells {
			x := &t.cells[j]
			for _, w := range hp.slots[x.column] {
				if t.start >= starts[w.window] {
					gather(s.e.plan.Columns[x.column].Op, x, &dst[w.slot])
				}
			}
		}
	}
}

// read gives what a cell without a window holds.
func read(c *catalog.Column, x *cell, r *catalog.Reading, asOf int64) {
	r.Any, r.Sum, r.N = true, x.sum, x.n
	m := x.more
	if m == nil {
		r.AtMs = x.n // of first and last times
		return
	}
	r.AtMs, r.Text, r.Keys, r.Spans, r.Times, r.Sessions = m.at, m.text, m.keys, m.spans, m.times, m.sessions
	switch c.Op {
	case catalog.OpDistinct:
		r.Sketch = &m.sketch
	case catalog.OpDays:
		from := catalog.Floor(asOf, dayMs) - 365*dayMs
		old, _ := slices.BinarySearch(m.times, from)
		r.Times = m.times[old:]
	}
}

// gather adds a tile's cell to a reading.
func gather(op catalog.Op, x *cell, r *catalog.Reading) {
	switch op {
	case catalog.OpSum:
		r.Sum = r.Sum.Plus(x.sum)
	case catalog.OpMin:
		if !r.Any || x.n < r.N {
			r.N = x.n
		}
	case catalog.OpMax:
		if !r.Any || x.n > r.N {
			r.N = x.n
		}
	case catalog.OpDistinct:
		if r.Sketch == nil {
			r.Sketch = &catalog.Sketch{}
		}
		r.Sketch.Merge(&x.more.sketch)
	case catalog.OpByKey:
		r.Sum = r.Sum.Plus(x.sum)
		if r.Keys == nil {
			r.Keys = slices.Clone(x.more.keys)
			break
		}
		m := more{keys: r.Keys}
		for _, k := range x.more.keys {
			addKey(&m, k)
		}
		r.Keys = m.keys
	}
	r.Any = true
}

// NextFlip is the earliest moment after asOf, Unix milliseconds, at which something that is read at asOf has another value though no event came. False
// when there is none. asOf must be an AsOf of this state.
func (s *State) NextFlip(asOf int64) (int64, bool) {
	f := flips{asOf: asOf}
	for h := range s.tiles {
		s.tileFlips(h, &f)
	}
	for i := range s.life {
		f.cell(&s.e.plan.Columns[s.life[i].column], &s.life[i])
	}
	return f.next, f.found
}

// flips finds the earliest of moments after asOf.
type flips struct {
	asOf, next int64
	found      bool
}

func (f *flips) at(ms int64) {
	if ms > f.asOf && (!f.found || ms < f.next) {
		f.next, f.found = ms, true
	}
}

// tileFlips finds when the oldest tile that a slot reaches leaves its window. Of each window only that one counts: those behind it leave later.
func (s *State) tileFlips(h int, f *flips) {
	hp := &s.e.hops[h]
	var buf [16]int64
	open := hp.starts(f.asOf, buf[:0])
	left := len(open)
	from := hp.longest.StartMs(f.asOf)
	for i := range s.tiles[h] {
		t := &s.tiles[h][i]
		if t.start < from {
			continue
		}
		for j := range t.cells {
			for _, w := range hp.slots[t.cells[j].column] {
				if t.start >= open[w.window] {
					f.at(hp.windows[w.window].LeavesMs(t.start))
					open[w.window] = math.MaxInt64
					left--
				}
			}
		}
		if left == 0 {
			return
		}
	}
}

// cell finds when what has no tiles changes.
func (f *flips) cell(c *catalog.Column, x *cell) {
	switch c.Op {
	case catalog.OpDecayed:
		now, _ := catalog.SpanOf(f.asOf, c.HalfLife)
		for _, s := range x.more.spans {
			if s.Index >= now-catalog.SpansKept {
				step := c.HalfLife.Milliseconds() / catalog.DecaySteps
				f.at(catalog.Floor(f.asOf, step) + step)
				return
			}
		}
	case catalog.OpDecayedByKey:
		for _, k := range x.more.keys {
			for _, s := range k.Spans {
				f.at((s.Index + catalog.SpansKept + 1) * c.HalfLife.Milliseconds())
			}
		}
	case catalog.OpSessions:
		for _, v := range x.more.sessions {
			for i := range c.Windows {
				w := &c.Windows[i]
				f.at(w.LeavesMs(catalog.Floor(v.StartMs, w.Hop.Milliseconds())))
			}
		}
	case catalog.OpDays:
		for _, day := range x.more.times {
			f.at(day + 366*dayMs)
		}
		if n := len(x.more.times); n > 0 {
			f.at(x.more.times[n-1] + 2*dayMs)
		}
	}
}
