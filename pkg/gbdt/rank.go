package gbdt

import (
	"cmp"
	"math"
	"slices"
)

// ranking is LambdaRank with NDCG (Burges 2010, "From RankNet to LambdaRank to LambdaMART"), as LightGBM has it: gain 2^grade-1,
// pairs with one member among the first truncation, and the lambdas of a group normalised so that long groups do not drown short ones.
type ranking struct {
	truncation int
	label      []float64
	groups     []graded
	// discounts are by place, as many as the longest group has.
	discounts []float64
	// scratch is each worker's.
	scratch []places
}

// graded is a group of rows.
type graded struct {
	from, to int
	weight   float64
	// ideal is the highest dcg that it can have.
	ideal float64
	// good are its rows of a grade above 0, counted from its first.
	good []int32
}

func newRanking(p Params, d *Dataset) *ranking {
	l := &ranking{truncation: p.Truncation, label: d.Label}
	at := 0
	for _, n := range d.Groups {
		g := graded{from: at, to: at + n, weight: d.weight(at)}
		for len(l.discounts) < n {
			l.discounts = append(l.discounts, 1/math.Log2(float64(len(l.discounts))+2))
		}
		var grades []float64
		for i, y := range d.Label[at : at+n] {
			if y > 0 {
				g.good, grades = append(g.good, int32(i)), append(grades, y)
			}
		}
		slices.SortFunc(grades, func(a, b float64) int { return cmp.Compare(b, a) })
		for i, y := range grades[:min(p.Truncation, len(grades))] {
			g.ideal += gainOf(y) * l.discounts[i]
		}
		l.groups = append(l.groups, g)
		at += n
	}
	return l
}

func gainOf(grade float64) float64 { return gains[int(grade)] }

// gains are by grade.
var gains = func() (out [31]float64) {
	for i := range out {
		out[i] = math.Exp2(float64(i)) - 1
	}
	return out
}()

func (l *ranking) start() float64 { return 0 }

// work makes scratch for workers.
func (l *ranking) work(w workers) {
	for len(l.scratch) < int(max(w, 1)) {
		l.scratch = append(l.scratch, places{})
	}
}

func (l *ranking) gradients(scores []float64, outside []bool, s *gradients, w workers) {
	l.work(w)
	w.each(len(l.groups), func(worker, i int) {
		at := &l.groups[i]
		g, h := s.g[at.from:at.to], s.h[at.from:at.to]
		clear(g)
		clear(h)
		if at.ideal > 0 && !outside[at.from] {
			l.group(at, &l.scratch[worker], scores[at.from:at.to], g, h)
		}
	})
}

// group goes through the pairs of different grades of which one stands among the first truncation, in the order of their places. Most candidates have grade 0, and two of them are no pair.
func (l *ranking) group(at *graded, p *places, scores, g, h []float64) {
	label := l.label[at.from:at.to]
	p.find(scores, at.good, l.truncation)
	x := pairs{label: label, scores: scores, g: g, h: h, ideal: at.ideal, apart: slices.Max(scores) != slices.Min(scores)}
	for a, row := range p.top[:min(len(p.top), l.truncation, len(scores)-1)] {
		if label[row] > 0 {
			for b := a + 1; b < len(p.top); b++ { // there are all: see find
				x.add(row, p.top[b], l.discounts[a]-l.discounts[b])
			}
			continue
		}
		for _, good := range p.good {
			if good.place > a {
				x.add(row, good.row, l.discounts[a]-l.discounts[good.place])
			}
		}
	}
	normalise(g, h, at.weight, x.sum)
}

// pairs adds up what the pairs of a group pull at its rows.
type pairs struct {
	label, scores, g, h []float64
	ideal               float64
	// apart says that not all scores are one.
	apart bool
	sum   float64
}

// add takes two rows, the higher placed one first, and by how much the discounts of their places differ.
func (x *pairs) add(hi, lo int32, discount float64) {
	if x.label[hi] == x.label[lo] {
		return
	}
	delta := math.Abs(gainOf(x.label[hi])-gainOf(x.label[lo])) * discount / x.ideal
	if x.label[hi] < x.label[lo] {
		hi, lo = lo, hi
	}
	diff := x.scores[hi] - x.scores[lo]
	if x.apart {
		delta /= .01 + math.Abs(diff)
	}
	p := 1 / (1 + math.Exp(diff))
	g, h := p*delta, p*(1-p)*delta
	x.g[hi] -= g
	x.g[lo] += g
	x.h[hi] += h
	x.h[lo] += h
	x.sum += 2 * p * delta
}

// normalise gives a group its weight, whatever its pairs sum to.
func normalise(g, h []float64, weight, sum float64) {
	if sum > 0 {
		weight *= math.Log2(1+sum) / sum
	}
	for j := range g {
		g[j] *= weight
		h[j] *= weight
	}
}

// metric is the mean NDCG at the truncation, over groups that have something to find.
func (l *ranking) metric(scores []float64, w workers) float64 {
	l.work(w)
	found := make([]float64, len(l.groups))
	w.each(len(l.groups), func(worker, i int) {
		at, p := &l.groups[i], &l.scratch[worker]
		p.findGood(scores[at.from:at.to], at.good)
		for _, x := range p.good {
			if x.place < l.truncation {
				found[i] += gainOf(l.label[at.from+int(x.row)]) * l.discounts[x.place]
			}
		}
	})
	sum, total := 0.0, 0.0
	for i, at := range l.groups {
		if at.ideal > 0 {
			sum += at.weight * found[i] / at.ideal
			total += at.weight
		}
	}
	if total == 0 {
		return 0
	}
	return sum / total
}
