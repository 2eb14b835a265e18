package segmentation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/errgroup"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/featuretopic"
	"github.com/freshet/freshet/pkg/fleet"
	"github.com/freshet/freshet/pkg/freshness"
	"github.com/freshet/freshet/pkg/localstore"
	"github.com/freshet/freshet/pkg/stream"
	"github.com/freshet/freshet/pkg/topics"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	"github.com/freshet/freshet/services/segmentation/webhook"
)

// Topics are those that segmentation reads and writes.
func Topics() []topics.Topic {
	return []topics.Topic{
		topics.Features, topics.FeatureCatalogue, topics.TaskOwners, topics.DeadLetter(topics.Features), topics.Scores, topics.DeadLetter(topics.Scores), topics.SegmentTransitions, topics.SegmentCutPoints,
		topics.Alerts, topics.AlertsDead, topics.SegmentationChangelog,
	}
}

// Deps are what the process gives. All are needed unless said otherwise.
type Deps struct {
	Logger *slog.Logger
	// Metrics takes the metrics; nil leaves them out.
	Metrics prometheus.Registerer
	// Tracer makes spans; nil makes none.
	Tracer trace.Tracer
	// Broker is where feature sets and scores come from and everything else goes. The topics must exist.
	Broker *broker.Client
	// Memory is what the stores of the whole process share; nil makes one.
	Memory *localstore.Memory
	// Fleet reads what other replicas have. It must run. Nil: this process has all partitions.
	Fleet *fleet.Fleet
	// Identity resolves the customers that requests name, and says whom alerts are about.
	Identity identityv1.IdentityServiceClient
	// Population is what cut points are computed from: NewFacts.
	Population Population
	// Now is the clock; nil means time.Now.
	Now func() time.Time

	// given is Now as it was given: package stream checks the machine's own clock, and believes another.
	given func() time.Time
}

// Service is segmentation. See the package comment.
type Service struct {
	deps      Deps
	book      *book
	board     *board
	processor *stream.Processor
	// states is the processor's state, also where other replicas have it.
	states   *fleet.Task
	webhooks *webhook.Deliverer
	follower *follower
	computer *computer
	// catalogues are what feature sets are read by.
	catalogues *featuretopic.Directory
	// waiting is for how many topics are not read to their end yet.
	waiting atomic.Int32
}

// New reads the rules and secrets and puts the service together. It starts nothing.
func New(cfg Config, deps Deps) (*Service, error) {
	if err := errors.Join(cfg.Validate(), cfg.CutPoints.Validate(), cfg.Webhook.Validate()); err != nil {
		return nil, fmt.Errorf("configuration of segmentation:\n%w", err)
	}
	if deps.given = deps.Now; deps.Now == nil {
		deps.Now = time.Now
	}
	s := &Service{deps: deps, board: &board{}}
	var err error
	if s.book, err = newBook(cfg); err != nil {
		return nil, err
	}
	s.catalogues = featuretopic.New(s.book.names.Catalog.Layout())
	s.waiting.Store(2)
	fresh, err := freshness.New(deps.Metrics)
	if err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	m, err := newMetrics(deps.Metrics)
	if err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	s.webhooks, err = webhook.New(cfg.Webhook, s.book.endpoints, webhook.Deps{
		Broker: deps.Broker, Logger: deps.Logger, People: deps.Identity, Metrics: deps.Metrics, Tracer: deps.Tracer, Now: deps.Now,
	})
	if err != nil {
		return nil, fmt.Errorf("webhook delivery: %w", err)
	}
	s.processor, err = stream.New(stream.Config{
		Name: "segmentation.state", Inputs: []topics.Topic{topics.Features, topics.Scores}, Changelog: topics.SegmentationChangelog,
		Dir: cfg.Dir, Pace: cfg.Pace, Hop: 2,
	}, stream.Deps{
		Broker: deps.Broker, Logger: deps.Logger, Metrics: deps.Metrics, Tracer: deps.Tracer, Memory: deps.Memory, Now: deps.given,
		NewHandler: func(int) (stream.Handler, error) {
			return &task{book: s.book, board: s.board, catalogues: s.catalogues, fresh: fresh, metrics: m, kept: map[uint64]versions{}}, nil
		},
	})
	if err != nil {
		return nil, err
	}
	s.states = deps.Fleet.Task(s.processor)
	s.follower = &follower{broker: deps.Broker, board: s.board, logger: deps.Logger}
	s.computer = &computer{
		cfg: cfg.CutPoints, population: deps.Population, producer: deps.Broker.NewProducer(broker.ProducerConfig{}),
		board: s.board, logger: deps.Logger, metrics: m, now: deps.Now, sizes: s.sizesIfFirst, dir: cfg.Dir, last: map[string]*attempt{},
	}
	return s, nil
}

// Run works until ctx ends (nil) or a part fails. Customers are looked at only once the
// cut points and the catalogues are known.
func (s *Service) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	known := make(chan struct{})
	read := func() {
		if s.waiting.Add(-1) == 0 {
			close(known)
		}
	}
	g.Go(func() error { return s.follower.run(ctx, sync.OnceFunc(read)) })
	g.Go(func() error {
		return s.catalogues.Follow(ctx, s.deps.Broker, s.deps.Logger, "segmentation.catalogues", sync.OnceFunc(read))
	})
	g.Go(func() error {
		select {
		case <-known:
		case <-ctx.Done():
			return nil
		}
		work, ctx := errgroup.WithContext(ctx)
		work.Go(func() error { return s.computer.run(ctx) })
		work.Go(func() error { return s.processor.Run(ctx) })
		work.Go(func() error { return s.states.Run(ctx) })
		work.Go(func() error { return s.webhooks.Run(ctx) })
		return work.Wait()
	})
	return g.Wait()
}

// Ready is nil once the cut points and the catalogues are known and every partition of this process is restored.
func (s *Service) Ready() error {
	if s.waiting.Load() > 0 {
		return errors.New("the cut points, or the catalogues of features, are not read yet")
	}
	return s.processor.Ready()
}
