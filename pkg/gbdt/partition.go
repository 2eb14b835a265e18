package gbdt

// partition brings the rows that go left to the front and says how many they are. Both sides keep their order. scratch has room for all.
func (g *grower) partition(rows, scratch []uint32, column []uint8, table *[256]uint8) int {
	if g.w <= 1 || len(rows) < 2*chunkRows {
		return partitionAlone(rows, scratch, column, table)
	}
	lefts := make([]int, chunksOf(len(rows)))
	g.w.chunks(len(rows), func(c, from, to int) {
		n := 0
		for _, r := range rows[from:to] {
			n += int(table[column[r]])
		}
		lefts[c] = n
	})
	total := 0
	for _, n := range lefts {
		total += n
	}
	starts := make([][2]int, len(lefts))
	l, r := 0, total
	for c, n := range lefts {
		starts[c] = [2]int{l, r}
		l += n
		r += min(chunkRows, len(rows)-c*chunkRows) - n
	}
	g.w.chunks(len(rows), func(c, from, to int) {
		at := [2]int{starts[c][1], starts[c][0]}
		for _, row := range rows[from:to] {
			side := table[column[row]] & 1
			scratch[at[side]] = row
			at[side]++
		}
	})
	g.w.chunks(len(rows), func(_, from, to int) { copy(rows[from:to], scratch[from:to]) })
	return total
}

// partitionAlone writes every row to both places and keeps one of them: there is no branch to guess wrong.
func partitionAlone(rows, scratch []uint32, column []uint8, table *[256]uint8) int {
	l, r := 0, 0
	scratch = scratch[:len(rows)]
	for _, row := range rows {
		left := int(table[column[row]])
		rows[l] = row
		scratch[r] = row
		l += left
		r += 1 - left
	}
	copy(rows[l:], scratch[:r])
	return l
}
