package dense

// The tile that a kernel computes.
const (
	tileRows    = 4
	tileColumns = 12
)

// subtractPlain takes a'b from c: 4 rows of 12, stride apart; a has k rows of 4, b k rows of 12.
func subtractPlain(k int, a, b, c []float64, stride int) {
	var sums [tileRows][tileColumns]float64
	for ; k > 0; k-- {
		row := (*[tileColumns]float64)(b)
		for i, x := range (*[tileRows]float64)(a) {
			sum := &sums[i]
			for j := range sum {
				sum[j] += x * row[j]
			}
		}
		a, b = a[tileRows:], b[tileColumns:]
	}
	for i := range sums {
		line := c[i*stride : i*stride+tileColumns]
		for j := range line {
			line[j] -= sums[i][j]
		}
	}
}
