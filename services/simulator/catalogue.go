package simulator

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// categories are the departments of the shop; base is a typical price in cents.
var categories = []struct {
	name string
	base float64
}{
	{"lighting", 3900}, {"kitchen", 1800}, {"garden", 2900}, {"stationery", 650}, {"toys", 1500}, {"textiles", 2400},
	{"candles", 900}, {"cards", 320}, {"bags", 3100}, {"storage", 2200}, {"jewellery", 5200}, {"christmas", 1100},
}

type product struct {
	id, name string
	category int
	cents    int64
	// json is the product as it stands in properties, without quantity and without the closing brace.
	json []byte
	hidden
}

type catalogue struct {
	products   []product
	byCategory [][]int32 // the most wanted first
	byStyle    [][]int32 // by category and style; empty without Tastes
}

func newCatalogue(rng *rand.Rand, n int) catalogue {
	c := catalogue{products: make([]product, n), byCategory: make([][]int32, len(categories))}
	for i := range n {
		k := i % len(categories)
		p := product{id: fmt.Sprintf("P%05d", i+1), name: fmt.Sprintf("%s no. %d", categories[k].name, i/len(categories)+1), category: k}
		p.cents = max(49, int64(categories[k].base*math.Exp(rng.NormFloat64()*0.6)))
		p.json = fmt.Appendf(nil, `"product_id":%q,"sku":%q,"name":%q,"category":%q,"price":`, p.id, "S-"+p.id, p.name, categories[k].name)
		p.json = appendCents(p.json, p.cents)
		c.products[i] = p
		c.byCategory[k] = append(c.byCategory[k], int32(i))
	}
	return c
}

// pick chooses a product of a category; the head of the list is wanted far more often than the tail.
func (c *catalogue) pick(rng *rand.Rand, category int) *product {
	list := c.byCategory[category]
	u := rng.Float64()
	return &c.products[list[int(u*u*u*float64(len(list)))]]
}
