package dense

import "golang.org/x/sys/cpu"

//go:noescape
func subtractAVX2(k int, a, b, c *float64, stride int)

//go:noescape
func outerAVX2(n int, h, p, y *float64, plus float64)

var fast = cpu.X86.HasAVX2 && cpu.X86.HasFMA

func subtract(k int, a, b, c []float64, stride int) {
	if !fast {
		subtractPlain(k, a, b, c, stride)
		return
	}
	_, _, _ = a[4*k-1], b[12*k-1], c[3*stride+11]
	subtractAVX2(k, &a[0], &b[0], &c[0], stride)
}

func outer(plus float64, h, p, y []float64) {
	n := len(h) &^ 7
	if !fast || n != len(h) || n == 0 {
		outerPlain(plus, h, p, y)
		return
	}
	_, _ = p[n-1], y[n-1]
	outerAVX2(n, &h[0], &p[0], &y[0], plus)
}
