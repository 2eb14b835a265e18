package neighbours

import (
	"context"
	"errors"
)

// Build fills an empty index in which nothing fades with groups that have ended: the pairs that Take and Close of each give (TestBuildingIsTakingEach), for a fraction of the cost, since an
// item's sums are added up in a plain list. Of a row that is too long the Row strongest of all its pairs are kept. It can be interrupted between two items; the index is then of no use.
func (x *Index) Build(ctx context.Context, groups [][]int32) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.pairs) > 0 || x.o.HalfLife > 0 {
		return errors.New("build an index of neighbours: it holds something, or has a half-life")
	}
	b := x.gather(groups)
	parts, counts := make([]float64, len(x.pairs)), make([]int32, len(x.pairs))
	var met []int32
	for i := range x.pairs {
		if i%64 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		met = met[:0]
		for _, g := range b.of[i] {
			for _, j := range b.groups[g] {
				if counts[j] == 0 {
					met = append(met, j)
				}
				parts[j] += b.squares[g]
				counts[j]++
			}
		}
		cells := make([]cell, 0, len(met))
		for _, j := range met {
			if int(j) != i {
				cells = append(cells, cell{j, counts[j], parts[j]})
			}
			parts[j], counts[j] = 0, 0
		}
		x.pairs[i].fill(x.strongest(int32(i), cells))
	}
	x.changed()
	return nil
}

// gathered are groups by their items, the newest of each, w(n)^2 of each, and by item the groups that have it.
type gathered struct {
	groups  [][]int32
	squares []float64
	of      [][]int32
}

// gather makes room for all items, and adds up what each has by itself.
func (x *Index) gather(groups [][]int32) gathered {
	b := gathered{groups: make([][]int32, len(groups)), squares: make([]float64, len(groups))}
	seen := map[int32]int{}
	for g, items := range groups {
		mine := make([]int32, 0, min(len(items), x.o.Window))
		for at := len(items) - 1; at >= 0; at-- {
			x.begin(items[at], int64(at))
			if seen[items[at]] <= g && len(mine) < x.o.Window {
				seen[items[at]] = g + 1
				mine = append(mine, items[at])
			}
		}
		w := x.o.weight(max(len(mine), 1))
		b.groups[g], b.squares[g] = mine, w*w
	}
	b.of = make([][]int32, len(x.pairs))
	for g, mine := range b.groups {
		for _, i := range mine {
			b.of[i] = append(b.of[i], int32(g))
			x.alone(i, b.squares[g], 1)
		}
	}
	return b
}

// strongest are the Row strongest of an item's cells, all where there are no more.
func (x *Index) strongest(i int32, cells []cell) []cell {
	if x.o.Row == 0 || len(cells) <= x.o.Row {
		return cells
	}
	all := make([]strong, len(cells))
	for at := range cells {
		all[at] = strong{cells[at], x.sim(i, cells[at].item, cells[at].of, 1)}
	}
	part(all, x.o.Row)
	for at := range cells[:x.o.Row] {
		cells[at] = all[at].cell
	}
	return cells[:x.o.Row]
}
