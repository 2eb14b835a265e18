package simulator

import "math"

// draft is an event that waits for its moment; only its timestamp is missing.
type draft struct {
	id    string
	body  []byte
	stamp int // where the timestamp goes in body
	nodes [3]int32
	named int // how many of nodes are set
	who   int32
	what  effect
	cents int64
}

// effect is what an event counts as in the truth besides being an event.
type effect uint8

const (
	plain effect = iota
	ordered
	refunded
	loggedIn
	complained
)

// visit writes the events of one person on one device, from `at` on.
type visit struct {
	s    *Shop
	p    *person
	d    *device // nil for events sent by the shop's own servers
	at   int64
	life float64
	pace float64 // 1 for people; the pauses between two events shrink with it
}

// start plays one whole visit and plans the next.
func (s *Shop) start(p *person, at int64) {
	v := &visit{s: s, p: p, at: at, life: s.life(at), pace: 1}
	v.d = v.chooseDevice()
	v.d.used = true
	if p.kind == Bot {
		v.crawl()
	} else {
		v.arrive()
		v.refill()
		v.browse()
		v.checkout()
	}
	p.started = true
	s.planVisit(p, v.at)
}

func (v *visit) chooseDevice() *device {
	p := v.p
	if p.borrowed != nil && p.known && p.rng.Float64() < 0.2 {
		return p.borrowed
	}
	have := 1
	for have < len(p.devices) && p.devices[have].from <= v.life {
		have++
	}
	u := p.rng.Float64()
	return p.devices[int(u*u*float64(have))]
}

func (v *visit) arrive() {
	p := v.p
	if !p.started && p.referrer >= 0 {
		v.s.inviteFrom(p.referrer, p.index, v.at)
	}
	if v.d.remembered && p.rng.Float64() < 0.05 {
		v.d.remembered = false // logged out
	}
	if p.rng.Float64() < 0.3 {
		p.cart = p.cart[:0]
	}
	v.page("Home", "/")
	v.mayLogIn(0.25)
}

// browse looks around the shop for a handful of steps.
func (v *visit) browse() {
	r := v.p.rng
	for steps := 1 + int(r.ExpFloat64()*4); steps > 0; steps-- {
		category := v.wanted()
		switch u := r.Float64(); {
		case u < 0.15:
			v.end(appendString(v.track("Products Searched"), "query", categories[category].name), plain, 0)
		case u < 0.35:
			v.list(category)
		default:
			v.look(v.pick(category))
		}
	}
}

func (v *visit) wanted() int {
	r := v.p.rng
	likes := v.p.likesAt(v.life)
	if len(likes) == 0 || r.Float64() < 0.2 {
		return r.IntN(len(categories))
	}
	u := r.Float64()
	for _, l := range likes {
		if u -= l.Weight; u < 0 {
			return l.index
		}
	}
	return likes[0].index
}

func (v *visit) list(category int) {
	b := appendString(v.track("Product List Viewed"), "list_id", categories[category].name)
	b = append(b, ',')
	b = appendString(b, "category", categories[category].name)
	b = append(b, ',')
	lines := make([]line, 3)
	for i := range lines {
		lines[i] = line{v.pick(category), 1}
	}
	v.end(appendLines(b, lines), plain, 0)
}

// look views a product and perhaps puts it into the cart, or takes something out of it.
func (v *visit) look(item *product) {
	r := v.p.rng
	b := append(v.track("Product Viewed"), item.json...)
	v.end(appendString(append(b, ','), "currency", currency), plain, 0)
	switch u := r.Float64(); {
	case u < math.Min(0.5, 0.22*v.p.wealth) && len(v.p.cart) < 30:
		l := line{item, 1 + int64(r.ExpFloat64()*0.8)}
		v.p.cart = append(v.p.cart, l)
		v.cartEvent("Product Added", l)
	case u > 0.96 && len(v.p.cart) > 0:
		k := r.IntN(len(v.p.cart))
		l := v.p.cart[k]
		v.p.cart = append(v.p.cart[:k], v.p.cart[k+1:]...)
		v.cartEvent("Product Removed", l)
	}
}

func (v *visit) cartEvent(name string, l line) {
	b := appendInt(v.track(name), "cart_id", int64(v.p.index))
	b = append(b, ',')
	b = append(b, l.product.json...)
	v.end(appendInt(append(b, ','), "quantity", l.quantity), plain, 0)
}

// crawl is a bot at work: pages without end, and no stop to read them.
func (v *visit) crawl() {
	v.pace = 0.05
	r := v.p.rng
	for n := 40 + r.IntN(160); n > 0; n-- {
		v.page("Product", "/product/"+v.s.goods.products[r.IntN(len(v.s.goods.products))].id)
	}
}
