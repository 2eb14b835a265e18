package scene

import (
	"slices"

	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/candidate"
)

// Said is what one source proposed, best first.
type Said struct {
	Source string
	Kind   candidate.Kind
	Weight float64
	List   []candidate.Candidate
}

// Ranked is a candidate in its place.
type Ranked struct {
	Item   int32
	Score  float64
	Reason candidate.Reason
	// Source named the reason.
	Source string
}

// Ranker puts what all sources proposed in one order, best first, each item once. Many goroutines may use it.
type Ranker interface {
	Rank(a *ask.Ask, said []Said) []Ranked
}

// Part is what one feature did for an item's score; a ranker may be able to tell.
type Part struct {
	Feature string
	Value   float64 // NaN: not known
	Gives   float64
}

// Explainer is a Ranker that says why, the strongest first.
type Explainer interface {
	Explain(a *ask.Ask, said []Said, item int32) []Part
}

// Blend ranks without a model: the sum over the sources of weight / (60 + place), so that nobody's first place outweighs all others. Source: Cormack, Clarke,
// Buettcher, "Reciprocal Rank Fusion" (SIGIR 2009). An item in first place of two sources of weight 1 has 2/61.
type Blend struct{}

// Rank implements Ranker. The reason is that of the source that gave most.
func (Blend) Rank(_ *ask.Ask, said []Said) []Ranked {
	n := 0
	for i := range said {
		n += len(said[i].List)
	}
	at := make(map[int32]int32, n)
	out := make([]Ranked, 0, n)
	most := make([]float64, 0, n)
	for i := range said {
		s := &said[i]
		for place, c := range s.List {
			part := s.Weight / float64(61+place)
			j, ok := at[c.Item]
			if !ok {
				j = int32(len(out))
				at[c.Item] = j
				out, most = append(out, Ranked{Item: c.Item}), append(most, 0)
			}
			out[j].Score += part
			if part > most[j] {
				most[j], out[j].Reason, out[j].Source = part, c.Reason, s.Source
			}
		}
	}
	slices.SortFunc(out, func(a, b Ranked) int { return order(a.Score, b.Score, a.Item, b.Item) })
	return out
}

// order is by score, the higher first, then by item.
func order(a, b float64, i, j int32) int {
	switch {
	case a > b:
		return -1
	case a < b:
		return 1
	}
	return int(i) - int(j)
}

var _ Ranker = Blend{}
