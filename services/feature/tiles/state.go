// Package tiles keeps what one customer did as sparse sums over hops of time, from
// which every window of package spec can be read at any moment from now on.
//
// A state has one list of tiles for each hop in spec.Levels (5 minutes, 1 hour,
// 1 day), the lifetime sums, the first and last times, and the last time of each
// event name. Every window begins at a multiple of its hop, so a window is a sum
// of whole tiles: reading is exact. Insertion commutes, so late and replayed
// events, and the merge of two customers, need no special case.
//
// Tiles that no window can reach any more are pruned against the clock, with one
// hop to spare: a reader whose clock is up to 5 minutes behind the writer's still
// gets exact answers.
//
// A state is not safe for concurrent use. It knows nothing of offsets, customers or
// merges: the record of package feature wraps it.
package tiles

import (
	"slices"

	"github.com/freshet/freshet/services/feature/spec"
)

// levels are the hops in milliseconds, finest first, each with the windows it serves.
var levels = buildLevels()

type level struct {
	hop     int64
	windows []spec.Window
	longest spec.Window
}

func buildLevels() []level {
	var out []level
	for _, hop := range spec.Levels() {
		l := level{hop: hop.Milliseconds()}
		for _, w := range spec.Windows() {
			if w.Hop == hop {
				l.windows = append(l.windows, w)
				l.longest = w // windows come shortest first
			}
		}
		out = append(out, l)
	}
	return out
}

// horizon is the begin of the oldest tile worth keeping at nowMs.
func (l level) horizon(nowMs int64) int64 { return l.longest.StartMs(nowMs) - l.hop }

// tile is the sum of all events in [start, start+hop).
type tile struct {
	start  int64
	values spec.Values
}

// State is the tiles of one customer. The zero value is a customer who did nothing.
type State struct {
	lifetime              spec.Values
	first, last           int64    // meaningless while lifetime has no events
	firstOrder, lastOrder int64    // meaningless while lifetime has no orders
	tiles                 [][]tile // one list a level, by start; nil while empty
	names                 []lastTime
}

// Empty reports whether no event was ever inserted.
func (s *State) Empty() bool { return s.lifetime[spec.Events] == 0 }

// Events is the number of events ever inserted.
func (s *State) Events() int64 { return s.lifetime[spec.Events] }

// Insert adds one event. nowMs only decides which tiles are too old to be kept;
// it does not change what At answers from nowMs on.
func (s *State) Insert(e spec.Sample, nowMs int64) {
	s.stretch(e.AtMs, e.AtMs, e.Values[spec.Events])
	s.stretchOrders(e.AtMs, e.AtMs, e.Values[spec.Orders])
	s.lifetime.Add(&e.Values)
	s.names = keep(s.names, lastTime{name: e.Name, at: e.AtMs})
	s.grow()
	for i, l := range levels {
		if start := spec.Floor(e.AtMs, l.hop); start >= l.horizon(nowMs) {
			s.tiles[i] = addTile(s.tiles[i], &tile{start: start, values: e.Values})
		}
	}
}

// Merge adds everything of o, which is left as it was.
func (s *State) Merge(o *State) {
	s.stretch(o.first, o.last, o.lifetime[spec.Events])
	s.stretchOrders(o.firstOrder, o.lastOrder, o.lifetime[spec.Orders])
	s.lifetime.Add(&o.lifetime)
	for _, n := range o.names {
		s.names = keep(s.names, n)
	}
	s.grow()
	for i := range o.tiles {
		for j := range o.tiles[i] {
			s.tiles[i] = addTile(s.tiles[i], &o.tiles[i][j])
		}
	}
}

// Prune drops the tiles that no window reaches from nowMs on.
func (s *State) Prune(nowMs int64) {
	for i, list := range s.tiles {
		horizon := levels[i].horizon(nowMs)
		old := 0
		for old < len(list) && list[old].start < horizon {
			old++
		}
		s.tiles[i] = slices.Delete(list, 0, old)
	}
}

func (s *State) grow() {
	if s.tiles == nil {
		s.tiles = make([][]tile, len(levels))
	}
}

// stretch widens first and last by n events; it runs before lifetime is added to.
func (s *State) stretch(first, last, n int64) {
	switch {
	case n == 0:
	case s.lifetime[spec.Events] == 0:
		s.first, s.last = first, last
	default:
		s.first, s.last = min(s.first, first), max(s.last, last)
	}
}

func (s *State) stretchOrders(first, last, n int64) {
	switch {
	case n == 0:
	case s.lifetime[spec.Orders] == 0:
		s.firstOrder, s.lastOrder = first, last
	default:
		s.firstOrder, s.lastOrder = min(s.firstOrder, first), max(s.lastOrder, last)
	}
}

// addTile adds t to the sorted list; most events fall into the last tile or after it.
func addTile(list []tile, t *tile) []tile {
	i := len(list)
	for i > 0 && list[i-1].start > t.start {
		i--
	}
	if i > 0 && list[i-1].start == t.start {
		list[i-1].values.Add(&t.values)
		return list
	}
	return slices.Insert(list, i, *t)
}
