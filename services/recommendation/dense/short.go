package dense

// Lane is what the length of a row of short numbers is a multiple of: what a line of cache holds. What is beyond a model's numbers is 0, and stays so.
const Lane = 16

// Padded is the length of a row that has room for n numbers.
func Padded(n int) int { return (n + Lane - 1) / Lane * Lane }

// Outers adds h (plus + h.p) to y for each h, the rows of points that links number: with plus 0 the product of the sum of their outer products with p.
// p and y have the length of a row, a multiple of Lane. A number that is no row's panics.
func Outers(plus float32, points []float32, links []int32, p, y []float32) {
	checkRows(points, links, len(p), len(y))
	outers(plus, points, links, p, y)
}

// Times sets y to ridge x + a x, with a a square of rows of the length of x, a multiple of Lane, which is symmetric.
func Times(ridge float32, a, x, y []float32) {
	n := len(x)
	if n == 0 || n%Lane != 0 || len(y) != n || len(a) != n*n {
		panic("dense: the matrix and the vectors have not one size")
	}
	timesShort(ridge, a, x, y)
}

// Dot is the product of two rows of one length, a multiple of Lane.
func Dot(a, b []float32) float32 {
	if len(a) != len(b) || len(a)%Lane != 0 || len(a) == 0 {
		panic("dense: rows of two sizes")
	}
	return dotShort(a, b)
}

// Advance is the end of a step of conjugate gradients: it takes length p from to and length ap from rest, and gives the product of rest with itself.
// All have one length, a multiple of Lane.
func Advance(length float32, p, ap, to, rest []float32) float32 {
	if n := len(p); n == 0 || n%Lane != 0 || len(ap) != n || len(to) != n || len(rest) != n {
		panic("dense: rows of two sizes")
	}
	return advance(length, p, ap, to, rest)
}

// Turn sets p to rest + share p. Both have one length, a multiple of Lane.
func Turn(share float32, rest, p []float32) {
	if len(rest) != len(p) || len(p)%Lane != 0 || len(p) == 0 {
		panic("dense: rows of two sizes")
	}
	turn(share, rest, p)
}

// checkRows panics where a kernel would read or write beside the rows.
func checkRows(points []float32, links []int32, n, m int) {
	if n == 0 || n%Lane != 0 || m != n {
		panic("dense: vectors have not the size of a row")
	}
	rows := uint32(len(points) / n)
	for _, j := range links {
		if uint32(j) >= rows {
			panic("dense: a link to no row")
		}
	}
}

func outersPlain(plus float32, points []float32, links []int32, p, y []float32) {
	n := len(p)
	for _, j := range links {
		h := points[int(j)*n : (int(j)+1)*n]
		sum := plus + dotPlain(h, p)
		for i, x := range h {
			y[i] += sum * x
		}
	}
}

func timesPlain(ridge float32, a, x, y []float32) {
	for i, v := range x {
		y[i] = ridge * v
	}
	for i, v := range x {
		for j, w := range a[i*len(x) : (i+1)*len(x)] {
			y[j] += v * w
		}
	}
}

func dotPlain(a, b []float32) (sum float32) {
	b = b[:len(a)]
	var s0, s1, s2, s3 float32 // four chains that do not wait for each other
	for len(a) >= 4 && len(b) >= 4 {
		s0 += a[0] * b[0]
		s1 += a[1] * b[1]
		s2 += a[2] * b[2]
		s3 += a[3] * b[3]
		a, b = a[4:], b[4:]
	}
	return s0 + s1 + (s2 + s3)
}

func advancePlain(length float32, p, ap, to, rest []float32) float32 {
	for i, v := range p {
		to[i] -= length * v
		rest[i] -= length * ap[i]
	}
	return dotPlain(rest, rest)
}

func turnPlain(share float32, rest, p []float32) {
	for i, v := range p {
		p[i] = rest[i] + share*v
	}
}
