package infer

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/plan"
	"github.com/freshet/freshet/services/simulator"
)

// simulated are the good events of a simulated shop.
func simulated(t *testing.T) []plan.Event {
	t.Helper()
	cfg := simulator.Default()
	cfg.BrokenShare, cfg.Customers = 0, 500
	shop, err := simulator.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var out []plan.Event
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for e := range shop.History(from, from.AddDate(0, 0, 20)) {
		var w struct {
			Type, Event, Name           string
			Context, Properties, Traits json.RawMessage
		}
		if err := json.Unmarshal(e.Body, &w); err != nil {
			t.Fatal(err)
		}
		ev := plan.Event{Type: eventv1.EventType(eventv1.EventType_value["EVENT_TYPE_"+strings.ToUpper(w.Type)]), Name: w.Event + w.Name, Context: w.Context, Body: w.Properties}
		if plan.TraitsOf(ev.Type) {
			ev.Body = w.Traits
		}
		out = append(out, ev)
	}
	if len(out) < 3000 {
		t.Fatalf("%d events are too few", len(out))
	}
	return out
}

func TestThePlanOfTheSimulatedShopTakesAllOfIt(t *testing.T) {
	events := simulated(t)
	text := inferred(t, Default(), events...)
	fits(t, text, events...)
	for _, want := range []string{"- event: Order Completed", "required: [currency, order_id, products, total]", `enum: ["GBP"]`, "format: email", "- type: page"} {
		if !strings.Contains(text, want) {
			t.Errorf("the plan lacks %s", want)
		}
	}
	// The same events in another order are the same plan.
	slices.Reverse(events)
	if again := inferred(t, Default(), events...); again != text {
		t.Error("the plan depends on the order of the events")
	}
}

func example(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../../../docs/examples/ecommerce-plan.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The example plan knows the simulated shop, in every mode.
func TestTheExamplePlanTakesTheSimulatedShop(t *testing.T) {
	fits(t, example(t), simulated(t)...)
}

// The examples of Segment's ecommerce spec v2, in short: every property that its tables name is known, so that strip takes nothing out.
func TestTheExamplePlanKnowsSegmentsSpec(t *testing.T) {
	const product = `"product_id":"507f1f77bcf86cd799439011","sku":"G-32","category":"Games","name":"Monopoly: 3rd Edition","brand":"Hasbro","variant":"200 pieces","price":18.99,` +
		`"quantity":1,"coupon":"MAYDEALS","position":3,"url":"https://www.example.com/product/path","image_url":"https://www.example.com/product/path.jpg"`
	const shared = `"share_via":"email","share_message":"Hey","recipient":"friend@example.com"`
	const money = `"affiliation":"Google Store","value":30,"revenue":25.00,"shipping":3,"tax":2,"discount":2.5,"coupon":"hasbros","currency":"USD","products":[{` + product + `}]`
	spec := map[string]string{
		"Products Searched": `"query":"blue hotpants"`, "Product List Viewed": `"list_id":"hot_deals_1","category":"Deals","products":[{` + product + `}]`,
		"Product List Filtered": `"list_id":"todays_deals","filters":[{"type":"price","value":"under-$25"}],"sorts":[{"type":"price","value":"desc"}],"products":[{` + product + `}]`,
		"Promotion Viewed":      `"promotion_id":"promo_1","creative":"top_banner_2","name":"75% store-wide shoe sale","position":"home_banner_top"`,
		"Promotion Clicked":     `"promotion_id":"promo_1","creative":"top_banner_2","name":"75%","position":"top"`,
		"Product Clicked":       product, "Product Viewed": product + `,"currency":"usd","value":18.99`, "Product Added": `"cart_id":"skdjsidjsdkdj29j",` + product,
		"Product Removed": `"cart_id":"ksjdj92dj29dj92d2j",` + product, "Cart Viewed": `"cart_id":"d92jd29jd92jd29j92d92jd","products":[{` + product + `}]`,
		"Checkout Started": `"order_id":"50314b8e9bcf000000000000",` + money, "Checkout Step Viewed": `"checkout_id":"5","step":2,"shipping_method":"Fedex","payment_method":"Visa"`,
		"Checkout Step Completed": `"checkout_id":"5","step":2,"shipping_method":"Fedex","payment_method":"Visa"`, "Payment Info Entered": `"checkout_id":"39f39fj39f3jf93fj9fj39fj3f","order_id":"dkfsjidfjsdifsdfksdjfkdsfjsdfkdsf","step":1`,
		"Order Updated": `"order_id":"50","total":27.50,` + money, "Order Completed": `"checkout_id":"fks","order_id":"50","subtotal":22.50,"total":27.50,` + money,
		"Order Refunded": `"order_id":"50","total":30,"currency":"USD","products":[{` + product + `}]`, "Order Cancelled": `"order_id":"50","total":30.00,` + money,
		"Coupon Entered": `"order_id":"50","cart_id":"92","coupon_id":"may_deals_2016"`, "Coupon Applied": `"order_id":"50","cart_id":"92","coupon_id":"may","coupon_name":"May","discount":23.32`,
		"Coupon Denied": `"order_id":"50","cart_id":"92","coupon_id":"may","coupon_name":"May","reason":"Coupon expired"`, "Coupon Removed": `"order_id":"50","cart_id":"92","coupon_id":"may","coupon_name":"May","discount":23.32`,
		"Product Added to Wishlist": `"wishlist_id":"sk","wishlist_name":"Loved",` + product, "Product Removed from Wishlist": `"wishlist_id":"sk","wishlist_name":"Loved",` + product,
		"Wishlist Product Added to Cart": `"wishlist_id":"sk","wishlist_name":"Loved","cart_id":"99",` + product,
		"Product Shared":                 shared + `,"product_id":"50","sku":"G-32","category":"Games","name":"Monopoly","brand":"Hasbro","variant":"200","price":18.99,"url":"https://a.example/p","image_url":"https://a.example/i.jpg"`,
		"Cart Shared":                    shared + `,"cart_id":"d92","products":[{"product_id":"507f1f77bcf86cd799439011"},{"product_id":"505bd76785ebb509fc183733"}]`,
		"Product Reviewed":               `"product_id":"50","review_id":"kdfjrj39fj39jf3","review_body":"I love this product","rating":"5"`,
	}
	for _, name := range slices.Sorted(maps.Keys(spec)) {
		events := []plan.Event{{Type: track, Name: name, Body: []byte("{" + spec[name] + "}")}}
		fits(t, example(t), events...)
		fits(t, inferred(t, Default(), events...), events...)
	}
}

// The example refuses an order that could not be counted.
func TestTheExamplePlanRefusesAnOrderWithoutMoney(t *testing.T) {
	p, err := plan.Parse([]byte(example(t)))
	if err != nil {
		t.Fatal(err)
	}
	v := p.Check(plan.Event{Type: track, Name: "Order Completed", Body: []byte(`{"order_id":"1","currency":"EUR","products":[]}`)})
	if v.Reason != plan.ReasonViolation || !slices.Equal(v.Rules, []string{"anyOf", "minItems"}) {
		t.Errorf("got %+v", v)
	}
}
