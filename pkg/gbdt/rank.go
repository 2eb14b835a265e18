package gbdt

import (
	"math"
	"slices"
)

// ranking is LambdaRank with NDCG (Burges 2010, "From RankNet to LambdaRank to LambdaMART"), as LightGBM has it: gain 2^grade-1,
// pairs with one member among the first truncation, and the lambdas of a group normalised so that long groups do not drown short ones.
type ranking struct {
	truncation int
	label      []float64
	groups     []span
	weights    []float64
	ideal      []float64
}

type span struct{ from, to int }

func newRanking(p Params, d *Dataset) *ranking {
	l := &ranking{truncation: p.Truncation, label: d.Label}
	at := 0
	for _, n := range d.Groups {
		l.groups = append(l.groups, span{at, at + n})
		l.weights = append(l.weights, d.weight(at))
		sorted := slices.Clone(d.Label[at : at+n])
		slices.SortFunc(sorted, func(a, b float64) int { return int(b - a) })
		l.ideal = append(l.ideal, dcg(sorted, p.Truncation))
		at += n
	}
	return l
}

func dcg(grades []float64, k int) float64 {
	s := 0.0
	for i, v := range grades[:min(k, len(grades))] {
		s += gainOf(v) * discount(i)
	}
	return s
}

func gainOf(grade float64) float64 { return math.Exp2(grade) - 1 }

func discount(place int) float64 { return 1 / math.Log2(float64(place)+2) }

func (l *ranking) start() float64 { return 0 }

func (l *ranking) gradients(scores []float64, s *gradients, w workers) {
	w.each(len(l.groups), func(_, i int) {
		at := l.groups[i]
		l.group(i, scores[at.from:at.to], s.g[at.from:at.to], s.h[at.from:at.to])
	})
}

// order is the places of a group, best score first, the first of equals first.
func order(scores []float64) []int {
	out := make([]int, len(scores))
	for i := range out {
		out[i] = i
	}
	slices.SortStableFunc(out, func(a, b int) int {
		switch {
		case scores[a] > scores[b]:
			return -1
		case scores[a] < scores[b]:
			return 1
		}
		return 0
	})
	return out
}

func (l *ranking) group(i int, scores, g, h []float64) {
	clear(g)
	clear(h)
	if l.ideal[i] == 0 {
		return
	}
	label := l.label[l.groups[i].from:l.groups[i].to]
	places := order(scores)
	apart := scores[places[0]] != scores[places[len(places)-1]]
	sum := 0.0
	for a := 0; a < min(l.truncation, len(places)-1); a++ {
		for b := a + 1; b < len(places); b++ {
			hi, lo := places[a], places[b]
			if label[hi] == label[lo] {
				continue
			}
			delta := math.Abs(gainOf(label[hi])-gainOf(label[lo])) * (discount(a) - discount(b)) / l.ideal[i]
			if label[hi] < label[lo] {
				hi, lo = lo, hi
			}
			diff := scores[hi] - scores[lo]
			if apart {
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
	normalise(g, h, l.weights[i], sum)
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
func (l *ranking) metric(scores []float64, _ workers) float64 {
	sum, total := 0.0, 0.0
	for i, at := range l.groups {
		if l.ideal[i] == 0 {
			continue
		}
		places := order(scores[at.from:at.to])
		grades := make([]float64, len(places))
		for j, p := range places {
			grades[j] = l.label[at.from+p]
		}
		sum += l.weights[i] * dcg(grades, l.truncation) / l.ideal[i]
		total += l.weights[i]
	}
	if total == 0 {
		return 0
	}
	return sum / total
}
