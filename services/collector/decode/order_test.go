package decode

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/money"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/rates"
)

const completed = eventv1.OrderKind_ORDER_KIND_COMPLETED

// readAs reads an order of a source, and says the kinds and places of its notes.
func readAs(src *Rules, name, properties string) (*eventv1.Event, string) {
	w := &Work{}
	w.Event.Type, w.Event.Name, w.Event.OccurredMs = eventv1.EventType_EVENT_TYPE_TRACK, name, noon.UnixMilli()
	w.Event.PropertiesJson = []byte(properties)
	w.readOrder(nil, &Origin{Rules: src})
	var notes []string
	for _, n := range w.Event.Notes {
		notes = append(notes, n.Kind+" "+strings.TrimPrefix(n.Path, "properties."))
	}
	return &w.Event, strings.Join(notes, "; ")
}

// plainSource is a source without settings.
func plainSource() *Rules {
	return &Rules{Source: "web", Workspace: "default", Rates: &rates.Table{}}
}

// aLine is a line of the table below.
func aLine(n int32, product string, quantity, price string) *eventv1.OrderItem {
	item := &eventv1.OrderItem{Line: n, ProductId: product, QuantityMicros: micros(quantity)}
	if price != "" {
		item.UnitPriceMicros = new(micros(price))
	}
	return item
}

func TestReadOrder(t *testing.T) {
	with := func(item *eventv1.OrderItem, edit func(*eventv1.OrderItem)) *eventv1.OrderItem {
		edit(item)
		return item
	}
	sku := func(s string) func(*eventv1.OrderItem) { return func(i *eventv1.OrderItem) { i.Sku = s } }
	named := func(s string) func(*eventv1.OrderItem) { return func(i *eventv1.OrderItem) { i.Name = s } }
	worth := func(s string) func(*eventv1.OrderItem) {
		return func(i *eventv1.OrderItem) { i.TotalMicros = new(micros(s)) }
	}
	for name, c := range map[string]struct {
		properties string
		want       *eventv1.Order
		notes      string
	}{
		"total wins, currency in capitals, sku beside a product": {
			`{"order_id":"A-1","currency":"eur","total":27.5,"revenue":25,"value":1,"products":[{"product_id":"p1","sku":"s1","name":"Mug","quantity":2,"price":12.75},{"sku":"s2","price":"2"}]}`,
			anOrder("A-1", "EUR", "27.5", with(with(aLine(1, "p1", "2", "12.75"), sku("s1")), named("Mug")), aLine(2, "s2", "1", "2")), ""},
		"revenue without a total, a number for an order id": {`{"order_id":536365,"revenue":0.1,"value":7}`, anOrder("536365", "XXX", "0.1"), ""},
		"value alone": {`{"order_id":"1","value":"19.99","total":null}`, anOrder("1", "XXX", "19.99"), ""},
		"the sum of the lines, signed": {`{"order_id":"C1","products":[{"product_id":22633,"quantity":-3,"price":1.85},{"product_id":"x","quantity":1.0,"price":0.003},{"product_id":"free"}]}`,
			anOrder("C1", "XXX", "-5.547", aLine(1, "22633", "-3", "1.85"), aLine(2, "x", "1", "0.003"), aLine(3, "free", "1", "")), ""},
		"nothing but an id":              {`{"order_id":"1"}`, anOrder("1", "XXX", ""), ""},
		"lines without a price":          {`{"order_id":"1","products":[{"product_id":"a"}]}`, anOrder("1", "XXX", "", aLine(1, "a", "1", "")), ""},
		"a float's noise becomes micros": {`{"order_id":"1","total":19.989999999999998}`, anOrder("1", "XXX", "19.99"), ""},
		"the greatest total":             {`{"order_id":"1","total":9223372036854.775807}`, anOrder("1", "XXX", "9223372036854.775807"), ""},
		"a kilo and a quarter":           {`{"order_id":"1","products":[{"product_id":"apples","price":2.4,"quantity":1.25}]}`, anOrder("1", "XXX", "3", aLine(1, "apples", "1.25", "2.4")), ""},
		"quantity and price as text, 1e1": {`{"order_id":"1","products":[{"product_id":"a","price":"2.40","quantity":"1.25"},{"product_id":"b","price":"1","quantity":1e1}]}`,
			anOrder("1", "XXX", "13", aLine(1, "a", "1.25", "2.4"), aLine(2, "b", "10", "1")), ""},
		"the value of the whole line": {`{"order_id":"1","products":[{"product_id":"a","quantity":2,"total":261.96},{"product_id":"b","quantity":3,"price":9,"total":"731.94"}]}`,
			anOrder("1", "XXX", "993.9", with(aLine(1, "a", "2", ""), worth("261.96")), with(aLine(2, "b", "3", "9"), worth("731.94"))), ""},
		"subtotal and line_total of a line": {`{"order_id":"1","products":[{"product_id":"a","subtotal":"2"},{"product_id":"b","lineTotal":3,"subtotal":9}]}`,
			anOrder("1", "XXX", "5", with(aLine(1, "a", "1", ""), worth("2")), with(aLine(2, "b", "1", ""), worth("3"))), ""},
		"half a millionth goes to the even one": {`{"order_id":"1","products":[{"product_id":"a","price":0.000001,"quantity":0.5},{"product_id":"b","price":0.000003,"quantity":0.5}]}`,
			anOrder("1", "XXX", "0.000002", aLine(1, "a", "0.5", "0.000001"), aLine(2, "b", "0.5", "0.000003")), ""},

		"an empty total beside lines":             {`{"order_id":"1","total":"","products":[{"product_id":"a","price":4}]}`, anOrder("1", "XXX", "4", aLine(1, "a", "1", "4")), ""},
		"a blank total beside revenue":            {`{"order_id":"1","total":"  ","revenue":4}`, anOrder("1", "XXX", "4"), ""},
		"a total of zero is zero":                 {`{"order_id":"1","total":0,"products":[{"product_id":"a","price":4}]}`, anOrder("1", "XXX", "0", aLine(1, "a", "1", "4")), ""},
		"a total that is no money beside revenue": {`{"order_id":"1","total":"abc","revenue":"$1,234.50"}`, anOrder("1", "XXX", "1234.5"), "unreadable_money total"},
		"a total that is no money beside lines":   {`{"order_id":"1","total":true,"products":[{"product_id":"a","price":4}]}`, anOrder("1", "XXX", "4", aLine(1, "a", "1", "4")), "unreadable_money total"},
		"revenue that is no money beside a total": {`{"order_id":"1","total":1,"revenue":"abc"}`, anOrder("1", "XXX", "1"), "unreadable_money revenue"},
		"an amount beyond 64 bits":                {`{"order_id":"1","total":1e30,"value":2}`, anOrder("1", "XXX", "2"), "unreadable_money total"},
		"an amount that could be two":             {`{"order_id":"1","total":"19,99"}`, anOrder("1", "XXX", ""), "ambiguous_money total"},
		"an amount in brackets":                   {`{"order_id":"1","total":"(12.00)"}`, anOrder("1", "XXX", "-12"), ""},
		"a list for an amount":                    {`{"order_id":"1","total":[12]}`, anOrder("1", "XXX", ""), "unreadable_money total"},

		"a price that is no money leaves the line, and its neighbours": {`{"order_id":"1","products":[{"product_id":"a","price":"NaN","quantity":2},{"product_id":"b","price":3}]}`,
			anOrder("1", "XXX", "3", aLine(1, "a", "2", ""), aLine(2, "b", "1", "3")), "unreadable_money products[0].price"},
		"prices with signs": {`{"order_id":"1","products":[{"product_id":"a","price":"$10.00"},{"product_id":"b","price":"¥12"},{"product_id":"c","price":"1 234.50"},{"product_id":"d","price":true}]}`,
			anOrder("1", "XXX", "1256.5", aLine(1, "a", "1", "10"), aLine(2, "b", "1", "12"), aLine(3, "c", "1", "1234.5"), aLine(4, "d", "1", "")), "unreadable_money products[3].price"},
		"a quantity that is none counts as one": {`{"order_id":"1","products":[{"product_id":"a","price":3,"quantity":"two"},{"product_id":"b","quantity":true},{"product_id":"c","quantity":"1,25"},{"product_id":"d","quantity":1e13}]}`,
			anOrder("1", "XXX", "3", aLine(1, "a", "1", "3"), aLine(2, "b", "1", ""), aLine(3, "c", "1", ""), aLine(4, "d", "1", "")),
			"unreadable_quantity products[0].quantity; unreadable_quantity products[1].quantity; unreadable_quantity products[2].quantity; unreadable_quantity products[3].quantity"},
		"a quantity left empty": {`{"order_id":"1","products":[{"product_id":"a","price":3,"quantity":""}]}`, anOrder("1", "XXX", "3", aLine(1, "a", "1", "3")), ""},
		"odd lines beside good ones": {`{"order_id":"1","products":["p1",{"product_id":"a","price":1},7,null,{},{"colour":"red"},[1],{"product_id":{"x":1},"price":2}]}`,
			anOrder("1", "XXX", "3", aLine(2, "a", "1", "1"), aLine(8, "", "1", "2")),
			"unreadable_line products[0]; unreadable_line products[2]; unreadable_line products[5]; unreadable_line products[6]; unreadable_line products[7].product_id"},
		"products are no list":          {`{"order_id":"1","total":2,"products":7}`, anOrder("1", "XXX", "2"), "unreadable_line products"},
		"products are a text":           {`{"order_id":"1","total":2,"products":"mug, cup"}`, anOrder("1", "XXX", "2"), "unreadable_line products"},
		"products are a list in a text": {`{"order_id":"1","products":"[{\"product_id\":\"a\",\"price\":2,\"name\":\"\\u00e9\"}]"}`, anOrder("1", "XXX", "2", with(aLine(1, "a", "1", "2"), named("é"))), ""},
		"a line is an object in a text": {`{"order_id":"1","products":["{\"product_id\":\"a\",\"price\":2}"]}`, anOrder("1", "XXX", "2", aLine(1, "a", "1", "2")), ""},
		"products by number, as PHP writes them": {`{"order_id":"1","products":{"3":{"product_id":"a","price":1},"7":{"product_id":"b","price":2}}}`,
			anOrder("1", "XXX", "3", aLine(1, "a", "1", "1"), aLine(2, "b", "1", "2")), ""},
		"products are one product":    {`{"order_id":"1","products":{"product_id":"a","price":2}}`, anOrder("1", "XXX", "2", aLine(1, "a", "1", "2")), ""},
		"an empty object of products": {`{"order_id":"1","total":1,"products":{}}`, anOrder("1", "XXX", "1"), ""},
		"a product beside the order":  {`{"order_id":"1","product_id":"a","name":"Mug","price":2,"quantity":3}`, anOrder("1", "XXX", "6", aLine(1, "a", "3", "2")), ""},
		"items, line_items":           {`{"order_id":"1","items":3,"line_items":[{"product_id":"a","price":"x"}]}`, anOrder("1", "XXX", "", aLine(1, "a", "1", "")), "unreadable_money line_items[0].price"},
		"products before items":       {`{"order_id":"1","products":[{"id":"a"}],"items":[{"id":"b"}]}`, anOrder("1", "XXX", "", aLine(1, "a", "1", "")), ""},
		"an unreadable name":          {`{"order_id":"1","products":[{"product_id":"a","name":["x"],"title":"T","price":1}]}`, anOrder("1", "XXX", "1", with(aLine(1, "a", "1", "1"), named("T"))), "unreadable_line products[0].name"},

		"orderId, productId, unitPrice":    {`{"orderId":"A","Currency":"usd","products":[{"productId":"a","unitPrice":2,"Quantity":2}]}`, anOrder("A", "USD", "4", aLine(1, "a", "2", "2")), ""},
		"the names of v1":                  {`{"id":"A-2","total":10,"currency":"USD","products":[{"id":"p9","name":"Tea","price":10,"quantity":1}]}`, anOrder("A-2", "USD", "10", with(aLine(1, "p9", "1", "10"), named("Tea"))), ""},
		"names in words":                   {`{"Order ID":"A","Total":"5","Products":[{"Product ID":"a","Unit Price":"5"}]}`, anOrder("A", "XXX", "5", aLine(1, "a", "1", "5")), ""},
		"of two spellings the plain one":   {`{"orderId":"B","order_id":"A","OrderID":"C","Total":1,"total":2}`, anOrder("A", "XXX", "2"), ""},
		"of two spellings the one sent":    {`{"order_id":"","orderId":"B","total":null,"Total":1}`, anOrder("B", "XXX", "1"), ""},
		"order_id before id":               {`{"id":"x","order_id":"A"}`, anOrder("A", "XXX", ""), ""},
		"order_number, where nothing else": {`{"order_number":1001}`, anOrder("1001", "XXX", ""), ""},
		"12345.0 for an id":                {`{"order_id":12345.0}`, anOrder("12345", "XXX", ""), ""},
		"1e5 for an id":                    {`{"order_id":1e5}`, anOrder("100000", "XXX", ""), ""},
		"blanks around an id":              {`{"order_id":" A-1 "}`, anOrder("A-1", "XXX", ""), ""},
		"no id":                            {`{"total":5}`, anOrder("", "XXX", "5"), "missing_order_id order_id"},
		"no properties":                    {``, anOrder("", "XXX", ""), "missing_order_id order_id"},
		"an id that is an object":          {`{"order_id":{"id":1},"total":5}`, anOrder("", "XXX", "5"), "unreadable_order_id order_id"},
		"an id that is true, beside v1's":  {`{"order_id":true,"id":"A"}`, anOrder("A", "XXX", ""), "unreadable_order_id order_id"},
		"an id of 300 bytes":               {`{"order_id":"` + strings.Repeat("x", 300) + `"}`, anOrder("", "XXX", ""), "unreadable_order_id order_id"},
		"an id of programs":                {`{"order_id":"undefined"}`, anOrder("", "XXX", ""), "unreadable_order_id order_id"},

		"a currency by its sign":              {`{"order_id":"1","total":1,"currency":"€"}`, anOrder("1", "EUR", "1"), ""},
		"a currency that an amount names":     {`{"order_id":"1","total":"12.00 EUR"}`, anOrder("1", "EUR", "12"), ""},
		"a currency that a price names":       {`{"order_id":"1","products":[{"product_id":"a","price":"€ 12.00"}]}`, anOrder("1", "EUR", "12", aLine(1, "a", "1", "12")), ""},
		"an amount in another currency":       {`{"order_id":"1","currency":"USD","total":"€12"}`, anOrder("1", "USD", "12"), "currency_mismatch total"},
		"a dollar's sign in a dollar's order": {`{"order_id":"1","currency":"CAD","total":"$12"}`, anOrder("1", "CAD", "12"), ""},
		"a currency of five letters":          {`{"order_id":"1","total":1,"currency":"EUROZ"}`, anOrder("1", "XXX", "1"), "unknown_currency currency"},
		"points for a currency":               {`{"order_id":"1","total":1,"currency":"pts"}`, anOrder("1", "PTS", "1"), "unknown_currency currency"},
		"a number for a currency":             {`{"order_id":"1","total":1,"currency":978}`, anOrder("1", "XXX", "1"), "unknown_currency currency"},
		"XXX for a currency":                  {`{"order_id":"1","total":1,"currency":"XXX"}`, anOrder("1", "XXX", "1"), ""},
		"yen have no decimals":                {`{"order_id":"1","total":"1,980","currency":"JPY"}`, anOrder("1", "JPY", "1980"), ""},

		"amount and currency":                {`{"order_id":"1","total":{"amount":"12.50","currency":"EUR"}}`, anOrder("1", "EUR", "12.5"), ""},
		"value and currency_code":            {`{"order_id":"1","total":{"value":"12.50","currency_code":"USD"}}`, anOrder("1", "USD", "12.5"), ""},
		"units and nanos":                    {`{"order_id":"1","total":{"currencyCode":"USD","units":"12","nanos":500000000}}`, anOrder("1", "USD", "12.5"), ""},
		"units and nanos below zero":         {`{"order_id":"1","total":{"units":-1,"nanos":-750000000}}`, anOrder("1", "XXX", "-1.75"), ""},
		"money of the shop and of the buyer": {`{"order_id":"1","total":{"shop_money":{"amount":"12.50","currency_code":"USD"},"presentment_money":{"amount":"11","currency_code":"EUR"}}}`, anOrder("1", "USD", "12.5"), ""},
		"cents that say so":                  {`{"order_id":"1","total":{"type":"centPrecision","currencyCode":"EUR","centAmount":1250,"fractionDigits":2}}`, anOrder("1", "EUR", "12.5"), ""},
		"cents of yen":                       {`{"order_id":"1","total":{"currencyCode":"JPY","centAmount":1250}}`, anOrder("1", "JPY", "1250"), ""},
		"cents of nobody knows what":         {`{"order_id":"1","total":{"centAmount":1250}}`, anOrder("1", "XXX", ""), "unreadable_money total"},
		"amount and precision":               {`{"order_id":"1","total":{"amount":5000,"currency":"USD","precision":2}}`, anOrder("1", "USD", "50"), ""},
		"amount and scale":                   {`{"order_id":"1","total":{"amount":5000,"currency":{"code":"USD","base":10,"exponent":2},"scale":2}}`, anOrder("1", "USD", "50"), ""},
		"an object of a price":               {`{"order_id":"1","products":[{"product_id":"a","price":{"amount":3,"currency":"USD"}}]}`, anOrder("1", "USD", "3", aLine(1, "a", "1", "3")), ""},
		"an object that says nothing":        {`{"order_id":"1","total":{"net":1}}`, anOrder("1", "XXX", ""), "unreadable_money total"},
		"objects without end":                {`{"order_id":"1","total":{"amount":{"amount":{"amount":{"amount":1}}}}}`, anOrder("1", "XXX", ""), "unreadable_money total"},
		"two currencies in an object":        {`{"order_id":"1","total":{"amount":"€1","currency":"USD"}}`, anOrder("1", "XXX", ""), "unreadable_money total"},

		"lines that are too much end at the bound": {`{"order_id":"1","products":[{"product_id":"a","price":9000000000000,"quantity":9},{"product_id":"b","price":1}]}`,
			anOrder("1", "XXX", "9223372036854.775807", aLine(1, "a", "9", "9000000000000"), aLine(2, "b", "1", "1")), "saturated products[0]; saturated total"},
	} {
		if c.properties != "" && !json.Valid([]byte(c.properties)) {
			t.Fatalf("%s is no JSON", name)
		}
		got, notes := readAs(plainSource(), "Order Completed", c.properties)
		if diff := cmp.Diff(c.want, got.GetOrder(), protocmp.Transform()); diff != "" || notes != c.notes {
			t.Errorf("%s: notes %q, want %q\n%s", name, notes, c.notes, diff)
		}
	}
}

// TestARefundInAll: total_refunded is what counts of a refund, and of nothing else.
func TestARefundInAll(t *testing.T) {
	for name, c := range map[string]struct {
		name, properties, notes string
		kind                    eventv1.OrderKind
		total                   string
	}{
		"in place of a total":      {"Order Refunded", `{"order_id":"1","total_refunded":"25.00"}`, "", inAll, "25"},
		"beside a total and lines": {"refunded_order", `{"order_id":"1","total":5,"totalRefunded":25,"products":[{"product_id":"p","price":5}]}`, "renamed event", inAll, "25"},
		"nothing yet":              {"Order Refunded", `{"order_id":"1","total_refunded":0}`, "", inAll, "0"},
		"it cannot be read":        {"Order Refunded", `{"order_id":"1","total_refunded":"some","total":5}`, "unreadable_money total_refunded", eventv1.OrderKind_ORDER_KIND_REFUNDED, "5"},
		"empty":                    {"Order Refunded", `{"order_id":"1","total_refunded":"","total":5}`, "", eventv1.OrderKind_ORDER_KIND_REFUNDED, "5"},
		"of a sale it is nothing":  {"Order Completed", `{"order_id":"1","total_refunded":"25.00","total":5}`, "", completed, "5"},
	} {
		e, notes := readAs(plainSource(), c.name, c.properties)
		if o := e.GetOrder(); o.GetKind() != c.kind || o.TotalMicros == nil || o.GetTotalMicros() != micros(c.total) || notes != c.notes {
			t.Errorf("%s: %v, notes %q", name, o, notes)
		}
	}
}

// A refund whose amount cannot be read is not one of the whole order.
func TestARefundWhoseAmountCannotBeRead(t *testing.T) {
	for properties, want := range map[string]string{
		`{"order_id":"1"}`:                                         "all",
		`{"order_id":"1","total":null}`:                            "all",
		`{"order_id":"1","total":""}`:                              "all",
		`{"order_id":"1","total":"19,99"}`:                         "0",
		`{"order_id":"1","total":"some"}`:                          "0",
		`{"order_id":"1","value":{"x":1}}`:                         "0",
		`{"order_id":"1","total_refunded":"19,99"}`:                "0",
		`{"order_id":"1","total":"some","revenue":7}`:              "7000000",
		`{"order_id":"1","total":"some","products":[{"sku":"p"}]}`: "lines",
	} {
		e, notes := readAs(plainSource(), "Order Refunded", properties)
		got := "all"
		switch o := e.GetOrder(); {
		case o.TotalMicros != nil:
			got = fmt.Sprint(o.GetTotalMicros())
		case len(o.GetItems()) > 0:
			got = "lines"
		}
		if got != want || want == "0" && notes == "" {
			t.Errorf("%s: %s, want %s, notes %q", properties, got, want, notes)
		}
	}
}

const inAll = eventv1.OrderKind_ORDER_KIND_REFUNDED_IN_ALL

// What a note says must help: what was sent, and what to change.
func TestNotesSayWhatToChange(t *testing.T) {
	for properties, want := range map[string]string{
		`{"order_id":"1","total":"19,99"}`:                          `"19,99" could be two numbers: send a number, or set decimal of the source or its workspace`,
		`{"order_id":"1","total":"abc"}`:                            `"abc" is no decimal number, such as "12.50"`,
		`{"order_id":"1","currency":"EUROZ"}`:                       `"EUROZ" is no code of ISO 4217, such as EUR`,
		`{"order_id":"1","products":[{"id":"a","quantity":"two"}]}`: `"two" is no decimal number, such as "12.50"; it counts as one unit`,
		`{"order_id":"1","products":["a"]}`:                         `is a string and no object with product_id, price and quantity`,
	} {
		e, _ := readAs(plainSource(), "Order Completed", properties)
		if len(e.Notes) != 1 || e.Notes[0].Detail != want {
			t.Errorf("%s: %v", properties, e.Notes)
		}
	}
}

func TestAThousandOddLinesLeaveTwentyNotes(t *testing.T) {
	e, _ := readAs(plainSource(), "Order Completed", `{"order_id":"1","products":[`+strings.Repeat(`"x",`, 1000)+`{"id":"a","price":2}]}`)
	if len(e.Notes) != maxNotes || len(e.Order.Items) != 1 || e.Order.Items[0].Line != 1001 || e.Order.GetTotalMicros() != 2_000_000 {
		t.Errorf("%d notes, order %v", len(e.Notes), e.Order)
	}
}

func TestHabitsOfTheSource(t *testing.T) {
	for decimal, want := range map[byte]string{0: "", ',': "19.99 1980 1.25", '.': ""} {
		src := plainSource()
		src.Decimal = decimal
		e, notes := readAs(src, "Order Completed", `{"order_id":"1","total":"19,99","products":[{"product_id":"a","price":"1.980","quantity":"1,25"}]}`)
		item := e.Order.Items[0]
		got := strings.Join([]string{money.FormatQuantity(e.Order.GetTotalMicros()), money.FormatQuantity(item.GetUnitPriceMicros()), money.FormatQuantity(item.QuantityMicros)}, " ")
		if want != "" && (got != want || notes != "") || want == "" && notes == "" {
			t.Errorf("decimal %q: %s, notes %q", decimal, got, notes)
		}
	}
}

// Money comes out as the digits said, whatever they are: no float lies between.
func TestMoneyIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		micros := rapid.Int64().Draw(t, "micros")
		quote := rapid.SampledFrom([]string{"", `"`}).Draw(t, "quote")
		e, notes := readAs(plainSource(), "Order Completed", `{"order_id":"1","total":`+quote+money.Format(micros)+quote+`}`)
		if e.Order.TotalMicros == nil || *e.Order.TotalMicros != micros || notes != "" {
			t.Fatalf("%d became %v, %s", micros, e.Order, notes)
		}
	})
}

func TestWholeNumbersAsIDs(t *testing.T) {
	for raw, want := range map[string]string{
		"12345": "12345", "12345.0": "12345", "12345.00": "12345", "1e5": "100000", "1.5e1": "15", "1.25e1": "1.25e1", "1.5": "1.5", "1e-2": "1e-2", "0.0": "0", "-7.0": "-7", "1.2345E+4": "12345",
		"123456789012345678901234567890": "123456789012345678901234567890", "1e999999999": "1e999999999", "0e5": "0", "1e254": "1" + strings.Repeat("0", 254),
	} {
		if got, problem := code([]byte(raw)); got != want || problem != "" {
			t.Errorf("%s is %q, %s; want %q", raw, got, problem, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		n := strconv.FormatInt(rapid.Int64().Draw(t, "n"), 10)
		zeros := strings.Repeat("0", rapid.IntRange(1, 5).Draw(t, "zeros"))
		if got, _ := code([]byte(n + "." + zeros)); got != n {
			t.Fatalf("%s.%s is %s", n, zeros, got)
		}
	})
}
