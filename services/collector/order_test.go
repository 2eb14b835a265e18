package collector

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/money"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

const completed = eventv1.OrderKind_ORDER_KIND_COMPLETED

func TestReadOrder(t *testing.T) {
	line := func(n int32, product, name string, quantity, price int64) *eventv1.OrderItem {
		return &eventv1.OrderItem{Line: n, ProductId: product, Name: name, QuantityMicros: quantity * 1_000_000, UnitPriceMicros: new(price)}
	}
	for name, c := range map[string]struct {
		properties string
		want       *eventv1.Order
	}{
		"total wins, currency in capitals, sku for a product": {
			`{"order_id":"A-1","currency":"eur","total":27.5,"revenue":25,"value":1,"products":[{"product_id":"p1","sku":"s1","name":"Mug","quantity":2,"price":12.75},{"sku":"s2","price":"2"}]}`,
			&eventv1.Order{OrderId: "A-1", Kind: completed, Currency: "EUR", TotalMicros: new(int64(27_500_000)),
				Items: []*eventv1.OrderItem{line(1, "p1", "Mug", 2, 12_750_000), line(2, "s2", "", 1, 2_000_000)}}},
		"revenue without a total, number for an order id": {
			`{"order_id":536365,"revenue":0.1,"value":7}`, &eventv1.Order{OrderId: "536365", Kind: completed, Currency: "XXX", TotalMicros: new(int64(100_000))}},
		"value alone": {`{"order_id":"1","value":"19.99","total":null}`, &eventv1.Order{OrderId: "1", Kind: completed, Currency: "XXX", TotalMicros: new(int64(19_990_000))}},
		"sum of the lines, signed": {
			`{"order_id":"C1","products":[{"product_id":22633,"quantity":-3,"price":1.85},{"product_id":"x","quantity":1.0,"price":0.003},{"product_id":"free"}]}`,
			&eventv1.Order{OrderId: "C1", Kind: completed, Currency: "XXX", TotalMicros: new(int64(-5_547_000)),
				Items: []*eventv1.OrderItem{line(1, "22633", "", -3, 1_850_000), line(2, "x", "", 1, 3_000), line(3, "free", "", 1, 0)}}},
		"nothing but an id":              {`{"order_id":"1"}`, &eventv1.Order{OrderId: "1", Kind: completed, Currency: "XXX"}},
		"a float's noise becomes micros": {`{"order_id":"1","total":19.989999999999998}`, &eventv1.Order{OrderId: "1", Kind: completed, Currency: "XXX", TotalMicros: new(int64(19_990_000))}},
		"the greatest total":             {`{"order_id":"1","total":9223372036854.775807}`, &eventv1.Order{OrderId: "1", Kind: completed, Currency: "XXX", TotalMicros: new(int64(1<<63 - 1))}},
	} {
		got, f := readOrder(completed, []byte(c.properties))
		if f != nil {
			t.Errorf("%s: %v", name, f)
			continue
		}
		if diff := cmp.Diff(c.want, got, protocmp.Transform(), protocmp.IgnoreFields(&eventv1.Order{}, "conversion")); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestOrderNames(t *testing.T) {
	for name, want := range map[string]eventv1.OrderKind{
		"Order Completed": completed, "Completed Order": completed,
		"Order Refunded":  eventv1.OrderKind_ORDER_KIND_REFUNDED,
		"Order Cancelled": eventv1.OrderKind_ORDER_KIND_CANCELLED,
		"Order Adjusted":  eventv1.OrderKind_ORDER_KIND_ADJUSTED,
		"Order Updated":   eventv1.OrderKind_ORDER_KIND_UPDATED,
		"order completed": eventv1.OrderKind_ORDER_KIND_UNSPECIFIED,
	} {
		if got := orderKind(name); got != want {
			t.Errorf("%q is %s, want %s", name, got, want)
		}
	}
}

// Money comes out as the digits said, whatever they are: no float lies between.
func TestMoneyIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		micros := rapid.Int64().Draw(t, "micros")
		order, f := readOrder(completed, []byte(`{"order_id":"1","total":`+money.Format(micros)+`}`))
		if f != nil || order.GetTotalMicros() != micros {
			t.Fatalf("%d became %v, %v", micros, order, f)
		}
	})
}

func TestAnOrderTravelsInItsEvent(t *testing.T) {
	r := start(t)
	g := r.post("/v1/track", order(`"currency":"gbp","products":[{"product_id":"p","quantity":3,"price":0.1}]`))
	if g.Status != 200 {
		t.Fatalf("%+v", g)
	}
	e := r.only()
	if e.Order.GetTotalMicros() != 300_000 || e.Order.GetCurrency() != "GBP" || len(e.Order.GetItems()) != 1 || len(e.PropertiesJson) == 0 {
		t.Errorf("order %v", e.Order)
	}
	r.post("/v1/page", `{"name":"Order Completed","userId":"1","messageId":"page"}`)
	if o := r.events()["page"].GetOrder(); o != nil {
		t.Errorf("a page is no order: %v", o)
	}
}
