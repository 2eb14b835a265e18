//go:build !amd64

package dense

func subtract(k int, a, b, c []float64, stride int) { subtractPlain(k, a, b, c, stride) }

func outer(plus float64, h, p, y []float64) { outerPlain(plus, h, p, y) }
