package need

import (
	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/past"
)

// seasonal: what is bought at this time of the year. Of a category in which the visitor bought at this time of an earlier year it counts twice.
func (s *sources) seasonal(a *ask.Ask, found finds) {
	ahead := a.NowMs + int64(s.cfg.LeadDays*dayMs)
	given := map[string]int32{}
	if a.Personal() {
		given = presents(a, ahead)
	}
	for _, e := range s.deps.Almanac(a.Workspace).At(ahead) {
		score, because := e.Score, candidate.Nothing
		for _, path := range a.Shelf.Item(e.Item).Proto.GetCategories() {
			if item, ok := given[path]; ok {
				score, because = 2*e.Score, item
				break
			}
		}
		found.best(e.Item, score, because)
	}
}

// presents are the categories of what was bought within 30 days of this time in one of the last five years, with the newest item of each.
func presents(a *ask.Ask, ms int64) map[string]int32 {
	out := map[string]int32{}
	for _, d := range past.Bought(a) {
		for year := int64(1); year <= 5; year++ {
			if off := ms - year*365*dayMs - d.AtMs; off > -30*dayMs && off < 30*dayMs {
				for _, path := range a.Shelf.Item(d.Key).Proto.GetCategories() {
					out[path] = d.Key
				}
			}
		}
	}
	return out
}
