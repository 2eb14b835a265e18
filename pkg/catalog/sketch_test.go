package catalog

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func sketchOf(texts ...string) *Sketch {
	s := &Sketch{}
	for _, x := range texts {
		s.Add(KeyHash(x))
	}
	return s
}

func numbered(prefix string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("%s-%d", prefix, i)
	}
	return out
}

func TestASketchCountsExactlyUpToItsBound(t *testing.T) {
	for n := range DistinctExact + 1 {
		s := sketchOf(append(numbered("x", n), numbered("x", n)...)...)
		if _, exact := s.Exact(); s.Count() != int64(n) || !exact {
			t.Errorf("%d texts are %d", n, s.Count())
		}
	}
}

// Twenty sets of each size: the error is below 5 % (root mean square; theory says 1.04/sqrt(1024), 3.3 %), without bias, and never beyond 10 %.
func TestErrorOfASketch(t *testing.T) {
	for _, n := range []int{65, 200, 1000, 2500, 4000, 10_000, 100_000} {
		var squares, bias float64
		const sets = 20
		for set := range sets {
			e := float64(sketchOf(numbered(fmt.Sprint("set", set), n)...).Count())/float64(n) - 1
			squares, bias = squares+e*e/sets, bias+e/sets
			if math.Abs(e) > 0.1 {
				t.Errorf("%d texts, set %d: error %.1f %%", n, set, 100*e)
			}
		}
		if rms := math.Sqrt(squares); rms > 0.05 || math.Abs(bias) > 0.03 {
			t.Errorf("%d texts: error %.2f %%, bias %.2f %%", n, 100*rms, 100*bias)
		}
	}
}

// What a sketch holds depends on what it saw: in any order, merged in any way, repeated.
func TestASketchDoesNotDependOnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SampledFrom([]int{0, 1, 40, DistinctExact, DistinctExact + 1, 70, 500}).Draw(t, "texts")
		texts := numbered("x", n)
		want := sketchOf(texts...)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		parts := make([]*Sketch, rapid.IntRange(1, 5).Draw(t, "parts"))
		for i := range parts {
			parts[i] = &Sketch{}
		}
		for _, i := range r.Perm(n) {
			for range 1 + r.IntN(3) {
				parts[r.IntN(len(parts))].Add(KeyHash(texts[i]))
			}
		}
		all := &Sketch{}
		for _, p := range parts {
			all.Merge(p)
		}
		exact, _ := all.Exact()
		wanted, _ := want.Exact()
		if !cmp.Equal(append([]uint64{}, exact...), append([]uint64{}, wanted...)) || !cmp.Equal(all.Ranks(), want.Ranks()) || all.Count() != want.Count() {
			t.Fatalf("%d texts gave another sketch: %d, want %d", n, all.Count(), want.Count())
		}
		again := OfHashes(exact)
		if all.Ranks() != nil {
			again = OfRanks(all.Ranks())
		}
		if again == nil || again.Count() != want.Count() {
			t.Fatalf("made of what it holds it is %+v", again)
		}
	})
}

// What no sketch can hold is refused: it may come from damaged state.
func TestWhatCannotBeASketchIsNone(t *testing.T) {
	high := make([]uint8, Registers)
	high[7] = 64
	for name, s := range map[string]*Sketch{
		"too many hashes":    OfHashes(make([]uint64, DistinctExact+1)),
		"a hash twice":       OfHashes([]uint64{1, 1}),
		"hashes out of turn": OfHashes([]uint64{2, 1}),
		"too few registers":  OfRanks(make([]uint8, Registers-1)),
		"no registers":       OfRanks(nil),
		"a rank of no hash":  OfRanks(high),
	} {
		if s != nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// The estimate in integers is that of the formula in floats, to one.
func TestASketchsEstimateIsTheFormulas(t *testing.T) {
	for _, n := range []int{65, 100, 777, 5000, 60_000} {
		s := sketchOf(numbered("y", n)...)
		sum, zeros := 0.0, 0.0
		for _, rank := range s.Ranks() {
			sum += math.Exp2(-float64(rank))
			if rank == 0 {
				zeros++
			}
		}
		want := 0.7213 / (1 + 1.079/Registers) * Registers * Registers / sum
		if want <= 2.5*Registers && zeros > 0 {
			want = Registers * math.Log(Registers/zeros)
		}
		want = max(want, DistinctExact+1) // fewer are counted
		if got := float64(s.Count()); math.Abs(got-want) > 1+want/1e5 {
			t.Errorf("%d texts: %g, the formula gives %g", n, got, want)
		}
	}
}
