// Package assembly puts the recommendation service together out of its rooms. freshet-recommendation and the stack in one process take it from here, so that both
// serve alike.
//
//	events.resolved.v1 --> visitor --touches.v1--> board (models, live) --+
//	                         |                       ^ champion           v
//	                         +--items.changes.v1--> catalogue --items--> recommendation (lists by scenes) --recommendations.v1--> loop --outcomes.v1--> warehouse
//	dw.touches in ClickHouse --> training --versions--> model.Registry
package assembly

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/errgroup"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/fleet"
	"github.com/freshet/freshet/pkg/localstore"
	"github.com/freshet/freshet/pkg/model"
	"github.com/freshet/freshet/pkg/topics"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	"github.com/freshet/freshet/services/recommendation"
	"github.com/freshet/freshet/services/recommendation/board"
	"github.com/freshet/freshet/services/recommendation/catalogue"
	"github.com/freshet/freshet/services/recommendation/experiment"
	"github.com/freshet/freshet/services/recommendation/loop"
	"github.com/freshet/freshet/services/recommendation/need/index"
	"github.com/freshet/freshet/services/recommendation/scene"
	"github.com/freshet/freshet/services/recommendation/training"
	"github.com/freshet/freshet/services/recommendation/visitor"
)

// Topics are those that recommendation reads and writes.
func Topics() []topics.Topic {
	all := slices.Concat(catalogue.Topics(), visitor.Topics(), loop.Topics(), []topics.Topic{topics.Models, topics.Touches, topics.TaskOwners})
	slices.SortFunc(all, func(a, b topics.Topic) int { return cmp.Compare(a.Name, b.Name) })
	return slices.Compact(all)
}

// Deps are what the process gives. All are needed unless said otherwise.
type Deps struct {
	Logger *slog.Logger
	// Metrics takes the metrics; nil leaves them out.
	Metrics prometheus.Registerer
	// ModelMetrics takes the metrics of the registry of models: the same as Metrics, but in a process that has churn's, which are called alike. Nil leaves them out.
	ModelMetrics prometheus.Registerer
	// Tracer makes spans; nil makes none.
	Tracer trace.Tracer
	// Broker is where everything comes from and goes to. The topics must exist.
	Broker *broker.Client
	// Memory is what the stores of the whole process share; nil makes one.
	Memory *localstore.Memory
	// Fleet reads what other replicas have. It must run. Nil: this process has all partitions.
	Fleet *fleet.Fleet
	// Identity resolves the customers that requests name.
	Identity identityv1.IdentityServiceClient
	// ClickHouse is where trainings and reports read. Nil: there are none.
	ClickHouse driver.Conn
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Service is the whole of it.
type Service struct {
	*recommendation.Service
	registry *model.Registry
	items    *catalogue.Service
	visitors *visitor.Service
	loop     *loop.Service
	boards   *board.Boards
	contents *contents
	shelves  *index.Shelves
	trainer  *training.Service // nil without ClickHouse
	deps     Deps
}

// CheckFiles reads the files that a configuration names, and says everything that is wrong with them.
func CheckFiles(c Config) error {
	_, err := scene.Load(c.Answers.Scenes, parseFilter)
	return err
}

// New opens the bucket, reads the files and puts the service together. It starts nothing. Close it.
func New(ctx context.Context, cfg Config, deps Deps) (_ *Service, err error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configuration of recommendation:\n%w", err)
	}
	if err := CheckFiles(cfg); err != nil {
		return nil, err
	}
	cfg = cfg.placed()
	s := &Service{deps: deps, shelves: index.NewShelves()}
	if s.registry, err = model.Open(ctx, model.Config{URL: cfg.Places.Bucket, Names: []string{training.Model}}, model.Deps{
		Broker: deps.Broker, Logger: deps.Logger, Metrics: deps.ModelMetrics, Now: deps.Now,
	}); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.registry.Close())
		}
	}()
	if err := s.rooms(cfg); err != nil {
		return nil, err
	}
	return s, s.answers(cfg)
}

// rooms makes what keeps state.
func (s *Service) rooms(cfg Config) (err error) {
	d := s.deps
	if s.items, err = catalogue.New(cfg.Catalogue, catalogue.Deps{Logger: d.Logger, Metrics: d.Metrics, Tracer: d.Tracer, Broker: d.Broker, Memory: d.Memory, Now: d.Now}); err != nil {
		return err
	}
	s.contents = newContents(s.items)
	if s.visitors, err = visitor.New(cfg.Visitors, visitor.Deps{
		Logger: d.Logger, Metrics: d.Metrics, Tracer: d.Tracer, Broker: d.Broker, Memory: d.Memory, Fleet: d.Fleet, Now: d.Now, Items: s.read(),
	}); err != nil {
		return err
	}
	if s.loop, err = loop.New(cfg.Loop, loop.Deps{
		Logger: d.Logger, Metrics: d.Metrics, Tracer: d.Tracer, Broker: d.Broker, Memory: d.Memory, ClickHouse: d.ClickHouse, DM: cfg.Places.DatabasePrefix + "dm",
		Now: d.Now, Shares: func(_, name string) ([]string, []float64) { return s.shares(name) },
	}); err != nil {
		return err
	}
	if s.boards, err = board.New(cfg.Boards, board.Deps{
		Logger: d.Logger, Metrics: d.Metrics, Broker: d.Broker, Registry: s.registry, Shelf: s.items.Shelf, Decoders: decoders(cfg), Now: d.Now,
	}); err != nil || d.ClickHouse == nil {
		return err
	}
	host, _ := os.Hostname() // a name for people; the rest of it is what no other has
	s.trainer, err = training.New(cfg.Training, training.Deps{
		Logger: d.Logger, Registry: s.registry, Touches: &training.Warehouse{Conn: d.ClickHouse, Database: cfg.Places.DatabasePrefix + "dw"}, Item: s.item,
		Ranking: training.Ranks{Workers: cfg.Training.Cores()}, Extra: s.extra, Owner: func() bool { return s.visitors.Owns(0) },
		Name: cmp.Or(host, "recommendation") + "-" + uuid.NewString()[:8], Workspaces: s.visitors.Workspaces, Now: d.Now,
	})
	return err
}

// answers makes what answers.
func (s *Service) answers(cfg Config) (err error) {
	sources, err := s.sources(cfg)
	if err != nil {
		return err
	}
	deps := recommendation.Deps{
		Logger: s.deps.Logger, Metrics: s.deps.Metrics, Identity: s.deps.Identity, Visitors: s.visitors, Shelf: s.items.Shelf,
		Board:  func(workspace string) recommendation.Board { return s.boards.Of(workspace) },
		Source: sources, Ranker: s.ranker, HideUntil: s.hideUntil, Cycle: s.cycle, Loop: s.loop, Assign: experiment.Assign, ParseFilter: parseFilter,
		Rules: s.rules, Items: s.items, Outcomes: s.loop, Now: s.deps.Now,
	}
	if s.trainer != nil {
		deps.Admin = training.Admin{Service: s.trainer}
	}
	s.Service, err = recommendation.New(cfg.Answers, deps)
	return err
}

// Run works until ctx ends (nil) or a part fails.
func (s *Service) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, run := range []func(context.Context) error{s.registry.Run, s.items.Run, s.visitors.Run, s.loop.Run, s.boards.Run, s.contents.run} {
		g.Go(func() error { return run(ctx) })
	}
	g.Go(func() error { return s.shelves.Run(ctx, time.Second) })
	if s.trainer != nil {
		g.Go(func() error { return s.trainer.Run(ctx) })
	}
	return g.Wait()
}

// Ready is nil once visitors, items and models are known.
func (s *Service) Ready() error {
	return errors.Join(s.registry.Ready(), s.items.Ready(), s.visitors.Ready(), s.loop.Ready(), s.boards.Ready())
}

// Close gives the bucket back. Run must be over.
func (s *Service) Close() error { return s.registry.Close() }
