package churn

import (
	"errors"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
)

// metrics are the service's own; package stream has its. What a task counts is counted again when its batch is tried again.
type metrics struct {
	sets  *prometheus.CounterVec // by result
	out   *prometheus.CounterVec // by reason
	swept prometheus.Counter
	loads *prometheus.CounterVec // by result
	seats *prometheus.GaugeVec   // by target and state
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		sets: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "freshet_churn_feature_sets_total",
			Help: "Feature sets read, by result: folded, or old for copies and older ones, which change nothing.",
		}, []string{"result"}),
		out: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "freshet_churn_score_sets_published_total", Help: "Score sets published, by reason.",
		}, []string{"reason"}),
		swept: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "freshet_churn_swept_total", Help: "Customers that a sweep has looked at, of the night or because another model serves.",
		}),
		loads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "freshet_churn_model_loads_total", Help: "Tries to load a version of a model, by result: loaded or failed.",
		}, []string{"result"}),
		seats: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "freshet_churn_serving",
			Help: "Workspaces by target and by what serves: champion, an older one because the champion cannot be loaded, or none.",
		}, []string{"target", "by"}),
	}
	if reg == nil {
		return m, nil
	}
	var errs []error
	for _, c := range []prometheus.Collector{m.sets, m.out, m.swept, m.loads, m.seats} {
		errs = append(errs, reg.Register(c))
	}
	return m, errors.Join(errs...)
}

// told counts a score set.
func (m *metrics) told(reason churnv1.ScoreReason) {
	m.out.WithLabelValues(strings.ToLower(strings.TrimPrefix(reason.String(), "SCORE_REASON_"))).Inc()
}

// serving counts what serves on the boards.
func (m *metrics) serving(b *book, boards map[string]*Board) {
	m.seats.Reset()
	for _, board := range boards {
		for i := range board.Seats {
			by := "none"
			switch s := &board.Seats[i]; {
			case s.Champion != nil && s.Missing == "":
				by = "champion"
			case s.Champion != nil:
				by = "older"
			}
			m.seats.WithLabelValues(b.set.Targets[i].Name, by).Inc()
		}
	}
}
