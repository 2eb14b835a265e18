package rank

import (
	"math"
	"slices"
	"unique"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// touched is what the visitor did with a candidate.
type touched struct {
	times, moments         int32 // touches, and different times of them
	place                  int   // of the last one in the history
	firstMs, lastMs        int64
	kinds                  bool // what was done is known
	viewed, carted, bought int32
	boughtMs               int64
}

// rhythm is the time since the last touch by the mean time between two: 1 is when the next one is due. NaN below two.
func (t *touched) rhythm(nowMs int64) float64 {
	if t.moments < 2 || nowMs == 0 {
		return unknown
	}
	return float64(nowMs-t.lastMs) * float64(t.moments-1) / float64(t.lastMs-t.firstMs)
}

func (t *touched) take(place int, atMs int64, kind recommendationv1.TouchKind) {
	t.times++
	t.place = place
	if t.moments == 0 || atMs > t.lastMs {
		t.moments++
		t.lastMs = atMs
		if t.moments == 1 {
			t.firstMs = atMs
		}
	}
	switch kind {
	case recommendationv1.TouchKind_TOUCH_KIND_UNSPECIFIED:
		return
	case recommendationv1.TouchKind_TOUCH_KIND_VIEW, recommendationv1.TouchKind_TOUCH_KIND_CLICK:
		t.viewed++
	case recommendationv1.TouchKind_TOUCH_KIND_CART, recommendationv1.TouchKind_TOUCH_KIND_WISH:
		t.carted++
	case recommendationv1.TouchKind_TOUCH_KIND_BUY:
		t.bought++
		t.boughtMs = max(t.boughtMs, atMs)
	}
	t.kinds = true
}

// taste is what the visitor's newest touches are like.
type taste struct {
	price              float64 // mean of the logarithms; NaN where no price is known
	of                 int
	categories, brands map[unique.Handle[string]]int32
}

// share of the touches that are of a category or brand; NaN where it is not known or nothing was touched.
func (t *taste) share(of map[unique.Handle[string]]int32, name unique.Handle[string]) float64 {
	if name == nameless || t.of == 0 {
		return unknown
	}
	return float64(of[name]) / float64(t.of)
}

// look is how many of the newest touches say what the visitor likes.
const look = 100

// know prepares what features read: one walk through the history.
func (p *Pool) know() {
	p.touched = slices.Grow(p.touched[:0], len(p.items))[:len(p.items)]
	clear(p.touched)
	for i, item := range p.History {
		if at, ok := p.Find(item); ok {
			p.touched[at].take(i, p.time(i), p.kind(i))
		}
	}
	p.kinds = slices.Grow(p.kinds[:0], len(p.items))[:len(p.items)]
	for i, item := range p.items {
		p.kinds[i] = p.kindOf(item)
	}
	p.taste.price, p.taste.of = unknown, 0
	clear(p.taste.categories)
	clear(p.taste.brands)
	if p.Catalogue == nil {
		return
	}
	sum, n := 0.0, 0
	for _, item := range p.History[max(0, len(p.History)-look):] {
		k := p.kindOf(item)
		p.taste.of++
		p.taste.categories[k.category]++
		p.taste.brands[k.brand]++
		if k.price > 0 {
			sum, n = sum+math.Log2(k.price), n+1
		}
	}
	if n > 0 {
		p.taste.price = sum / float64(n)
	}
}

// nameless is the empty name.
var nameless = unique.Make("")

// kind is what the catalogue says of an item that features read.
type kind struct {
	price           float64               // in whole units; NaN where it is not known or not above 0
	category, brand unique.Handle[string] // the narrowest; nameless where none is known
	createdMs       int64                 // 0: not known
}

func (p *Pool) kindOf(item int32) kind {
	k := kind{price: unknown, category: nameless, brand: nameless}
	if p.Catalogue == nil {
		return k
	}
	i := p.Catalogue(item)
	if i == nil || i.Proto == nil {
		return k
	}
	if micros := i.PriceMicros(); micros > 0 {
		k.price = float64(micros) / 1e6
	}
	k.category, k.brand, k.createdMs = i.CategoryKey(), i.BrandKey(), i.CreatedMs()
	return k
}
