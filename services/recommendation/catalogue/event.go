package catalogue

import (
	"fmt"
	"slices"

	"github.com/tidwall/gjson"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/itemid"
)

// The catalogue's events.
const (
	eventUpserted = "Product Upserted"
	eventDeleted  = "Product Deleted"
	eventRemoved  = "Product Removed"
)

// Feeds says that the event feeds the catalogue: from then on its source is a feeder, whose "Product Removed" are the catalogue's.
func Feeds(e *eventv1.ResolvedEvent) bool {
	return e.GetEvent().GetType() == eventv1.EventType_EVENT_TYPE_TRACK && e.GetEvent().GetName() == eventUpserted
}

// Changes are what a catalogue event says: "Product Upserted", "Product Deleted" and, only of a feeder and where nothing speaks of a cart, "Product Removed"; of one
// product, or of those in a list `products` or `items`. Others give none. Ask Sources.Speak first. What cannot be read of a product is left out; one without an id gives
// none. The result depends on the event alone.
func Changes(e *eventv1.ResolvedEvent, feeder bool) []*recommendationv1.ItemChange {
	ev := e.GetEvent()
	if ev.GetType() != eventv1.EventType_EVENT_TYPE_TRACK {
		return nil
	}
	kind := kindRemove
	switch ev.GetName() {
	case eventUpserted:
		kind = kindUpsert
	case eventDeleted:
	case eventRemoved:
		if !feeder {
			return nil
		}
	default:
		return nil
	}
	properties := membersOf(ev.GetPropertiesJson())
	if ev.GetName() == eventRemoved && properties.ofCart() {
		return nil
	}
	var out []*recommendationv1.ItemChange
	for i, p := range products(properties) {
		c := newChange(ev, p, i, kind)
		if c == nil {
			continue
		}
		if kind == kindUpsert {
			c.Item = &recommendationv1.Item{}
			(&draft{c: c, members: p}).everything()
		}
		out = append(out, c)
	}
	return out
}

// seenIn are the events of visitors that name products.
var seenIn = map[string]bool{
	"Product Viewed": true, "Product Clicked": true, "Product Added": true, eventRemoved: true, "Product Shared": true, "Product Reviewed": true, "Product Rated": true,
	"Product Added to Wishlist": true, "Product Removed from Wishlist": true, "Wishlist Product Added to Cart": true,
	"Product List Viewed": true, "Product List Filtered": true, "Products Searched": true, "Cart Viewed": true, "Cart Shared": true, "Checkout Started": true,
	"Order Completed": true, "Order Updated": true, "Order Refunded": true, "Order Cancelled": true,
}

// Seen are stubs: the items that a visitor's event names, with name, categories, brand, price and pictures as far as it says them. Of refunds the price is left out: it is what
// was given back.
func Seen(e *eventv1.ResolvedEvent) []*recommendationv1.ItemChange {
	ev := e.GetEvent()
	if ev.GetType() != eventv1.EventType_EVENT_TYPE_TRACK || !seenIn[ev.GetName()] {
		return nil
	}
	var out []*recommendationv1.ItemChange
	var ids []string
	properties := membersOf(ev.GetPropertiesJson())
	for i, p := range shown(ev.GetName(), properties) {
		c := newChange(ev, p, i, kindSeen)
		if c == nil || slices.Contains(ids, c.GetItemId()) {
			continue
		}
		ids = append(ids, c.GetItemId())
		c.Item = &recommendationv1.Item{}
		d := &draft{c: c, members: p}
		d.glance(ev.GetName() != "Order Refunded")
		if d.c.Item.Currency == "" && d.c.Item.PriceMicros != nil {
			d.currencyOf(properties["currency"])
		}
		out = append(out, c)
	}
	return out
}

// newChange is the change of a product without its fields; nil where it has no id. Products of one event are told apart by their place in its list: the later one holds.
func newChange(ev *eventv1.Event, p members, place int, kind recommendationv1.ItemChangeKind) *recommendationv1.ItemChange {
	id := p.id()
	if id == "" {
		return nil
	}
	return &recommendationv1.ItemChange{
		Workspace: ev.GetWorkspace(), ItemId: id, ChangeId: fmt.Sprintf("%s/%05d", ev.GetEventId(), place), AtMs: ev.GetOccurredMs(), Kind: kind,
	}
}

// members are those of one JSON object; of a name that is there twice the last.
type members map[string]gjson.Result

func membersOf(raw []byte) members {
	if len(raw) == 0 || !gjson.ValidBytes(raw) {
		return members{}
	}
	return object(gjson.ParseBytes(raw))
}

func object(v gjson.Result) members {
	out := members{}
	if v.IsObject() {
		v.ForEach(func(k, v gjson.Result) bool {
			out[k.String()] = v
			return true
		})
	}
	return out
}

// id is the product's; empty for none, and for one that is longer than an id may be.
func (m members) id() string {
	return itemid.Of(m.get)
}

func (m members) get(name string) gjson.Result { return m[name] }

// number is the text of a value; of a number as it was written.
func number(v gjson.Result) string {
	if v.Type == gjson.Number {
		return v.Raw
	}
	return v.String()
}

// ofCart says that a "Product Removed" is of a cart: one whose product has a number of pieces, or that names the cart or an order.
func (m members) ofCart() bool {
	return m["cart_id"].Exists() || m["order_id"].Exists() || m["quantity"].Exists()
}

// shown are the products that a visitor's event names: those of its list, and the one that it is about itself.
func shown(event string, m members) []members {
	var out []members
	if m["products"].IsArray() || m["items"].IsArray() {
		out = products(m)
	}
	if itemid.OfEvent(event, m.get) != "" {
		out = append(out, m)
	}
	return out
}

// products are those that an event names: of its list where it has one, else the one that its own members are.
func products(m members) []members {
	for _, name := range []string{"products", "items"} {
		list := m[name]
		if !list.IsArray() {
			continue
		}
		var out []members
		list.ForEach(func(_, v gjson.Result) bool {
			switch {
			case v.IsObject():
				out = append(out, object(v))
			default:
				out = append(out, members{itemid.Names()[0]: v})
			}
			return true
		})
		return out
	}
	return []members{m}
}
