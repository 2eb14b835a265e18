package judge

import (
	"math"
	"slices"

	"github.com/freshet/freshet/pkg/evaluate"
	"github.com/freshet/freshet/services/recommendation/interaction"
)

const (
	// diverse is how many of a list's items are compared with each other, and compared how many lists, evenly taken.
	diverse  = 10
	compared = 300
)

// diversity is the mean, over the pairs of the first 10 of each list, of 1 - n(i,j) / sqrt(n(i) n(j)), with n the sessions or customers of Train that have an item, or
// both: 0 where a list's items are always taken together, 1 where never. It is intra-list dissimilarity (Ziegler et al., "Improving Recommendation
// Lists Through Topic Diversification", WWW 2005) with the cosine of item-kNN. Of many lists 300 are taken, evenly: the same for all models. Lists of fewer than two say nothing.
func (s *Set) diversity(lists []evaluate.List[int32]) float64 {
	if s.taken == nil {
		s.taken = make([][]int32, s.Items)
		for u := range s.Train {
			for _, item := range interaction.Distinct(s.Train[u].Items) {
				s.taken[item] = append(s.taken[item], int32(u))
			}
		}
	}
	type pair struct{ a, b int32 }
	known := map[pair]float64{}
	sum, n := 0.0, 0
	for at := range min(compared, len(lists)) {
		list := lists[at*len(lists)/min(compared, len(lists))].Ranked
		list = list[:min(diverse, len(list))]
		for i, a := range list {
			for _, b := range list[i+1:] {
				p := pair{min(a, b), max(a, b)}
				v, ok := known[p]
				if !ok {
					x, y := s.taken[a], s.taken[b]
					v = 1 - float64(both(x, y))/math.Sqrt(float64(max(len(x)*len(y), 1)))
					known[p] = v
				}
				sum, n = sum+v, n+1
			}
		}
	}
	return sum / float64(max(n, 1))
}

// both counts what two sorted lists share.
func both(x, y []int32) (n int) {
	for i, j := 0, 0; i < len(x) && j < len(y); {
		switch {
		case x[i] < y[j]:
			i++
		case x[i] > y[j]:
			j++
		default:
			n, i, j = n+1, i+1, j+1
		}
	}
	return n
}

// byPlace is the mean Recall among the first 1, 2, ... k.
func byPlace(lists []evaluate.List[int32], k int) []float64 {
	out := make([]float64, k)
	for _, l := range lists {
		found := 0.0
		for place := range k {
			if place < len(l.Ranked) && slices.Contains(l.Relevant, l.Ranked[place]) {
				found++
			}
			out[place] += found / float64(len(l.Relevant)) / float64(len(lists))
		}
	}
	return out
}
