package simulator

import (
	"fmt"
	"strconv"
	"time"
)

// pick chooses a product of a category by the person's taste. Without Tastes all tastes inside a category are alike.
func (v *visit) pick(category int) *product {
	c, r := &v.s.goods, v.p.rng
	n := v.s.cfg.Tastes.Styles
	if n == 0 {
		return c.pick(r, category)
	}
	style := v.p.styleAt(v.life, category)
	if r.Float64()*(1+otherStyle*float64(n-1)) >= 1 {
		style = (style + 1 + r.IntN(n-1)) % n
	}
	list := c.byStyle[category*n+style]
	for range 20 {
		u := r.Float64()
		if p := &c.products[list[int(u*u*u*float64(len(list)))]]; p.from <= v.life {
			return p
		}
	}
	return &c.products[list[0]] // always there
}

// refill puts into the cart what has been used up by now.
func (v *visit) refill() {
	wants := v.p.inner.wants
	left := wants[:0]
	for _, w := range wants {
		if w.at > v.at || len(v.p.cart) >= 30 {
			left = append(left, w)
			continue
		}
		b := append(v.track("Product Viewed"), w.product.json...)
		v.end(appendString(append(b, ','), "currency", currency), plain, 0)
		l := line{w.product, 1}
		v.p.cart = append(v.p.cart, l)
		v.cartEvent("Product Added", l)
	}
	v.p.inner.wants = left
}

// stock notes when what was bought is used up: each product in its own cycle, give or take a fifth.
func (v *visit) stock(bought []line) {
	for _, l := range bought {
		if l.product.cycle > 0 {
			days := l.product.cycle * (.8 + .4*v.p.rng.Float64())
			v.p.inner.wants = append(v.p.inner.wants, want{l.product, v.at + int64(days*dayMillis)})
		}
	}
}

// Taste is the truth: the probability that a person would choose a product, if it were shown alone, at a time. With w the weight of its category among
// the person's likes, 0 for one that is not liked, as a share of the highest, s 1 for the preferred style and .15 for another, and a the appeal, it is .01 + .5 w s a.
// It is 0 for a product that has not arrived, and for persons and products that are none. Without Tastes it is 0 always.
func (s *Shop) Taste(index int, productID string, at time.Time) float64 {
	item := s.product(productID)
	if s.cfg.Tastes.Styles == 0 || index < 0 || index >= s.cfg.Customers || item == nil {
		return 0
	}
	p, life := s.people[index], s.clock.life(at)
	if item.from > life {
		return 0
	}
	most, weight := 0.0, 0.0
	for _, l := range p.likesAt(life) {
		most = max(most, l.Weight)
		if l.index == item.category {
			weight = l.Weight
		}
	}
	match := otherStyle
	if p.styleAt(life, item.category) == item.style {
		match = 1
	}
	return .01 + .5*weight/most*match*item.appeal
}

func (s *Shop) product(id string) *product {
	if len(id) < 2 || id[0] != 'P' {
		return nil
	}
	n, err := strconv.Atoi(id[1:])
	if err != nil || n < 1 || n > len(s.goods.products) || s.goods.products[n-1].id != id {
		return nil
	}
	return &s.goods.products[n-1]
}

// React is what a person does with a list that is shown: each product is chosen with the probability that Taste says, and each choice is a Product Clicked that names the
// recommendation. The person answers on his first device. The events count in the phase that is under way; it must not be called before one is.
func (s *Shop) React(index int, recommendationID string, list []string, at time.Time) ([]Event, error) {
	if len(s.phases) == 0 || index < 0 || index >= s.cfg.Customers {
		return nil, fmt.Errorf("person %d reacts to a list: there are %d persons, and a history or a live part must be under way", index, s.cfg.Customers)
	}
	p := s.people[index]
	v := &visit{s: s, p: p, d: p.devices[0], at: s.now, life: s.clock.life(at), pace: 1}
	var out []Event
	for place, id := range list {
		if p.rng.Float64() >= s.Taste(index, id, at) {
			continue
		}
		v.d.used = true
		b := append(v.track("Product Clicked"), s.product(id).json...)
		b = appendString(append(b, ','), "recommendation_id", recommendationID)
		d := v.draft(append(appendInt(append(b, ','), "position", int64(place+1)), '}'), plain, 0, false)
		at = at.Add(time.Second)
		s.emitOne(d, at.UTC(), func(ev Event) bool { out = append(out, ev); return true })
	}
	return out, nil
}

// clock turns calendar time into life: the warp of the history, the other way. Its zero value says that everything stays as at the end.
type clock struct {
	from   time.Time
	length float64   // milliseconds
	even   []float64 // even time at which each hour begins, and the end
}

func (s *Shop) newClock() clock {
	c := clock{from: s.from, length: s.period}
	if s.cfg.Tastes.Styles == 0 {
		return c
	}
	w := newWarp(s.from, s.to)
	for at := 0.0; at < c.length; at += hourMillis {
		w.enter(at, sum(c.even, w.span))
		c.even = append(c.even, w.even)
	}
	c.even = append(c.even, c.length)
	return c
}

func sum(even []float64, span float64) float64 {
	if len(even) == 0 {
		return 0
	}
	return even[len(even)-1] + span
}

func (c *clock) life(at time.Time) float64 {
	if len(c.even) == 0 {
		return 0.999
	}
	ms := float64(at.Sub(c.from).Milliseconds())
	if ms <= 0 {
		return 0
	}
	hour := int(ms / hourMillis)
	if hour >= len(c.even)-1 {
		return 0.999
	}
	begin := float64(hour) * hourMillis
	share := (ms - begin) / min(hourMillis, c.length-begin)
	return min((c.even[hour]+share*(c.even[hour+1]-c.even[hour]))/c.length, 0.999)
}
