package orderbook

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
)

// Metrics count what the task does. A batch that is tried again counts twice.
type Metrics struct {
	folded, silent, changes, truncated prometheus.Counter

	unvalued *prometheus.CounterVec // by reason
}

// NewMetrics registers the metrics; nil leaves them out.
func NewMetrics(reg prometheus.Registerer) (*Metrics, error) {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: "freshet_orders_" + name, Help: help})
	}
	m := &Metrics{
		folded:    counter("events_folded_total", "Order events that have a say in their order."),
		silent:    counter("events_silent_total", "Order events that say nothing new: repeats, updates without value and lines, events beyond those kept."),
		changes:   counter("changes_total", "Changes of customers told."),
		truncated: counter("truncated_total", "Orders that got more events of a kind than are kept; the others have no say."),
		unvalued: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "freshet_orders_unvalued_total",
			Help: "Sales that became part of no sum of money: no_value (no amount that can be read) or no_rate (no rate to the workspace's currency).",
		}, []string{"reason"}),
	}
	if reg == nil {
		return m, nil
	}
	var errs []error
	for _, c := range []prometheus.Collector{m.folded, m.silent, m.changes, m.truncated, m.unvalued} {
		errs = append(errs, reg.Register(c))
	}
	return m, errors.Join(errs...)
}

// told counts what became of an order.
func (m *Metrics) told(before, now *orderv1.Order) {
	if now.GetTruncated() && !before.GetTruncated() {
		m.truncated.Inc()
	}
	if reason := unvalued(now); reason != "" && reason != unvalued(before) {
		m.unvalued.WithLabelValues(reason).Inc()
	}
}

// unvalued is why a sale is in no sum of money; "" when it is, or is no sale.
func unvalued(o *orderv1.Order) string {
	sold := false
	for _, p := range o.GetPostings() {
		sold = sold || p.GetOrders() > 0
	}
	switch {
	case !sold || o.ValueMicros != nil:
		return ""
	case o.TotalMicros == nil:
		return "no_value"
	}
	return "no_rate"
}
