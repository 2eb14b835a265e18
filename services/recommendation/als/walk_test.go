package als

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/dense"
)

func TestTheWalkMissesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, d := rapid.IntRange(1, 60).Draw(t, "items"), rapid.IntRange(1, 5).Draw(t, "factors")
		m := &Model{o: Options{Factors: d, Epochs: 1, L2: .1, Unobserved: .1}, known: make([]bool, n), items: make([]float32, n*dense.Padded(d)), all: n}
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		number := func() float64 { return float64(r.IntN(3) - 1) } // scores are equal
		if rapid.Bool().Draw(t, "rough") {
			number = r.NormFloat64 // nothing is a whole number of anything
		}
		for i := range n {
			length := rapid.SampledFrom([]float64{0, .1, 1, 10}).Draw(t, "length")
			for f := range d {
				m.point(int32(i))[f] = float32(number() * length)
			}
			m.known[i] = rapid.IntRange(0, 4).Draw(t, "known") > 0
		}
		_, m.gram = gram(m.items, m.o)
		m.arrange()
		history := rapid.SliceOfN(rapid.Int32Range(0, int32(n)-1), 1, 5).Draw(t, "history")
		q := &candidate.Query{History: history, K: rapid.IntRange(1, 10).Draw(t, "k"), Skip: func(item int32) bool { return item%7 == 3 }}
		taste := make([]float32, dense.Padded(d))
		shorten(taste, m.FoldIn(history))
		var want []candidate.Candidate
		for i := range int32(n) {
			if score := float64(dense.Dot(taste, m.point(i))); m.known[i] && score > 0 && !q.Refused(i) {
				want = append(want, candidate.Candidate{Item: i, Score: score})
			}
		}
		slices.SortFunc(want, func(a, b candidate.Candidate) int {
			if candidate.Better(a, b) {
				return -1
			}
			return 1
		})
		got := m.Candidates(nil, q)
		for i := range got {
			got[i].Reason = candidate.Reason{}
		}
		if want = want[:min(len(want), q.K)]; !slices.Equal(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
	})
}
