package plan

import (
	"strings"
	"testing"
)

// benchPlan has ten properties, as an event of an e-commerce plan has.
const benchPlan = `
name: bench
mode: MODE
events:
  - event: Product Viewed
    schema:
      type: object
      required: [product_id, name, price, currency]
      additionalProperties: false
      properties:
        product_id: {type: string, minLength: 1, maxLength: 64}
        sku: {type: string}
        category: {enum: [Bags, Kitchen, Garden]}
        name: {type: string}
        brand: {type: string}
        price: {type: number, minimum: 0}
        quantity: {type: integer, minimum: 1}
        currency: {type: string, pattern: "^[A-Z]{3}$"}
        url: {type: string, format: uri}
        image_url: {type: string, format: uri}
        tags: {type: array, items: {type: string}, maxItems: 20}
        dimensions: {type: object, properties: {width: {type: number}, height: {type: number}}, additionalProperties: false}
`

// benchBody makes an event of about 700 bytes with its ids and context.
const benchBody = `{"product_id":"22633","sku":"HW-22633","category":"Bags","name":"HAND WARMER UNION JACK","brand":"Union","price":1.85,"quantity":6,` +
	`"currency":"GBP","url":"https://shop.example.com/products/hand-warmer-union-jack?utm_source=newsletter","image_url":"https://cdn.example.com/22633.jpg",` +
	`"tags":["winter","gift","hand-warmer"],"dimensions":{"width":9.5,"height":7.25}}`

func replaceMode(mode string) string { return strings.Replace(benchPlan, "MODE", mode, 1) }

func benchmark(b *testing.B, mode, body string, fits bool) {
	p := must(b, replaceMode(mode))
	e := track("Product Viewed", body)
	if v := p.Check(e); (v.Check == nil && v.Reason == "") != fits {
		b.Fatalf("%+v", v)
	}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		p.Check(e)
	}
}

func BenchmarkFits(b *testing.B)      { benchmark(b, "warn", benchBody, true) }
func BenchmarkStripFits(b *testing.B) { benchmark(b, "strip", benchBody, true) }

func BenchmarkViolates(b *testing.B) {
	benchmark(b, "warn", `{"product_id":"","x":1,`+benchBody[len(`{"product_id":"22633",`):], false)
}

func BenchmarkStrips(b *testing.B) { benchmark(b, "strip", `{"x":1,`+benchBody[1:], false) }

// BenchmarkValidatorAlone is what an event would cost without the quick way.
func BenchmarkValidatorAlone(b *testing.B) {
	v := must(b, replaceMode("warn")).events[key{1, "Product Viewed"}].versions[0]
	b.ReportAllocs()
	for b.Loop() {
		if !accepts(b, v, []byte(benchBody)) {
			b.Fatal("refused")
		}
	}
}
