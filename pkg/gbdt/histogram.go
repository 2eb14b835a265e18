package gbdt

// slots is how many cells of a histogram a column has: a power of two, so that a byte cannot lead out of it.
const slots = 256

// histogram is the sums of gradients of a leaf's rows, by column and bin.
type histogram []gradient

func (h histogram) column(j int) *[slots]gradient { return (*[slots]gradient)(h[j*slots:]) }

// fill adds up rows. Each worker has columns of its own, so each cell is summed in the order of the rows whatever the number of workers.
func (h histogram) fill(b *binned, rows []int32, grads []gradient, columns []bool, workers int) {
	parts(workers, b.columns, func(from, to int) {
		clear(h[from*slots : to*slots])
		if all(columns[from:to]) {
			h.addAll(b, rows, grads, from, to)
			return
		}
		for j := from; j < to; j++ {
			if !columns[j] {
				continue
			}
			cells := h.column(j)
			for _, r := range rows {
				c, g := &cells[b.bins[int(r)*b.columns+j]], &grads[r]
				c.g += g.g
				c.h += g.h
			}
		}
	})
}

// addAll adds rows to columns from on to, reading each row once.
func (h histogram) addAll(b *binned, rows []int32, grads []gradient, from, to int) {
	width := b.columns
	for _, r := range rows {
		g := grads[r]
		bins := b.bins[int(r)*width+from : int(r)*width+to]
		cells := h[from*slots : to*slots]
		for _, bin := range bins {
			if len(cells) < slots { // never: it tells the compiler the bound
				return
			}
			c := &cells[bin]
			c.g += g.g
			c.h += g.h
			cells = cells[slots:]
		}
	}
}

func all(list []bool) bool {
	for _, x := range list {
		if !x {
			return false
		}
	}
	return true
}

// less takes a child's histogram from its parent's, which becomes the sibling's.
func (h histogram) less(child histogram, workers int) {
	parts(workers, len(h), func(from, to int) {
		a, b := h[from:to], child[from:to]
		for i := range b {
			a[i].g -= b[i].g
			a[i].h -= b[i].h
		}
	})
}
