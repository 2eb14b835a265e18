package collector

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/freshet/freshet/services/collector/decode"
	"github.com/freshet/freshet/services/collector/store"
)

// metrics of the collector. Every label's values are a closed set: sources come from the configuration,
// reasons from reject.go, codes from the answers below.
type metrics struct {
	events   *prometheus.CounterVec
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	ack      prometheus.Histogram
	bytes    prometheus.Counter
	inFlight prometheus.Gauge
	plans    planMetrics
	notes    *prometheus.CounterVec
	bodies   *prometheus.CounterVec
	rates    *prometheus.GaugeVec // by workspace
}

// sourceMetrics are the counters of one source, looked up once.
type sourceMetrics struct {
	accepted prometheus.Counter
	rejected map[string]prometheus.Counter // by reason
	// throttled counts its requests answered 429.
	throttled prometheus.Counter
	notes     map[string]prometheus.Counter // by kind
	bodies    bodyMetrics
}

// protocols are the values of the protocol label.
const protocolHTTP, protocolGRPC = "http", "grpc"

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "freshet_collector_events_total",
			Help: "Events made durable, by source, result (accepted, rejected) and reason of a reject."},
			[]string{"source", "result", "reason"}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "freshet_collector_requests_total",
			Help: "Requests answered, by protocol and HTTP status (gRPC answers under the status that HTTP would give)."},
			[]string{"protocol", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "freshet_collector_request_duration_seconds",
			Help: "Time from the request's headers to its answer, by protocol.", Buckets: store.Durations},
			[]string{"protocol"}),
		ack: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "freshet_collector_ack_duration_seconds",
			Help: "Time until one request's events were durable: confirmed by the broker (acks=all), or synced to the spool.", Buckets: store.Durations}),
		bytes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "freshet_collector_body_bytes_total",
			Help: "Bytes of request bodies, after decompression."}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "freshet_collector_requests_in_flight",
			Help: "Requests being worked on now."}),
		plans: newPlanMetrics(),
		notes: newNotesMetric(), bodies: newBodiesMetric(), rates: newRatesMetric(),
	}
	var errs []error
	for _, c := range []prometheus.Collector{m.events, m.requests, m.seconds, m.ack, m.bytes, m.inFlight, m.notes, m.bodies, m.rates, m.plans.violations, m.plans.stale} {
		errs = append(errs, reg.Register(c))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("register the collector's metrics: %w", err)
	}
	return m, nil
}

// notStorable counts an event of a source that the broker turned out to refuse for what it is after it was acknowledged.
func (m *metrics) notStorable(source string) {
	m.events.WithLabelValues(source, "rejected", store.NotStorable).Inc()
}

// memoryGauge shows how much of the budget is taken.
func (s *Service) memoryGauge() prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "freshet_collector_body_memory_bytes",
		Help: "Memory reserved for bodies now; its bound is limits.in_flight_bytes.",
	}, func() float64 { return float64(s.memory.used.Load()) })
}

// ofSource makes the counters of a source, at zero, so that a rate over them is right from the first event.
func (m *metrics) ofSource(name string) *sourceMetrics {
	s := &sourceMetrics{accepted: m.events.WithLabelValues(name, "accepted", ""), rejected: map[string]prometheus.Counter{}, notes: map[string]prometheus.Counter{}}
	s.bodies = newBodyMetrics(m.bodies, name)
	for _, kind := range decode.NoteKinds {
		s.notes[kind] = m.notes.WithLabelValues(name, kind)
	}
	for _, reason := range append(slices.Clone(decode.Reasons), store.NotStorable) {
		s.rejected[reason] = m.events.WithLabelValues(name, "rejected", reason)
	}
	return s
}

// answered counts one request.
func (m *metrics) answered(protocol string, status int, took time.Duration) {
	m.seconds.WithLabelValues(protocol).Observe(took.Seconds())
	if status == http.StatusOK {
		m.requests.WithLabelValues(protocol, "200").Inc()
		return
	}
	m.requests.WithLabelValues(protocol, strconv.Itoa(status)).Inc()
}
