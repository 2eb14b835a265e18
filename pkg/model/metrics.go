package model

import (
	"errors"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
)

// metrics say how old models are, how far their customers have drifted, and how trainings end. Labels are the names that the configuration has.
type metrics struct {
	names map[string]bool
	drift *prometheus.GaugeVec
	runs  *prometheus.CounterVec
}

// outcomes are how a run may end.
var outcomes = map[modelv1.RunState]string{
	modelv1.RunState_RUN_STATE_DONE:    "done",
	modelv1.RunState_RUN_STATE_FAILED:  "failed",
	modelv1.RunState_RUN_STATE_SKIPPED: "skipped",
}

func newMetrics(reg prometheus.Registerer, names []string, made func(name string, newest bool) []time.Time, now func() time.Time) (*metrics, error) {
	m := &metrics{
		names: map[string]bool{},
		drift: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "freshet_model_drift_psi", Help: "How far live customers are from those of training, by model: the largest population stability index of a column or of the scores that is more than chance.",
		}, []string{"name"}),
		runs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "freshet_model_runs_total", Help: "Trainings that ended here, by model and outcome: done, failed or skipped.",
		}, []string{"name", "outcome"}),
	}
	serving := &ages{GaugeVec: prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "freshet_model_age_seconds", Help: "Time since the serving model was trained, by model, the oldest of all workspaces; absent while none serves.",
	}, []string{"name"}), names: names, made: func(name string) []time.Time { return made(name, false) }, now: now}
	newest := &ages{GaugeVec: prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "freshet_model_newest_age_seconds", Help: "Time since a training last made a version, by model, the longest of all workspaces where one serves; absent while none does.",
	}, []string{"name"}), names: names, made: func(name string) []time.Time { return made(name, true) }, now: now}
	for _, name := range names {
		m.names[name] = true
		for _, outcome := range outcomes {
			m.runs.WithLabelValues(name, outcome) // 0 from the start, so that the first one is a rise
		}
	}
	if reg == nil {
		return m, nil
	}
	var errs []error
	for _, c := range []prometheus.Collector{serving, newest, m.drift, m.runs} {
		errs = append(errs, reg.Register(c))
	}
	return m, errors.Join(errs...)
}

// ages works out how old models are when it is asked: a process that trains no more shows it all the same.
type ages struct {
	*prometheus.GaugeVec
	names []string
	made  func(string) []time.Time
	now   func() time.Time
}

// Collect implements prometheus.Collector.
func (a *ages) Collect(out chan<- prometheus.Metric) {
	for _, name := range a.names {
		made := a.made(name)
		if len(made) == 0 {
			a.DeleteLabelValues(name)
			continue
		}
		a.WithLabelValues(name).Set(a.now().Sub(slices.MinFunc(made, time.Time.Compare)).Seconds())
	}
	a.GaugeVec.Collect(out)
}

// run counts a run that is over.
func (m *metrics) run(run *modelv1.Run) {
	if m.names[run.GetName()] {
		m.runs.WithLabelValues(run.GetName(), outcomes[run.GetState()]).Inc()
	}
}

// Drifted shows how far the live customers of a model have drifted: see Worst. Of several workspaces show the worst. A name that Config.Names does not have is
// not shown.
func (r *Registry) Drifted(name string, psi float64) {
	if r.metrics.names[name] {
		r.metrics.drift.WithLabelValues(name).Set(psi)
	}
}
