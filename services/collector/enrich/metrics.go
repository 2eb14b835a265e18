package enrich

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics of enrichment; every label's values are a closed set.
type metrics struct {
	agents     *prometheus.CounterVec
	bots       *prometheus.CounterVec
	geoReloads *prometheus.CounterVec
	geoBuilt   prometheus.Gauge
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		agents: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "freshet_collector_user_agents_total",
			Help: "User agents read, by result: cached, parsed, or skipped because too many new ones came within a second."},
			[]string{"result"}),
		bots: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "freshet_collector_bot_events_total",
			Help: "Events marked as a bot's, by source. They are taken like any other."},
			[]string{"source"}),
		geoReloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "freshet_collector_geo_reloads_total",
			Help: "Changes of the geo file noticed, by result (ok, failed). After a failed one the old file stays in use."},
			[]string{"result"}),
		geoBuilt: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "freshet_collector_geo_build_timestamp_seconds",
			Help: "When the geo file in use was made, Unix time; 0 without one."}),
	}
	var errs []error
	for _, c := range []prometheus.Collector{m.agents, m.bots, m.geoReloads, m.geoBuilt} {
		errs = append(errs, reg.Register(c))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("register the metrics of enrichment: %w", err)
	}
	for _, result := range []string{"ok", "failed"} {
		m.geoReloads.WithLabelValues(result)
	}
	return m, nil
}
