package collector

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/freshet/freshet/pkg/money"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/jsonscan"
)

// orderKind tells which track events carry an order: the names of Segment's
// ecommerce v2, their v1 forms, and our own for a book-keeper's correction.
func orderKind(name string) eventv1.OrderKind {
	switch name {
	case "Order Completed", "Completed Order":
		return eventv1.OrderKind_ORDER_KIND_COMPLETED
	case "Order Refunded", "Refunded Order":
		return eventv1.OrderKind_ORDER_KIND_REFUNDED
	case "Order Cancelled", "Cancelled Order":
		return eventv1.OrderKind_ORDER_KIND_CANCELLED
	case "Order Adjusted":
		return eventv1.OrderKind_ORDER_KIND_ADJUSTED
	case "Order Updated", "Updated Order":
		return eventv1.OrderKind_ORDER_KIND_UPDATED
	}
	return eventv1.OrderKind_ORDER_KIND_UNSPECIFIED
}

// orderFields are the members of an order's properties as raw JSON.
type orderFields struct{ orderID, currency, total, revenue, value, products []byte }

// productFields are the members of a line as raw JSON.
type productFields struct{ productID, sku, name, quantity, price []byte }

// readOrder takes the money out of an order event, exactly: numbers go from their
// digits to integers without a float between. The order's strings are views of
// the body: it must be marshalled before the body goes.
func readOrder(kind eventv1.OrderKind, properties []byte) (*eventv1.Order, *fault) {
	var f orderFields
	if len(properties) > 0 {
		var s jsonscan.Scanner
		s.Reset(properties, 0, jsonscan.Limits{})
		if err := s.Object(func(key []byte) error { return skipTo(&s, f.member(key)) }); err != nil {
			return nil, &fault{reasonBadOrder, "properties: " + err.Error()}
		}
	}
	order := &eventv1.Order{Kind: kind}
	var flt *fault
	if order.OrderId, flt = id("it", f.orderID); flt != nil {
		return nil, badOrder("order_id", flt.detail)
	}
	if order.OrderId == "" {
		return nil, badOrder("order_id", "an order needs one")
	}
	if order.Currency, flt = currency(f.currency); flt != nil {
		return nil, flt
	}
	one := int64(money.Unit)
	if kind == eventv1.OrderKind_ORDER_KIND_REFUNDED {
		one = 0 // a line that is given back without a number of units is given back whole
	}
	if order.Items, flt = readItems(f.products, one); flt != nil {
		return nil, flt
	}
	total, flt := f.sum(order.Items)
	if flt != nil {
		return nil, flt
	}
	if f.tells(order.Items) {
		order.TotalMicros = &total
	}
	order.Conversion = &eventv1.Conversion{Currency: order.Currency, RateE12: 1_000_000_000_000} // one currency a workspace
	return order, nil
}

// tells says whether there is anything to tell the order's value by.
func (f *orderFields) tells(items []*eventv1.OrderItem) bool {
	said := present(f.total) || present(f.revenue) || present(f.value)
	return said || slices.ContainsFunc(items, func(i *eventv1.OrderItem) bool { return i.UnitPriceMicros != nil })
}

func (f *orderFields) member(key []byte) *[]byte {
	switch string(key) {
	case "order_id":
		return &f.orderID
	case "currency":
		return &f.currency
	case "total":
		return &f.total
	case "revenue":
		return &f.revenue
	case "value":
		return &f.value
	case "products":
		return &f.products
	}
	return nil
}

func (f *productFields) member(key []byte) *[]byte {
	switch string(key) {
	case "product_id":
		return &f.productID
	case "sku":
		return &f.sku
	case "name":
		return &f.name
	case "quantity":
		return &f.quantity
	case "price":
		return &f.price
	}
	return nil
}

// sum is the order's value: total, else revenue, else value, else the sum of its lines.
// All of them that were sent must be money, whichever is used.
func (f *orderFields) sum(items []*eventv1.OrderItem) (int64, *fault) {
	var total int64
	found := false
	for _, m := range []struct {
		field string
		raw   []byte
	}{{"total", f.total}, {"revenue", f.revenue}, {"value", f.value}} {
		if !present(m.raw) {
			continue
		}
		v, flt := micros(m.field, m.raw)
		if flt != nil {
			return 0, flt
		}
		if !found {
			total, found = v, true
		}
	}
	if found {
		return total, nil
	}
	for _, item := range items {
		line, ok := product(item.QuantityMicros/money.Unit, item.GetUnitPriceMicros())
		if !ok || (line > 0 && total > math.MaxInt64-line) || (line < 0 && total < math.MinInt64-line) {
			return 0, badOrder("products", "the sum of the lines is too large")
		}
		total += line
	}
	return total, nil
}

// product multiplies, and says whether the result fits.
func product(a, b int64) (int64, bool) {
	if a == 0 || b == 0 {
		return 0, true
	}
	p := a * b
	return p, p/b == a && !(a == -1 && b == math.MinInt64) && !(b == -1 && a == math.MinInt64)
}

func readItems(products []byte, one int64) ([]*eventv1.OrderItem, *fault) {
	if !present(products) {
		return nil, nil
	}
	if products[0] != '[' {
		return nil, badOrder("products", "must be an array, not "+kind(products))
	}
	var items []*eventv1.OrderItem
	var flt *fault
	var s jsonscan.Scanner
	s.Reset(products, 0, jsonscan.Limits{})
	err := s.Array(func() error {
		raw, err := s.Skip()
		if err != nil || flt != nil {
			return err
		}
		var item *eventv1.OrderItem
		if item, flt = readItem(len(items), raw, one); flt == nil {
			items = append(items, item)
		}
		return nil
	})
	if err != nil {
		return nil, badOrder("products", err.Error())
	}
	return items, flt
}

// readItem reads the line at position i, from 0. A line without a quantity has that of one, one without a price is free.
func readItem(i int, raw []byte, one int64) (*eventv1.OrderItem, *fault) {
	at := "products[" + strconv.Itoa(i) + "]"
	if raw[0] != '{' {
		return nil, badOrder(at, "must be an object, not "+kind(raw))
	}
	var f productFields
	var s jsonscan.Scanner
	s.Reset(raw, 0, jsonscan.Limits{})
	if err := s.Object(func(key []byte) error { return skipTo(&s, f.member(key)) }); err != nil {
		return nil, badOrder(at, err.Error())
	}
	item := &eventv1.OrderItem{Line: int32(i + 1), QuantityMicros: one}
	if !present(f.productID) {
		f.productID = f.sku
	}
	var flt *fault
	if item.ProductId, flt = id("it", f.productID); flt != nil {
		return nil, badOrder(at+".product_id", flt.detail)
	}
	if item.Name, flt = text("it", f.name); flt != nil {
		return nil, badOrder(at+".name", flt.detail)
	}
	if present(f.quantity) {
		if item.QuantityMicros, flt = micros(at+".quantity", f.quantity); flt != nil {
			return nil, flt
		}
	}
	if present(f.price) {
		price, flt := micros(at+".price", f.price)
		if flt != nil {
			return nil, flt
		}
		item.UnitPriceMicros = &price
	}
	return item, nil
}

// decimal is the digits of a number, or of a string that holds one: many shops send "19.99".
func decimal(field string, raw []byte) (string, *fault) {
	switch {
	case raw[0] == '"':
		return strings.TrimSpace(view(jsonscan.Text(raw))), nil
	case raw[0] == '-' || (raw[0] >= '0' && raw[0] <= '9'):
		return view(raw), nil
	}
	return "", badOrder(field, "must be a number, not "+kind(raw))
}

// micros reads money as millionths.
func micros(field string, raw []byte) (int64, *fault) {
	digits, flt := decimal(field, raw)
	if flt != nil {
		return 0, flt
	}
	v, err := money.ParseMicros(digits)
	if err != nil {
		return 0, badOrder(field, err.Error())
	}
	return v, nil
}

// currency reads a code in capitals; XXX, ISO 4217's "no currency", when absent.
func currency(raw []byte) (string, *fault) {
	code, flt := text("it", raw)
	if flt != nil {
		return "", badOrder("currency", flt.detail)
	}
	code = strings.ToUpper(strings.TrimSpace(code))
	if code == "" {
		return "XXX", nil
	}
	if len(code) != 3 || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return "", badOrder("currency", fmt.Sprintf("%.20q is not a code of three letters", code))
	}
	return code, nil
}

func badOrder(field, problem string) *fault {
	return &fault{reasonBadOrder, "properties." + field + ": " + problem}
}
