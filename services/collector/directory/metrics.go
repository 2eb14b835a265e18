package directory

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics show how the sources file and its keys fare, and what comes of each source. Every label's values are a closed set: sources come
// from the configuration, reasons and codes from Deps.
type metrics struct {
	reloaded, failed prometheus.Counter
	loaded           prometheus.Gauge
	keys             *prometheus.CounterVec
	unknown          prometheus.Counter
	throttled        *prometheus.CounterVec
	events           *prometheus.CounterVec
	notes            *prometheus.CounterVec
	bodies           *prometheus.CounterVec
	plans            planMetrics
	rates            *prometheus.GaugeVec // by workspace

	reasons, codes []string
}

func newMetrics(deps Deps) (*metrics, error) {
	reloads := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "freshet_collector_sources_reload_total",
		Help: "Changes seen of the sources file and the files it names, by result (ok, failed: the sources before it stay)."},
		[]string{"result"})
	m := &metrics{
		reloaded: reloads.WithLabelValues("ok"), failed: reloads.WithLabelValues("failed"),
		loaded: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "freshet_collector_sources_loaded_timestamp_seconds",
			Help: "When the sources in use were loaded, as Unix time."}),
		keys: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "freshet_collector_keys_refused_total",
			Help: "Uses of a write key that does not work, by source and reason (unknown, with no source; revoked, expired, disabled)."},
			[]string{"source", "reason"}),
		throttled: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "freshet_collector_throttled_total",
			Help: "Requests answered 429 because their source was over its rate, or over its share of the process's."},
			[]string{"source"}),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "freshet_collector_events_total",
			Help: "Events made durable, by source, result (accepted, rejected) and reason of a reject."},
			[]string{"source", "result", "reason"}),
		notes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "freshet_collector_notes_total",
			Help: "What of accepted events could not be read, or was read another way than it was written, by source and kind; docs/events.md has the kinds."},
			[]string{"source", "kind"}),
		bodies: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "freshet_collector_bodies_refused_total",
			Help: "Requests of a known source that were refused whole, by source, code of the answer, and whether the body is in events.rejected.v1 (kept: true, false)."},
			[]string{"source", "code", "kept"}),
		plans: newPlanMetrics(), rates: newRatesMetric(), reasons: deps.Reasons, codes: deps.BodyCodes,
	}
	m.unknown = m.keys.WithLabelValues("", Unknown)
	var errs []error
	for _, c := range []prometheus.Collector{reloads, m.loaded, m.keys, m.throttled, m.events, m.notes, m.bodies, m.rates, m.plans.violations, m.plans.stale} {
		errs = append(errs, deps.Metrics.Register(c))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("register the collector's metrics: %w", err)
	}
	return m, nil
}
