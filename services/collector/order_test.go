package collector

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/freshet/freshet/services/collector/decode"
)

func TestAnOrderTravelsInItsEvent(t *testing.T) {
	r := start(t)
	g := r.post("/v1/track", order(`"currency":"gbp","products":[{"product_id":"p","quantity":3,"price":0.1}]`))
	if g.Status != 200 {
		t.Fatalf("%+v", g)
	}
	e := r.only()
	if e.Order.GetTotalMicros() != 300_000 || e.Order.GetCurrency() != "GBP" || len(e.Order.GetItems()) != 1 || len(e.PropertiesJson) == 0 || len(e.Notes) != 0 {
		t.Errorf("order %v", e.Order)
	}
	r.post("/v1/page", `{"name":"Order Completed","userId":"1","messageId":"page"}`)
	if o := r.events()["page"].GetOrder(); o != nil {
		t.Errorf("a page is no order: %v", o)
	}
}

// oddOrders are properties of orders of which something cannot be read.
var oddOrders = []string{
	`"total":"x"`, `"total":true`, `"total":[]`, `"total":{}`, `"total":1e30`, `"total":"NaN"`, `"total":"19,99"`, `"total":"(12.00)"`, `"total":""`, `"total":{"amount":"12.50","currency":"EUR"}`,
	`"revenue":"abc"`, `"currency":"EUROS"`, `"currency":7`, `"currency":{}`, `"currency":[]`, `"currency":false`, `"order_id":true`, `"order_id":{}`, `"order_id":""`, `"order_id":null`, `"order_id":[1]`,
	`"products":{}`, `"products":7`, `"products":"x"`, `"products":true`, `"products":["p1"]`, `"products":[null]`, `"products":[[]]`, `"products":[7]`, `"products":[{}]`, `"products":"[{]"`,
	`"products":[{"price":"abc"}]`, `"products":[{"price":{}}]`, `"products":[{"price":1e30}]`, `"products":[{"price":9000000000000,"quantity":9}]`, `"products":[{"price":1,"quantity":2.5}]`,
	`"products":[{"price":1,"quantity":true}]`, `"products":[{"price":1,"quantity":"x"}]`, `"products":[{"product_id":{}}]`, `"products":[{"name":7,"sku":[]}]`, `"products":[{"quantity":1e999999999}]`,
}

func TestNothingAboutAnOrderRefusesTheEvent(t *testing.T) {
	r := start(t)
	var items []string
	for _, name := range []string{"Order Completed", "order_refunded", "Order Cancelled", "Order Updated", "Order Adjusted"} {
		for _, odd := range oddOrders {
			properties := `"order_id":"o1",` + odd
			if strings.HasPrefix(odd, `"order_id"`) {
				properties = odd
			}
			items = append(items, `{"type":"track","event":"`+name+`","userId":"42","messageId":"m`+strconv.Itoa(len(items))+`","properties":{`+properties+`}}`)
		}
	}
	g := r.post("/v1/batch", `{"batch":[`+strings.Join(items, ",")+`]}`)
	if g.Status != 200 || g.Accepted != len(items) || len(g.Rejected) != 0 {
		t.Fatalf("%d of %d accepted, %v", g.Accepted, len(items), g.Rejected)
	}
	for id, e := range r.events() {
		if e.Order == nil {
			t.Errorf("%s has no order", id)
		}
		for _, n := range e.Notes {
			if !slices.Contains(decode.NoteKinds, n.Kind) || n.Path == "" || n.Detail == "" {
				t.Errorf("%s: note %v", id, n)
			}
		}
	}
}
