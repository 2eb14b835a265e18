// Package assembly puts the churn service together out of its rooms: live scoring (package churn), training, the registry of models, warnings, and reasons as
// sentences. freshet-churn and the stack in one process take it from here, so that both serve alike.
//
//	churn --which models serve--> model.Registry <--versions, promotions-- training --> pipeline
//	  |                                                                        ^
//	  +--how live customers look (Tallies), who has partition 0 (Owns) --------+
package assembly

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/errgroup"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/fleet"
	"github.com/freshet/freshet/pkg/forecast"
	"github.com/freshet/freshet/pkg/localstore"
	"github.com/freshet/freshet/pkg/model"
	"github.com/freshet/freshet/pkg/topics"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	"github.com/freshet/freshet/services/churn"
	"github.com/freshet/freshet/services/churn/training"
	"github.com/freshet/freshet/services/churn/warning"
)

// Config is everything that the service can be told.
type Config struct {
	Scoring churn.Config `koanf:",squash"`
	// Training says when models are trained, of what, and which may serve by themselves.
	Training training.Config `koanf:"training"`
}

// Default suits one machine.
func Default() Config { return Config{Scoring: churn.Default(), Training: training.Default()} }

// Validate reports every fault under its key.
func (c Config) Validate() error {
	faults := []error{c.Scoring.Validate()}
	if err := c.Training.Validate(); err != nil {
		faults = append(faults, fmt.Errorf("training.%w", err))
	}
	return errors.Join(faults...)
}

// Deps are what the process gives. All are needed unless said otherwise.
type Deps struct {
	Logger *slog.Logger
	// Metrics takes the metrics; nil leaves them out.
	Metrics prometheus.Registerer
	// Tracer makes spans; nil makes none.
	Tracer trace.Tracer
	// Broker is where feature sets come from and scores go. The topics must exist.
	Broker *broker.Client
	// Memory is what the stores of the whole process share; nil makes one.
	Memory *localstore.Memory
	// Fleet reads what other replicas have. It must run. Nil: this process has all partitions.
	Fleet *fleet.Fleet
	// Identity resolves the customers that requests name.
	Identity identityv1.IdentityServiceClient
	// Features gives what was known at moments of the past, for training.
	Features featurev1.FeatureServiceClient
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Service is the whole of it.
type Service struct {
	*churn.Service
	registry *model.Registry
	trainer  *training.Service
	deps     Deps
}

// New opens the bucket, reads the files and puts the service together. It starts nothing. Close it.
func New(ctx context.Context, cfg Config, deps Deps) (_ *Service, err error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configuration of churn:\n%w", err)
	}
	s := &Service{deps: deps}
	c, set, err := churn.Load(cfg.Scoring)
	if err != nil {
		return nil, err
	}
	var names []string
	for i := range set.Targets {
		names = append(names, set.Targets[i].Name)
	}
	if s.registry, err = model.Open(ctx, model.Config{URL: cfg.Scoring.Bucket, Names: names}, model.Deps{
		Broker: deps.Broker, Logger: deps.Logger, Metrics: deps.Metrics, Now: deps.Now,
	}); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.registry.Close())
		}
	}()
	words, err := newWords(c)
	if err != nil {
		return nil, err
	}
	if s.trainer, err = training.New(cfg.Training, s.training(c, set)); err != nil {
		return nil, err
	}
	s.Service, err = churn.New(cfg.Scoring, churn.Deps{
		Logger: deps.Logger, Metrics: deps.Metrics, Tracer: deps.Tracer, Broker: deps.Broker, Memory: deps.Memory, Fleet: deps.Fleet, Identity: deps.Identity,
		Registry: s.registry, Decode: decode, NewTallies: newTallies, Words: words, Admin: training.Admin{Service: s.trainer}, Now: deps.Now,
		NewWarnings: func(list []forecast.Warning, c *catalog.Catalog) (churn.Warnings, error) { return warning.New(list, c) },
	})
	return s, err
}

// training is what training asks of the others.
func (s *Service) training(c *catalog.Catalog, set *forecast.Set) training.Deps {
	host, _ := os.Hostname() // a name for people; the rest of it is what no other has
	return training.Deps{
		Logger: s.deps.Logger, Registry: s.registry, Learner: training.Pipeline{}, Profile: training.WriteProfile, Drift: s.drift, Features: s.deps.Features, Catalog: c, Forecasts: set,
		Owner: func() bool { return s.Owns(0) }, Name: cmp.Or(host, "churn") + "-" + uuid.NewString()[:8],
		Workspaces: func() []string { return s.Workspaces() }, Published: s.published, Now: s.deps.Now,
	}
}

// published is how many feature sets there ever were.
func (s *Service) published(ctx context.Context) (int64, error) {
	spans, err := s.deps.Broker.Spans(ctx, topics.Features.Name)
	if err != nil {
		return 0, fmt.Errorf("ask how many feature sets there are: %w", err)
	}
	n := int64(0)
	for _, span := range spans {
		n += span.Next
	}
	return n, nil
}

// Run works until ctx ends (nil) or a part fails.
func (s *Service) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.registry.Run(ctx) })
	g.Go(func() error { return s.Service.Run(ctx) })
	g.Go(func() error { return s.trainer.Run(ctx) })
	return g.Wait()
}

// Ready is nil once it scores, and knows which models are live.
func (s *Service) Ready() error { return errors.Join(s.registry.Ready(), s.Service.Ready()) }

// Close gives the bucket back. Run must be over.
func (s *Service) Close() error { return s.registry.Close() }
