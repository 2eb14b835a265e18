// Package tiles keeps what one customer did as sparse sums over hops of time, from
// which every window of package spec can be read at any moment from now on.
//
// A state has one list of tiles for each hop in spec.Levels (5 minutes, 1 hour,
// 1 day), the lifetime sums, the first and last times, and the last time of each
// event name, and the times of the sales that stand. Every window begins at a multiple of its hop, so a window is a sum
// of whole tiles: reading is exact. Insertion commutes, so late and replayed
// events, and the merge of two customers, need no special case.
//
// Tiles that no window can reach any more are pruned, with one hop to spare, against a
// moment that the caller knows to have passed: a reader whose clock is before it by up to
// 5 minutes still gets exact answers. A wrong clock must not be that moment: what is pruned
// never comes back (package stream, Tx.Passed).
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

// horizon is the begin of the oldest tile worth keeping at passedMs.
func (l level) horizon(passedMs int64) int64 { return l.longest.StartMs(passedMs) - l.hop }

// tile is the sum of all events and postings in [start, start+hop). It is never zero: what was taken back leaves no tile.
type tile struct {
	start int64
	sums  spec.Sums
}

// State is the tiles of one customer. The zero value is a customer who did nothing.
type State struct {
	lifetime    spec.Sums
	first, last int64    // meaningless while no event was inserted
	sales       []sale   // by time
	tiles       [][]tile // one list a level, by start; nil while empty
	names       []lastTime
}

// seen says that an event was inserted.
func (s *State) seen() bool { return s.lifetime[spec.Events].Sign() != 0 }

// Insert adds one event. passedMs only decides which tiles are too old to be kept;
// it does not change what Features answers from then on.
func (s *State) Insert(e spec.Sample, passedMs int64) {
	s.stretch(e.AtMs, e.AtMs)
	s.names = keep(s.names, lastTime{name: e.Name, at: e.AtMs})
	s.add(e.AtMs, &spec.Sums{spec.Events: spec.SumOf(1)}, passedMs)
}

// Post adds what an order posts; a posting that counts no more has its sums turned round. passedMs is as for Insert.
func (s *State) Post(p spec.Posting, passedMs int64) {
	s.sales = addSale(s.sales, sale{at: p.AtMs, n: p.Sums[spec.Orders].Clamp()})
	s.add(p.AtMs, &p.Sums, passedMs)
}

func (s *State) add(atMs int64, sums *spec.Sums, passedMs int64) {
	s.lifetime.Add(sums)
	s.grow()
	for i, l := range levels {
		if start := spec.Floor(atMs, l.hop); start >= l.horizon(passedMs) {
			s.tiles[i] = addTile(s.tiles[i], &tile{start: start, sums: *sums})
		}
	}
}

// Merge adds everything of o, which is left as it was.
func (s *State) Merge(o *State) {
	if o.seen() {
		s.stretch(o.first, o.last)
	}
	s.lifetime.Add(&o.lifetime)
	for _, n := range o.names {
		s.names = keep(s.names, n)
	}
	for _, x := range o.sales {
		s.sales = addSale(s.sales, x)
	}
	s.grow()
	for i := range o.tiles {
		for j := range o.tiles[i] {
			s.tiles[i] = addTile(s.tiles[i], &o.tiles[i][j])
		}
	}
}

// Prune drops the tiles that no window reaches from passedMs on.
func (s *State) Prune(passedMs int64) {
	for i, list := range s.tiles {
		horizon := levels[i].horizon(passedMs)
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

// stretch widens first and last; it runs before lifetime is added to.
func (s *State) stretch(first, last int64) {
	if !s.seen() {
		s.first, s.last = first, last
		return
	}
	s.first, s.last = min(s.first, first), max(s.last, last)
}

// addTile adds t to the sorted list; most events fall into the last tile or after it. A tile that becomes zero goes: a window it
// leaves does not change.
func addTile(list []tile, t *tile) []tile {
	i := len(list)
	for i > 0 && list[i-1].start > t.start {
		i--
	}
	if i == 0 || list[i-1].start != t.start {
		if t.sums == (spec.Sums{}) {
			return list
		}
		return slices.Insert(list, i, *t)
	}
	list[i-1].sums.Add(&t.sums)
	if list[i-1].sums == (spec.Sums{}) {
		return slices.Delete(list, i-1, i)
	}
	return list
}
