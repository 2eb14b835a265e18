// Package oracle computes features the naive way, from a list of all events, for
// tests to hold the tiles and the SQL against. It shares no code with package spec:
// windows, measures and names are written down a second time, as docs/features.md
// states them. What the events of an order make of it is package order's to say, and
// has tests of its own: here it is said of the whole set of events at once, and added up
// by big numbers. It is imported by tests only.
package oracle

import (
	"cmp"
	"math"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/freshet/freshet/pkg/order"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
)

// Log is every event ever accepted, each under the customer it was first addressed
// to, and every merge.
type Log struct {
	events []entry
	seen   map[string]bool
	into   map[string]string
}

type entry struct {
	event    *eventv1.Event
	customer string
}

// Add notes an event; one with an event id seen before is a duplicate and ignored.
func (l *Log) Add(customer string, e *eventv1.Event) {
	if l.seen[e.GetEventId()] {
		return
	}
	if l.seen == nil {
		l.seen = map[string]bool{}
	}
	l.seen[e.GetEventId()] = true
	l.events = append(l.events, entry{event: e, customer: customer})
}

// Merge notes that customer from went into customer to.
func (l *Log) Merge(from, to string) {
	if l.into == nil {
		l.into = map[string]string{}
	}
	l.into[from] = to
}

// Canonical is the customer that id is now part of.
func (l *Log) Canonical(id string) string {
	for l.into[id] != "" {
		id = l.into[id]
	}
	return id
}

// Customers lists the surviving customers that have an event, by id.
func (l *Log) Customers() []string {
	var out []string
	for _, e := range l.events {
		out = append(out, l.Canonical(e.customer))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Features reads the features of a surviving customer at asOf, Unix milliseconds.
func (l *Log) Features(customer string, asOf int64) *featurev1.FeatureSet {
	var mine []*eventv1.Event
	for _, e := range l.events {
		if l.Canonical(e.customer) == customer && e.event.GetOccurredMs() <= asOf {
			mine = append(mine, e.event)
		}
	}
	slices.SortStableFunc(mine, func(a, b *eventv1.Event) int { return cmp.Compare(a.GetOccurredMs(), b.GetOccurredMs()) })
	posted := l.postings(customer, asOf)
	fs := &featurev1.FeatureSet{AsOfMs: asOf}
	at := time.UnixMilli(asOf).UTC()
	const day = 24 * time.Hour
	fs.Windows = []*featurev1.WindowFeatures{
		sum("1h", mine, posted, at.Add(-time.Hour).Truncate(5*time.Minute)),
		sum("24h", mine, posted, at.Add(-day).Truncate(time.Hour)),
		sum("30d", mine, posted, at.Add(-30*day).Truncate(day)),
		sum("90d", mine, posted, at.Add(-90*day).Truncate(day)),
		sum("365d", mine, posted, at.Add(-365*day).Truncate(day)),
		sum("lifetime", mine, posted, time.Time{}),
	}
	for i, e := range mine {
		if i == 0 {
			fs.FirstSeenMs = e.GetOccurredMs()
		}
		fs.LastSeenMs = e.GetOccurredMs()
	}
	for _, p := range posted {
		if p.GetOrders() > 0 {
			if fs.FirstOrderMs == 0 {
				fs.FirstOrderMs = p.GetAtMs()
			}
			fs.LastOrderMs = p.GetAtMs()
		}
	}
	fs.LastEventMs = lastTimes(mine)
	return fs
}

// Orders makes the orders of all events.
func (l *Log) Orders() []*orderv1.Order {
	books := map[string]*orderv1.Book{}
	var ids []string
	for _, e := range l.events {
		kept := order.Of(&eventv1.ResolvedEvent{Event: e.event, CustomerId: e.customer})
		if kept == nil {
			continue
		}
		id := kept.GetOrder().GetOrderId()
		if books[id] == nil {
			books[id] = &orderv1.Book{}
			ids = append(ids, id)
		}
		order.Add(books[id], kept)
	}
	var out []*orderv1.Order
	for _, id := range ids {
		if o := order.Fold("default", id, books[id]); o != nil {
			out = append(out, o)
		}
	}
	return out
}

// postings are what all orders add to a customer up to asOf, by time.
func (l *Log) postings(customer string, asOf int64) []*orderv1.Posting {
	var out []*orderv1.Posting
	for _, o := range l.Orders() {
		for _, p := range o.Postings {
			if l.Canonical(p.GetCustomerId()) == customer && p.GetAtMs() <= asOf {
				out = append(out, p)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b *orderv1.Posting) int { return cmp.Compare(a.GetAtMs(), b.GetAtMs()) })
	return out
}

func sum(name string, events []*eventv1.Event, posted []*orderv1.Posting, from time.Time) *featurev1.WindowFeatures {
	w := &featurev1.WindowFeatures{Window: name}
	for _, e := range events {
		if !time.UnixMilli(e.GetOccurredMs()).Before(from) {
			w.Events++
		}
	}
	var sums [5]big.Int
	for _, p := range posted {
		if time.UnixMilli(p.GetAtMs()).Before(from) {
			continue
		}
		for i, x := range []int64{p.GetOrders(), p.GetQuantityMicros(), p.GetSpendMicros(), p.GetRefunds(), p.GetRefundMicros()} {
			sums[i].Add(&sums[i], big.NewInt(x))
		}
	}
	for i, field := range []*int64{&w.Orders, &w.QuantityMicros, &w.SpendMicros, &w.Refunds, &w.RefundMicros} {
		*field = sums[i].Int64()
		if sums[i].CmpAbs(big.NewInt(math.MaxInt64)) >= 0 {
			*field = int64(sums[i].Sign()) * math.MaxInt64
			w.Saturated = true
		}
	}
	if w.Orders > 0 {
		w.AverageBasketMicros = w.SpendMicros / w.Orders
	}
	return w
}

func lastTimes(events []*eventv1.Event) map[string]int64 {
	last := map[string]int64{}
	for _, e := range events {
		name := e.GetName()
		if e.GetType() != eventv1.EventType_EVENT_TYPE_TRACK {
			name = strings.ToLower(strings.TrimPrefix(e.GetType().String(), "EVENT_TYPE_"))
		}
		last[name] = e.GetOccurredMs() // events come in time order
	}
	names := make([]string, 0, len(last))
	for name := range last {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(last[b], last[a]), strings.Compare(a, b)) })
	for _, name := range names[min(len(names), 64):] {
		delete(last, name)
	}
	if len(last) == 0 {
		return nil
	}
	return last
}
