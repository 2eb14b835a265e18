package gbdt

import (
	"cmp"
	"math"
	"slices"
)

// rankDepth is down to which place of a list LambdaRank compares pairs.
const rankDepth = 30

// discount is what a place is worth, the first is 0.
func discount(place int) float64 { return 1 / math.Log2(float64(place)+2) }

func gainOf(grade float64) float64 { return math.Exp2(grade) - 1 }

// order are rows from on to, the best score first, ties by place.
func order(scores []float64, from, to int) []int {
	rows := make([]int, to-from)
	for i := range rows {
		rows[i] = from + i
	}
	slices.SortStableFunc(rows, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	return rows
}

// idealDCG is the discounted gain of the best order.
func idealDCG(y []float64, depth int) float64 {
	sorted := slices.Clone(y)
	slices.SortFunc(sorted, func(a, b float64) int { return cmp.Compare(b, a) })
	sum := 0.0
	for i, g := range sorted[:min(depth, len(sorted))] {
		sum += gainOf(g) * discount(i)
	}
	return sum
}

// rankGradients are LambdaRank's: for each pair of a group of which at least one is near the top, the logistic loss of their order, weighted by what
// swapping them changes in NDCG (Burges 2010); normalised by group as LightGBM does.
func rankGradients(d *Data, scores []float64, out []gradient) {
	clear(out)
	from := 0
	for _, size := range d.Groups {
		to := from + size
		groupGradients(d, scores, out, from, to)
		from = to
	}
}

func groupGradients(d *Data, scores []float64, out []gradient, from, to int) {
	ideal := idealDCG(d.Y[from:to], rankDepth)
	if ideal == 0 {
		return
	}
	rows := order(scores, from, to)
	total := 0.0
	for i := 0; i < min(rankDepth, len(rows)); i++ {
		for j := i + 1; j < len(rows); j++ {
			high, low := rows[i], rows[j]
			if d.Y[high] == d.Y[low] {
				continue
			}
			if d.Y[high] < d.Y[low] {
				high, low = low, high
			}
			swap := math.Abs((gainOf(d.Y[high])-gainOf(d.Y[low]))*(discount(i)-discount(j))) / ideal
			q := sigmoid(scores[low] - scores[high])
			g, h := q*swap, q*(1-q)*swap
			out[high].g -= g
			out[low].g += g
			out[high].h += h
			out[low].h += h
			total += 2 * g
		}
	}
	if total > 0 {
		scale := math.Log2(1+total) / total
		for i := from; i < to; i++ {
			out[i] = gradient{out[i].g * scale * d.weight(i), max(out[i].h*scale*d.weight(i), 1e-16)}
		}
	}
}

// meanNDCG is over groups in which something is relevant.
func meanNDCG(d *Data, scores []float64, depth int) float64 {
	sum, groups, from := 0.0, 0, 0
	for _, size := range d.Groups {
		to := from + size
		if ideal := idealDCG(d.Y[from:to], depth); ideal > 0 {
			for i, r := range order(scores, from, to)[:min(depth, size)] {
				sum += gainOf(d.Y[r]) * discount(i) / ideal
			}
			groups++
		}
		from = to
	}
	if groups == 0 {
		return 0
	}
	return sum / float64(groups)
}
