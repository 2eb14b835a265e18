package dense

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// drawShort gives n random numbers.
func drawShort(r *rand.Rand, n int) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(r.NormFloat64())
	}
	return out
}

// far says where two lists are further apart than rounding may put them; -1 where they are not.
func far(a, b []float32, most float64) int {
	for i := range a {
		if !(math.Abs(float64(a[i]-b[i])) <= most) {
			return i
		}
	}
	return -1
}

func TestShortKernels(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 3))
		n, rows := Lane*rapid.IntRange(1, 9).Draw(t, "lanes"), rapid.IntRange(1, 9).Draw(t, "rows")
		points, p, y := drawShort(r, n*rows), drawShort(r, n), drawShort(r, n)
		links := rapid.SliceOfN(rapid.Int32Range(0, int32(rows)-1), 0, 12).Draw(t, "links")
		plus := float32(r.NormFloat64())
		most := 2e-5 * float64(n) * float64(len(links)+1)
		check := func(what string, got, want []float32) {
			t.Helper()
			if i := far(got, want, most); i >= 0 {
				t.Fatalf("%s, %d of %d: %v, want %v", what, i, n, got[i], want[i])
			}
		}
		want, got := slices.Clone(y), slices.Clone(y)
		outersPlain(plus, points, links, p, want)
		Outers(plus, points, links, p, got)
		check("outers", got, want)

		a := drawShort(r, n*n)
		for i := range n {
			for j := range i {
				a[i*n+j] = a[j*n+i]
			}
		}
		timesPlain(plus, a, p, want)
		Times(plus, a, p, got)
		check("times", got, want)

		check("dot", []float32{Dot(p, y)}, []float32{dotPlain(p, y)})

		to, rest := drawShort(r, n), drawShort(r, n)
		wantTo, wantRest := slices.Clone(to), slices.Clone(rest)
		size := advancePlain(plus, p, y, wantTo, wantRest)
		check("advance's size", []float32{Advance(plus, p, y, to, rest)}, []float32{size})
		check("advance's point", to, wantTo)
		check("advance's rest", rest, wantRest)

		want = slices.Clone(p)
		turnPlain(plus, y, want)
		Turn(plus, y, p)
		check("turn", p, want)
	})
}

func TestGram(t *testing.T) {
	for _, n := range []int{Lane, 3 * Lane, 4 * Lane} {
		for _, rows := range []int{0, 1, gramRows - 1, gramRows, gramRows + 3, gramParts*gramRows + 5, 3*gramParts*gramRows + 77} {
			points := drawShort(rand.New(rand.NewPCG(uint64(n), uint64(rows))), n*rows)
			want := make([]float64, n*n)
			for row := range slices.Chunk(points, n) {
				for i, v := range row {
					for j, w := range row {
						want[i*n+j] += float64(v) * float64(w)
					}
				}
			}
			one := Gram(points, n, 1)
			for i := range want {
				if math.Abs(one[i]-want[i]) > 1e-9 {
					t.Fatalf("%d rows of %d: %v at %d, want %v", rows, n, one[i], i, want[i])
				}
			}
			if !slices.Equal(one, Gram(points, n, 3)) {
				t.Fatalf("%d rows of %d: the sum depends on the workers", rows, n)
			}
		}
	}
}

// A kernel would read or write beside its rows.
func TestWrongSizesPanic(t *testing.T) {
	row, short := make([]float32, Lane), make([]float32, Lane-1)
	for what, f := range map[string]func(){
		"a link behind the rows":    func() { Outers(0, row, []int32{1}, row, row) },
		"a link before the rows":    func() { Outers(0, row, []int32{-1}, row, row) },
		"a short sum":               func() { Outers(0, row, []int32{0}, row, short) },
		"a row that is no lane":     func() { Dot(short, short) },
		"rows of two sizes":         func() { Dot(row, short) },
		"a small matrix":            func() { Times(1, row, row, row) },
		"a short rest":              func() { Advance(1, row, row, row, short) },
		"a short direction":         func() { Turn(1, row, short) },
		"rows that are not whole":   func() { Gram(short, Lane, 1) },
		"a row of no length at all": func() { Gram(nil, 0, 1) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s was taken", what)
				}
			}()
			f()
		}()
	}
}
