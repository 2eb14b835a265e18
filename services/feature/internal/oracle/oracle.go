// Package oracle computes features from a list of all events, in the plainest way, for tests to hold the stream's state and
// ClickHouse against. It shares with them the reading of an event's members (package expr, which has a proof of its own against ClickHouse) and no
// accumulation and no arithmetic: what docs/features.md says of each aggregate is written down here a second time, by big numbers. What the events of an
// order make of it is package order's to say, and has tests of its own: here it is said of the whole set of events at once. It is imported by tests only.
package oracle

import (
	"cmp"
	"slices"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/order"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
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

// Values are the features of a surviving customer at asOf, Unix milliseconds, by position.
func (l *Log) Values(c *catalog.Catalog, customer string, asOf int64) []catalog.Value {
	var mine []*eventv1.Event
	for _, e := range l.events {
		if l.Canonical(e.customer) == customer {
			mine = append(mine, e.event)
		}
	}
	return Values(c, mine, l.postings(customer, asOf), asOf)
}

// All are the features of every surviving customer that has an event, by id: what Values says of each, with one look at the log.
func (l *Log) All(c *catalog.Catalog, asOf int64) map[string][]catalog.Value {
	events, posted := map[string][]*eventv1.Event{}, map[string][]*orderv1.Posting{}
	for _, e := range l.events {
		id := l.Canonical(e.customer)
		events[id] = append(events[id], e.event)
	}
	for _, o := range l.Orders() {
		for _, p := range o.Postings {
			if id := l.Canonical(p.GetCustomerId()); p.GetAtMs() <= asOf {
				posted[id] = append(posted[id], p)
			}
		}
	}
	out := map[string][]catalog.Value{}
	for id, mine := range events {
		slices.SortStableFunc(posted[id], byTime)
		out[id] = Values(c, mine, posted[id], asOf)
	}
	return out
}

func byTime(a, b *orderv1.Posting) int { return cmp.Compare(a.GetAtMs(), b.GetAtMs()) }

// Known says whether a surviving customer had an event by asOf.
func (l *Log) Known(customer string, asOf int64) bool {
	return slices.ContainsFunc(l.events, func(e entry) bool {
		return l.Canonical(e.customer) == customer && e.event.GetOccurredMs() <= asOf
	})
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
	slices.SortStableFunc(out, byTime)
	return out
}
