package visitor

import (
	"errors"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// metrics of the visitors task. What is counted in a batch that is tried again is counted again.
type metrics struct {
	events    *prometheus.CounterVec // by result
	touches   *prometheus.CounterVec // by kind and by whom
	forwarded prometheus.Counter
	merged    prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "freshet_recommendation_visitor_events_total", Help: "Events read of visitors, by result: folded, or bot for those that a bot made.",
		}, []string{"result"}),
		touches: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "freshet_recommendation_touches_total", Help: "Touches told, by kind, and by whom: visitor, or visit where the visitor does not consent to a profile.",
		}, []string{"kind", "by"}),
		forwarded: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "freshet_recommendation_visitors_forwarded_total", Help: "Records passed on because their visitor was merged away.",
		}),
		merged: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "freshet_recommendation_visitors_merged_total", Help: "Visitors' pasts that were joined to another's.",
		}),
	}
	if reg == nil {
		return m, nil
	}
	var errs []error
	for _, c := range []prometheus.Collector{m.events, m.touches, m.forwarded, m.merged} {
		errs = append(errs, reg.Register(c))
	}
	return m, errors.Join(errs...)
}

func (m *metrics) told(t *recommendationv1.Touch) {
	by := "visitor"
	if t.GetAnonymous() {
		by = "visit"
	}
	m.touches.WithLabelValues(strings.ToLower(strings.TrimPrefix(t.GetKind().String(), "TOUCH_KIND_")), by).Inc()
}
