package board

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	touches *prometheus.CounterVec // by result
	loads   *prometheus.CounterVec // by result
	took    prometheus.Histogram
	serving *prometheus.GaugeVec // by what serves
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		touches: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "freshet_recommendation_board_touches_total",
			Help: "Touches read for the live models, by result: taken, copy, full where the catalogue has no room for the item, or bad where it cannot be read.",
		}, []string{"result"}),
		loads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "freshet_recommendation_model_loads_total", Help: "Tries to load a version of the models, by result: loaded or failed.",
		}, []string{"result"}),
		took: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "freshet_recommendation_model_load_seconds", Help: "How long a version took from its files to serving, the touches since its training included.",
			Buckets: []float64{.05, .2, 1, 5, 15, 30, 60, 180},
		}),
		serving: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "freshet_recommendation_serving", Help: "Workspaces by what serves: champion, an older one because the champion cannot be loaded, or none, which is the live models alone.",
		}, []string{"by"}),
	}
	if reg == nil {
		return m, nil
	}
	var errs []error
	for _, c := range []prometheus.Collector{m.touches, m.loads, m.took, m.serving} {
		errs = append(errs, reg.Register(c))
	}
	return m, errors.Join(errs...)
}
