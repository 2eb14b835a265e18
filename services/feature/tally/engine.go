package tally

import (
	"slices"

	"github.com/freshet/freshet/pkg/catalog"
)

// Engine keeps states by one plan. It does not change; many goroutines may use it.
type Engine struct {
	plan *catalog.Plan
	// named are the columns that an event of a name can feed, any those that every event can; both by index.
	named map[string][]int
	any   []int
	// posts are the columns of orders that add something.
	posts []int
	hops  []hop
	// lifetime are the slots without a window, by column; -1 where there is none.
	lifetime []int
	old      map[uint64]*foreign
}

// hop is one size of tiles.
type hop struct {
	ms int64
	// keep is the longest window of each column by this hop, nil for those that have none.
	keep []*catalog.Window
	// kept is that window's place in windows, by column.
	kept []int
	// longest is the longest of all.
	longest catalog.Window
	// windows are all windows by this hop, each once; slots are those that read a column by it, by column.
	windows []catalog.Window
	slots   [][]windowed
}

// windowed is a slot and its window's place in hop.windows.
type windowed struct{ slot, window int }

// New makes an engine for a plan.
func New(p *catalog.Plan) *Engine {
	e := &Engine{plan: p, named: map[string][]int{}, lifetime: slices.Repeat([]int{-1}, len(p.Columns)), old: map[uint64]*foreign{}}
	for _, h := range p.Hops {
		e.hops = append(e.hops, hop{ms: h.Milliseconds(), keep: make([]*catalog.Window, len(p.Columns)), kept: make([]int, len(p.Columns)), slots: make([][]windowed, len(p.Columns))})
	}
	for i := range p.Columns {
		c := &p.Columns[i]
		for j, h := range c.Hops {
			if c.Op == catalog.OpSessions {
				continue // it has no tiles
			}
			at := slices.Index(p.Hops, h)
			e.hops[at].keep[i] = &c.Keep[j]
			if c.Keep[j].Length > e.hops[at].longest.Length {
				e.hops[at].longest = c.Keep[j]
			}
		}
		if c.Source == catalog.FromOrders {
			if !ofSales(c) {
				e.posts = append(e.posts, i)
			}
			continue
		}
		names, finite := c.Where.Events()
		if !finite {
			e.any = append(e.any, i)
		}
		for _, n := range names {
			e.named[n] = append(e.named[n], i)
		}
	}
	for s, slot := range p.Slots {
		if slot.Window.Length == 0 {
			e.lifetime[slot.Column] = s
			continue
		}
		h := &e.hops[slices.Index(p.Hops, slot.Window.Hop)]
		w := h.place(slot.Window)
		h.slots[slot.Column] = append(h.slots[slot.Column], windowed{s, w})
	}
	for i := range e.hops {
		h := &e.hops[i]
		for c, w := range h.keep {
			if w != nil {
				h.kept[c] = h.place(*w)
			}
		}
	}
	return e
}

// place is where a window stands in windows.
func (h *hop) place(w catalog.Window) int {
	i := slices.Index(h.windows, w)
	if i < 0 {
		i, h.windows = len(h.windows), append(h.windows, w)
	}
	return i
}

// Plan is what the engine keeps states by.
func (e *Engine) Plan() *catalog.Plan { return e.plan }

// ofSales says that a column of orders is read of the times of sales.
func ofSales(c *catalog.Column) bool {
	return c.Source == catalog.FromOrders && (c.Op == catalog.OpTimes || c.Op == catalog.OpFirstTime || c.Op == catalog.OpLastTime)
}

// starts appends where each window begins at asOf, in milliseconds: worked out once, and not for each cell.
func (h *hop) starts(asOf int64, b []int64) []int64 {
	for i := range h.windows {
		b = append(b, h.windows[i].StartMs(asOf))
	}
	return b
}

// horizons appends the begin of the oldest tile worth keeping by each window.
func (h *hop) horizons(passedMs int64, b []int64) []int64 {
	for i := range h.windows {
		b = append(b, horizon(&h.windows[i], passedMs))
	}
	return b
}

// horizon is the begin of the oldest tile of a column worth keeping at passedMs.
func horizon(w *catalog.Window, passedMs int64) int64 {
	return w.StartMs(passedMs) - w.Hop.Milliseconds()
}
