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
	mean    float64
	means   map[string]float64 // by category
}

func (a *Arms) believer(at Slot) *believer {
	b := &believer{Arms: a, scene: a.scenes[place{at.Workspace, at.Scene}], context: at.Context, ms: a.now().UnixMilli(), mean: usual, means: map[string]float64{}}
	if b.scene != nil {
		b.mean = b.towards(usual, &b.scene.all)
	}
	return b
}

// towards is an arm's click rate, drawn to a mean that counts for Prior impressions.
func (b *believer) towards(mean float64, x *arm) float64 {
	seen, clicked := x.at(b.ms, b.half)
	return (mean*b.cfg.Prior + clicked) / (b.cfg.Prior + seen)
}

// like is the rate that an item of a category begins with: the category's in this context, drawn to that in all contexts, drawn to the scene's.
func (b *believer) like(category string) float64 {
	if category == "" || b.scene == nil {
		return b.mean
	}
	rate, ok := b.means[category]
	if !ok {
		c := choice{category: category}
		rate = b.towards(b.mean, b.scene.items[c])
		if c.context = b.context; b.context != "" {
			rate = b.towards(rate, b.scene.items[c])
		}
		b.means[category] = rate
	}
	return rate
}

// of gives the parameters of the Beta distribution of an item's click rate.
func (b *believer) of(i *Item) (alpha, beta float64) {
	const least = 1e-3 // the sampler needs numbers above 0
	mean, seen, clicked := b.like(i.Category), 0.0, 0.0
	if b.scene != nil {
		seen, clicked = b.counts(i.ID)
	}
	return max(least, b.cfg.Prior*mean+clicked), max(least, b.cfg.Prior*(1-mean)+seen-clicked)
}

// counts are the impressions and clicks that count for an item in the context: its own, and a bounded share of all others'.
func (b *believer) counts(item string) (seen, clicked float64) {
	c := choice{item: item}
	seen, clicked = b.scene.items[c].at(b.ms, b.half)
	if b.context == "" {
		return seen, clicked
	}
	c.context = b.context
	own, chosen := b.scene.items[c].at(b.ms, b.half)
	others := max(seen-own, 0)
	if others <= b.cfg.Others { // all of them count
		return max(seen, own), max(clicked, chosen)
	}
	share := b.cfg.Others / others
	return own + share*others, chosen + share*min(max(clicked-chosen, 0), others)
}
