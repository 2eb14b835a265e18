package need

import (
	"math"

	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/need/index"
	"github.com/freshet/freshet/services/recommendation/past"
)

// brandLoyal: shares are of different items, not of units: ten times the same soap is a habit, not loyalty to who makes it. Items whose brand is not known count in the whole.
func (s *sources) brandLoyal(a *ask.Ask, found finds) {
	type tally struct {
		n    int
		last int32 // the item of it that was bought last: the reason
	}
	had, brands := map[int32]bool{}, map[string]*tally{}
	bought := past.Bought(a)
	for i := len(bought) - 1; i >= 0; i-- {
		item := bought[i].Key
		if had[item] {
			continue
		}
		had[item] = true
		brand := index.Fold(a.Shelf.Item(item).Proto.GetBrand())
		if brand == "" {
			continue
		}
		if brands[brand] == nil {
			brands[brand] = &tally{last: item}
		}
		brands[brand].n++
	}
	for brand, t := range brands {
		share := float64(t.n) / float64(len(had))
		if t.n < s.cfg.BrandBuys || share < s.cfg.BrandShare {
			continue
		}
		place := 0
		for _, e := range s.deps.Shelves.Of(a.Shelf).Brand(brand) {
			if had[e.Item] || index.Fold(a.Shelf.Item(e.Item).Proto.GetBrand()) != brand || a.Skip(e.Item) {
				continue
			}
			found.best(e.Item, share/math.Log2(float64(place+2)), t.last)
			if place++; place >= s.cfg.Look {
				break
			}
		}
	}
}
