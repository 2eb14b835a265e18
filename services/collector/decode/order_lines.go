package decode

import (
	"math"
	"strconv"

	"github.com/freshet/freshet/pkg/money"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/jsonscan"
)

// productFields are the members of a line as raw JSON.
type productFields struct {
	productID, id, itemID, sku, name, title, productName []byte
	quantity, price, unitPrice                           []byte
	total, lineTotal, subtotal                           []byte
}

// member is where a member goes by its name, which is folded.
func (f *productFields) member(name string) *[]byte {
	switch name {
	case "productid":
		return &f.productID
	case "id":
		return &f.id
	case "itemid":
		return &f.itemID
	case "sku":
		return &f.sku
	case "name":
		return &f.name
	case "title":
		return &f.title
	case "productname", "itemname":
		return &f.productName
	case "quantity", "qty":
		return &f.quantity
	case "price":
		return &f.price
	case "unitprice":
		return &f.unitPrice
	case "total":
		return &f.total
	case "linetotal":
		return &f.lineTotal
	case "subtotal":
		return &f.subtotal
	}
	return nil
}

// empty says that nothing of a line was sent.
func (f *productFields) empty() bool {
	for _, raw := range [][]byte{f.productID, f.id, f.itemID, f.sku, f.name, f.title, f.productName, f.quantity, f.price, f.unitPrice, f.total, f.lineTotal, f.subtotal} {
		if raw != nil {
			return false
		}
	}
	return true
}

// first is the first of several members that was sent, and its name.
func first(names []string, raws ...[]byte) (string, []byte) {
	for i, raw := range raws {
		if raw != nil {
			return names[i], raw
		}
	}
	return "", nil
}

// readLines reads products, else a list called items or line_items; else the order is of the one product named beside its own members.
func (r *orderReader) readLines(f *orderFields) {
	switch {
	case f.products != nil:
		r.list("products", f.products)
	case isList(f.items):
		r.list("items", f.items)
	case isList(f.lineItems):
		r.list("line_items", f.lineItems)
	case f.one.productID != nil || f.one.sku != nil:
		f.one.subtotal = nil // the order's own, as its total is
		r.line(0, &f.one)
	}
}

// isList says that a member can be the lines: "items":3 counts them.
func isList(raw []byte) bool { return raw != nil && (raw[0] == '[' || raw[0] == '{') }

// list reads the lines: an array, a text that holds one, an object of lines by number, as PHP writes them, or one line alone.
func (r *orderReader) list(name string, raw []byte) {
	r.lines = name
	if raw = unpack(raw); raw[0] != '[' && raw[0] != '{' {
		r.w.Note(NoteUnreadableLine, "properties."+name, "is "+kind(raw)+" and no list of products")
		return
	}
	var s jsonscan.Scanner
	s.Reset(raw, 0, jsonscan.Limits{})
	n := 0
	each := func() error {
		element, err := s.Skip()
		if err == nil {
			r.element(n, element)
			n++
		}
		return err
	}
	switch {
	case raw[0] == '[':
		_ = s.Array(each) // the JSON was checked before
	case holdsObjects(raw):
		_ = s.Object(func([]byte) error { return each() })
	default:
		r.element(0, raw)
	}
}

// unpack is the list or object that a text holds; everything else stays. Tag managers and spreadsheets put JSON into texts.
func unpack(raw []byte) []byte {
	if raw[0] != '"' {
		return raw
	}
	inner, err := jsonscan.Canonical(jsonscan.Text(raw))
	if err != nil || inner[0] != '[' && inner[0] != '{' {
		return raw
	}
	return inner
}

// holdsObjects says that an object has members and all of them are objects.
func holdsObjects(raw []byte) bool {
	all, any := true, false
	var s jsonscan.Scanner
	s.Reset(raw, 0, jsonscan.Limits{})
	_ = s.Object(func([]byte) error {
		value, err := s.Skip()
		any, all = true, all && len(value) > 0 && value[0] == '{'
		return err
	})
	return any && all
}

// element reads what stands in the list at a place, from 0. null is no line.
func (r *orderReader) element(n int, raw []byte) {
	if !present(raw) {
		return
	}
	if raw = unpack(raw); raw[0] != '{' {
		r.w.Note(NoteUnreadableLine, r.path(n, ""), "is "+kind(raw)+" and no object with product_id, price and quantity")
		return
	}
	r.product = productFields{}
	f := &r.product
	r.members(raw, f.member)
	if f.empty() {
		if len(raw) > 2 {
			r.w.Note(NoteUnreadableLine, r.path(n, ""), "has none of product_id, sku, name, price, quantity, total")
		}
		return
	}
	r.line(n, f)
}

// line reads one line. Without a quantity it is one unit, in a refund all that is left of the line; without a price or a total it has no value.
func (r *orderReader) line(n int, f *productFields) {
	item := &eventv1.OrderItem{Line: int32(n + 1), QuantityMicros: money.Unit}
	if r.order.Kind == eventv1.OrderKind_ORDER_KIND_REFUNDED && f.quantity == nil {
		item.QuantityMicros = 0
	}
	item.ProductId = r.word(n, []string{"product_id", "item_id", "id"}, f.productID, f.itemID, f.id)
	item.Sku = r.word(n, []string{"sku"}, f.sku)
	if item.ProductId == "" {
		item.ProductId, item.Sku = item.Sku, ""
	}
	item.Name = r.word(n, []string{"name", "title", "product_name"}, f.name, f.title, f.productName)
	if f.quantity != nil {
		r.quantity(n, item, f.quantity)
	}
	if name, raw := first([]string{"price", "unit_price"}, f.price, f.unitPrice); raw != nil {
		if v, ok := r.amount(n, name, raw); ok {
			item.UnitPriceMicros = new(v)
		}
	}
	if name, raw := first([]string{"total", "line_total", "subtotal"}, f.total, f.lineTotal, f.subtotal); raw != nil {
		if v, ok := r.amount(n, name, raw); ok {
			item.TotalMicros = new(v)
		}
	}
	r.order.Items = append(r.order.Items, item)
}

// word reads an id or name of a line; the first of the members that can be read.
func (r *orderReader) word(n int, names []string, raws ...[]byte) string {
	for i, raw := range raws {
		if raw == nil {
			continue
		}
		id, problem := code(raw)
		if problem == "" {
			return id
		}
		r.w.Note(NoteUnreadableLine, r.path(n, names[i]), problem+": send a text")
	}
	return ""
}

// maxQuantity is the greatest quantity of a line, in millionths.
const maxQuantity = 999_999_999_999_999_999

// quantity reads a number of units: a kilo and a quarter is 1.25.
func (r *orderReader) quantity(n int, item *eventv1.OrderItem, raw []byte) {
	micros, problem := int64(0), ""
	switch c := raw[0]; {
	case c == '"':
		v, err := money.ReadNumber(view(jsonscan.Text(raw)), r.habit())
		if micros = v; err != nil {
			problem = err.Error()
		}
	case c == '-' || c >= '0' && c <= '9':
		v, err := money.ParseMicros(view(raw))
		if micros = v; err != nil {
			problem = err.Error()
		}
	default:
		problem = "is " + kind(raw) + " and no number"
	}
	if problem == "" && (micros > maxQuantity || micros < -maxQuantity) {
		problem = "is more than " + strconv.Itoa(maxQuantity/money.Unit)
	}
	if problem != "" {
		r.w.Note(NoteUnreadableQuantity, r.path(n, "quantity"), problem+"; it counts as one unit")
		return
	}
	item.QuantityMicros = micros
}

// sum is what the lines are worth; false when none of them has a value. A sum that does not fit ends at the bound of 64 bits.
func (r *orderReader) sum() (total int64, found bool) {
	for i, item := range r.order.Items {
		v, ok, whole := lineValue(item)
		if !whole {
			r.w.Note(NoteSaturated, r.path(int(item.Line)-1, ""), "quantity times price is more than an amount can be: it counts as "+money.Format(v))
		}
		if !ok {
			continue
		}
		found = true
		switch {
		case v > 0 && total > math.MaxInt64-v:
			total = math.MaxInt64
		case v < 0 && total < math.MinInt64-v:
			total = math.MinInt64
		default:
			total += v
			continue
		}
		r.w.Note(NoteSaturated, "properties.total", "the sum of the first "+strconv.Itoa(i+1)+" lines is more than an amount can be: it counts as "+money.Format(total))
	}
	return total, found
}
