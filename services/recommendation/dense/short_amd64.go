package dense

//go:noescape
func outersAVX2(n int, points *float32, links *int32, count int, p, y *float32, plus float32)

//go:noescape
func timesAVX2(n int, a, x, y *float32, ridge float32)

//go:noescape
func dotAVX2(n int, a, b *float32) float32

func outers(plus float32, points []float32, links []int32, p, y []float32) {
	if !fast || len(links) == 0 {
		outersPlain(plus, points, links, p, y)
		return
	}
	outersAVX2(len(p), &points[0], &links[0], len(links), &p[0], &y[0], plus)
}

func timesShort(ridge float32, a, x, y []float32) {
	if !fast {
		timesPlain(ridge, a, x, y)
		return
	}
	timesAVX2(len(x), &a[0], &x[0], &y[0], ridge)
}

func dotShort(a, b []float32) float32 {
	if !fast {
		return dotPlain(a, b)
	}
	return dotAVX2(len(a), &a[0], &b[0])
}

//go:noescape
func advanceAVX2(n int, length float32, p, ap, to, rest *float32) float32

//go:noescape
func turnAVX2(n int, share float32, rest, p *float32)

func advance(length float32, p, ap, to, rest []float32) float32 {
	if !fast {
		return advancePlain(length, p, ap, to, rest)
	}
	return advanceAVX2(len(p), length, &p[0], &ap[0], &to[0], &rest[0])
}

func turn(share float32, rest, p []float32) {
	if !fast {
		turnPlain(share, rest, p)
		return
	}
	turnAVX2(len(p), share, &rest[0], &p[0])
}
