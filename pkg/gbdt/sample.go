package gbdt

import (
	"math"
	"math/rand/v2"
)

// sample draws the rows and columns of a round.
func (t *training) sample(round int) (rows []uint32, columns []int) {
	rng := rand.New(rand.NewPCG(t.p.Seed, uint64(round)))
	if t.p.RowShare < 1 || round == 0 {
		t.drawRows(rng)
	}
	return t.rows, t.drawColumns(rng)
}

// drawRows draws rows, of a ranking whole groups: half of a group has no order of the group to learn from.
func (t *training) drawRows(rng *rand.Rand) {
	n, size := t.d.Rows(), func(int) int { return 1 }
	if t.p.Objective == LambdaRank {
		n, size = len(t.d.Groups), func(i int) int { return t.d.Groups[i] }
	}
	want, taken, row := max(1, int(math.Round(t.p.RowShare*float64(n)))), 0, 0
	t.rows = t.rows[:0]
	for i := range n {
		in := n == want || rng.IntN(n-i) < want-taken
		if in {
			taken++
		}
		for range size(i) {
			if t.outside[row] = !in; in {
				t.rows = append(t.rows, uint32(row))
			}
			row++
		}
	}
}

// drawColumns draws columns; nil means all.
func (t *training) drawColumns(rng *rand.Rand) (columns []int) {
	f := len(t.d.Columns)
	want := max(1, int(math.Round(t.p.ColumnShare*float64(f))))
	if want == f {
		return nil
	}
	for i := range f {
		if rng.IntN(f-i) < want-len(columns) {
			columns = append(columns, i)
		}
	}
	return columns
}
