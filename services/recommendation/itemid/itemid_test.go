package itemid_test

import (
	"slices"
	"strings"
	"testing"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/recommendation/catalogue"
	"github.com/freshet/freshet/services/recommendation/visitor/touch"
)

// What a visitor touches is the item that the catalogue has seen, by the same id, whatever the event calls it.
func TestVisitorAndCatalogueChooseAlike(t *testing.T) {
	long := strings.Repeat("x", 256)
	for name, c := range map[string]struct {
		event, properties string
		want              string
	}{
		"product_id":                      {"Product Viewed", `{"sku":"s","id":"i","itemId":"u","item_id":"t","productId":"q","product_id":"p"}`, "p"},
		"productId":                       {"Product Viewed", `{"sku":"s","id":"i","itemId":"u","item_id":"t","productId":"q"}`, "q"},
		"item_id":                         {"Product Viewed", `{"sku":"s","id":"i","itemId":"u","item_id":"t"}`, "t"},
		"itemId":                          {"Product Viewed", `{"sku":"s","id":"i","itemId":"u"}`, "u"},
		"id":                              {"Product Clicked", `{"sku":"s","id":"i"}`, "i"},
		"sku":                             {"Product Added", `{"sku":"s"}`, "s"},
		"an empty one before":             {"Product Viewed", `{"product_id":"  ","sku":"s"}`, "s"},
		"one too long before":             {"Product Viewed", `{"product_id":"` + long + `","sku":"s"}`, "s"},
		"blanks around":                   {"Product Viewed", `{"product_id":" p "}`, "p"},
		"a number as it was written":      {"Product Viewed", `{"product_id":1.50}`, "1.50"},
		"a great number":                  {"Product Viewed", `{"product_id":12345678901234567890}`, "12345678901234567890"},
		"an object as id":                 {"Product Viewed", `{"product_id":{"a":1},"sku":"s"}`, "s"},
		"broken text":                     {"Product Viewed", "{\"product_id\":\"a\xff\"}", "a\uFFFD"},
		"nothing":                         {"Product Viewed", `{"name":"Boot"}`, ""},
		"a cart's lines":                  {"Cart Viewed", `{"id":"cart","products":[{"id":"a"},{"sku":"b"},{"x":1},"c",7]}`, "7 a b c"},
		"a cart's own id":                 {"Cart Viewed", `{"id":"cart"}`, ""},
		"a cart of items":                 {"Cart Viewed", `{"items":[{"itemId":"a"},{"item_id":"b"}]}`, "a b"},
		"a product, beside what lies in":  {"Product Added", `{"product_id":"p","products":[{"product_id":"a"}]}`, "p"},
		"one taken from the cart":         {"Product Removed", `{"productId":"p","quantity":1}`, "p"},
		"one on a wish list, by its id":   {"Product Added to Wishlist", `{"id":"p","wishlist_id":"w"}`, "p"},
		"a product of a cart, by its sku": {"Wishlist Product Added to Cart", `{"sku":"s"}`, "s"},
	} {
		e := &eventv1.Event{Type: eventv1.EventType_EVENT_TYPE_TRACK, EventId: "e", Workspace: "w", Name: c.event, PropertiesJson: []byte(c.properties)}
		var touched, seen []string
		for _, d := range touch.Of(e).Deeds {
			touched = append(touched, d.Item)
		}
		for _, change := range catalogue.Seen(&eventv1.ResolvedEvent{Event: e}) {
			seen = append(seen, change.GetItemId())
		}
		slices.Sort(touched)
		if got := strings.Join(touched, " "); got != c.want {
			t.Errorf("%s: touched %q, want %q", name, got, c.want)
		}
		for _, id := range touched {
			if !slices.Contains(seen, id) {
				t.Errorf("%s: the catalogue has seen %q, and not the touched %s", name, seen, id)
			}
		}
		if len(touched) == 0 && len(seen) > 0 {
			t.Errorf("%s: nothing was touched, and the catalogue has seen %q", name, seen)
		}
	}
}

// An order's line has the id that the catalogue reads out of the order's properties.
func TestLinesOfAnOrder(t *testing.T) {
	e := &eventv1.Event{Type: eventv1.EventType_EVENT_TYPE_TRACK, EventId: "e", Workspace: "w", Name: "Order Completed",
		PropertiesJson: []byte(`{"order_id":"o","id":"o","products":[{"product_id":" a "},{"sku":"b"}]}`),
		Order:          &eventv1.Order{OrderId: "o", Kind: eventv1.OrderKind_ORDER_KIND_COMPLETED, Items: []*eventv1.OrderItem{{Line: 1, ProductId: " a "}, {Line: 2, Sku: "b"}}}}
	var touched, seen []string
	for _, d := range touch.Of(e).Deeds {
		touched = append(touched, d.Item)
	}
	for _, change := range catalogue.Seen(&eventv1.ResolvedEvent{Event: e}) {
		seen = append(seen, change.GetItemId())
	}
	if !slices.Equal(touched, []string{"a", "b"}) || !slices.Equal(touched, seen) {
		t.Errorf("touched %q, seen %q", touched, seen)
	}
}
