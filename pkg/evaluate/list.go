package evaluate

import (
	"errors"
	"fmt"
	"math"
)

// List is what was recommended to one visitor, best first, and what the visitor then chose. Judge the full ranking, not
// one among sampled candidates: sampled measures can put two models in the wrong order (Krichene and Rendle, 2020).
type List[T comparable] struct {
	// Ranked items, best first, each once. It may be shorter than k: what is not there was not found.
	Ranked []T
	// Relevant items, each once, in any order. Visitors who chose nothing have no list.
	Relevant []T
}

func (l List[T]) check() error {
	if len(l.Relevant) == 0 {
		return errors.New("nothing is relevant: leave such visitors out")
	}
	for _, items := range [][]T{l.Ranked, l.Relevant} {
		seen := make(map[T]bool, len(items))
		for _, item := range items {
			if seen[item] {
				return fmt.Errorf("item %v is there twice", item)
			}
			seen[item] = true
		}
	}
	return nil
}

// hits calls f with the place, from 0, of each relevant item among the first k.
func (l List[T]) hits(k int, f func(place int)) {
	want := make(map[T]bool, len(l.Relevant))
	for _, item := range l.Relevant {
		want[item] = true
	}
	for i, item := range l.Ranked[:min(k, len(l.Ranked))] {
		if want[item] {
			f(i)
		}
	}
}

// Recall is the share of the relevant items that are among the first k.
func (l List[T]) Recall(k int) float64 {
	n := 0
	l.hits(k, func(int) { n++ })
	return float64(n) / float64(len(l.Relevant))
}

// CappedRecall is the share of the relevant items that are among the first k, of as many as k places can hold: hits / min(k, relevant). 1 can be reached whatever k is.
// Published figures of films by strong generalisation are of this one (Liang et al., "Variational Autoencoders for Collaborative Filtering", WWW 2018, who call it Recall@R).
func (l List[T]) CappedRecall(k int) float64 {
	n := 0
	l.hits(k, func(int) { n++ })
	return float64(n) / float64(min(k, len(l.Relevant)))
}

// Precision is the share of the first k places that are relevant.
func (l List[T]) Precision(k int) float64 {
	n := 0
	l.hits(k, func(int) { n++ })
	return float64(n) / float64(k)
}

// HitRate is 1 when anything relevant is among the first k. With one relevant item it equals Recall.
func (l List[T]) HitRate(k int) float64 {
	hit := 0.0
	l.hits(k, func(int) { hit = 1 })
	return hit
}

// MRR is 1 / the place, from 1, of the first relevant item among the first k, or 0.
func (l List[T]) MRR(k int) float64 {
	best := 0.0
	l.hits(k, func(place int) { best = max(best, 1/float64(place+1)) })
	return best
}

// NDCG is the sum of 1/log2(place+1), places from 1, over the relevant items among the first k, divided by what the
// best order would have. Relevance is yes or no. Source: Jarvelin and Kekalainen (2002).
func (l List[T]) NDCG(k int) float64 {
	got, best := 0.0, 0.0
	l.hits(k, func(place int) { got += 1 / math.Log2(float64(place)+2) })
	for place := range min(k, len(l.Relevant)) {
		best += 1 / math.Log2(float64(place)+2)
	}
	return got / best
}

// Each gives a measure of every list, for Mean and MeanInterval: Each(lists, 20, List[string].Recall). k must be above 0.
func Each[T comparable](lists []List[T], k int, measure func(List[T], int) float64) ([]float64, error) {
	if k <= 0 {
		return nil, fmt.Errorf("the first %d of each list: want 1 or more", k)
	}
	out := make([]float64, len(lists))
	for i, l := range lists {
		if err := l.check(); err != nil {
			return nil, fmt.Errorf("list %d: %w", i, err)
		}
		out[i] = measure(l, k)
	}
	return out, nil
}

// Mean is the plain mean; of nothing, it is ErrNoRows.
func Mean(values []float64) (float64, error) {
	return Real{Predicted: values, Actual: make([]float64, len(values))}.Bias()
}

// Coverage is the share of the catalogue that is among the first k of anybody's list. catalogue is the number of items that could be recommended.
func Coverage[T comparable](lists []List[T], k, catalogue int) (float64, error) {
	if k <= 0 {
		return 0, fmt.Errorf("coverage of the first %d of each list: want 1 or more", k)
	}
	seen := map[T]bool{}
	for _, l := range lists {
		for _, item := range l.Ranked[:min(k, len(l.Ranked))] {
			seen[item] = true
		}
	}
	if catalogue < max(len(seen), 1) {
		return 0, fmt.Errorf("coverage: a catalogue of %d items cannot hold the %d that were recommended", catalogue, len(seen))
	}
	return float64(len(seen)) / float64(catalogue), nil
}
