package watch

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics show what was found. Labels are the stages, grades and causes of this package, and the endpoints' names.
type metrics struct {
	age      *prometheus.GaugeVec
	line     *prometheus.GaugeVec
	lag      *prometheus.GaugeVec
	breached *prometheus.GaugeVec
	looks    *prometheus.CounterVec
	notices  *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		age: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "freshet_freshness_age_seconds",
			Help: "Age of the oldest live event that is not through a stage, 0 when there is none; absent while the stage cannot be seen.",
		}, []string{"stage", "grade"}),
		line: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "freshet_freshness_line_seconds",
			Help: "How old a live event may become before a stage.",
		}, []string{"stage", "grade"}),
		lag: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "freshet_freshness_lag_records",
			Help: "Records that wait before a stage, history included; absent while the stage cannot be seen.",
		}, []string{"stage"}),
		breached: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "freshet_freshness_breached",
			Help: "1 while a breach is open, else 0, by stage, grade and cause (late, unseen, behind, failed, old).",
		}, []string{"stage", "grade", "cause"}),
		looks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "freshet_freshness_looks_total",
			Help: "Looks at a stage, by result: seen or unseen. One that does not grow says that nobody watches.",
		}, []string{"stage", "result"}),
		notices: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "freshet_freshness_notices_total",
			Help: "Attempts to tell of a breach or its end, by endpoint and result: delivered, refused, dropped, given_up.",
		}, []string{"endpoint", "result"}),
	}
	if reg == nil {
		return m, nil
	}
	var faults []error
	for _, c := range []prometheus.Collector{m.age, m.line, m.lag, m.breached, m.looks, m.notices} {
		faults = append(faults, reg.Register(c))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("register the watch's metrics: %w", err)
	}
	return m, nil
}

// seen shows what a look at a stage found.
func (m *metrics) seen(stage string, r reading, states []state) {
	if r.err != nil {
		m.hidden(stage)
	} else {
		m.looks.WithLabelValues(stage, "seen").Inc()
		if stage != stageBroker { // nothing waits before it
			m.lag.WithLabelValues(stage).Set(float64(r.lag))
		}
	}
	for _, s := range states {
		if s.cause == late && r.err == nil {
			m.age.WithLabelValues(stage, string(s.grade)).Set(max(s.age, 0).Seconds())
			m.line.WithLabelValues(stage, string(s.grade)).Set(s.line.Seconds())
		}
	}
}

// breaches shows which are open.
func (m *metrics) breaches(states []state, open map[key]*breach) {
	for _, s := range states {
		on := 0.0
		if open[s.key] != nil {
			on = 1
		}
		m.breached.WithLabelValues(s.stage, string(s.grade), string(s.cause)).Set(on)
	}
}

// hidden takes away numbers that are not known any more.
func (m *metrics) hidden(stage string) {
	m.looks.WithLabelValues(stage, "unseen").Inc()
	m.lag.DeleteLabelValues(stage)
	m.age.DeletePartialMatch(prometheus.Labels{"stage": stage})
}
