package intake

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/freshet/freshet/services/collector/store"
)

// metrics of requests and answers. Every label's values are a closed set.
type metrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	ack      prometheus.Histogram
	bytes    prometheus.Counter
	inFlight prometheus.Gauge
}

// The values of the protocol label.
const (
	HTTP = "http"
	GRPC = "grpc"
)

func newMetrics(reg prometheus.Registerer, memory *Budget) (*metrics, error) {
	m := &metrics{
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
	}
	var errs []error
	for _, c := range []prometheus.Collector{m.requests, m.seconds, m.ack, m.bytes, m.inFlight, memory.gauge()} {
		errs = append(errs, reg.Register(c))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("register the collector's metrics: %w", err)
	}
	return m, nil
}

// gauge shows how much of the budget is taken.
func (b *Budget) gauge() prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "freshet_collector_body_memory_bytes",
		Help: "Memory reserved for bodies now; its bound is limits.in_flight_bytes.",
	}, func() float64 { return float64(b.used.Load()) })
}

// Answered counts one request of a protocol, by its status in HTTP.
func (i *Intake) Answered(protocol string, status int, took time.Duration) {
	m := i.metrics
	m.seconds.WithLabelValues(protocol).Observe(took.Seconds())
	if status == http.StatusOK {
		m.requests.WithLabelValues(protocol, "200").Inc()
		return
	}
	m.requests.WithLabelValues(protocol, strconv.Itoa(status)).Inc()
}

// Enter says that a door works on a request, Leave that it does no more.
func (i *Intake) Enter() { i.metrics.inFlight.Inc() }

// Leave follows Enter.
func (i *Intake) Leave() { i.metrics.inFlight.Dec() }

// Read counts bytes of bodies, after decompression.
func (i *Intake) Read(bytes int) { i.metrics.bytes.Add(float64(bytes)) }
