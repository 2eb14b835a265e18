package gbdt

// histogram has the sum of packed gradients for every bin of every column; counts, when rows are counted, the rows.
type histogram struct {
	sums   [][256]int64
	counts [][256]uint32
	// bins is how many bins for values each column has. Those behind them, but for the missing ones', are 0 and stay it: columns of a few values, as categories
	// are, cost little.
	bins []int
}

func newHistogram(bins []int, counted bool) *histogram {
	h := &histogram{sums: make([][256]int64, len(bins)), bins: bins}
	if counted {
		h.counts = make([][256]uint32, len(bins))
	}
	return h
}

func (h *histogram) clear() {
	for f, n := range h.bins {
		clear(h.sums[f][:n])
		h.sums[f][missingBin] = 0
		if h.counts != nil {
			clear(h.counts[f][:n])
			h.counts[f][missingBin] = 0
		}
	}
}

// add puts rows into h. used are the columns of this tree, or nil for all.
func (h *histogram) add(b *binned, packed []int64, rows []uint32, used []int) {
	switch {
	case used != nil:
		h.addUsed(b, packed, rows, used)
	default:
		h.addAll(b, packed, rows)
	}
}

// addAll is where training spends its time. An array of 256 is indexed by a byte without a check.
func (h *histogram) addAll(b *binned, packed []int64, rows []uint32) {
	width := b.columns
	sums := h.sums
	for _, r := range rows {
		v := packed[r]
		at := int(r) * width
		row := b.byRow[at : at+width]
		sums = sums[:len(row)]
		for f, bin := range row {
			sums[f][bin] += v
		}
	}
	if h.counts == nil {
		return
	}
	counts := h.counts
	for _, r := range rows {
		at := int(r) * width
		row := b.byRow[at : at+width]
		counts = counts[:len(row)]
		for f, bin := range row {
			counts[f][bin]++
		}
	}
}

// addUsed goes over the columns with a block of rows at a time: their gradients are then looked up once for all columns.
func (h *histogram) addUsed(b *binned, packed []int64, rows []uint32, used []int) {
	var values [histogramRows]int64
	for len(rows) > 0 {
		block := rows[:min(histogramRows, len(rows))]
		rows = rows[len(block):]
		for i, r := range block {
			values[i] = packed[r]
		}
		for _, f := range used {
			h.addColumn(f, b.byColumn[f], block, &values)
		}
	}
}

// histogramRows is how many rows a block has: what is read of it stays in the fastest memory meanwhile.
const histogramRows = 2048

func (h *histogram) addColumn(f int, column []uint8, block []uint32, values *[histogramRows]int64) {
	sums := &h.sums[f]
	if h.counts == nil {
		for i, r := range block {
			sums[column[r]] += values[i&(histogramRows-1)]
		}
		return
	}
	counts := &h.counts[f]
	for i, r := range block {
		bin := column[r]
		sums[bin] += values[i&(histogramRows-1)]
		counts[bin]++
	}
}

// merge adds o.
func (h *histogram) merge(o *histogram) {
	for f, n := range h.bins {
		sums := h.sums[f][:n]
		for i, v := range o.sums[f][:n] {
			sums[i] += v
		}
		h.sums[f][missingBin] += o.sums[f][missingBin]
		if h.counts == nil {
			continue
		}
		counts := h.counts[f][:n]
		for i, v := range o.counts[f][:n] {
			counts[i] += v
		}
		h.counts[f][missingBin] += o.counts[f][missingBin]
	}
}

// subtract takes o away: a parent's histogram becomes that of the other child, exactly.
func (h *histogram) subtract(o *histogram) {
	for f, n := range h.bins {
		sums := h.sums[f][:n]
		for i, v := range o.sums[f][:n] {
			sums[i] -= v
		}
		h.sums[f][missingBin] -= o.sums[f][missingBin]
		if h.counts == nil {
			continue
		}
		counts := h.counts[f][:n]
		for i, v := range o.counts[f][:n] {
			counts[i] -= v
		}
		h.counts[f][missingBin] -= o.counts[f][missingBin]
	}
}

// histograms are reused from tree to tree.
type histograms struct {
	bins    []int
	counted bool
	free    []*histogram
}

func (s *histograms) take() *histogram {
	if n := len(s.free); n > 0 {
		h := s.free[n-1]
		s.free = s.free[:n-1]
		h.clear()
		return h
	}
	return newHistogram(s.bins, s.counted)
}

func (s *histograms) give(h *histogram) { s.free = append(s.free, h) }

// build fills a histogram by all workers: each has a part of the rows and a histogram of its own.
func (s *histograms) build(b *binned, packed []int64, rows []uint32, used []int, w workers) *histogram {
	h := s.take()
	k := min(int(w), len(rows)/chunkRows)
	if k <= 1 {
		h.add(b, packed, rows, used)
		return h
	}
	parts := []*histogram{h}
	for range k - 1 {
		parts = append(parts, s.take())
	}
	w.each(k, func(_, i int) {
		parts[i].add(b, packed, rows[len(rows)*i/k:len(rows)*(i+1)/k], used)
	})
	for _, part := range parts[1:] {
		h.merge(part)
		s.give(part)
	}
	return h
}
