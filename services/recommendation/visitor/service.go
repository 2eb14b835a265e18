package visitor

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/errgroup"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/fleet"
	"github.com/freshet/freshet/pkg/localstore"
	"github.com/freshet/freshet/pkg/stream"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// TaskName names the consumer group. Who has partition 0 of it trains.
const TaskName = "recommendation.visitors"

// inputs are what the task folds, all keyed by customer id.
var inputs = []topics.Topic{
	topics.EventsResolved, topics.IdentityMappings, topics.VisitorHandover, topics.SegmentTransitions, topics.RecommendationFeedback,
}

// Topics are those that the task reads and writes.
func Topics() []topics.Topic {
	all := []topics.Topic{topics.Touches, topics.ItemChanges, topics.TaskOwners, topics.VisitorsChangelog}
	for _, in := range inputs {
		all = append(all, in, topics.DeadLetter(in))
	}
	return all
}

// Items is what the catalogue of items reads out of events; what is nil is left out. All are pure but Knows, which may be out of date.
type Items struct {
	// Changes is what an event says of items. feeder says that the customer has upserted items before.
	Changes func(e *eventv1.ResolvedEvent, feeder bool) []*recommendationv1.ItemChange
	// MayFeed says whether Changes is to be believed of an event; nil: of any.
	MayFeed func(e *eventv1.ResolvedEvent) bool
	// Seen is what an event that is about no change lets on of the items it names.
	Seen func(e *eventv1.ResolvedEvent) []*recommendationv1.ItemChange
	// Knows says that a change of Seen is no news; nil: all are.
	Knows func(c *recommendationv1.ItemChange) bool
}

// Deps are what the process gives. All are needed unless said otherwise.
type Deps struct {
	Logger *slog.Logger
	// Metrics takes the metrics; nil leaves them out.
	Metrics prometheus.Registerer
	// Tracer continues the traces of sampled events; nil makes no spans.
	Tracer trace.Tracer
	// Broker is where everything comes from and goes to. The topics must exist.
	Broker *broker.Client
	// Memory is what the stores of the whole process share; nil makes one.
	Memory *localstore.Memory
	// Fleet reads what other replicas have. It must run. Nil: this process has all partitions.
	Fleet *fleet.Fleet
	// Items is what the catalogue of items reads out of events.
	Items Items
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Service keeps what visitors touched. See the package comment.
type Service struct {
	consent   consent
	processor *stream.Processor
	// states is the processor's state, also where other replicas have it.
	states *fleet.Task
}

// New checks the configuration and puts the service together. It starts nothing.
func New(cfg Config, deps Deps) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configuration of visitors:\n%w", err)
	}
	m, err := newMetrics(deps.Metrics)
	if err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	s := &Service{consent: newConsent(cfg)}
	s.processor, err = stream.New(stream.Config{
		Name: TaskName, Inputs: inputs, Changelog: topics.VisitorsChangelog, Dir: cfg.Dir, Pace: cfg.Pace, Hop: 1,
	}, stream.Deps{
		Broker: deps.Broker, Logger: deps.Logger, Metrics: deps.Metrics, Tracer: deps.Tracer, Memory: deps.Memory, Now: deps.Now,
		NewHandler: func(partition int) (stream.Handler, error) {
			return newTask(partition, s.consent, deps.Items, m), nil
		},
	})
	if err != nil {
		return nil, err
	}
	s.states = deps.Fleet.Task(s.processor)
	return s, nil
}

func newTask(partition int, c consent, items Items, m *metrics) *task {
	return &task{partition: partition, consent: c, items: items, metrics: m, entries: map[string]*entry{},
		random: func(b []byte) { _, _ = rand.Read(b) }} // it never fails
}

// Run works until ctx ends (nil) or a partition cannot go on.
func (s *Service) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.processor.Run(ctx) })
	g.Go(func() error { return s.states.Run(ctx) })
	return g.Wait()
}

// Ready is nil once every partition of this process is restored.
func (s *Service) Ready() error { return s.processor.Ready() }

// Owns says whether this process has a partition of the task now.
func (s *Service) Owns(partition int) bool { return slices.Contains(s.processor.Owned(), partition) }

// Workspaces are those that have visitors in the partitions of this process, sorted. A partition that goes to another process meanwhile is left out.
func (s *Service) Workspaces() []string {
	found := map[string]bool{}
	for _, p := range s.processor.Owned() {
		v, err := s.processor.View(p)
		if err != nil {
			continue
		}
		_ = v.Scan([]byte(prefixWorkspace), nil, func(key, _ []byte) (bool, error) {
			found[strings.TrimPrefix(string(key), prefixWorkspace)] = true
			return true, nil
		})
	}
	return slices.Sorted(maps.Keys(found))
}
