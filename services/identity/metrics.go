package identity

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/freshet/freshet/pkg/freshness"
	"github.com/freshet/freshet/services/identity/graph"
)

// metrics of the service. Every label's values are a closed set.
type metrics struct {
	resolved, duplicate, rejected prometheus.Counter
	repeated, reused              prometheus.Counter

	dropped    map[graph.Reason]prometheus.Counter
	asked      prometheus.Counter
	customers  prometheus.Counter
	links      prometheus.Counter
	merges     prometheus.Counter
	malformed  prometheus.Counter
	lag        prometheus.Gauge
	freshness  *freshness.Histogram
	collectors []prometheus.Collector
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{dropped: map[graph.Reason]prometheus.Counter{}}
	events := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "freshet_identity_events_total",
		Help: "Raw events handled, by result: resolved, duplicate (its message id came before) or rejected. A batch that is tried again counts again.",
	}, []string{"result"})
	m.resolved = events.WithLabelValues("resolved")
	m.duplicate = events.WithLabelValues("duplicate")
	m.rejected = events.WithLabelValues("rejected")
	duplicates := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "freshet_identity_duplicates_total",
		Help: "Raw events under a message id that came before, by kind: same_content (a client's retry) or other_content (another event, in events.rejected.v1 as duplicate_id).",
	}, []string{"kind"})
	m.repeated = duplicates.WithLabelValues("same_content")
	m.reused = duplicates.WithLabelValues("other_content")
	dropped := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "freshet_identity_dropped_identifiers_total",
		Help: "Identifiers of events that a guard kept from being linked, by reason. The event itself went on.",
	}, []string{"reason"})
	for _, r := range graph.Reasons() {
		m.dropped[r] = dropped.WithLabelValues(r.String())
	}
	m.collectors = []prometheus.Collector{events, duplicates, dropped}
	m.asked = m.counter("log_appends_total", "Records this process put into identity.log.v1.")
	m.customers = m.counter("customers_total", "Customers made, counted by the merge emitter.")
	m.links = m.counter("links_total", "Identifiers tied to a customer, counted by the merge emitter.")
	m.merges = m.counter("merges_total", "Customer ids merged away, counted by the merge emitter.")
	m.malformed = m.counter("malformed_log_records_total", "Log records that could not be read and were skipped by every replica.")
	m.lag = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "freshet_identity_log_lag_records",
		Help: "Records of identity.log.v1 that this replica has not applied yet."})
	m.collectors = append(m.collectors, m.lag)
	var errs []error
	for _, c := range m.collectors {
		errs = append(errs, reg.Register(c))
	}
	fresh, err := freshness.New(reg)
	m.freshness = fresh
	if err := errors.Join(append(errs, err)...); err != nil {
		return nil, fmt.Errorf("register identity's metrics: %w", err)
	}
	return m, nil
}

func (m *metrics) counter(name, help string) prometheus.Counter {
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: "freshet_identity_" + name, Help: help})
	m.collectors = append(m.collectors, c)
	return c
}

// drop counts what the guards stopped for one event.
func (m *metrics) drop(list []graph.Dropped) {
	for _, d := range list {
		m.dropped[d.Reason].Inc()
	}
}
