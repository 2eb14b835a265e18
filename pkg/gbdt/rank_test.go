package gbdt

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Places that are counted or half sorted are those of a whole sort.
func TestPlacesAreThoseOfASort(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "rows")
		scores := make([]float64, n)
		for i := range scores {
			scores[i] = float64(rapid.IntRange(-3, 3).Draw(t, "score"))
		}
		var good []int32
		for i := range int32(n) {
			if rapid.IntRange(0, 3).Draw(t, "good") == 0 {
				good = append(good, i)
			}
		}
		first := rapid.IntRange(1, 12).Draw(t, "first")
		order := make([]int32, n)
		for i := range order {
			order[i] = int32(i)
		}
		slices.SortStableFunc(order, func(a, b int32) int { return int(scores[b] - scores[a]) })
		var p places
		p.find(scores, good, first)
		all := len(good) == 0 || slices.ContainsFunc(order[:min(first, n)], func(row int32) bool { return slices.Contains(good, row) })
		if len(p.top) < min(first, n) || all && len(p.top) != n || !slices.Equal(p.top, order[:len(p.top)]) {
			t.Fatalf("%v: the first %d are %v, want %v", scores, first, p.top, order)
		}
		if len(p.good) != len(good) {
			t.Fatalf("%d of %d are placed", len(p.good), len(good))
		}
		for i, x := range p.good {
			if order[x.place] != x.row || i > 0 && x.place <= p.good[i-1].place {
				t.Fatalf("row %d has place %d: %v", x.row, x.place, order)
			}
		}
	})
}

// The gradients are those of all pairs, looked at one by one.
func TestGradientsAreThoseOfAllPairs(t *testing.T) {
	d, p := mixed(2000, 4), small(LambdaRank)
	for r := range d.Label {
		d.Label[r] *= float64(r%3 + 1)
	}
	d.Groups = []int{500, 1, 30, 9, 460, 1000}
	l, scores := newRanking(p, d), make([]float64, d.Rows())
	for _, p.Truncation = range []int{2, 20, 5000} {
		l.truncation = p.Truncation
		for r := range scores {
			scores[r] = math.Round(d.Columns[1].Values[r]*4) / 4
			if math.IsNaN(scores[r]) || math.IsInf(scores[r], 0) {
				scores[r] = 0
			}
		}
		got := newGradients(d.Rows())
		l.gradients(scores, make([]bool, d.Rows()), got, 2)
		at := 0
		for i, n := range d.Groups {
			g, h := allPairs(d.Label[at:at+n], scores[at:at+n], p.Truncation, l.groups[i].ideal, l.groups[i].weight)
			for r := range g {
				if g[r] != got.g[at+r] || h[r] != got.h[at+r] {
					t.Fatalf("truncation %d, group %d, row %d: %v %v, want %v %v", p.Truncation, i, r, got.g[at+r], got.h[at+r], g[r], h[r])
				}
			}
			at += n
		}
	}
}

func allPairs(label, scores []float64, truncation int, ideal, weight float64) (g, h []float64) {
	n := len(label)
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(8 * (scores[b] - scores[a])) })
	g, h = make([]float64, n), make([]float64, n)
	sum := 0.0
	for a := range min(truncation, n) {
		for b := a + 1; b < n; b++ {
			hi, lo := order[a], order[b]
			if label[hi] == label[lo] {
				continue
			}
			delta := math.Abs(math.Exp2(label[hi])-math.Exp2(label[lo])) * (1/math.Log2(float64(a)+2) - 1/math.Log2(float64(b)+2)) / ideal
			if label[hi] < label[lo] {
				hi, lo = lo, hi
			}
			diff := scores[hi] - scores[lo]
			if scores[order[0]] != scores[order[n-1]] {
				delta /= .01 + math.Abs(diff)
			}
			p := 1 / (1 + math.Exp(diff))
			g[hi] -= p * delta
			g[lo] += p * delta
			h[hi] += p * (1 - p) * delta
			h[lo] += p * (1 - p) * delta
			sum += 2 * p * delta
		}
	}
	normalise(g, h, weight, sum)
	return g, h
}

// A tree of a ranking sees whole groups, as many as it is told.
func TestWholeGroupsAreDrawn(t *testing.T) {
	d, p := mixed(3000, 5), small(LambdaRank)
	p.RowShare = .3
	x, err := newTraining(p, d, Run{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]bool{}
	for round := range 20 {
		rows, _ := x.sample(round)
		x.loss.gradients(x.scores, x.outside, x.grower.grads, 1)
		in, at, groups := map[uint32]bool{}, 0, 0
		for _, r := range rows {
			in[r] = true
		}
		for i, n := range d.Groups {
			if in[uint32(at)] {
				groups, seen[i] = groups+1, true
			}
			for r := at; r < at+n; r++ {
				if in[uint32(r)] != in[uint32(at)] || x.outside[r] == in[uint32(r)] || x.outside[r] && x.grower.grads.h[r] != 0 {
					t.Fatalf("round %d: group %d is cut, or what is outside has a gradient", round, i)
				}
			}
			at += n
		}
		if want := int(math.Round(.3 * float64(len(d.Groups)))); groups != want {
			t.Fatalf("%d groups are drawn, want %d", groups, want)
		}
	}
	if len(seen) < len(d.Groups)*9/10 {
		t.Errorf("in 20 rounds %d of %d groups were seen", len(seen), len(d.Groups))
	}
}

// A column of one value costs nothing, and changes nothing but the number of features.
func TestADullColumnIsPassedOver(t *testing.T) {
	d, p := mixed(1000, 6), small(Logistic)
	same, nan := make([]float64, 1000), make([]float64, 1000)
	for r := range same {
		same[r], nan[r] = 7, math.NaN()
	}
	want := mustTrain(t, p, d, Run{})
	d.Columns = append(d.Columns, one("same", same...), one("never", nan...))
	got := mustTrain(t, p, d, Run{})
	if b := bin(d, p, 1); !slices.Equal(b.telling(nil), []int{0, 1, 2, 3}) || !slices.Equal(b.telling([]int{2, 4}), []int{2}) {
		t.Errorf("columns that tell rows apart: %v", b.telling(nil))
	}
	for r := range d.Rows() {
		row := make([]float64, 6)
		d.Row(r, row)
		if a, b := want.Score(row[:4]), got.Score(row); a != b {
			t.Fatalf("row %d: %v, and %v with dull columns", r, a, b)
		}
	}
}
