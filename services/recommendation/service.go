package recommendation

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"time"

	"google.golang.org/grpc"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/catalogue"
	"github.com/freshet/freshet/services/recommendation/scene"
)

// Service answers. It holds no state of its own, but the scenes.
type Service struct {
	cfg     Config
	deps    Deps
	scenes  *scene.Set
	similar map[string]*scene.Plan
	filters filters
	metrics *metrics
}

// New reads the scenes file. It starts nothing.
func New(cfg Config, deps Deps) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configuration of recommendation:\n%w", err)
	}
	set, err := scene.Load(cfg.Scenes, deps.ParseFilter)
	if err != nil {
		return nil, err
	}
	similar, err := similarPlans()
	if err != nil {
		return nil, err
	}
	m, err := newMetrics(deps.Metrics)
	if err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	if cfg.BatchWorkers == 0 {
		cfg.BatchWorkers = runtime.GOMAXPROCS(0)
	}
	deps.fill()
	return &Service{cfg: cfg, deps: deps, scenes: set, similar: similar, metrics: m, filters: filters{parse: deps.ParseFilter}}, nil
}

// fill puts something in the place of what must not be nil.
func (d *Deps) fill() {
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Seed == nil {
		d.Seed = rand.Uint64
	}
	if d.Shelf == nil {
		d.Shelf = func(workspace string) *catalogue.Shelf { return catalogue.NewShelf(workspace, 0) }
	}
}

// Scenes are those that lists are made by.
func (s *Service) Scenes() *scene.Set { return s.scenes }

// Register adds the API to a gRPC server.
func (s *Service) Register(r grpc.ServiceRegistrar) {
	recommendationv1.RegisterRecommendationServiceServer(r, &api{s: s})
}

// api is the gRPC face of the service.
type api struct {
	recommendationv1.UnimplementedRecommendationServiceServer
	s *Service
}
