package catalogue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/errgroup"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/localstore"
	"github.com/freshet/freshet/pkg/stream"
	"github.com/freshet/freshet/pkg/topics"
)

// TaskName names the consumer group.
const TaskName = "recommendation.items"

// Topics are those that the catalogue reads and writes.
func Topics() []topics.Topic {
	return []topics.Topic{topics.ItemChanges, topics.DeadLetter(topics.ItemChanges), topics.Items, topics.ItemsChangelog}
}

// Deps are what the process gives. Logger and Broker are needed.
type Deps struct {
	Logger *slog.Logger
	// Metrics takes the metrics; nil leaves them out.
	Metrics prometheus.Registerer
	// Tracer makes spans; nil makes none.
	Tracer trace.Tracer
	// Broker is where changes go and items come from. The topics must exist.
	Broker *broker.Client
	// Memory is what the stores of the whole process share; nil makes one.
	Memory *localstore.Memory
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Service is the catalogue of one process. See the package comment.
type Service struct {
	deps      Deps
	sources   Sources
	shelves   *shelves
	metrics   *metrics
	processor *stream.Processor
	out       *broker.Producer
	caughtUp  atomic.Bool
	last      atomic.Int64 // the time of the last upsert of this process
}

// New puts the catalogue together. It starts nothing.
func New(cfg Config, deps Deps) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configuration of the catalogue:\n%w", err)
	}
	given := deps.Now // package stream checks the machine's own clock, and believes another
	if deps.Now == nil {
		deps.Now = time.Now
	}
	s := &Service{
		deps: deps, sources: NewSources(cfg.CatalogueSources...), shelves: &shelves{most: cfg.MostItems, of: map[string]*Shelf{}},
		out: deps.Broker.NewProducer(broker.ProducerConfig{}),
	}
	var err error
	if s.metrics, err = newMetrics(deps.Metrics, s.shelves); err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	s.processor, err = stream.New(stream.Config{
		Name: TaskName, Inputs: []topics.Topic{topics.ItemChanges}, Changelog: topics.ItemsChangelog, Dir: cfg.Dir, Pace: cfg.Pace,
	}, stream.Deps{
		Broker: deps.Broker, Logger: deps.Logger, Metrics: deps.Metrics, Tracer: deps.Tracer, Memory: deps.Memory, Now: given,
		NewHandler: func(int) (stream.Handler, error) { return &task{metrics: s.metrics}, nil },
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Run works until ctx ends (nil) or a part fails.
func (s *Service) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.processor.Run(ctx) })
	g.Go(func() error { return s.follow(ctx) })
	return g.Wait()
}

// Ready is nil once the items of before the start are on the shelves, and every partition of this process is restored.
func (s *Service) Ready() error {
	if !s.caughtUp.Load() {
		return errors.New("the items are not read to their end yet")
	}
	return s.processor.Ready()
}

// Shelf has the items of a workspace; an empty one where nobody has named the workspace.
func (s *Service) Shelf(workspace string) *Shelf {
	return s.shelves.shelf(customer.Workspace(workspace))
}

// Workspaces are those of which there is a shelf.
func (s *Service) Workspaces() []string { return s.shelves.names() }

// Sources says whose events speak for the catalogue.
func (s *Service) Sources() Sources { return s.sources }
