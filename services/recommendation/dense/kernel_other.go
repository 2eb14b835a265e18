//go:build !amd64

package dense

func subtract(k int, a, b, c []float64, stride int) { subtractPlain(k, a, b, c, stride) }

func outers(plus float32, points []float32, links []int32, p, y []float32) {
	outersPlain(plus, points, links, p, y)
}

func timesShort(ridge float32, a, x, y []float32) { timesPlain(ridge, a, x, y) }

func dotShort(a, b []float32) float32 { return dotPlain(a, b) }

func advance(length float32, p, ap, to, rest []float32) float32 {
	return advancePlain(length, p, ap, to, rest)
}

func turn(share float32, rest, p []float32) { turnPlain(share, rest, p) }
