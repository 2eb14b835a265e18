package arms

import (
	"math/rand/v2"

	"gonum.org/v1/gonum/stat/distuv"
)

// usual is the click rate that a scene of which nothing is known is thought to have.
const usual = 0.05

// Draw draws an item's click rate in a context of a scene from what is believed of it (Thompson sampling): who shows the item with the highest draw shows each as often as it may be the
// best. The same source of chance and the same counts give the same draw.
func (a *Arms) Draw(workspace, scene, context, item string, src rand.Source) float64 {
	alpha, beta := a.believe(workspace, scene, context, item)
	return distuv.Beta{Alpha: alpha, Beta: beta, Src: src}.Rand()
}

// believe gives the parameters of the Beta distribution of a click rate.
func (a *Arms) believe(workspace, scene, context, item string) (alpha, beta float64) {
	const least = 1e-3 // the sampler needs numbers above 0
	ms := a.now().UnixMilli()
	a.mu.RLock()
	defer a.mu.RUnlock()
	mean, seen, clicked := usual, 0.0, 0.0
	if s := a.scenes[place{workspace, scene}]; s != nil {
		n, c := s.all.at(ms, a.half)
		mean = (usual*a.cfg.Prior + c) / (a.cfg.Prior + n)
		seen, clicked = s.counts(choice{item, context}, ms, a)
	}
	return max(least, a.cfg.Prior*mean+clicked), max(least, a.cfg.Prior*(1-mean)+seen-clicked)
}

// counts are the impressions and clicks that count for an item in a context: its own, and a bounded share of all others'.
func (s *scene) counts(c choice, ms int64, a *Arms) (seen, clicked float64) {
	seen, clicked = s.items[choice{item: c.item}].at(ms, a.half)
	if c.context == "" {
		return seen, clicked
	}
	own, chosen := s.items[c].at(ms, a.half)
	others := max(seen-own, 0)
	if others <= a.cfg.Others { // all of them count
		return max(seen, own), max(clicked, chosen)
	}
	share := a.cfg.Others / others
	return own + share*others, chosen + share*min(max(clicked-chosen, 0), others)
}
