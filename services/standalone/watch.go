package standalone

import (
	"context"

	"github.com/freshet/freshet/pkg/lifecycle"
	"github.com/freshet/freshet/services/watch"
)

// watch looks from outside how late events are. A breach does not make the process not ready: it takes events and answers all the same, and
// after a long stop there is always a moment in which what was left behind is late. Metrics, the log and the endpoints tell.
func (s *Stack) watch() lifecycle.Component {
	var w *watch.Service
	return lifecycle.Component{
		Name: "watch",
		Start: func(context.Context) (err error) {
			cfg := s.cfg.Watch
			cfg.Collectors = []string{"http://" + s.admin.Addr() + "/metrics"}
			cfg.SourcesFile, cfg.WarehouseGroup = s.sourcesFile(), s.cfg.Warehouse.Group
			cfg.Rules, cfg.Endpoints = s.cfg.Segmentation.Rules, s.cfg.Segmentation.Endpoints
			w, err = watch.New(cfg, watch.Deps{Logger: s.logger.With("service", "watch"), Metrics: s.metrics, Broker: s.broker})
			return err
		},
		Run: func(ctx context.Context) error { return w.Run(ctx) },
	}
}
