package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/freshet/freshet/services/collector/spool"
)

// Durations are the buckets of what a request waits for, in seconds.
var Durations = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// Metrics say where events become durable and how the spool is.
type Metrics struct {
	from              map[string]prometheus.Counter // acknowledged, by byBroker or bySpool
	appended, drained prometheus.Counter
	// Sync is how long the spool's writes and syncs took, in seconds.
	Sync     prometheus.Histogram
	brokerUp prometheus.Gauge
}

func newMetrics(reg prometheus.Registerer) (*Metrics, error) {
	from := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "freshet_collector_acknowledged_total",
		Help: "Events acknowledged, accepted and refused, by where they were durable then: broker or spool."}, []string{"from"})
	m := &Metrics{
		from: map[string]prometheus.Counter{byBroker: from.WithLabelValues(byBroker), bySpool: from.WithLabelValues(bySpool)},
		appended: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "freshet_collector_spool_appended_total",
			Help: "Events written to the spool."}),
		drained: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "freshet_collector_spool_drained_total",
			Help: "Events brought from the spool to Kafka."}),
		Sync: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "freshet_collector_spool_sync_duration_seconds",
			Help: "Time of one write and sync of the spool, which a group of requests shares.", Buckets: Durations}),
		brokerUp: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "freshet_collector_broker_up",
			Help: "1 while Kafka answers, as asked once a second, else 0."}),
	}
	var errs []error
	for _, c := range []prometheus.Collector{from, m.appended, m.drained, m.Sync, m.brokerUp} {
		errs = append(errs, reg.Register(c))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("register the store's metrics: %w", err)
	}
	return m, nil
}

// Acknowledged notes where a request's events became durable, in the counters and on its span.
func (st *Store) Acknowledged(ctx context.Context, r Receipt, events int) {
	st.Metrics.from[r.by].Add(float64(events))
	if span := trace.SpanFromContext(ctx); span.IsRecording() {
		span.SetAttributes(attribute.String("freshet.acknowledged_from", r.by))
	}
}

// quarantined counts events that were acknowledged from the spool and then refused by the broker for what they are.
func (st *Store) quarantined(list []Unstorable) {
	for _, u := range list {
		if u.Source != "" {
			st.notStorable(u.Source)
		}
	}
}

// gauges show the spool as it is when somebody looks.
func (st *Store) gauges() []prometheus.Collector {
	value := func(of func(spool.Stats) float64) func() float64 {
		return func() float64 {
			if log := st.log.Load(); log != nil {
				return of(log.Stats())
			}
			return 0
		}
	}
	return []prometheus.Collector{
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "freshet_collector_spool_bytes",
			Help: "Size of the spool's files.",
		}, value(func(s spool.Stats) float64 { return float64(s.Bytes) })),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "freshet_collector_spool_capacity_bytes",
			Help: "What the spool's files may take: spool.max_bytes, 0 without a spool.",
		}, value(func(s spool.Stats) float64 { return float64(s.Capacity) })),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "freshet_collector_spool_events",
			Help: "Events in the spool that Kafka does not have yet.",
		}, value(func(s spool.Stats) float64 { return float64(s.Events) })),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "freshet_collector_spool_oldest_age_seconds",
			Help: "How long the oldest event in the spool has waited; 0 when there is none.",
		}, value(func(s spool.Stats) float64 {
			if s.Oldest.IsZero() {
				return 0
			}
			return max(time.Since(s.Oldest), 0).Seconds()
		})),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "freshet_collector_spool_damaged_frames_total",
			Help: "Frames (requests) in the spool that could not be read; their bytes are in .damaged files.",
		}, value(func(s spool.Stats) float64 { return float64(s.DamagedFrames) })),
	}
}
