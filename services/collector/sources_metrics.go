package collector

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// sourcesMetrics show how the sources file and its keys fare.
type sourcesMetrics struct {
	reloaded, failed prometheus.Counter
	loaded           prometheus.Gauge
	keys             *prometheus.CounterVec
	unknown          prometheus.Counter
	throttled        *prometheus.CounterVec
}

func newSourcesMetrics(reg prometheus.Registerer) (*sourcesMetrics, error) {
	reloads := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "freshet_collector_sources_reload_total",
		Help: "Changes seen of the sources file and the files it names, by result (ok, failed: the sources before it stay)."},
		[]string{"result"})
	m := &sourcesMetrics{
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
	}
	m.unknown = m.keys.WithLabelValues("", keyUnknown)
	var errs []error
	for _, c := range []prometheus.Collector{reloads, m.loaded, m.keys, m.throttled} {
		errs = append(errs, reg.Register(c))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("register the collector's metrics: %w", err)
	}
	return m, nil
}

// countersOf makes the counters of a source.
func (s *Service) countersOf(name string) *sourceMetrics {
	m := s.metrics.ofSource(name)
	m.throttled = s.sourcesMetrics.throttled.WithLabelValues(name)
	return m
}
