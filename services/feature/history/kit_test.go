package history

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/catalog/catalogtest"
	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/order"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/feature/internal/factskit"
	"github.com/freshet/freshet/services/feature/internal/oracle"
	"github.com/freshet/freshet/services/feature/tally"
	"github.com/freshet/freshet/services/warehouse/schema"
)

const (
	epoch  = int64(1_795_000_000_000)
	minute = int64(60_000)
	day    = 24 * 60 * minute
)

// told is an event as identity resolved it.
type told struct {
	customer string
	*eventv1.Event
}

// mapping is one merge as identity told it; told in the order of their epochs.
type mapping struct {
	from, to string
	epoch    int64
	at       int64
}

// world is all facts of one workspace.
type world struct {
	workspace string
	ids       []string
	events    []told
	mappings  []mapping
}

func id(workspace string, n int) string { return customer.ID(workspace, "user_id", fmt.Sprint(n), 0) }

// draw makes a world: some ids of which most become one, events that are received soon, late or very late, orders among them.
func draw(t *rapid.T, workspace string) *world {
	w := &world{workspace: workspace}
	for i := range rapid.IntRange(2, 6).Draw(t, "ids") {
		w.ids = append(w.ids, id(workspace, i))
	}
	spread := rapid.SampledFrom([]int64{10 * minute, day, 40 * day, 500 * day}).Draw(t, "spread")
	when := func(label string) int64 { return epoch - rapid.Int64Range(0, spread).Draw(t, label) }
	for i := range rapid.IntRange(0, len(w.ids)-1).Draw(t, "merges") {
		from, to := rapid.SampledFrom(w.ids).Draw(t, "from"), rapid.SampledFrom(w.ids).Draw(t, "to")
		w.merge(from, to, when("merged"), int64(i+1))
	}
	for i := range rapid.IntRange(1, 100).Draw(t, "events") {
		at := when("at")
		e := catalogtest.Event(t, fmt.Sprint(workspace, i), at)
		e.Workspace = workspace
		e.ReceivedMs = at + rapid.SampledFrom([]int64{0, 1, minute, spread / 3, spread}).Draw(t, "late")
		if x := oracle.Event(t, i, at); x.Order != nil {
			e.Type, e.Order, e.Identifiers = eventv1.EventType_EVENT_TYPE_TRACK, x.Order, x.Identifiers
		}
		w.events = append(w.events, told{w.canonical(rapid.SampledFrom(w.ids).Draw(t, "who"), e.ReceivedMs), e})
	}
	return w
}

// merge tells of all ids that are part of from that they are part of to: identity flattens.
func (w *world) merge(from, to string, at, epoch int64) {
	from, to = w.canonical(from, 1<<62), w.canonical(to, 1<<62)
	if from == to {
		return
	}
	for _, x := range w.ids {
		if w.canonical(x, 1<<62) == from && x != from {
			defer func() { w.mappings = append(w.mappings, mapping{x, to, epoch, at}) }()
		}
	}
	w.mappings = append(w.mappings, mapping{from, to, epoch, at})
}

// knownMerges are the mappings with the time from which each counts: none before those that it followed, of the same customer.
func (w *world) knownMerges() []mapping {
	final := &oracle.Log{}
	for _, m := range w.mappings {
		if final.Canonical(m.from) != final.Canonical(m.to) {
			final.Merge(final.Canonical(m.from), final.Canonical(m.to))
		}
	}
	latest := map[string]int64{}
	out := slices.Clone(w.mappings)
	slices.SortStableFunc(out, func(a, b mapping) int { return int(a.epoch - b.epoch) })
	for i := range out {
		who := final.Canonical(out[i].from)
		if at, ok := latest[who]; ok {
			out[i].at = max(out[i].at, at)
		}
		latest[who] = out[i].at
	}
	return out
}

// log is what had been received by a moment.
func (w *world) log(at int64) *oracle.Log {
	l := &oracle.Log{}
	for _, m := range w.knownMerges() {
		if a, b := l.Canonical(m.from), l.Canonical(m.to); m.at <= at && a != b {
			l.Merge(a, b)
		}
	}
	for _, e := range w.events {
		if e.ReceivedMs <= at && e.OccurredMs <= at {
			l.Add(e.customer, e.Event)
		}
	}
	return l
}

func (w *world) canonical(id string, at int64) string {
	l := &oracle.Log{}
	for _, m := range w.knownMerges() {
		if a, b := l.Canonical(m.from), l.Canonical(m.to); m.at <= at && a != b {
			l.Merge(a, b)
		}
	}
	return l.Canonical(id)
}

type facts struct{ *factskit.Facts }

func newFacts(t testing.TB) facts { return facts{factskit.New(t)} }

var typeWords = []string{"", "track", "identify", "page", "screen", "group", "alias"}

// write stores a world as the warehouse does.
func (f facts) write(w *world) {
	ms := time.UnixMilli
	f.Insert("events", "workspace, event_id, customer_id, source, type, name, occurred_at, received_at, properties, traits, context, country, history, identifier_type", len(w.events), func(i int) []any {
		e := w.events[i]
		return []any{w.workspace, e.EventId, e.customer, e.Source, typeWords[e.Type], e.Name, ms(e.OccurredMs), ms(e.ReceivedMs), string(e.PropertiesJson), string(e.TraitsJson),
			string(e.ContextJson), e.GetEnrichment().GetCountry(), e.History, factskit.IdentifierType(e.Event)}
	})
	f.writeOrders(w)
	f.Insert("identity_overrides", "workspace, from_customer_id, to_customer_id, epoch, merged_at", len(w.mappings), func(i int) []any {
		m := w.mappings[i]
		return []any{w.workspace, m.from, m.to, m.epoch, ms(m.at)}
	})
	all := &oracle.Log{}
	for _, e := range w.events {
		all.Add(e.customer, e.Event)
	}
	var rows [][]any
	for _, o := range all.Orders() {
		for i, p := range o.Postings {
			rows = append(rows, []any{w.workspace, p.CustomerId, o.OrderId, ms(p.AtMs), int8(1), p.Orders, p.QuantityMicros, p.SpendMicros, p.Refunds, p.RefundMicros, ms(epoch), int64(i)})
		}
	}
	f.Insert("order_postings", "workspace, customer_id, order_id, occurred_at, sign, orders, quantity_micros, spend_micros, refunds, refund_micros, first_received_at, book_sequence",
		len(rows), func(i int) []any { return rows[i] })
}

func (f facts) writeOrders(w *world) {
	ms := time.UnixMilli
	var rows, items [][]any
	for _, e := range w.events {
		o := e.GetOrder()
		if o == nil {
			continue
		}
		kind := strings.ToLower(strings.TrimPrefix(o.GetKind().String(), "ORDER_KIND_"))
		rows = append(rows, []any{w.workspace, e.EventId, e.customer, order.Identified(e.Event), o.OrderId, kind, o.Currency, o.GetConversion().GetCurrency(),
			o.GetConversion().GetRateE12(), o.GetConversion().GetRateDate(), o.TotalMicros, ms(e.OccurredMs), ms(e.ReceivedMs), e.History})
		for i, x := range o.Items {
			items = append(items, []any{w.workspace, e.EventId, e.customer, o.OrderId, kind, int32(i + 1), x.ProductId, x.Sku, x.Name, decimal.New(x.QuantityMicros, -6),
				x.UnitPriceMicros, x.TotalMicros, o.Currency, ms(e.OccurredMs), ms(e.ReceivedMs)})
		}
	}
	f.Insert("order_events", "workspace, event_id, customer_id, identified, order_id, kind, currency, value_currency, rate_e12, rate_date, total_micros, occurred_at, received_at, history",
		len(rows), func(i int) []any { return rows[i] })
	f.Insert("order_event_items", "workspace, event_id, customer_id, order_id, kind, line, product_id, sku, name, quantity, unit_price_micros, total_micros, currency, occurred_at, received_at",
		len(items), func(i int) []any { return items[i] })
}

func (f facts) reader(c *catalog.Catalog) *Reader {
	return &Reader{ClickHouse: f.Conn, Database: f.Names.Database(schema.DW), Catalog: c, Engine: tally.New(c.Plan())}
}

// read gives the answers by index and customer.
func read(t testing.TB, r *Reader, q Request) map[int][]Answer {
	t.Helper()
	var mu sync.Mutex
	out := map[int][]Answer{}
	err := r.Read(t.Context(), q, func(a Answer) error {
		mu.Lock()
		defer mu.Unlock()
		a.Values = slices.Clone(a.Values)
		out[a.Index] = append(out[a.Index], a)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// drawRows asks for every id at some moments: at those of facts, around them, and anywhere.
func drawRows(t *rapid.T, w *world) []Row {
	moments := map[int64]bool{epoch: true, epoch + 40*day: true}
	for range 6 {
		e := rapid.SampledFrom(w.events).Draw(t, "event")
		at := rapid.SampledFrom([]int64{e.OccurredMs, e.ReceivedMs}).Draw(t, "moment")
		moments[at+rapid.Int64Range(-1, 1).Draw(t, "beside")] = true
	}
	for _, m := range w.mappings {
		moments[m.at], moments[m.at-1] = true, true
	}
	var out []Row
	for at := range maps.Keys(moments) {
		for _, id := range w.ids {
			out = append(out, Row{Customer: id, AtMs: at})
		}
	}
	slices.SortFunc(out, func(a, b Row) int {
		return strings.Compare(fmt.Sprint(a.AtMs%7919, a.Customer), fmt.Sprint(b.AtMs%7919, b.Customer))
	})
	for i := range out {
		out[i].Index = i
	}
	return out
}

// same compares all values.
func same(t testing.TB, c *catalog.Catalog, what string, want, got []catalog.Value) {
	t.Helper()
	if len(got) != len(c.Features) {
		t.Fatalf("%s: %d values of %d", what, len(got), len(c.Features))
	}
	for i := range want {
		if d := cmp.Diff(want[i], got[i]); d != "" {
			g := &c.Features[i]
			t.Fatalf("%s: %s, %s over %q (-want +got):\n%s", what, g.Name, g.Formula(), g.Window.Name, d)
		}
	}
}
