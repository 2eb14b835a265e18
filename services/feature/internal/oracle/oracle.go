// Package oracle computes features the naive way, from a list of all events, for
// tests to hold the tiles and the SQL against. It shares no code with package spec:
// windows, measures and names are written down a second time, as docs/features.md
// states them. It is imported by tests only.
package oracle

import (
	"cmp"
	"slices"
	"strings"
	"time"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
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
	fs := &featurev1.FeatureSet{AsOfMs: asOf}
	at := time.UnixMilli(asOf).UTC()
	const day = 24 * time.Hour
	fs.Windows = []*featurev1.WindowFeatures{
		sum("1h", mine, at.Add(-time.Hour).Truncate(5*time.Minute)),
		sum("24h", mine, at.Add(-day).Truncate(time.Hour)),
		sum("30d", mine, at.Add(-30*day).Truncate(day)),
		sum("90d", mine, at.Add(-90*day).Truncate(day)),
		sum("365d", mine, at.Add(-365*day).Truncate(day)),
		sum("lifetime", mine, time.Time{}),
	}
	for i, e := range mine {
		if i == 0 {
			fs.FirstSeenMs = e.GetOccurredMs()
		}
		fs.LastSeenMs = e.GetOccurredMs()
		if e.GetOrder().GetKind() == eventv1.OrderKind_ORDER_KIND_COMPLETED {
			if fs.FirstOrderMs == 0 {
				fs.FirstOrderMs = e.GetOccurredMs()
			}
			fs.LastOrderMs = e.GetOccurredMs()
		}
	}
	fs.LastEventMs = lastTimes(mine)
	return fs
}

func sum(name string, events []*eventv1.Event, from time.Time) *featurev1.WindowFeatures {
	w := &featurev1.WindowFeatures{Window: name}
	for _, e := range events {
		if time.UnixMilli(e.GetOccurredMs()).Before(from) {
			continue
		}
		w.Events++
		o := e.GetOrder()
		switch o.GetKind() {
		case eventv1.OrderKind_ORDER_KIND_COMPLETED:
			w.Orders++
			w.SpendMicros += o.GetTotalMicros()
			for _, item := range o.GetItems() {
				w.QuantityMicros += item.GetQuantityMicros()
			}
		case eventv1.OrderKind_ORDER_KIND_REFUNDED:
			w.Refunds++
			if o.GetTotalMicros() < 0 {
				w.RefundMicros -= o.GetTotalMicros()
			} else {
				w.RefundMicros += o.GetTotalMicros()
			}
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
