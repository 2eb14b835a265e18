package feature

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/errgroup"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/fleet"
	"github.com/freshet/freshet/pkg/localstore"
	"github.com/freshet/freshet/pkg/stream"
	"github.com/freshet/freshet/pkg/topics"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	"github.com/freshet/freshet/services/feature/orderbook"
)

// taskName names the consumer group.
const taskName = "feature.state"

// inputs are what the task folds, all keyed by customer id.
var inputs = []topics.Topic{topics.EventsResolved, topics.OrderPostings, topics.IdentityMappings, topics.FeatureHandover}

// Deps are what the process gives. All are needed unless said otherwise.
type Deps struct {
	Logger *slog.Logger
	// Metrics takes the metrics; nil leaves them out.
	Metrics prometheus.Registerer
	// Tracer continues the traces of sampled events; nil makes no spans.
	Tracer trace.Tracer
	// Broker is where everything comes from and goes to. The topics must exist.
	Broker *broker.Client
	// Memory is what the stores of the whole process share; nil makes one of the configured size.
	Memory *localstore.Memory
	// Identity resolves the customers that requests name.
	Identity identityv1.IdentityServiceClient
	// Fleet reads the state of customers whose partitions other replicas have. It must run. Nil: this process has them all.
	Fleet *fleet.Fleet
	// ClickHouse holds the facts that reads with as_of are answered from.
	ClickHouse driver.Conn
	// Now is the clock; nil means time.Now.
	Now func() time.Time

	// given is Now as it was given: package stream checks the machine's own clock, and believes another.
	given func() time.Time
}

// Service keeps features and answers reads. See the package comment.
type Service struct {
	cfg       Config
	deps      Deps
	book      *book
	processor *stream.Processor
	// states is the processor's state, also where other replicas have it.
	states *fleet.Task
	orders *stream.Processor
	// announced is set once the catalogue is on its topic: nothing is published before.
	announced atomic.Bool
	// histories has a place for each request for histories that is being answered.
	histories chan struct{}
	watches   *watches
	// within is how long ClickHouse has for one read: factsWithin, unless a test gives a busy machine longer.
	within  time.Duration
	metrics *metrics
	filler  *filler
	// file is what is to be said of the features file.
	file atomic.Pointer[fileState]
}

// New checks the configuration and registers the metrics; it opens nothing.
func New(cfg Config, deps Deps) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configuration of feature:\n%w", err)
	}
	if deps.given = deps.Now; deps.Now == nil {
		deps.Now = time.Now
	}
	book, err := newBook(cfg.Features)
	if err != nil {
		return nil, err
	}
	m, err := newMetrics(deps.Metrics, deps.Now)
	if err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	if deps.Memory == nil {
		deps.Memory = localstore.NewMemory(cfg.CacheBytes, cfg.CacheBytes)
	}
	s := &Service{cfg: cfg, deps: deps, book: book, histories: make(chan struct{}, maxHistories), within: factsWithin, metrics: m}
	s.filler = newFiller(s)
	s.processor, err = stream.New(stream.Config{
		Name: taskName, Inputs: inputs, Changelog: topics.FeatureChangelog,
		Dir: cfg.Dir, MaxBatch: cfg.MaxBatch, CacheBytes: cfg.CacheBytes / 4 * 3, Pace: cfg.Pace, Hop: 1,
	}, stream.Deps{
		Broker: deps.Broker, Logger: deps.Logger, Metrics: deps.Metrics, Tracer: deps.Tracer, Memory: deps.Memory, Now: deps.given,
		NewHandler: func(partition int) (stream.Handler, error) {
			h := newHandler(book.copy(), m)
			h.inbox = s.filler.box(partition)
			return h, nil
		},
	})
	if err != nil {
		return nil, err
	}
	s.states, s.watches = deps.Fleet.Task(s.processor), newWatches(book.catalog.Layout(), m)
	s.orders, err = newOrders(cfg, deps)
	if err != nil {
		return nil, err
	}
	return s, m.filling(deps.Metrics, s)
}

// newOrders makes the task that keeps the book of orders.
func newOrders(cfg Config, deps Deps) (*stream.Processor, error) {
	m, err := orderbook.NewMetrics(deps.Metrics)
	if err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	return stream.New(stream.Config{
		Name: orderbook.TaskName, Inputs: []topics.Topic{topics.OrderEvents}, Changelog: topics.OrdersChangelog,
		Dir: cfg.Dir, MaxBatch: cfg.MaxBatch, CacheBytes: cfg.CacheBytes / 4, Pace: cfg.Pace, Hop: 2,
	}, stream.Deps{
		Broker: deps.Broker, Logger: deps.Logger, Metrics: deps.Metrics, Tracer: deps.Tracer, Memory: deps.Memory, Now: deps.given,
		NewHandler: func(partition int) (stream.Handler, error) { return orderbook.New(partition, m), nil },
	})
}

// Run works until ctx ends (nil) or a partition cannot go on.
func (s *Service) Run(ctx context.Context) error {
	if err := s.announce(ctx); err != nil {
		return err
	}
	tasks, ctx := errgroup.WithContext(ctx)
	tasks.Go(func() error { return s.orders.Run(ctx) })
	tasks.Go(func() error { return s.processor.Run(ctx) })
	tasks.Go(func() error { return s.states.Run(ctx) })
	tasks.Go(func() error { return s.filler.run(ctx) })
	tasks.Go(func() error { return s.watchFile(ctx) })
	return tasks.Wait()
}

// Ready is nil once every partition of this process is restored.
func (s *Service) Ready() error {
	if !s.announced.Load() {
		return errors.New("the catalogue is not on its topic yet")
	}
	return errors.Join(s.processor.Ready(), s.orders.Ready())
}

// Topics lists every topic that the service reads or writes.
func Topics() []topics.Topic {
	all := []topics.Topic{topics.Features, topics.FeatureCatalogue, topics.FeatureChangelog, topics.TaskOwners, topics.Orders, topics.OrdersChangelog,
		topics.OrderEvents, topics.DeadLetter(topics.OrderEvents)}
	for _, in := range inputs {
		all = append(all, in, topics.DeadLetter(in))
	}
	return all
}
