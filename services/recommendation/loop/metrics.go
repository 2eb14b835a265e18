package loop

import (
	"errors"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// metrics are the loop's own; package stream has its. What a task counts is counted again when its batch is tried again.
type metrics struct {
	outcomes  *prometheus.CounterVec // by kind
	unmatched prometheus.Counter
	late      prometheus.Counter
	forwarded prometheus.Counter
	answers   *prometheus.CounterVec // by result
	feedback  *prometheus.CounterVec // by result
	arms      prometheus.Gauge
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		outcomes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "freshet_recommendation_outcomes_total", Help: "Outcomes of places of lists, by kind; undone ones are those that were taken back.",
		}, []string{"kind"}),
		unmatched: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "freshet_recommendation_unmatched_total", Help: "Feedback and clicks whose list never came, is too old, or is of no list of this deployment.",
		}),
		late: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "freshet_recommendation_late_answers_total", Help: "Answers that were read when they were too old to become anything.",
		}),
		forwarded: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "freshet_recommendation_loop_forwarded_total", Help: "Records and messages of the loop that were passed on to whom a customer became, or whose a list is.",
		}),
		answers: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "freshet_recommendation_told_total", Help: "Lists that were given, by result: told, or lost because the queue was full, the broker was away at the end, or a list was too large.",
		}, []string{"result"}),
		feedback: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "freshet_recommendation_feedback_total", Help: "Rows of feedback from callers, by result: taken or refused.",
		}, []string{"result"}),
		arms: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "freshet_recommendation_arms", Help: "Items and categories by scene, and by scene and context, whose clicks this process counts for exploration.",
		}),
	}
	if reg == nil {
		return m, nil
	}
	var errs []error
	for _, c := range []prometheus.Collector{m.outcomes, m.unmatched, m.late, m.forwarded, m.answers, m.feedback, m.arms} {
		errs = append(errs, reg.Register(c))
	}
	return m, errors.Join(errs...)
}

// told counts an outcome.
func (m *metrics) told(o *recommendationv1.Outcome) {
	kind := strings.ToLower(strings.TrimPrefix(o.GetKind().String(), "FEEDBACK_KIND_"))
	if o.GetUndone() {
		kind = "undone"
	}
	m.outcomes.WithLabelValues(kind).Inc()
}
