package fleet

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics say who reads what where.
type metrics struct {
	keys, given, refusals, moving *prometheus.CounterVec
	seconds                       *prometheus.HistogramVec
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "freshet_fleet_" + name, Help: help}, labels)
	}
	m := &metrics{
		keys:     counter("keys_total", "Keys read for callers of this replica, by task and where they were: here or there, at another replica.", "task", "from"),
		given:    counter("served_total", "Keys given to other replicas, by task.", "task"),
		refusals: counter("refused_total", "Requests to other replicas that were not answered, by task and reason: moved or unreachable.", "task", "reason"),
		moving:   counter("moving_total", "Reads that ended with UNAVAILABLE because no replica had the partition, by task.", "task"),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "freshet_fleet_ask_seconds", Help: "Time until another replica answered, by task.",
			Buckets: []float64{.00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5},
		}, []string{"task"}),
	}
	if reg == nil {
		return m, nil
	}
	var errs []error
	for _, c := range []prometheus.Collector{m.keys, m.given, m.refusals, m.moving, m.seconds} {
		errs = append(errs, reg.Register(c))
	}
	return m, errors.Join(errs...)
}

func (m *metrics) read(task, from string, n int) { m.keys.WithLabelValues(task, from).Add(float64(n)) }
func (m *metrics) served(task string, n int)     { m.given.WithLabelValues(task).Add(float64(n)) }
func (m *metrics) refused(task, reason string)   { m.refusals.WithLabelValues(task, reason).Inc() }
func (m *metrics) nowhere(task string)           { m.moving.WithLabelValues(task).Inc() }
func (m *metrics) asked(task string, d time.Duration) {
	m.seconds.WithLabelValues(task).Observe(d.Seconds())
}
