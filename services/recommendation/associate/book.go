package associate

import (
	"slices"

	"github.com/freshet/freshet/services/recommendation/candidate"
)

// Book proposes what rules say follows from a history. Many goroutines may ask at once.
type Book struct {
	byItem map[int32][]int32 // an item of If to the rules, by place
	rules  []Rule
}

// NewBook takes rules with one following item each; others are passed over.
func NewBook(rules []Rule) *Book {
	b := &Book{byItem: map[int32][]int32{}}
	for _, r := range rules {
		if len(r.Then) != 1 {
			continue
		}
		first := r.If[0] // a rule is found by one of its items and then looked at
		b.byItem[first] = append(b.byItem[first], int32(len(b.rules)))
		b.rules = append(b.rules, r)
	}
	return b
}

// Candidates implements candidate.Source: an item's score is the confidence of the best rule that speaks for it and holds for the history.
func (b *Book) Candidates(dst []candidate.Candidate, q *candidate.Query) []candidate.Candidate {
	if q.K <= 0 {
		return dst
	}
	has := make(map[int32]bool, len(q.History))
	for _, item := range q.History {
		has[item] = true
	}
	best := map[int32]*Rule{}
	for item := range has {
		for _, at := range b.byItem[item] {
			r := &b.rules[at]
			if slices.ContainsFunc(r.If, func(i int32) bool { return !has[i] }) {
				continue
			}
			if was := best[r.Then[0]]; was == nil || better(r, was) {
				best[r.Then[0]] = r
			}
		}
	}
	var top candidate.Best
	top.Reset(q.K)
	for item, r := range best {
		if !q.Refused(item) {
			top.Offer(candidate.Candidate{Item: item, Score: r.Confidence, Reason: candidate.Reason{Kind: candidate.Rule, Because: r.If[0], Share: 1 / float32(len(r.If))}})
		}
	}
	return top.Append(dst)
}

// better prefers the higher confidence, then the higher support, then the shorter rule.
func better(a, b *Rule) bool {
	switch {
	case a.Confidence != b.Confidence:
		return a.Confidence > b.Confidence
	case a.Both != b.Both:
		return a.Both > b.Both
	case len(a.If) != len(b.If):
		return len(a.If) < len(b.If)
	}
	return slices.Compare(a.If, b.If) < 0
}

var _ candidate.Source = (*Book)(nil)
