package recommendation

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the reads' own. Scenes are those of the file: a closed set.
type metrics struct {
	answers    *prometheus.CounterVec   // by scene
	degraded   *prometheus.CounterVec   // by what was missing
	took       *prometheus.HistogramVec // by scene
	candidates prometheus.Histogram
	explored   prometheus.Counter
}

// What may be missing.
const (
	noIdentity = "identity"
	noRecord   = "record"
	noModel    = "model"
	thinList   = "list"
)

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		answers: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "freshet_recommendation_answers_total", Help: "Lists given, by scene.",
		}, []string{"scene"}),
		degraded: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "freshet_recommendation_degraded_total",
			Help: "Lists that something was missing for, by what: identity or record, which did not answer in time; model, none is trained; list, a source, a quota or candidates.",
		}, []string{"missing"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "freshet_recommendation_answer_seconds", Help: "Time to make a list, with the reads of who the visitor is, by scene.",
			Buckets: []float64{.0005, .001, .002, .003, .005, .007, .01, .02, .05, .1, .25, 1},
		}, []string{"scene"}),
		candidates: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "freshet_recommendation_candidates", Help: "Different items that the sources of one list proposed.",
			Buckets: []float64{0, 10, 30, 100, 200, 300, 500, 1000, 3000},
		}),
		explored: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "freshet_recommendation_explored_total", Help: "Places of lists given to learn about an item.",
		}),
	}
	if reg == nil {
		return m, nil
	}
	var errs []error
	for _, c := range []prometheus.Collector{m.answers, m.degraded, m.took, m.candidates, m.explored} {
		errs = append(errs, reg.Register(c))
	}
	return m, errors.Join(errs...)
}
