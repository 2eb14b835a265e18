package simulator

import "math/rand/v2"

// newFeed is the shop's own program, with an anonymous id and nothing else: to Freshet a customer who only ever says what there is to buy.
func (s *Shop) newFeed(i int32) *person {
	p := &person{rng: rand.New(rand.NewPCG(s.cfg.Seed, 0xfeed<<32|uint64(i))), index: i, kind: Feed, churn: never, referrer: -1}
	p.inner.drift = never
	p.devices = []*device{s.newDevice(p, serverContext)}
	return p
}

// feed plans a Product Upserted for every product: at the beginning, or when it arrives.
func (s *Shop) feed(p *person) {
	p.devices[0].used = true
	for i := range s.goods.products {
		item := &s.goods.products[i]
		v := &visit{s: s, p: p, d: p.devices[0], at: int64(item.from * s.period), pace: 1}
		b := append(v.track("Product Upserted"), item.json...)
		b = appendString(append(b, ','), "brand", item.brand)
		b = appendString(append(b, ','), "currency", currency)
		b = append(b, `,"categories":["`...)
		b = append(b, categories[item.category].name...)
		b = appendInt(append(b, `"],`...), "stock", 100+int64(p.rng.IntN(900)))
		v.queue(append(b, '}'), plain, 0, false)
	}
}
