package arms

import (
	"math/rand/v2"

	"gonum.org/v1/gonum/stat/distuv"
)

// Slot is where somebody may be shown something.
type Slot struct {
	Workspace, Scene string
	// Context is what the scene tells the visitor apart by; empty: nothing is known of him.
	Context string
}

// Item is one that may be shown there.
type Item struct {
	ID string
	// Category is what it is like; empty: not known.
	Category string
}

// usual is the click rate that a scene of which nothing is known is thought to have.
const usual = 0.05

// Draw draws a click rate for each of the items, from what is believed of it, and gives the place of the highest (Thompson sampling): so each is shown as often as it may be the best.
// The same source of chance and the same counts give the same draw. -1: there are no items.
func (a *Arms) Draw(at Slot, items []Item, src rand.Source) int {
	a.mu.RLock()
	defer a.mu.RUnlock()
	b := a.believer(at)
	best, most := -1, 0.0
	for i := range items {
		alpha, beta := b.of(&items[i])
		if rate := (distuv.Beta{Alpha: alpha, Beta: beta, Src: src}).Rand(); best < 0 || rate > most {
			best, most = i, rate
		}
	}
	return best
}

// believer says what is believed in a slot at a moment.
type believer struct {
	*Arms
	scene   *scene // nil: nothing is known
	context string
	ms      int64
	mean    float64            // of the scene
	means   map[string]float64 // by category, where more than one is asked for
}

func (a *Arms) believer(at Slot) *believer {
	b := a.believe(a.scenes[place{at.Workspace, at.Scene}], at.Context, a.now().UnixMilli())
	b.means = map[string]float64{}
	return &b
}

func (a *Arms) believe(s *scene, context string, ms int64) believer {
	b := believer{Arms: a, scene: s, context: context, ms: ms, mean: usual}
	if s != nil {
		b.mean = b.towards(usual, &s.all)
	}
	return b
}

// towards is an arm's click rate, drawn to a mean that counts for Prior impressions.
func (b *believer) towards(mean float64, x *arm) float64 {
	t := x.at(b.ms, b.half)
	return (mean*b.cfg.Prior + t.clicked) / (b.cfg.Prior + t.seen)
}

// like is the rate that an item of a category begins with: the category's in this context, drawn to that in all contexts, drawn to the scene's.
func (b *believer) like(category string) float64 {
	if category == "" || b.scene == nil {
		return b.mean
	}
	rate, ok := b.means[category]
	if !ok {
		k := b.scene.categories[category]
		rate = b.towards(b.towards(b.mean, k.every()), k.of(b.context))
		if b.means != nil {
			b.means[category] = rate
		}
	}
	return rate
}

// of gives the parameters of the Beta distribution of an item's click rate.
func (b *believer) of(i *Item) (alpha, beta float64) {
	const least = 1e-3 // the sampler needs numbers above 0
	mean, weight, own := b.like(i.Category), b.cfg.Prior, tally{}
	if b.scene != nil {
		k := b.scene.items[i.ID]
		own = k.of(b.context).at(b.ms, b.half)
		others := k.every().at(b.ms, b.half).less(own)
		mean = min(mean*b.lift(others), 1)
		weight += min(others.seen, b.cfg.Others)
	}
	return max(least, weight*mean+own.clicked), max(least, weight*(1-mean)+own.seen-own.clicked)
}

// lift is how many times as often as its like an item was clicked where it was shown, drawn to 1.
func (b *believer) lift(t tally) float64 {
	prior := b.cfg.Prior * b.mean // in clicks
	return (t.clicked + prior) / (t.expected + prior)
}
