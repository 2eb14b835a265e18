package simulator

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// Tastes are what a recommender has to find out: inside each category people prefer one of some styles, which no event names. Shares are 0 to 1.
type Tastes struct {
	// Styles is how many each category has, 2 to 20. Zero switches all of Tastes off.
	Styles int
	// DriftShare of the people like other categories and styles from some time in the middle third of the history on.
	DriftShare float64
	// ArriveShare of the products come in the last two thirds of the history; nobody touches them before. Without a history all are there.
	ArriveShare float64
	// UsedUpShare of the products are used up: who bought one looks for it again about 10 to 60 days later, each product in its own cycle, at the next visit.
	UsedUpShare float64
	// Feed has the shop's servers send a Product Upserted of every product as it arrives, under an anonymous id of their own.
	Feed bool
}

func (t Tastes) validate(products int) error {
	var errs []error
	if t.Styles != 0 && (t.Styles < 2 || t.Styles > 20 || t.Styles*len(categories) > products) {
		errs = append(errs, fmt.Errorf("simulator.tastes.styles: %d must be 0 or 2 to 20, and there must be a product for each of %d categories and style", t.Styles, len(categories)))
	}
	for _, s := range []struct {
		key   string
		value float64
	}{{"drift_share", t.DriftShare}, {"arrive_share", t.ArriveShare}, {"used_up_share", t.UsedUpShare}} {
		if !(s.value >= 0 && s.value <= 1) {
			errs = append(errs, fmt.Errorf("simulator.tastes.%s: %g must be 0 to 1", s.key, s.value))
		}
	}
	return errors.Join(errs...)
}

// hidden is what no event says of a product.
type hidden struct {
	style  int
	brand  string
	appeal float64 // 0.5 to 1: the head of each style has more
	from   float64 // the fraction of the history at which it arrives
	cycle  float64 // days until it is used up; 0: never
}

// Good is the truth of one product.
type Good struct {
	ProductID string  `json:"product_id"`
	Category  string  `json:"category"`
	Style     int     `json:"style"`
	Brand     string  `json:"brand"`
	Appeal    float64 `json:"appeal"`
	// ArriveAt is absent where it was there before the history.
	ArriveAt time.Time `json:"arrive_at,omitzero"`
	// CycleDays is about how long it lasts; absent: for ever.
	CycleDays float64 `json:"cycle_days,omitempty"`
}

// otherStyle is how much a style that a person does not prefer counts against the one that he does.
const otherStyle = 0.15

// style gives the products their hidden sides, from random numbers of its own: what else the seed decides stays.
func (c *catalogue) style(cfg Config) {
	t := cfg.Tastes
	if t.Styles == 0 {
		return
	}
	r := rand.New(rand.NewPCG(cfg.Seed, 0x7a57e5))
	c.byStyle = make([][]int32, len(categories)*t.Styles)
	for k, list := range c.byCategory {
		for place, i := range list {
			p := &c.products[i]
			p.style = place % t.Styles
			p.brand = fmt.Sprintf("%s %c", categories[k].name, 'A'+rune(r.IntN(3)))
			p.appeal = 1 - .5*float64(place)/float64(len(list))
			late, usedUp := r.Float64() < t.ArriveShare, r.Float64() < t.UsedUpShare
			arrive, cycle := 1.0/3+2.0/3*.9*r.Float64(), 10+50*r.Float64()
			if late && place >= t.Styles { // the first of each style is always there
				p.from = arrive
			}
			if usedUp {
				p.cycle = cycle
			}
			at := k*t.Styles + p.style
			c.byStyle[at] = append(c.byStyle[at], i)
		}
	}
}

// Goods is the truth of all products. Without Tastes they have no hidden side.
func (s *Shop) Goods() []Good {
	out := make([]Good, len(s.goods.products))
	for i, p := range s.goods.products {
		out[i] = Good{ProductID: p.id, Category: categories[p.category].name, Style: p.style, Brand: p.brand, Appeal: p.appeal, CycleDays: math.Round(p.cycle*10) / 10}
	}
	for i, at := range s.arrivals() {
		out[i].ArriveAt = at
	}
	return out
}

// arrivals are times by product, zero for those that were always there.
func (s *Shop) arrivals() []time.Time {
	out := make([]time.Time, len(s.goods.products))
	if s.period == 0 {
		return out
	}
	order := make([]int, 0, len(out))
	for i, p := range s.goods.products {
		if p.from > 0 {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int {
		return int(int64(s.goods.products[a].from*s.period) - int64(s.goods.products[b].from*s.period))
	})
	w := newWarp(s.from, s.to)
	for _, i := range order {
		out[i] = w.time(int64(s.goods.products[i].from * s.period))
	}
	return out
}

// inner is what no event says of a person.
type inner struct {
	styles [2][]int // the preferred style by category, before and after the drift
	likes  []Like   // after it
	drift  float64  // the fraction of the history at which it comes; never for most
	wants  []want   // what is being used up
}

type want struct {
	product *product
	at      int64 // even milliseconds
}

// giveTastes draws what a person likes inside the categories, from random numbers of its own.
func (s *Shop) giveTastes(p *person) {
	p.inner.drift = never
	t := s.cfg.Tastes
	if t.Styles == 0 {
		return
	}
	r := rand.New(rand.NewPCG(s.cfg.Seed, 0x7a57e<<32|uint64(p.index)))
	for i := range p.inner.styles {
		p.inner.styles[i] = make([]int, len(categories))
		for k := range categories {
			p.inner.styles[i][k] = r.IntN(t.Styles)
		}
	}
	p.inner.likes = drawLikes(r)
	if drifts, at := r.Float64() < t.DriftShare, (1+r.Float64())/3; drifts {
		p.inner.drift = at
	}
}

func (p *person) likesAt(life float64) []Like {
	if life >= p.inner.drift {
		return p.inner.likes
	}
	return p.likes
}

func (p *person) styleAt(life float64, category int) int {
	if life >= p.inner.drift {
		return p.inner.styles[1][category]
	}
	return p.inner.styles[0][category]
}

// tell writes the inner truth.
func (i *inner) tell(t *Person, driftAt time.Time) {
	name := func(styles []int) map[string]int {
		if styles == nil {
			return nil
		}
		out := make(map[string]int, len(styles))
		for k, style := range styles {
			out[categories[k].name] = style
		}
		return out
	}
	t.Styles = name(i.styles[0])
	if i.drift < never {
		t.DriftAt, t.LikesAfter, t.StylesAfter = driftAt, i.likes, name(i.styles[1])
	}
}
