package need

import (
	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/past"
)

// again: the more often and the more recently it was bought, the better. It knows no cycles: package repurchase does.
func (s *sources) again(a *ask.Ask, found finds) {
	for _, d := range past.Bought(a) {
		f := found[d.Key]
		found[d.Key] = find{f.score + 1/(1+float64(max(a.NowMs-d.AtMs, 0))/(30*dayMs)), d.Key}
	}
}

// accessory: what goes with a purchase and is of another category. Where a category is not known nobody can say whether it is another.
func (s *sources) accessory(a *ask.Ask, found finds) {
	together := s.deps.Together(a.Workspace)
	if together == nil {
		return
	}
	had := map[int32]bool{}
	bought := past.Bought(a)
	for _, d := range bought {
		had[d.Key] = true
	}
	done := map[int32]bool{}
	var with []candidate.Candidate
	for i := len(bought) - 1; i >= 0 && len(done) < 20 && recent(a, bought[i].AtMs, s.cfg.AccessoryDays); i-- {
		item := bought[i].Key
		if done[item] {
			continue
		}
		done[item] = true
		with = together.Similar(with[:0], item, s.cfg.Look, a.NowMs, func(other int32) bool {
			return had[other] || !otherCategory(a, item, other) || a.Skip(other)
		})
		for _, c := range with {
			found.best(c.Item, c.Score, item)
		}
	}
}

// otherCategory says that both have categories, and none of them in common.
func otherCategory(a *ask.Ask, item, other int32) bool {
	if int(other) >= a.Shelf.Len() {
		return false
	}
	x, y := a.Shelf.Item(item).Proto.GetCategories(), a.Shelf.Item(other).Proto.GetCategories()
	for _, p := range x {
		for _, q := range y {
			if p == q {
				return false
			}
		}
	}
	return len(x) > 0 && len(y) > 0
}
