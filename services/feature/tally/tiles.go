package tally

import "github.com/freshet/freshet/pkg/catalog"

// Tile is what one column holds of one span of time.
type Tile struct {
	// StartMs is its first millisecond, a multiple of the window's hop; LengthMs is the hop.
	StartMs, LengthMs int64
	// Reading is what the tile alone would give.
	Reading catalog.Reading
	// Merged is how many tiles it stands for; 0 for itself.
	Merged int
}

// Tiles are the tiles that a slot of the plan reads at asOf, an AsOf of this state, rising, at most most of them: those that lie before are the first.
// Gathered together they are what Read gives for the slot (TestTilesAddUpToTheReading). A slot without a window has none.
func (s *State) Tiles(slot int, asOf int64, most int) []Tile {
	sl := s.e.plan.Slots[slot]
	if sl.Window.Length == 0 {
		return nil
	}
	start, op := sl.Window.StartMs(asOf), s.e.plan.Columns[sl.Column].Op
	length := sl.Window.Hop.Milliseconds()
	var out []Tile
	for h := range s.e.hops {
		if s.e.hops[h].ms != length {
			continue
		}
		for _, t := range s.tiles[h] {
			for i := range t.cells {
				if x := &t.cells[i]; x.column == sl.Column && t.start >= start {
					out = append(out, Tile{StartMs: t.start, LengthMs: length})
					gather(op, x, &out[len(out)-1].Reading)
				}
			}
		}
	}
	return fold(op, out, most)
}

// fold makes the first tiles one, so that at most most are left.
func fold(op catalog.Op, list []Tile, most int) []Tile {
	over := len(list) - most
	if over <= 0 {
		return list
	}
	first := list[over]
	first.StartMs = list[0].StartMs
	first.LengthMs += list[over].StartMs - list[0].StartMs
	first.Merged = over + 1
	for _, t := range list[:over] {
		x := cellOf(&t.Reading)
		gather(op, &x, &first.Reading)
	}
	list[over] = first
	return list[over:]
}

// cellOf is the cell that a reading of one tile was gathered from.
func cellOf(r *catalog.Reading) cell {
	x := cell{sum: r.Sum, n: r.N, more: &more{keys: r.Keys}}
	if r.Sketch != nil {
		x.more.sketch = *r.Sketch
	}
	return x
}
