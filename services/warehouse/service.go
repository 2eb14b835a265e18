package warehouse

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/retry"
	"github.com/freshet/freshet/services/warehouse/schema"
)

// Deps are what the process gives. All but Now are needed.
type Deps struct {
	Logger  *slog.Logger
	Metrics prometheus.Registerer
	Tracer  trace.Tracer
	// Broker is where facts come from. The topics must exist.
	Broker *broker.Client
	// ClickHouse is where they go. Its user may create databases. At least as many
	// connections as partitions that shall be written at once.
	ClickHouse driver.Conn
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Service writes facts. See the package comment.
type Service struct {
	cfg         Config
	deps        Deps
	store       inserter
	deadLetters *broker.Producer
	metrics     *metrics
	faults      faults
	joined      atomic.Bool
	// offsetsOf lets a test stand between a task and its group.
	offsetsOf func(*broker.Membership) offsets
}

// New checks the configuration and registers the metrics; it opens nothing.
func New(cfg Config, deps Deps) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	m, err := newMetrics(deps.Metrics)
	if err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	return &Service{
		cfg: cfg, deps: deps, metrics: m,
		store:       &store{conn: deps.ClickHouse, names: schema.Names{Prefix: cfg.DatabasePrefix}, timeout: cfg.InsertTimeout},
		deadLetters: deps.Broker.NewProducer(broker.ProducerConfig{}),
		offsetsOf:   func(m *broker.Membership) offsets { return m },
	}, nil
}

// Ready returns nil when the schema is there, the group is joined and no partition
// is held up.
func (s *Service) Ready() error {
	if !s.joined.Load() {
		return errors.New("the consumer group is not joined yet")
	}
	return s.faults.err()
}

// Run brings the schema up to date and writes until ctx ends. It returns an error
// only for what waiting does not mend: a schema that was changed behind its back.
func (s *Service) Run(ctx context.Context) error {
	if err := s.migrate(ctx); err != nil || ctx.Err() != nil {
		return err
	}
	names := make([]string, len(readTopics))
	for i, t := range readTopics {
		names[i] = t.Name
	}
	group := broker.GroupConfig{Group: s.cfg.Group, Topics: names, SessionTimeout: s.cfg.SessionTimeout}
	return s.deps.Broker.RunGroup(ctx, group, s.generation)
}

// migrate waits for ClickHouse.
func (s *Service) migrate(ctx context.Context) error {
	opts := s.cfg.schemaOptions()
	opts.Logger = s.deps.Logger
	pauses := retry.Backoff{First: s.cfg.RetryMax, Most: s.cfg.RetryMax}
	for {
		err := schema.Migrate(ctx, s.deps.ClickHouse, opts)
		if err == nil || ctx.Err() != nil || errors.Is(err, schema.ErrChanged) {
			return err
		}
		s.deps.Logger.WarnContext(ctx, "cannot make the schema; trying again", "error", err)
		if pauses.Wait(ctx) != nil {
			return nil
		}
	}
}

// generation writes all partitions that one generation of the group assigns here.
// The first task that is told its generation is stale ends them all, and the member joins anew.
func (s *Service) generation(ctx context.Context, m *broker.Membership) error {
	s.joined.Store(true)
	defer s.joined.Store(false)
	var once sync.Once
	err := broker.Each(ctx, m.Assigned(), func(taskCtx context.Context, tp broker.TopicPartition) error {
		t := &task{s: s, tp: tp, offsets: s.offsetsOf(m), logger: s.deps.Logger.With("topic", tp.Topic, "partition", tp.Partition)}
		err := t.run(taskCtx)
		if errors.Is(err, broker.ErrStaleMember) {
			once.Do(func() { s.deps.Logger.InfoContext(ctx, "the group has moved on; joining again", "error", err) })
		}
		return err
	})
	if errors.Is(err, broker.ErrStaleMember) {
		return nil
	}
	return err
}
