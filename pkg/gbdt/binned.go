package gbdt

import (
	"slices"

	"github.com/freshet/freshet/pkg/table"
)

// binned is a dataset as bins: by row, for histograms, and by column, for the one column that a split asks.
type binned struct {
	rows, columns int
	byRow         []uint8
	byColumn      [][]uint8
	mappers       []*mapper
	// dull says of each column that all rows are in one bin: no split comes of it.
	dull []bool
}

func bin(d *Dataset, p Params, w workers) *binned {
	b := &binned{mappers: make([]*mapper, len(d.Columns))}
	sample := sampleOf(d.Rows(), p.Seed)
	w.each(len(d.Columns), func(_, i int) { b.mappers[i] = newMapper(&d.Columns[i], p.MaxBins, sample) })
	b.fill(d, w)
	b.dull = make([]bool, b.columns)
	w.each(b.columns, func(_, i int) {
		column := b.byColumn[i]
		b.dull[i] = !slices.ContainsFunc(column, func(v uint8) bool { return v != column[0] })
	})
	return b
}

// telling are the used columns that are not dull; nil means all.
func (b *binned) telling(used []int) []int {
	if !slices.Contains(b.dull, true) {
		return used
	}
	out := make([]int, 0, b.columns)
	for i, dull := range b.dull {
		if !dull && (used == nil || slices.Contains(used, i)) {
			out = append(out, i)
		}
	}
	return out
}

// same bins other rows as b was.
func (b *binned) same(d *Dataset, w workers) *binned {
	out := &binned{mappers: b.mappers}
	out.fill(d, w)
	return out
}

func (b *binned) fill(d *Dataset, w workers) {
	b.rows, b.columns = d.Rows(), len(d.Columns)
	b.byColumn = make([][]uint8, b.columns)
	w.each(b.columns, func(_, i int) { b.byColumn[i] = b.mappers[i].column(&d.Columns[i]) })
	b.byRow = make([]uint8, b.rows*b.columns)
	w.chunks(b.rows, func(_, from, to int) {
		for i, column := range b.byColumn {
			at := from*b.columns + i
			for _, v := range column[from:to] {
				b.byRow[at] = v
				at += b.columns
			}
		}
	})
}

func (m *mapper) column(c *table.Column) []uint8 {
	if m.kind == Categorical {
		out := make([]uint8, len(c.Codes))
		for r, v := range c.Codes {
			out[r] = missingBin
			if v >= 0 {
				out[r] = m.byCode[v]
			}
		}
		return out
	}
	out := make([]uint8, len(c.Values))
	for r, v := range c.Values {
		out[r] = m.bin(v)
	}
	return out
}
