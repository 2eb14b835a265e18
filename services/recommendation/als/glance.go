package als

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

// glances are the items' points in seven bits a number, by which a walk sees which items cannot come in: a quarter of the memory, and eight items in one word. The points are
// scale * (whole - middle), with whole from 1 to 127, and what is lost by that is known, so that no product is ever above what Bounds says of it.
type glances struct {
	d     int
	words []uint64 // for each eight items a word for each number, its lowest byte that of the first item; numbers padded to a multiple of four
	of    []glance // by item
}

// glance is what is known of one item's whole numbers.
type glance struct {
	scale float32
	lost  float32 // the length of the point less scale * (whole - middle)
	sum   int32   // of all whole
}

// together is how many items share a word; middle is 0 in whole numbers, which are within most of it.
const together, middle, most = 8, 64, 63

// whole writes a point in whole numbers, and gives what is known of them.
func whole(to []uint8, point []float64) glance {
	var g glance
	longest := 0.0
	for _, v := range point {
		longest = max(longest, math.Abs(v))
	}
	g.scale = float32(longest / most)
	lost := 0.0
	for f, v := range point {
		n := 0
		if g.scale > 0 {
			n = max(-most, min(int(math.Round(v/float64(g.scale))), most))
		}
		v -= float64(g.scale) * float64(n)
		lost += v * v
		to[f] = uint8(n + middle) //nolint:gosec // 1 to 127.
		g.sum += int32(n + middle)
	}
	g.lost = math.Nextafter32(float32(math.Sqrt(lost)), math.MaxFloat32)
	return g
}

// glancesAt takes a glance at n points of d numbers.
func glancesAt(n, d int, point func(i int) []float32) *glances {
	padded := (d + 3) / 4 * 4
	g := &glances{d: padded, words: make([]uint64, (n+together-1)/together*padded), of: make([]glance, n)}
	long, short := make([]float64, d), make([]uint8, d)
	for i := range n {
		widen(long, point(i))
		g.of[i] = whole(short, long)
		words := g.words[i/together*padded:]
		for f, v := range short {
			words[f] |= uint64(v) << (i % together * 8)
		}
	}
	return g
}

// asker is who asks, in whole numbers.
type asker struct {
	whole  []uint64 // padded with 0
	known  glance
	length float64 // of scale * (whole - middle)
	lost   float64 // what is added for each unit of an item's length: what whole numbers lose, and what rounding adds to a product
	short  []uint8
	long   []float64
}

// ask puts a point in whole numbers.
func (g *glances) ask(a *asker, taste []float64) {
	if len(a.whole) != g.d {
		*a = asker{whole: make([]uint64, g.d), short: make([]uint8, len(taste)), long: make([]float64, len(taste))}
	}
	a.known = whole(a.short, taste)
	for f, v := range a.short {
		a.whole[f] = uint64(v)
		a.long[f] = float64(a.known.scale) * (float64(v) - middle)
	}
	a.length = floats.Norm(a.long, 2)
	a.lost = float64(a.known.lost) + (slack-1)*floats.Norm(taste, 2)
}

// products sums whole by whole for the eight items that begin with a multiple of eight. Sums of four numbers have 16 bits, as 4 * 127 * 127 < 1 << 16; sums of all have 32.
func (g *glances) products(a *asker, first int, to *[together]uint32) {
	const bytes, shorts = 0x00ff00ff00ff00ff, 0x0000ffff0000ffff
	words := g.words[first/together*g.d:][:g.d]
	u := a.whole[:len(words)]
	var s0, s1, s2, s3 uint64 // items 0 and 4, 1 and 5, 2 and 6, 3 and 7
	for len(words) >= 4 && len(u) >= 4 {
		even := words[0]&bytes*u[0] + words[1]&bytes*u[1] + words[2]&bytes*u[2] + words[3]&bytes*u[3]
		odd := words[0]>>8&bytes*u[0] + words[1]>>8&bytes*u[1] + words[2]>>8&bytes*u[2] + words[3]>>8&bytes*u[3]
		s0 += even & shorts
		s1 += odd & shorts
		s2 += even >> 16 & shorts
		s3 += odd >> 16 & shorts
		words, u = words[4:], u[4:]
	}
	*to = [together]uint32{uint32(s0), uint32(s1), uint32(s2), uint32(s3), uint32(s0 >> 32), uint32(s1 >> 32), uint32(s2 >> 32), uint32(s3 >> 32)} //nolint:gosec // The lower half is meant.
}

// least is more than what is lost where numbers are too small for 32 bits: half of the smallest for each of 1024.
const least = 1024 * math.SmallestNonzeroFloat32

// bound is what the product with an item of a length is never above. With u = u' + e for who asks and h = h' + f for the item, where u' and h' are in whole numbers, it is
// u.h = u'.h' + u'.f + e.h, and the last two are at most |u'| |f| + |e| |h| (TestNoProductIsAboveItsBound).
func (g *glances) bound(a *asker, i int, product uint32, length float64) float64 {
	x := &g.of[i]
	n := int64(len(a.short))
	whole := int64(product) - middle*(int64(x.sum)+int64(a.known.sum)) + n*middle*middle
	return float64(x.scale)*float64(a.known.scale)*float64(whole) + a.length*float64(x.lost) + a.lost*length + least
}
