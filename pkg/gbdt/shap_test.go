package gbdt

import (
	"math"
	"math/bits"
	"testing"

	"pgregory.net/rapid"
)

func TestContributionsAddUp(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		o := rapid.SampledFrom(objectives).Draw(rt, "objective")
		d := made(300, rapid.Uint64Max(9).Draw(rt, "data"), o)
		m := train(t, drawn(rt, o), d)
		phi, err := m.ContributionsOf(d.X, 2)
		scores, _ := m.Scores(d.X, 1)
		for i := range phi {
			sum := 0.0
			for _, v := range phi[i] {
				sum += v
			}
			if err != nil || math.Abs(sum-scores[i]) > 1e-6*(1+math.Abs(scores[i])) {
				rt.Fatalf("row %d: %v, score %v (%v)", i, sum, scores[i], err)
			}
		}
	})
}

// known is the expected score when only some columns are known: the definition that the Shapley values are of.
func (t *Tree) known(node int32, values []float64, levels []int, columns uint) float64 {
	if t.Left[node] == 0 {
		return t.Value[node]
	}
	l, r := t.Left[node], t.Right[node]
	if c := t.Column[node]; columns>>c&1 == 1 {
		if t.goesLeft(node, values[c], levels[c]) {
			return t.known(l, values, levels, columns)
		}
		return t.known(r, values, levels, columns)
	}
	return t.share(node, l)*t.known(l, values, levels, columns) + t.share(node, r)*t.known(r, values, levels, columns)
}

func TestContributionsAreShapley(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := made(200, rapid.Uint64Max(9).Draw(rt, "data"), Squared)
		m := train(t, drawn(rt, Squared), d)
		r, err := m.bind(d.X)
		if err != nil {
			rt.Fatal(err)
		}
		values := make([]float64, 5)
		r.read(rapid.IntRange(0, 199).Draw(rt, "row"), values)
		factorial := []float64{1, 1, 2, 6, 24, 120}
		got := m.Contributions(values, nil)
		for j := range 5 {
			want := 0.0
			for s := range uint(1 << 5) {
				if s>>j&1 == 1 {
					continue
				}
				n := bits.OnesCount(s)
				for k := range m.Trees {
					t := &m.Trees[k]
					want += factorial[n] * factorial[4-n] / factorial[5] * (t.known(0, values, m.levels(), s|1<<j) - t.known(0, values, m.levels(), s))
				}
			}
			if math.Abs(got[j]-want) > 1e-7*(1+math.Abs(want)) {
				rt.Fatalf("column %d: %v, want %v", j, got[j], want)
			}
		}
	})
}
