package need

import (
	"cmp"
	"slices"
	"sort"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/ask"
)

// worth is how much a touch says that its category is liked.
func worth(k recommendationv1.TouchKind) float64 {
	switch k {
	case recommendationv1.TouchKind_TOUCH_KIND_BUY:
		return 4
	case recommendationv1.TouchKind_TOUCH_KIND_CART, recommendationv1.TouchKind_TOUCH_KIND_WISH:
		return 2
	case recommendationv1.TouchKind_TOUCH_KIND_VIEW, recommendationv1.TouchKind_TOUCH_KIND_CLICK:
		return 1
	}
	return 0
}

// favourite is a category that is liked, by the touch that says so most.
type favourite struct {
	path    string
	weight  float64
	most    float64
	because int32
}

// favourites gives the categories that the visitor likes most, the best first. What was done months ago still counts: it fades ten times slower than looks.
func (s *sources) favourites(a *ask.Ask) []favourite {
	at := map[string]int{}
	var all []favourite
	for i := range a.Touches {
		t := &a.Touches[i]
		w := worth(t.Kind) * faded(a, t.AtMs, 10*s.cfg.HalfDays)
		if w == 0 {
			continue
		}
		for _, path := range a.Shelf.Item(a.History[i]).Proto.GetCategories() {
			j, ok := at[path]
			if !ok {
				j, at[path] = len(all), len(all)
				all = append(all, favourite{path: path})
			}
			all[j].weight += w
			if w >= all[j].most {
				all[j].most, all[j].because = w, a.History[i]
			}
		}
	}
	slices.SortFunc(all, func(x, y favourite) int { return cmp.Or(cmp.Compare(y.weight, x.weight), cmp.Compare(x.path, y.path)) })
	return all[:min(len(all), s.cfg.Favourites)]
}

// arrived: what is new in a favourite category. A stub is new to us, not to the shop, so it is none.
func (s *sources) arrived(a *ask.Ask, found finds) {
	known := make(map[int32]bool, len(a.History))
	for _, item := range a.History {
		known[item] = true
	}
	since := a.NowMs - int64(s.cfg.NewDays*dayMs)
	favourites := s.favourites(a)
	for _, f := range favourites {
		list := s.deps.Shelves.Of(a.Shelf).Category(f.path)
		fresh := list[:sort.Search(len(list), func(i int) bool { return list[i].CreatedMs < since })]
		if float64(len(fresh)) > s.cfg.MostNew*float64(len(list)) {
			continue
		}
		for _, e := range fresh[:min(len(fresh), s.cfg.Look)] {
			p := a.Shelf.Item(e.Item).Proto
			if known[e.Item] || p.GetStub() || !slices.Contains(p.GetCategories(), f.path) {
				continue
			}
			found.best(e.Item, f.weight/favourites[0].weight*(1-.5*float64(a.NowMs-e.CreatedMs)/(s.cfg.NewDays*dayMs)), f.because)
		}
	}
}
