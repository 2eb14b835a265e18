package identity

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/errgroup"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/localstore"
	"github.com/freshet/freshet/pkg/stream"
	"github.com/freshet/freshet/pkg/topics"
	"github.com/freshet/freshet/services/identity/graph"
)

// Deps are what the process gives. All but Tracer and Now are needed.
type Deps struct {
	Logger  *slog.Logger
	Metrics prometheus.Registerer
	// Tracer continues the traces of sampled events; nil makes no spans.
	Tracer trace.Tracer
	// Broker is where everything comes from and goes to. The topics must exist.
	Broker *broker.Client
	// Memory is what the stores of the whole process share; nil makes one of the configured size.
	Memory *localstore.Memory
	// Now is the clock; nil means time.Now.
	Now func() time.Time

	// given is Now as it was given: package stream checks the machine's own clock, and believes another.
	given func() time.Time
}

// Service resolves events and answers who is who. See the package comment.
type Service struct {
	resolver *resolver
	events   *stream.Processor
	merges   *stream.Processor
}

// New checks the configuration and registers the metrics; it opens nothing.
func New(cfg Config, deps Deps) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if deps.given = deps.Now; deps.Now == nil {
		deps.Now = time.Now
	}
	m, err := newMetrics(deps.Metrics)
	if err != nil {
		return nil, err
	}
	if deps.Memory == nil {
		deps.Memory = localstore.NewMemory(cfg.StateBytes(), cfg.StateBytes())
	}
	s := &Service{resolver: newResolver(cfg, deps, m)}
	log := &logWriter{broker: deps.Broker, metrics: m}
	filters := newFilterBudget(cfg.SeenCacheBytes/3, func() []int { return s.events.Owned() })
	s.events, err = newProcessor(cfg, deps, stream.Config{
		Name: taskName, Inputs: []topics.Topic{topics.EventsRaw}, Changelog: topics.IdentityChangelog, CacheBytes: cfg.seenBytes(),
	}, func(partition int) (stream.Handler, error) {
		return &task{resolver: s.resolver, log: log, metrics: m, logger: deps.Logger, now: deps.Now, seen: newSeen(partition, filters)}, nil
	})
	if err != nil {
		return nil, err
	}
	s.merges, err = newProcessor(cfg, deps, stream.Config{
		Name: mergesName, Inputs: []topics.Topic{topics.IdentityLog}, Changelog: topics.IdentityMergeChangelog, Hop: 1,
		CacheBytes: cfg.mergeBytes(), // it sees only what is new, not every event
	}, func(int) (stream.Handler, error) {
		return &emitter{graph: graph.New(graph.DefaultLimits()), metrics: m}, nil
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

func newProcessor(cfg Config, deps Deps, what stream.Config, handler func(int) (stream.Handler, error)) (*stream.Processor, error) {
	what.Dir, what.MaxBatch, what.Pace = cfg.Dir, cfg.MaxBatch, cfg.Pace
	return stream.New(what, stream.Deps{
		Broker: deps.Broker, Logger: deps.Logger, Metrics: deps.Metrics, Tracer: deps.Tracer, Memory: deps.Memory, Now: deps.given, NewHandler: handler,
	})
}

// Run works until ctx ends (nil) or a part cannot go on. The tasks start when the
// resolver has read its log, and it follows the log until they have finished the
// batch in hand.
func (s *Service) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	following, stopFollowing := context.WithCancel(context.WithoutCancel(ctx))
	g.Go(func() error { return s.resolver.Run(following) })
	g.Go(func() error {
		defer stopFollowing()
		return s.runTasks(ctx)
	})
	return g.Wait()
}

func (s *Service) runTasks(ctx context.Context) error {
	if err := s.resolver.WaitCurrent(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // told to stop, or the resolver failed and reports it itself
		}
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.events.Run(ctx) })
	g.Go(func() error { return s.merges.Run(ctx) })
	return g.Wait()
}

// Ready is nil when events are resolved and questions answered.
func (s *Service) Ready() error {
	return errors.Join(s.resolver.Ready(), s.events.Ready(), s.merges.Ready())
}

// Topics lists every topic that the service reads or writes.
func Topics() []topics.Topic {
	return []topics.Topic{
		topics.EventsRaw, topics.EventsRejected, topics.EventsResolved, topics.OrderEvents,
		topics.IdentityLog, topics.IdentityMappings, topics.IdentityChangelog, topics.IdentityMergeChangelog,
		topics.DeadLetter(topics.EventsRaw), topics.DeadLetter(topics.IdentityLog),
	}
}
