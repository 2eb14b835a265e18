package rank

import (
	"math"

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
	categories, brands map[string]int32
}

// share of the touches that are of a category or brand; NaN where it is not known or nothing was touched.
func (t *taste) share(of map[string]int32, name string) float64 {
	if name == "" || t.of == 0 {
		return unknown
	}
	return float64(of[name]) / float64(t.of)
}

// look is how many of the newest touches say what the visitor likes.
const look = 100

// know prepares what features read: one walk through the history.
func (p *Pool) know() {
	p.touched = p.touched[:0]
	for range p.items {
		p.touched = append(p.touched, touched{})
	}
	for i, item := range p.History {
		if at, ok := p.at[item]; ok {
			p.touched[at].take(i, p.time(i), p.kind(i))
		}
	}
	p.taste.price, p.taste.of = unknown, 0
	clear(p.taste.categories)
	clear(p.taste.brands)
	if p.Catalogue == nil {
		return
	}
	sum, n := 0.0, 0
	for _, item := range p.History[max(0, len(p.History)-look):] {
		p.taste.of++
		p.taste.categories[p.category(item)]++
		p.taste.brands[p.brand(item)]++
		if price := p.price(item); price > 0 {
			sum, n = sum+math.Log2(price), n+1
		}
	}
	if n > 0 {
		p.taste.price = sum / float64(n)
	}
}

// proto is what the catalogue has of an item; nil: nothing.
func (p *Pool) proto(item int32) *recommendationv1.Item {
	if p.Catalogue == nil {
		return nil
	}
	if i := p.Catalogue(item); i != nil {
		return i.Proto
	}
	return nil
}

// price in whole units; NaN where it is not known or not above 0.
func (p *Pool) price(item int32) float64 {
	if micros := p.proto(item).GetPriceMicros(); micros > 0 {
		return float64(micros) / 1e6
	}
	return unknown
}

// category is the narrowest; empty where none is known.
func (p *Pool) category(item int32) string {
	if c := p.proto(item).GetCategories(); len(c) > 0 {
		return c[len(c)-1]
	}
	return ""
}

func (p *Pool) brand(item int32) string { return p.proto(item).GetBrand() }
