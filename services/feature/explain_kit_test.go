package feature

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/catalog/catalogtest"
	"github.com/freshet/freshet/pkg/catalog/expr"
	"github.com/freshet/freshet/pkg/rule"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
	"github.com/freshet/freshet/services/feature/internal/oracle"
	"github.com/freshet/freshet/services/feature/tally"
)

// countedEvent draws an event that the shipped catalogue counts.
func countedEvent(t *rapid.T, id string, at int64) *eventv1.Event {
	pick := func(label string, from ...string) string { return rapid.SampledFrom(from).Draw(t, label) }
	e := catalogtest.Event(t, id, at)
	if e.GetName() == "" {
		return e
	}
	e.Name = pick("shop event", "Product Viewed", "Product Viewed", "Products Searched", "Product Added", "Product Removed", "Checkout Started", "Order Completed",
		"Coupon Applied", "Message Sent", "Message Opened", "Message Clicked", "Ticket Opened", "Ticket Closed", "Complaint Filed", "Survey Answered", "Invite Sent")
	e.Enrichment.Channel, e.Enrichment.DeviceType = eventv1.Channel(rapid.IntRange(0, 4).Draw(t, "channel")), pick("device", "", "mobile", "desktop")
	var products []string
	for range rapid.IntRange(0, 3).Draw(t, "products") {
		products = append(products, fmt.Sprintf(`{"product_id":%q,"category":%q,"brand":%q,"price":%d.5,"quantity":%d}`, pick("product", "p1", "p2", "p3"),
			pick("category", "shoes", "hats"), pick("brand", "acme", "zeta"), rapid.IntRange(1, 90).Draw(t, "price"), rapid.IntRange(1, 3).Draw(t, "quantity")))
	}
	e.PropertiesJson = []byte(fmt.Sprintf(`{"product_id":%q,"category":%q,"brand":%q,"price":%d.25,"score":%d,"topic":"late","total":%d,"discount":3,"margin":2.5,"gift":true,"query":"boots","products":[%s]}`,
		pick("viewed", "p1", "p2", "p3"), pick("of", "shoes", "hats", "bags"), pick("by", "acme", "zeta"), rapid.IntRange(1, 90).Draw(t, "at"),
		rapid.IntRange(1, 10).Draw(t, "score"), rapid.IntRange(1, 500).Draw(t, "total"), strings.Join(products, ",")))
	return e
}

// drawEvidence draws somebody's history, and a moment from which to look at it.
func drawEvidence(t *rapid.T, c *catalog.Catalog, event func(*rapid.T, string, int64) *eventv1.Event) *evidence {
	tags, err := rule.Tags(c)
	if err != nil {
		t.Fatal(err)
	}
	b := &book{catalog: c, engine: tally.New(c.Plan()), tags: tags}
	state, epoch := b.engine.New(), oracle.Epoch.UnixMilli()
	spread := rapid.SampledFrom([]int64{60_000, 3_600_000, 86_400_000, 40 * 86_400_000, 400 * 86_400_000}).Draw(t, "spread")
	at := func(label string) int64 { return epoch - rapid.Int64Range(0, spread).Draw(t, label) }
	var x expr.Event
	for i := range rapid.IntRange(0, 60).Draw(t, "events") {
		x.Reset(event(t, fmt.Sprint(i), at("at")))
		state.Insert(&x, epoch)
	}
	for range rapid.IntRange(0, 12).Draw(t, "postings") {
		n := func(what string, most int64) int64 { return rapid.Int64Range(0, most).Draw(t, what) }
		state.Post(&orderv1.Posting{AtMs: at("sold"), Orders: n("orders", 1), QuantityMicros: n("quantity", 5e6), SpendMicros: n("spend", 9e8), Refunds: n("refunds", 1),
			RefundMicros: n("refund", 9e7)}, false, epoch)
	}
	asOf := state.AsOf(epoch + rapid.SampledFrom([]int64{0, 0, 1, 90_000_000, 50 * 86_400_000}).Draw(t, "later"))
	return evidenceOf(b, state, asOf)
}

// evidenceOf is what is known of a state at a moment.
func evidenceOf(b *book, state *tally.State, asOf int64) *evidence {
	rec := &record{workspace: "default", state: state}
	book := b.copy()
	values := append([]catalog.Value(nil), book.at(rec, asOf)...)
	book.hold(rec, values, asOf)
	a := &answer{id: strings.Repeat("a", 32), workspace: "default", asOfMs: asOf, values: book.withTags(rec, values), record: rec}
	return &evidence{answer: a, book: b, state: state, readings: state.Read(asOf, nil), reveal: true}
}

// epochMs is the moment at which the tests live.
var epochMs = oracle.Epoch.UnixMilli()

// stateOf is somebody who told traits once.
func stateOf(t interface{ Helper() }, b *book, traits string) *tally.State {
	t.Helper()
	var x expr.Event
	s := b.engine.New()
	x.Reset(&eventv1.Event{EventId: "e", Type: eventv1.EventType_EVENT_TYPE_IDENTIFY, OccurredMs: epochMs, ReceivedMs: epochMs, TraitsJson: []byte(traits)})
	s.Insert(&x, epochMs)
	return s
}
