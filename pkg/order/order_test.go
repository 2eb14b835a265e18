package order

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
)

// option shapes an event of a test.
type option func(*orderv1.Event)

// at makes an event of a kind that happened at a minute; its id is the kind's initial and the minute.
func at(minute int64, kind eventv1.OrderKind, options ...option) *orderv1.Event {
	initial := map[eventv1.OrderKind]string{completed: "c", refunded: "r", cancelled: "x", adjusted: "a", updated: "u", inAll: "t"}[kind]
	e := &orderv1.Event{EventId: fmt.Sprint(initial, minute), OccurredMs: minute, ReceivedMs: minute, CustomerId: "ann",
		Order: &eventv1.Order{OrderId: "O", Kind: kind, Currency: "EUR", Conversion: rate(1)}}
	for _, o := range options {
		o(e)
	}
	return e
}

// rate is that of the workspace's EUR for one unit of a currency.
func rate(r float64) *eventv1.Conversion {
	return &eventv1.Conversion{Currency: "EUR", RateE12: int64(r * rateUnit)}
}

func total(v float64) option {
	return func(e *orderv1.Event) { e.Order.TotalMicros = new(int64(v * unit)) }
}

// line adds a line; a negative price is none.
func line(product string, quantity, price float64) option {
	return func(e *orderv1.Event) {
		item := &eventv1.OrderItem{Line: int32(len(e.Order.Items) + 1), ProductId: product, QuantityMicros: int64(quantity * unit)}
		if price >= 0 {
			item.UnitPriceMicros = new(int64(price * unit))
		}
		e.Order.Items = append(e.Order.Items, item)
	}
}

func in(currency string, r float64) option {
	return func(e *orderv1.Event) {
		e.Order.Currency, e.Order.Conversion = currency, rate(r)
		if r == 0 {
			e.Order.Conversion = nil
		}
	}
}

func id(is string) option { return func(e *orderv1.Event) { e.EventId = is } }

func of(customer string) option { return func(e *orderv1.Event) { e.CustomerId = customer } }

func named(customer string) option {
	return func(e *orderv1.Event) { e.CustomerId, e.Identified = customer, true }
}

func book(events ...*orderv1.Event) *orderv1.Book {
	b := &orderv1.Book{}
	for _, e := range events {
		Add(b, e)
	}
	return b
}

// tell writes an outcome in one line: state, customer, value, what was given back, then the postings.
func tell(o *orderv1.Order) string {
	text := fmt.Sprintf("%s %s", o.GetState().String()[len("STATE_"):], o.GetCustomerId())
	if o.TotalMicros != nil {
		text += fmt.Sprintf(" %g", float64(o.GetTotalMicros())/unit)
	}
	for _, p := range o.GetPostings() {
		text += fmt.Sprintf(" | %s@%d", p.CustomerId, p.AtMs)
		if p.Orders != 0 {
			text += fmt.Sprintf(" sale %g of %g", float64(p.SpendMicros)/unit, float64(p.QuantityMicros)/unit)
		} else {
			text += fmt.Sprintf(" back %g", float64(p.RefundMicros)/unit)
		}
	}
	return text
}

func TestWhatBecomesOfAnOrder(t *testing.T) {
	two := line("p", 2, 40)
	cases := map[string]struct {
		events []*orderv1.Event
		want   string
	}{
		"a sale":                        {[]*orderv1.Event{at(1, completed, total(80), two)}, "COMPLETED ann 80 | ann@1 sale 80 of 2"},
		"a sale told twice is one":      {[]*orderv1.Event{at(1, completed, total(60)), at(2, completed, total(60))}, "COMPLETED ann 60 | ann@1 sale 60 of 0"},
		"a sale without a value counts": {[]*orderv1.Event{at(1, completed, line("p", 1.25, -1))}, "COMPLETED ann | ann@1 sale 0 of 1.25"},
		"browser and server: the value of one, the lines of the other, the known person, the first time": {
			[]*orderv1.Event{at(1, completed, of("anon"), two), at(2, completed, named("ann"), total(85))}, "COMPLETED ann 85 | ann@1 sale 85 of 2"},
		"of two values the one beside more lines": {
			[]*orderv1.Event{at(1, completed, total(60)), at(2, completed, total(66), two)}, "COMPLETED ann 66 | ann@1 sale 66 of 2"},
		"whichever came first": {
			[]*orderv1.Event{at(1, completed, total(66), two), at(2, completed, total(60))}, "COMPLETED ann 66 | ann@1 sale 66 of 2"},
		"a kilo and a quarter": {[]*orderv1.Event{at(1, completed, total(3), line("apples", 1.25, 2.4))}, "COMPLETED ann 3 | ann@1 sale 3 of 1.25"},

		"an update alone waits":             {[]*orderv1.Event{at(2, updated, total(90))}, "WAITING ann 90"},
		"an update replaces what it says":   {[]*orderv1.Event{at(1, completed, total(80), two), at(2, updated, total(90))}, "COMPLETED ann 90 | ann@1 sale 90 of 2"},
		"an update of lines":                {[]*orderv1.Event{at(1, completed, total(80), two), at(2, updated, line("p", 3, -1))}, "COMPLETED ann 80 | ann@1 sale 80 of 3"},
		"the last update wins":              {[]*orderv1.Event{at(1, completed, total(80)), at(2, updated, total(90)), at(3, updated, total(70))}, "COMPLETED ann 70 | ann@1 sale 70 of 0"},
		"an update before the sale is past": {[]*orderv1.Event{at(1, updated, total(90)), at(2, completed, total(80))}, "COMPLETED ann 80 | ann@2 sale 80 of 0"},
		"an update before fills a gap":      {[]*orderv1.Event{at(1, updated, total(90)), at(2, completed)}, "COMPLETED ann 90 | ann@2 sale 90 of 0"},
		"a late copy undoes no update":      {[]*orderv1.Event{at(1, completed, total(80)), at(2, updated, total(90)), at(3, completed, total(80))}, "COMPLETED ann 90 | ann@1 sale 90 of 0"},
		"an update of nothing":              {[]*orderv1.Event{at(1, completed, total(80), two), at(2, updated)}, "COMPLETED ann 80 | ann@1 sale 80 of 2"},
		"an update to another currency":     {[]*orderv1.Event{at(1, completed, total(80)), at(2, updated, total(90), in("USD", .5))}, "COMPLETED ann 90 | ann@1 sale 45 of 0"},

		"cancelled":                          {[]*orderv1.Event{at(1, completed, total(80)), at(2, cancelled)}, "CANCELLED ann 80"},
		"cancelled, with one of its lines":   {[]*orderv1.Event{at(1, completed, total(80), two), at(2, cancelled, line("p", 1, 40))}, "CANCELLED ann 80"},
		"cancelled before it was sold":       {[]*orderv1.Event{at(2, completed, total(80)), at(1, cancelled)}, "CANCELLED ann 80"},
		"cancelled, then told again":         {[]*orderv1.Event{at(1, completed, total(80)), at(2, cancelled), at(3, completed, total(80)), at(4, updated, total(9))}, "CANCELLED ann 9"},
		"cancelled and given back":           {[]*orderv1.Event{at(1, completed, total(80)), at(2, cancelled), at(3, refunded, total(80))}, "CANCELLED ann 80"},
		"cancelled without a sale":           {[]*orderv1.Event{at(2, cancelled, total(80))}, "CANCELLED ann 80"},
		"adjusted alone":                     {[]*orderv1.Event{at(2, adjusted, total(-80))}, "ADJUSTED ann -80"},
		"adjusted beside a sale":             {[]*orderv1.Event{at(1, completed, total(80)), at(2, adjusted, total(-80))}, "COMPLETED ann 80 | ann@1 sale 80 of 0"},
		"a rate":                             {[]*orderv1.Event{at(1, completed, total(80), in("USD", .9))}, "COMPLETED ann 80 | ann@1 sale 72 of 0"},
		"no rate: one order and no money":    {[]*orderv1.Event{at(1, completed, total(80), two, in("???", 0))}, "COMPLETED ann 80 | ann@1 sale 0 of 2"},
		"no rate: its refund has none":       {[]*orderv1.Event{at(1, completed, total(80), in("USD", 0)), at(2, refunded, in("USD", 0))}, "REFUNDED ann 80 | ann@1 sale 0 of 0 | ann@2 back 0"},
		"a negative sale is what was said":   {[]*orderv1.Event{at(1, completed, total(-5)), at(2, refunded)}, "COMPLETED ann -5 | ann@1 sale -5 of 0"},
		"a sale of nothing has nothing back": {[]*orderv1.Event{at(1, completed, total(0)), at(2, refunded)}, "COMPLETED ann 0 | ann@1 sale 0 of 0"},
	}
	for name, c := range cases {
		if got := tell(Fold("w", "O", book(c.events...))); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
		}
	}
}

func TestWhatARefundGivesBack(t *testing.T) {
	sale := at(1, completed, total(80), line("p", 2, 40))
	cases := map[string]struct {
		sale    *orderv1.Event
		refunds []*orderv1.Event
		want    string // behind the sale
	}{
		"the number alone: the whole order":        {sale, []*orderv1.Event{at(2, refunded)}, "REFUNDED 80"},
		"one unit, its price from the order":       {sale, []*orderv1.Event{at(2, refunded, line("p", 1, -1))}, "PARTIALLY_REFUNDED 40"},
		"a part of a unit":                         {at(1, completed, total(3), line("p", 1.25, 2.4)), []*orderv1.Event{at(2, refunded, line("p", .25, -1))}, "PARTIALLY_REFUNDED 0.6"},
		"units with a minus":                       {sale, []*orderv1.Event{at(2, refunded, line("p", -1, -1))}, "PARTIALLY_REFUNDED 40"},
		"a line without units: what is left":       {sale, []*orderv1.Event{at(2, refunded, line("p", 1, -1)), at(3, refunded, line("p", 0, -1))}, "REFUNDED 40 40"},
		"its own price":                            {sale, []*orderv1.Event{at(2, refunded, line("p", 1, 30), total(30))}, "PARTIALLY_REFUNDED 30"},
		"its own value":                            {sale, []*orderv1.Event{at(2, refunded, total(12.5))}, "PARTIALLY_REFUNDED 12.5"},
		"its own value with a minus":               {sale, []*orderv1.Event{at(2, refunded, total(-12.5))}, "PARTIALLY_REFUNDED 12.5"},
		"its own value beside lines":               {sale, []*orderv1.Event{at(2, refunded, total(35), line("p", 1, 40))}, "PARTIALLY_REFUNDED 35"},
		"0 beside lines counts the lines":          {sale, []*orderv1.Event{at(2, refunded, total(0), line("p", 1, 40))}, "PARTIALLY_REFUNDED 40"},
		"0 beside lines without a price":           {sale, []*orderv1.Event{at(2, refunded, total(0), line("p", 1, -1))}, "PARTIALLY_REFUNDED 40"},
		"0 and nothing else gives nothing":         {sale, []*orderv1.Event{at(2, refunded, total(0))}, "COMPLETED"},
		"more than is left":                        {sale, []*orderv1.Event{at(2, refunded, total(50)), at(3, refunded, total(50))}, "REFUNDED 50 30"},
		"a copy of a whole refund":                 {sale, []*orderv1.Event{at(2, refunded), at(3, refunded)}, "REFUNDED 80"},
		"more units than were sold":                {at(1, completed, total(200), line("p", 2, 40), line("q", 1, 120)), []*orderv1.Event{at(2, refunded, line("p", 3, 40), total(120))}, "PARTIALLY_REFUNDED 80"},
		"two lines of one product":                 {at(1, completed, total(100), line("p", 1, 40), line("p", 1, 60)), []*orderv1.Event{at(2, refunded, line("p", 2, -1))}, "REFUNDED 100"},
		"the only line of an order without prices": {at(1, completed, total(80), line("p", 2, -1)), []*orderv1.Event{at(2, refunded, line("p", 1, -1))}, "PARTIALLY_REFUNDED 40"},
		"one line with, one without a price":       {at(1, completed, total(100), line("p", 1, 40), line("q", 1, 60)), []*orderv1.Event{at(2, refunded, total(40), line("p", 1, 40), line("q", 1, -1))}, "REFUNDED 100"},
		"a product nobody sold":                    {sale, []*orderv1.Event{at(2, refunded, line("z", 1, -1))}, "COMPLETED"},
		"a product nobody sold, with its price":    {sale, []*orderv1.Event{at(2, refunded, line("z", 1, 15))}, "PARTIALLY_REFUNDED 15"},
		"an exchange: the one from the other":      {sale, []*orderv1.Event{at(2, refunded, total(-25), line("y", -1, 40), line("z", 1, 15))}, "PARTIALLY_REFUNDED 25"},
		"before its sale by the clock":             {at(5, completed, total(80)), []*orderv1.Event{at(2, refunded)}, "REFUNDED 80"},
		"an order whose value nobody knows":        {at(1, completed), []*orderv1.Event{at(2, refunded), at(3, refunded, total(7))}, "PARTIALLY_REFUNDED 0 7"},
		"another currency":                         {at(1, completed, total(80), in("USD", .5)), []*orderv1.Event{at(2, refunded, total(10))}, "PARTIALLY_REFUNDED 10"},
		"in all, and more a week later":            {sale, []*orderv1.Event{at(2, inAll, total(10)), at(3, inAll, total(25))}, "PARTIALLY_REFUNDED 10 15"},
		"in all, the later file first":             {sale, []*orderv1.Event{at(3, inAll, total(10)), at(2, inAll, total(25))}, "PARTIALLY_REFUNDED 10 15"},
		"in all, both at the time of the order":    {sale, []*orderv1.Event{at(1, inAll, total(9)), at(1, inAll, total(80), id("t1/80"))}, "REFUNDED 9 71"},
		"in all, and the same again":               {sale, []*orderv1.Event{at(2, inAll, total(25)), at(3, inAll, total(25)), at(4, inAll, total(0))}, "PARTIALLY_REFUNDED 25"},
		"in all, and what is in it by itself":      {sale, []*orderv1.Event{at(2, refunded, total(10)), at(1, inAll, total(25))}, "PARTIALLY_REFUNDED 10 15"},
		"in all, and more by itself":               {sale, []*orderv1.Event{at(2, refunded, total(30)), at(3, inAll, total(-25))}, "PARTIALLY_REFUNDED 30"},
		"in all, beside lines":                     {sale, []*orderv1.Event{at(2, inAll, total(25), line("p", 1, 40))}, "PARTIALLY_REFUNDED 25"},
		"in all, more than was paid":               {sale, []*orderv1.Event{at(2, inAll, total(100))}, "REFUNDED 80"},
		"in all, of an order without a value":      {at(1, completed), []*orderv1.Event{at(2, inAll, total(10)), at(3, inAll, total(25)), at(4, inAll, total(5))}, "PARTIALLY_REFUNDED 5 5 15"},
		"in all, in another currency":              {at(1, completed, total(80), in("USD", .5)), []*orderv1.Event{at(2, inAll, total(5)), at(3, inAll, total(30), in("USD", .5))}, "PARTIALLY_REFUNDED 5 10"},
		"thirds come out even":                     {at(1, completed, total(1), in("USD", 1./3)), []*orderv1.Event{at(2, refunded, total(.5), in("USD", 1./3)), at(3, refunded)}, "REFUNDED 0.166667 0.166666"},
	}
	for name, c := range cases {
		o := Fold("w", "O", book(append([]*orderv1.Event{c.sale}, c.refunds...)...))
		got := o.GetState().String()[len("STATE_"):]
		for _, p := range o.GetPostings()[1:] {
			got += fmt.Sprintf(" %g", float64(p.RefundMicros)/unit)
		}
		if got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

func TestARefundBeforeItsSale(t *testing.T) {
	cases := map[string]struct {
		refund      *orderv1.Event
		alone, then string
	}{
		"by number alone it waits":        {at(2, refunded), "WAITING ann", "REFUNDED ann 80 | ann@5 sale 80 of 2 | ann@2 back 80"},
		"by a line without price, too":    {at(2, refunded, line("p", 1, -1)), "WAITING ann", "PARTIALLY_REFUNDED ann 80 | ann@5 sale 80 of 2 | ann@2 back 40"},
		"with its own value it counts":    {at(2, refunded, of("bob"), total(-120)), "CREDITED bob -120 | bob@2 back 120", "REFUNDED ann 80 | ann@5 sale 80 of 2 | ann@2 back 80"},
		"and with its own price":          {at(2, refunded, line("p", 1, 30)), "CREDITED ann | ann@2 back 30", "PARTIALLY_REFUNDED ann 80 | ann@5 sale 80 of 2 | ann@2 back 30"},
		"in the currency it was given in": {at(2, refunded, total(30), in("USD", .5)), "CREDITED ann 30 | ann@2 back 15", "PARTIALLY_REFUNDED ann 80 | ann@5 sale 80 of 2 | ann@2 back 15"},
	}
	for name, c := range cases {
		if got := tell(Fold("w", "O", book(c.refund))); got != c.alone {
			t.Errorf("%s, alone:\n got %s\nwant %s", name, got, c.alone)
		}
		sale := at(5, completed, total(80), line("p", 2, 40))
		if got := tell(Fold("w", "O", book(c.refund, sale))); got != c.then {
			t.Errorf("%s, with its sale:\n got %s\nwant %s", name, got, c.then)
		}
	}
}

// Refunds in all whose sale nobody knows yet count as much as the one that says most.
func TestRefundsInAllBeforeTheirSale(t *testing.T) {
	events := []*orderv1.Event{at(3, inAll, total(25)), at(2, inAll, total(10)), at(4, inAll, total(0))}
	for want, sale := range map[string]*orderv1.Event{
		"CREDITED ann 10 | ann@2 back 10 | ann@3 back 15":                                nil,
		"PARTIALLY_REFUNDED ann 80 | ann@5 sale 80 of 0 | ann@2 back 10 | ann@3 back 15": at(5, completed, total(80)),
	} {
		b := book(events...)
		if sale != nil {
			Add(b, sale)
		}
		if got := tell(Fold("w", "O", b)); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// Of too many updates and refunds in all the latest are kept, of too many refunds the first: and the order says that some are missing.
func TestTooManyEventsOfOneOrder(t *testing.T) {
	b := book(at(1, completed, total(1000)))
	for n := range int64(200) {
		Add(b, at(2+n, updated, total(float64(1000+n))))
		Add(b, at(2+n, refunded, total(1)))
		Add(b, at(2+n, inAll, total(float64(n))))
		Add(b, at(2+n, updated)) // says nothing: no reason to forget one that does
	}
	o := Fold("w", "O", b)
	if o.GetTotalMicros() != 1199*unit || o.GetRefundedMicros() != 199*unit || !o.GetTruncated() || len(b.Events) != 217 {
		t.Errorf("%d events kept, value %d, given back %d, truncated %t", len(b.Events), o.GetTotalMicros(), o.GetRefundedMicros(), o.GetTruncated())
	}
}

func TestKeysDoNotRunIntoEachOther(t *testing.T) {
	if string(Key("a", "bc")) == string(Key("ab", "c")) {
		t.Error(`("a", "bc") and ("ab", "c") share a key`)
	}
}

func TestOnlyOrdersWithANumberHaveASay(t *testing.T) {
	event := func(o *eventv1.Order) *eventv1.ResolvedEvent {
		return &eventv1.ResolvedEvent{CustomerId: "c", RawOffset: 3, Event: &eventv1.Event{EventId: "e", OccurredMs: 1, ReceivedMs: 2, History: true,
			Identifiers: []*eventv1.Identifier{{Type: "email", Value: "a@b.c"}, {Type: "user_id", Value: "1"}}, Order: o}}
	}
	for name, o := range map[string]*eventv1.Order{
		"no order": nil, "no number": {Kind: completed}, "no kind": {OrderId: "O"}, "a kind of the future": {OrderId: "O", Kind: 99},
	} {
		if got := Of(event(o)); got != nil {
			t.Errorf("%s: %v", name, got)
		}
	}
	got := Of(event(&eventv1.Order{OrderId: "O", Kind: completed}))
	if got == nil || !got.Identified || !got.History || got.EventId != "e" || got.CustomerId != "c" || got.OccurredMs != 1 || got.ReceivedMs != 2 {
		t.Errorf("kept %v", got)
	}
}

func TestProductsAreFoundByIdThenSkuThenName(t *testing.T) {
	sold := &eventv1.OrderItem{ProductId: "p", Sku: "s", Name: "n"}
	cases := map[string]struct {
		line *eventv1.OrderItem
		want bool
	}{
		"id":                       {&eventv1.OrderItem{ProductId: "p", Sku: "other"}, true},
		"another id, the same sku": {&eventv1.OrderItem{ProductId: "q", Sku: "s"}, false},
		"sku":                      {&eventv1.OrderItem{Sku: "s", Name: "other"}, true},
		"name":                     {&eventv1.OrderItem{Name: "n"}, true},
		"nothing":                  {&eventv1.OrderItem{}, false},
	}
	got := map[string]bool{}
	want := map[string]bool{}
	for name, c := range cases {
		got[name], want[name] = same(c.line, sold), c.want
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A shop that sells under product ids and gives back by stock keeping unit speaks of one product.
func TestALineIsFoundByItsSKU(t *testing.T) {
	line := func(product, sku, name string) *eventv1.OrderItem {
		return &eventv1.OrderItem{ProductId: product, Sku: sku, Name: name}
	}
	for name, c := range map[string]struct {
		a, b *eventv1.OrderItem
		want bool
	}{
		"product ids":                    {line("p9", "S9", ""), line("p9", "", ""), true},
		"other product ids":              {line("p9", "S9", ""), line("p8", "S9", ""), false},
		"a sku alone, read as a product": {line("p9", "S9", ""), line("S9", "", ""), true},
		"the other way round":            {line("S9", "", ""), line("p9", "S9", ""), true},
		"another sku alone":              {line("p9", "S9", ""), line("S8", "", ""), false},
		"names where one has no id":      {line("", "", "Tea"), line("p9", "S9", "Tea"), true},
		"nothing to know them by":        {line("", "", ""), line("", "", ""), false},
	} {
		if same(c.a, c.b) != c.want || same(c.b, c.a) != c.want {
			t.Errorf("%s: want %v", name, c.want)
		}
	}
}
