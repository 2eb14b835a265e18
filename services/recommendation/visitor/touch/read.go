package touch

import (
	"math"

	"github.com/tidwall/gjson"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/itemid"
)

const (
	// Most is how many items of one event are read; the rest is left out.
	Most = 500
	// longestRequest bounds the id of a list.
	longestRequest = 128
)

// Deed is what an event did with one item.
type Deed struct {
	Item string
	Kind recommendationv1.TouchKind
	// Line is which item of the event it is, from 1.
	Line int32
	// Quantity in millionths of a unit.
	Quantity int64
	// Value in millionths; HasValue is false when it is not known.
	Value    int64
	HasValue bool
}

// Read is what an event did.
type Read struct {
	Deeds []Deed
	// Order is the order's number; empty where it is none.
	Order string
	// Undone says that the order was cancelled: what was bought in it counts no more. Deeds are its lines, as far as the event names them.
	Undone bool
	// Request is the list that the event names as where it came from.
	Request string
}

// Of reads an event; nothing where a bot made it, or where it is about no item.
func Of(e *eventv1.Event) Read {
	if e.GetEnrichment().GetBot() {
		return Read{}
	}
	var out Read
	switch {
	case e.GetOrder() != nil:
		out = ofOrder(e.GetOrder())
	case e.GetType() == eventv1.EventType_EVENT_TYPE_TRACK:
		kind, several := kindOf(e.GetName())
		if kind == none {
			return Read{}
		}
		out.Deeds = named(e.GetName(), e.GetPropertiesJson(), kind, several)
	case e.GetType() == eventv1.EventType_EVENT_TYPE_PAGE, e.GetType() == eventv1.EventType_EVENT_TYPE_SCREEN:
		out.Deeds = named("", e.GetPropertiesJson(), view, false)
	}
	if len(out.Deeds) > 0 {
		if id := gjson.GetBytes(e.GetPropertiesJson(), "recommendation_id"); id.Type == gjson.String && len(id.Str) <= longestRequest {
			out.Request = id.Str
		}
	}
	return out
}

// named reads the items that properties name: the one they are about, else each of a list.
func named(event string, properties []byte, kind recommendationv1.TouchKind, several bool) []Deed {
	p := gjson.ParseBytes(properties)
	if !p.IsObject() {
		return nil
	}
	if d, ok := deed(p, itemid.OfEvent(event, p.Get), kind, 1); ok {
		return []Deed{d}
	}
	if !several {
		return nil
	}
	list := p.Get("products")
	if !list.IsArray() {
		list = p.Get("items")
	}
	var out []Deed
	line := int32(0)
	if list.IsArray() {
		list.ForEach(func(_, product gjson.Result) bool {
			line++
			id := itemid.Text(product)
			if product.IsObject() {
				id = itemid.Of(product.Get)
			}
			if d, ok := deed(product, id, kind, line); ok {
				out = append(out, d)
			}
			return line < Most
		})
	}
	return out
}

// deed reads what was done with an item.
func deed(p gjson.Result, id string, kind recommendationv1.TouchKind, line int32) (Deed, bool) {
	d := Deed{Item: id, Kind: kind, Line: line, Quantity: unit}
	if id == "" || len(id) > itemid.Most {
		return d, false
	}
	if n, ok := micros(p.Get("quantity")); ok && n > 0 {
		d.Quantity = n
	}
	if kind == rate {
		d.Value, d.HasValue = micros(p.Get("rating"))
	}
	return d, true
}

// unit is one in millionths.
const unit = 1_000_000

// micros reads a number, in millionths; false for what is none, or does not fit.
func micros(v gjson.Result) (int64, bool) {
	if v.Type != gjson.Number && v.Type != gjson.String || v.String() == "" {
		return 0, false
	}
	n := math.Round(v.Float() * unit)
	if !(math.Abs(n) < 1e18) {
		return 0, false
	}
	return int64(n), v.Type == gjson.Number || n != 0
}
