package dense

import "golang.org/x/sys/cpu"

//go:noescape
func subtractAVX2(k int, a, b, c *float64, stride int)

var fast = cpu.X86.HasAVX2 && cpu.X86.HasFMA

func subtract(k int, a, b, c []float64, stride int) {
	if !fast {
		subtractPlain(k, a, b, c, stride)
		return
	}
	_, _, _ = a[4*k-1], b[12*k-1], c[3*stride+11]
	subtractAVX2(k, &a[0], &b[0], &c[0], stride)
}
