package behind

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics say that the stages are behind; services/watch reads all but deferred. The label is the stage, one of followers.
type metrics struct {
	needs    *prometheus.GaugeVec
	began    prometheus.Gauge
	most     prometheus.Gauge
	deferred prometheus.Counter
}

func newMetrics() metrics {
	return metrics{
		needs: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "freshet_collector_behind_seconds",
			Help: "About how long a stage needs to catch up with what came to it; absent while it cannot be asked."}, []string{"stage"}),
		began: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "freshet_collector_behind_since_timestamp_seconds",
			Help: "Since when history is answered 429 because a stage is behind, as Unix time; 0 while history is taken."}),
		most: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "freshet_collector_behind_limit_seconds",
			Help: "How long a stage may need to catch up before history has to wait: limits.history_behind; 0: it never waits."}),
		deferred: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "freshet_collector_history_deferred_total", Help: "Requests with history answered 429 because a stage was behind."}),
	}
}

func (m metrics) register(reg prometheus.Registerer) error {
	for _, c := range []prometheus.Collector{m.needs, m.began, m.most, m.deferred} {
		if err := reg.Register(c); err != nil {
			return fmt.Errorf("register the collector's metrics: %w", err)
		}
	}
	return nil
}

// show shows what a look at a stage found.
func (m metrics) show(stage string, s stand, needs time.Duration) {
	if s.unknown {
		m.needs.DeleteLabelValues(stage)
		return
	}
	m.needs.WithLabelValues(stage).Set(needs.Seconds())
}
