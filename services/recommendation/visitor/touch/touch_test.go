package touch

import (
	"fmt"
	"strings"
	"testing"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/itemid"
)

// line is what was read, in short.
func line(r Read) string {
	var parts []string
	for _, d := range r.Deeds {
		s := fmt.Sprintf("%s %s", strings.TrimPrefix(d.Kind.String(), "TOUCH_KIND_"), d.Item)
		if d.Line != 1 {
			s += fmt.Sprintf("#%d", d.Line)
		}
		if d.Quantity != unit {
			s += fmt.Sprintf(" x%v", float64(d.Quantity)/unit)
		}
		if d.HasValue {
			s += fmt.Sprintf(" =%v", float64(d.Value)/unit)
		}
		parts = append(parts, s)
	}
	if r.Order != "" {
		parts = append(parts, "order "+r.Order)
	}
	if r.Undone {
		parts = append(parts, "undone")
	}
	if r.Request != "" {
		parts = append(parts, "from "+r.Request)
	}
	return strings.Join(parts, ", ")
}

func track(name, properties string) *eventv1.Event {
	return &eventv1.Event{Type: eventv1.EventType_EVENT_TYPE_TRACK, Name: name, PropertiesJson: []byte(properties)}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		"Product Viewed": "VIEW p", "product_viewed": "VIEW p", "productViewed": "VIEW p", "Viewed Product": "VIEW p", "view_item": "VIEW p",
		"Product Clicked": "CLICK p", "select_item": "CLICK p", "Product Added": "CART p", "add_to_cart": "CART p",
		"Product Removed": "UNCART p", "remove_from_cart": "UNCART p", "Product Added to Wishlist": "WISH p", "Wishlist Product Added to Cart": "CART p",
		"Product Rated": "RATE p", "Product Reviewed": "RATE p", "Product List Viewed": "", "Product Upserted": "", "Product Deleted": "",
	} {
		if got := line(Of(track(name, `{"product_id":"p"}`))); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestOthers(t *testing.T) {
	page := track("Home", `{"item_id":7}`)
	page.Type = eventv1.EventType_EVENT_TYPE_PAGE
	identify := track("Product Viewed", `{"product_id":"p"}`)
	identify.Type = eventv1.EventType_EVENT_TYPE_IDENTIFY
	for name, c := range map[string]struct {
		event *eventv1.Event
		want  string
	}{
		"an article that was viewed":         {track("Article Viewed", `{"item_id":"a"}`), "VIEW a"},
		"a tile that was tapped":             {track("Tile Tapped", `{"sku":"s"}`), "CLICK s"},
		"a word inside another one":          {track("Interviewed", `{"product_id":"p"}`), ""},
		"a product that was shared":          {track("Product Shared", `{"product_id":"p"}`), ""},
		"a page about a product":             {page, "VIEW 7"},
		"a cart":                             {track("Cart Viewed", `{"products":[{"product_id":"a","quantity":2},{"x":1},{"sku":"b"}]}`), "VIEW a x2, VIEW b#3"},
		"the product before its sku":         {track("Product Viewed", `{"sku":"s","product_id":"p"}`), "VIEW p"},
		"an empty id":                        {track("Product Viewed", `{"product_id":""}`), ""},
		"an id that is no text":              {track("Product Viewed", `{"product_id":{"a":1}}`), ""},
		"an id that is too long":             {track("Product Viewed", `{"product_id":"`+strings.Repeat("x", 256)+`"}`), ""},
		"properties that are no object":      {track("Product Viewed", `[1]`), ""},
		"no properties":                      {track("Product Viewed", ``), ""},
		"a rating":                           {track("Product Rated", `{"product_id":"p","rating":4.5}`), "RATE p =4.5"},
		"where it came from":                 {track("Product Clicked", `{"product_id":"p","recommendation_id":"r1"}`), "CLICK p, from r1"},
		"where it came from, but about none": {track("Product Clicked", `{"recommendation_id":"r1"}`), ""},
		"a quantity that is no number":       {track("Product Added", `{"product_id":"p","quantity":"many"}`), "CART p"},
		"a quantity beyond all":              {track("Product Added", `{"product_id":"p","quantity":1e300}`), "CART p"},
		"another call":                       {identify, ""},
	} {
		if got := line(Of(c.event)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func number(n int64) *int64 { return &n }

func TestOrders(t *testing.T) {
	half := &eventv1.Conversion{Currency: "EUR", RateE12: 500_000_000_000}
	item := func(line int32, id string, quantity int64, price *int64) *eventv1.OrderItem {
		return &eventv1.OrderItem{Line: line, ProductId: id, QuantityMicros: quantity, UnitPriceMicros: price}
	}
	for name, c := range map[string]struct {
		order *eventv1.Order
		want  string
	}{
		"a sale, half its value in the workspace's currency": {&eventv1.Order{OrderId: "o", Kind: eventv1.OrderKind_ORDER_KIND_COMPLETED, Conversion: half,
			Items: []*eventv1.OrderItem{item(1, "a", 2*unit, number(3*unit)), item(3, "b", unit, nil)}}, "BUY a x2 =3, BUY b#3, order o"},
		"the line's own total": {&eventv1.Order{OrderId: "o", Kind: eventv1.OrderKind_ORDER_KIND_COMPLETED, Conversion: half,
			Items: []*eventv1.OrderItem{{Line: 1, Sku: "s", QuantityMicros: unit, UnitPriceMicros: number(9 * unit), TotalMicros: number(8 * unit)}}}, "BUY s =4, order o"},
		"no rate": {&eventv1.Order{OrderId: "o", Kind: eventv1.OrderKind_ORDER_KIND_COMPLETED,
			Items: []*eventv1.OrderItem{item(1, "a", unit, number(3*unit))}}, "BUY a, order o"},
		"two lines of one item": {&eventv1.Order{OrderId: "o", Kind: eventv1.OrderKind_ORDER_KIND_COMPLETED, Conversion: half,
			Items: []*eventv1.OrderItem{item(1, "a", unit, number(2*unit)), item(2, "a", 2*unit, number(2*unit))}}, "BUY a x3 =3, order o"},
		"a value that fits nowhere": {&eventv1.Order{OrderId: "o", Kind: eventv1.OrderKind_ORDER_KIND_COMPLETED, Conversion: &eventv1.Conversion{RateE12: 1 << 62},
			Items: []*eventv1.OrderItem{item(1, "a", 1<<59, number(1<<62))}}, fmt.Sprintf("BUY a x%v, order o", float64(int64(1)<<59)/unit)},
		"a refund of two, with signs": {&eventv1.Order{OrderId: "o", Kind: eventv1.OrderKind_ORDER_KIND_REFUNDED, Conversion: half,
			Items: []*eventv1.OrderItem{item(1, "a", -2*unit, number(2*unit))}}, "RETURN a x2 =2, order o"},
		"a refund of money alone": {&eventv1.Order{OrderId: "o", Kind: eventv1.OrderKind_ORDER_KIND_REFUNDED, TotalMicros: number(5)}, "order o"},
		"cancelled":               {&eventv1.Order{OrderId: "o", Kind: eventv1.OrderKind_ORDER_KIND_CANCELLED}, "order o, undone"},
		"corrected": {&eventv1.Order{OrderId: "o", Kind: eventv1.OrderKind_ORDER_KIND_ADJUSTED,
			Items: []*eventv1.OrderItem{item(1, "a", unit, nil)}}, ""},
	} {
		e := track("Order Completed", `{}`)
		e.Order = c.order
		if got := line(Of(e)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestBots(t *testing.T) {
	e := track("Product Viewed", `{"product_id":"p"}`)
	e.Enrichment = &eventv1.Enrichment{Bot: true}
	if got := Of(e); len(got.Deeds) > 0 {
		t.Errorf("a bot did %v", got)
	}
}

func TestAnEventIsBounded(t *testing.T) {
	e := track("Order Completed", `{}`)
	e.Order = &eventv1.Order{OrderId: "o", Kind: eventv1.OrderKind_ORDER_KIND_COMPLETED}
	var products []string
	for i := range 10_000 {
		e.Order.Items = append(e.Order.Items, &eventv1.OrderItem{Line: int32(i + 1), ProductId: fmt.Sprint(i), QuantityMicros: unit})
		products = append(products, fmt.Sprintf(`{"product_id":"%d"}`, i))
	}
	seen := track("Cart Viewed", `{"products":[`+strings.Join(products, ",")+`]}`)
	for name, e := range map[string]*eventv1.Event{"order": e, "cart": seen} {
		if n := len(Of(e).Deeds); n != Most {
			t.Errorf("%s of 10,000 lines: %d touches, want %d", name, n, Most)
		}
	}
}

// FuzzOf: properties of any kind are read or not, and never more than is allowed.
func FuzzOf(f *testing.F) {
	f.Add("Product Viewed", []byte(`{"product_id":"p","quantity":"1"}`))
	f.Add("Cart Viewed", []byte(`{"products":[{"sku":1},null,[]`))
	f.Fuzz(func(t *testing.T, name string, properties []byte) {
		for _, d := range Of(track(name, string(properties))).Deeds {
			if d.Item == "" || len(d.Item) > itemid.Most || d.Kind == recommendationv1.TouchKind_TOUCH_KIND_UNSPECIFIED || d.Quantity <= 0 || d.Line < 1 || d.Line > Most {
				t.Errorf("%+v", d)
			}
		}
	})
}
