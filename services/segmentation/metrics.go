package segmentation

import (
	"errors"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
)

// metrics are the service's own; package stream and package webhook have theirs. What a
// task counts is counted again when its batch is tried again.
type metrics struct {
	sets         *prometheus.CounterVec // by result
	scores       *prometheus.CounterVec // by result
	transitions  *prometheus.CounterVec // by kind and reason
	alerts       prometheus.Counter
	computations *prometheus.CounterVec // by result
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		sets: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "freshet_segmentation_feature_sets_total",
			Help: "Feature sets read, by result: folded, or old for copies and older ones, which change nothing.",
		}, []string{"result"}),
		scores: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "freshet_segmentation_score_sets_total",
			Help: "Sets of scores read, by result: folded, or old for copies and older ones, which change nothing.",
		}, []string{"result"}),
		transitions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "freshet_segmentation_transitions_total", Help: "Entries and exits, by kind and reason.",
		}, []string{"kind", "reason"}),
		alerts: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "freshet_segmentation_alerts_total", Help: "Transitions that an endpoint hears of.",
		}),
		computations: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "freshet_segmentation_cut_points_total",
			Help: "Computations of the tiers' cut points, by result: published, kept (the present ones still serve) or failed.",
		}, []string{"result"}),
	}
	if reg == nil {
		return m, nil
	}
	var errs []error
	for _, c := range []prometheus.Collector{m.sets, m.scores, m.transitions, m.alerts, m.computations} {
		errs = append(errs, reg.Register(c))
	}
	return m, errors.Join(errs...)
}

// moved counts a transition.
func (m *metrics) moved(in bool, reason segmentationv1.TransitionReason) {
	kind := "exited"
	if in {
		kind = "entered"
	}
	m.transitions.WithLabelValues(kind, strings.ToLower(strings.TrimPrefix(reason.String(), "TRANSITION_REASON_"))).Inc()
}
