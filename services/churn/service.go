package churn

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/errgroup"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/featuretopic"
	"github.com/freshet/freshet/pkg/fleet"
	"github.com/freshet/freshet/pkg/forecast"
	"github.com/freshet/freshet/pkg/freshness"
	"github.com/freshet/freshet/pkg/localstore"
	"github.com/freshet/freshet/pkg/stream"
	"github.com/freshet/freshet/pkg/topics"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	"github.com/freshet/freshet/services/churn/row"
)

// TaskName names the consumer group. Who has partition 0 of it trains.
const TaskName = "churn.state"

// Topics are those that churn reads and writes.
func Topics() []topics.Topic {
	return []topics.Topic{
		topics.Features, topics.FeatureCatalogue, topics.TaskOwners, topics.DeadLetter(topics.Features), topics.Scores, topics.Models, topics.ChurnChangelog,
	}
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
	// Registry says which models are live and has their files. It must run. Nil: there are no models.
	Registry Registry
	// Decode reads a model's file. Needed with Registry.
	Decode func([]byte) (Model, error)
	// NewTallies reads a version's profile, and gives what makes empty counts of live customers, whose rows have these columns; nil: nobody counts.
	NewTallies func(profile []byte, columns []row.Column) (func() Tally, error)
	// Models stands in for Registry and Decode where it is given.
	Models Models
	// NewWarnings compiles the early-warning rules.
	NewWarnings func([]forecast.Warning, *catalog.Catalog) (Warnings, error)
	// Words writes reasons as sentences.
	Words Words
	// Admin answers for what is done to models; nil: UNIMPLEMENTED.
	Admin Admin
	// Now is the clock; nil means time.Now.
	Now func() time.Time

	// given is Now as it was given: package stream checks the machine's own clock, and believes another.
	given func() time.Time
}

// Service scores customers and answers for their scores. See the package comment.
type Service struct {
	deps      Deps
	book      *book
	processor *stream.Processor
	// states is the processor's state, also where other replicas have it.
	states *fleet.Task
	// catalogues are what feature sets are read by.
	catalogues *featuretopic.Directory
	loader     *loader // nil with Deps.Models
	warnings   Warnings
	tallies    tallies
	// judges are for reads.
	judges sync.Pool
	// ready is set once the catalogues and the models are known.
	ready      atomic.Bool
	partitions atomic.Int32
}

// New reads the files and puts the service together. It starts nothing.
func New(cfg Config, deps Deps) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configuration of churn:\n%w", err)
	}
	if deps.given = deps.Now; deps.Now == nil {
		deps.Now = time.Now
	}
	b, err := newBook(cfg)
	if err != nil {
		return nil, err
	}
	m, err := newMetrics(deps.Metrics)
	if err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	s := &Service{book: b, catalogues: featuretopic.New(b.catalog.Layout())}
	if s.warnings, err = deps.NewWarnings(b.set.Warnings, b.catalog); err != nil {
		return nil, fmt.Errorf("early warnings: %w", err)
	}
	if deps.Models == nil {
		s.loader = newLoader(cfg, b, deps, m)
		deps.Models = s.loader
	}
	s.deps = deps
	s.judges.New = func() any { return s.newJudge() }
	if s.processor, err = s.newProcessor(cfg, m); err != nil {
		return nil, err
	}
	s.states = deps.Fleet.Task(s.processor)
	return s, nil
}

func (s *Service) newJudge() *judge { return newJudge(s.book, s.deps.Models, s.warnings, s.catalogues) }

// newProcessor makes the task that scores.
func (s *Service) newProcessor(cfg Config, m *metrics) (*stream.Processor, error) {
	fresh, err := freshness.New(s.deps.Metrics)
	if err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	n, err := newNights(cfg)
	if err != nil {
		return nil, err
	}
	return stream.New(stream.Config{
		Name: TaskName, Inputs: []topics.Topic{topics.Features}, Changelog: topics.ChurnChangelog, Dir: cfg.Dir, Pace: cfg.Pace, Hop: 2,
	}, stream.Deps{
		Broker: s.deps.Broker, Logger: s.deps.Logger, Metrics: s.deps.Metrics, Tracer: s.deps.Tracer, Memory: s.deps.Memory, Now: s.deps.given,
		NewHandler: func(partition int) (stream.Handler, error) {
			return &task{
				book: s.book, judge: s.newJudge(), step: cfg.EmitStep, nights: n, partitions: func() int { return int(s.partitions.Load()) },
				fresh: fresh, metrics: m, counts: &counts{partition: partition, all: &s.tallies}, entries: map[string]*entry{},
			}, nil
		},
	})
}

// Run works until ctx ends (nil) or a part fails. Customers are looked at only once the catalogues and the models are known.
func (s *Service) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	known := make(chan struct{})
	g.Go(func() error {
		return s.catalogues.Follow(ctx, s.deps.Broker, s.deps.Logger, "churn.catalogues", sync.OnceFunc(func() { close(known) }))
	})
	if s.loader != nil {
		g.Go(func() error { return s.loader.run(ctx) })
	}
	g.Go(func() error {
		select {
		case <-known:
		case <-ctx.Done():
			return nil
		}
		if s.loader != nil && s.loader.await(ctx) != nil {
			return nil
		}
		n, err := s.processor.Partitions(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		s.partitions.Store(int32(n))
		s.ready.Store(true)
		work, ctx := errgroup.WithContext(ctx)
		work.Go(func() error { return s.processor.Run(ctx) })
		work.Go(func() error { return s.states.Run(ctx) })
		return work.Wait()
	})
	return g.Wait()
}

// Ready is nil once the catalogues and the models are known and every partition of this process is restored.
func (s *Service) Ready() error {
	if !s.ready.Load() {
		return errors.New("the catalogues of features, or which models are live, are not read yet")
	}
	return s.processor.Ready()
}

// Owns says whether this process has a partition of the task now: who has partition 0 trains.
func (s *Service) Owns(partition int) bool { return slices.Contains(s.processor.Owned(), partition) }

// Workspaces are those of whom this process has scored a customer, sorted: of those whose partitions it has, and whom it was asked for.
func (s *Service) Workspaces() []string {
	if s.loader == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(*s.loader.boards.Load()))
}

// Forecasts are what is predicted.
func (s *Service) Forecasts() *forecast.Set { return s.book.set }

// Catalog is the catalogue of features that it is predicted from.
func (s *Service) Catalog() *catalog.Catalog { return s.book.catalog }
