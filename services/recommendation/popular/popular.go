// Package popular holds the models that every other has to beat: what most take, and what the visitor took before. It is
// not the trend of a shop, which fades with time.
package popular

import (
	"cmp"
	"slices"

	"github.com/freshet/freshet/services/recommendation/candidate"
)

// Most proposes the items that most took, to everybody the same but for what Query.Skip refuses.
type Most struct{ ranked []candidate.Candidate }

var _ candidate.Source = (*Most)(nil)

// New takes how many took each item. Items that nobody took are never proposed.
func New(counts []int64) *Most {
	m := &Most{}
	for item, n := range counts {
		if n > 0 {
			m.ranked = append(m.ranked, candidate.Candidate{Item: int32(item), Score: float64(n), Reason: candidate.Reason{Kind: candidate.Popular, Because: candidate.Nothing}})
		}
	}
	slices.SortFunc(m.ranked, func(a, b candidate.Candidate) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Item, b.Item))
	})
	return m
}

// Candidates implements candidate.Source.
func (m *Most) Candidates(dst []candidate.Candidate, q *candidate.Query) []candidate.Candidate {
	for n, i := 0, 0; n < q.K && i < len(m.ranked); i++ {
		if !q.Refused(m.ranked[i].Item) {
			dst = append(dst, m.ranked[i])
			n++
		}
	}
	return dst
}

// Again proposes what the visitor took before, the most often first and of equal counts the newest.
type Again struct{}

var _ candidate.Source = Again{}

// Candidates implements candidate.Source.
func (Again) Candidates(dst []candidate.Candidate, q *candidate.Query) []candidate.Candidate {
	if q.K <= 0 {
		return dst
	}
	at := map[int32]int{}
	var all []candidate.Candidate
	for i := len(q.History) - 1; i >= 0; i-- {
		item := q.History[i]
		j, ok := at[item]
		if !ok {
			if q.Refused(item) {
				continue
			}
			j, at[item] = len(all), len(all)
			// The newer of two with equal counts has a score that is higher by less than one touch is worth.
			all = append(all, candidate.Candidate{Item: item, Score: float64(i) / float64(len(q.History)+1),
				Reason: candidate.Reason{Kind: candidate.Again, Because: item, Share: 1}})
		}
		all[j].Score++
	}
	var best candidate.Best
	best.Reset(q.K)
	for _, c := range all {
		best.Offer(c)
	}
	return best.Append(dst)
}
