package loop

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/errgroup"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/localstore"
	"github.com/freshet/freshet/pkg/retry"
	"github.com/freshet/freshet/pkg/stream"
	"github.com/freshet/freshet/pkg/topics"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/loop/arms"
)

// TaskName names the consumer group.
const TaskName = "recommendation.loop"

// inputs are what the task folds.
var inputs = []topics.Topic{topics.Recommendations, topics.RecommendationFeedback, topics.Touches, topics.IdentityMappings, topics.LoopHandover}

// Topics are those that the loop reads and writes.
func Topics() []topics.Topic {
	all := append([]topics.Topic{topics.RecommendationOutcomes, topics.LoopChangelog}, inputs...)
	for _, t := range inputs {
		all = append(all, topics.DeadLetter(t))
	}
	return all
}

// Deps are what the process gives. All are needed unless said otherwise.
type Deps struct {
	Logger *slog.Logger
	// Metrics takes the metrics; nil leaves them out.
	Metrics prometheus.Registerer
	// Tracer makes spans; nil makes none.
	Tracer trace.Tracer
	// Broker must have the topics.
	Broker *broker.Client
	// Memory is what the stores of the whole process share; nil makes one.
	Memory *localstore.Memory
	// ClickHouse is where reports come from. Nil: there are none.
	ClickHouse driver.Conn
	// DM is the name of the database of the layer dm there; empty means dm.
	DM string
	// Shares gives the variants of a scene and their shares, for the check of the sample ratio; nil, or no variants: nothing is checked.
	Shares func(workspace, scene string) (names []string, shares []float64)
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Service is the loop. See the package comment.
type Service struct {
	cfg       Config
	deps      Deps
	metrics   *metrics
	out       producer
	teller    *teller
	arms      *arms.Arms
	processor *stream.Processor
	ids       atomic.Pointer[ids]
	now       func() time.Time
}

// New puts the service together. It starts nothing.
func New(cfg Config, deps Deps) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configuration of recommendation's loop:\n%w", err)
	}
	m, err := newMetrics(deps.Metrics)
	if err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	s := &Service{cfg: cfg, deps: deps, metrics: m, now: deps.Now}
	if s.now == nil {
		s.now = time.Now
	}
	s.arms = arms.New(arms.Config{HalfLife: cfg.HalfLife, Prior: cfg.Prior, Others: cfg.Others, Most: cfg.Arms}, s.now)
	s.out = deps.Broker.NewProducer(broker.ProducerConfig{})
	s.teller = &teller{queue: make(chan *recommendationv1.Answer, cfg.Queue), out: s.out, metrics: m}
	if cfg.Secret != "" {
		s.ids.Store(newIDs([]byte(cfg.Secret)))
	}
	s.processor, err = stream.New(stream.Config{
		Name: TaskName, Inputs: inputs, Changelog: topics.LoopChangelog, Dir: cfg.Dir, Pace: cfg.Pace, Hop: 2,
	}, stream.Deps{
		Broker: deps.Broker, Logger: deps.Logger, Metrics: deps.Metrics, Tracer: deps.Tracer, Memory: deps.Memory, Now: deps.Now,
		NewHandler: func(int) (stream.Handler, error) { return s.newTask(), nil },
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Service) newTask() *task {
	return &task{cfg: s.cfg, metrics: s.metrics, entries: map[string]*entry{}, parse: func(workspace, id string) (string, bool) {
		_, who, ok := s.Parse(workspace, id)
		return who, ok
	}}
}

// Run works until ctx ends (nil) or a part fails. Answers that wait at the end are told before it returns, within flushWithin.
func (s *Service) Run(ctx context.Context) error {
	if err := s.agree(ctx); err != nil {
		return ended(ctx, err)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.processor.Run(ctx) })
	g.Go(func() error { return s.follow(ctx) })
	g.Go(func() error { s.teller.run(ctx); return nil })
	return g.Wait()
}

// agree finds the secret of request ids where none is configured. A broker that is away is waited for.
func (s *Service) agree(ctx context.Context) error {
	var wait retry.Backoff
	for s.ids.Load() == nil {
		id, err := s.deps.Broker.Log(ctx, topics.Recommendations.Name)
		switch {
		case err == nil && id != (broker.LogID{}):
			s.ids.Store(newIDs(id[:]))
		case err == nil:
			return fmt.Errorf("the broker has no topic ids, so there is no secret that all replicas share: set secret for recommendation's loop")
		case !broker.Passing(err):
			return fmt.Errorf("read the id of topic %s, the secret of request ids: %w", topics.Recommendations.Name, err)
		default:
			if err := wait.Wait(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// Ready is nil once request ids can be made and every partition of this process is restored.
func (s *Service) Ready() error {
	if s.ids.Load() == nil {
		return errNotReady
	}
	return s.processor.Ready()
}

// NewRequest makes the id of a list. Empty before Ready, and for who is no customer id.
func (s *Service) NewRequest(workspace, customerID string, nowMs int64) string {
	k := s.ids.Load()
	if k == nil {
		return ""
	}
	return k.make(workspace, customerID, nowMs)
}

// Parse reads a request id of a workspace: when the list was given and to whom. A forged or foreign one is not ok.
func (s *Service) Parse(workspace, id string) (ms int64, customerID string, ok bool) {
	k := s.ids.Load()
	if k == nil {
		return 0, "", false
	}
	return k.parse(workspace, id)
}

// Answered tells that a list was given. It never blocks: it takes the answer, which must not be changed any more, and tells it behind; see the package comment for what can be lost.
func (s *Service) Answered(a *recommendationv1.Answer) { s.teller.answered(a) }
