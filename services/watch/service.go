package watch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/freshet/freshet/pkg/broker"
)

// lookWithin is how long the broker may take for one answer, and a stage for all of its own.
const lookWithin = 10 * time.Second

// Deps are what the process gives.
type Deps struct {
	// Logger and Broker are needed. The broker need not be there: that it is not is one of the things to tell.
	Logger *slog.Logger
	Broker *broker.Client
	// Metrics takes the metrics; nil leaves them out.
	Metrics prometheus.Registerer
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Service watches. See the package comment.
type Service struct {
	cfg     Config
	deps    Deps
	eyes    []*eye
	spools  *spools
	grades  *grades
	models  *models
	teller  *teller
	metrics *metrics
	looked  atomic.Bool

	mu       sync.Mutex // guards what a look changes, for Ready
	book     *book
	breaches []string
}

// New reads the rules, the sources and the endpoints' secrets. It starts nothing.
func New(cfg Config, deps Deps) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configuration of the watch:\n%w", err)
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	targets, err := readTargets(cfg)
	if err != nil {
		return nil, fmt.Errorf("endpoints of the watch: %w", err)
	}
	m, err := newMetrics(deps.Metrics)
	if err != nil {
		return nil, err
	}
	s := &Service{
		cfg: cfg, deps: deps, metrics: m, book: newBook(cfg), spools: newSpools(cfg.Collectors, cfg.CollectorsToken, cfg.Timeout),
		grades: newGrades(cfg.SourcesFile, cfg.Grades, deps.Logger), teller: newTeller(cfg, targets, m, deps.Logger, deps.Now),
	}
	s.models = newModels(deps.Broker, deps.Logger)
	for _, st := range stages(cfg.WarehouseGroup, targets) {
		s.eyes = append(s.eyes, newEye(st, deps.Broker, cfg))
	}
	return s, nil
}

// Run looks and tells until ctx ends (nil).
func (s *Service) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.teller.run(ctx) })
	g.Go(func() error {
		if s.cfg.ModelsUntrainedFor > 0 {
			s.models.run(ctx)
		}
		return nil
	})
	g.Go(func() error {
		tick := time.NewTicker(s.cfg.Every)
		defer tick.Stop()
		for {
			s.look(ctx)
			select {
			case <-ctx.Done():
				return nil
			case <-tick.C:
			}
		}
	})
	return g.Wait()
}

// Ready is nil when a look has been taken and no breach is open; else it names each.
func (s *Service) Ready() error {
	if !s.looked.Load() {
		return errors.New("no look has been taken yet")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.breaches) > 0 {
		return errors.New(strings.Join(s.breaches, "; "))
	}
	return nil
}

// look looks at everything once. What a stop cut short counts for nothing.
func (s *Service) look(ctx context.Context) {
	if s.grades.refresh(s.deps.Now()) {
		for _, e := range s.eyes {
			e.forget()
		}
	}
	kafka := s.ping(ctx)
	found := s.read(ctx, kafka == nil)
	if ctx.Err() != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.judge(stageBroker, nil, reading{err: kafka})
	if len(s.cfg.Collectors) > 0 {
		s.judge(stageCollector, []grade{unknown}, found.spool)
		s.note(s.book.overloaded(s.deps.Now(), found.overload, found.spool.err, s.lagBefore(found)))
	}
	for i, e := range s.eyes {
		if kafka != nil {
			s.book.skip(e.stage.name)
			s.metrics.hidden(e.stage.name)
			continue
		}
		s.judge(e.stage.name, e.stage.grades(), found.stages[i])
	}
	s.note(s.book.models(s.deps.Now(), s.models.look(s.deps.Now(), s.cfg.ModelsUntrainedFor)))
	s.breaches = s.book.breaches()
	s.looked.Store(true)
}

// found is what one look found: the collectors' spools, what they say of being behind, and each stage.
type found struct {
	spool    reading
	overload overload
	stages   []reading // by eye
}

// lagBefore is how many records wait where most of an overload stands; 0 where that is not known.
func (s *Service) lagBefore(f found) int64 {
	for i, e := range s.eyes {
		if e.stage.name == f.overload.stage {
			return f.stages[i].lag
		}
	}
	return 0
}

// read takes a reading of the collectors and, where there is Kafka, of every stage, all at once.
func (s *Service) read(ctx context.Context, kafka bool) found {
	f := found{stages: make([]reading, len(s.eyes))}
	var all sync.WaitGroup
	all.Go(func() { f.spool, f.overload = s.spools.look(ctx, s.deps.Now()) })
	for i, e := range s.eyes {
		if !kafka {
			break
		}
		all.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, lookWithin)
			defer cancel()
			f.stages[i] = e.look(ctx, s.deps.Now(), s.grades)
		})
	}
	all.Wait()
	return f
}

// ping asks whether Kafka answers at all.
func (s *Service) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	return s.deps.Broker.Ping(ctx)
}

// judge holds a reading against the lines, and tells.
func (s *Service) judge(stage string, grades []grade, r reading) {
	told, states := s.book.see(s.deps.Now(), stage, grades, r)
	s.metrics.seen(stage, r, states)
	if r.err != nil {
		s.deps.Logger.Warn("a stage cannot be seen", "stage", stage, "error", r.err)
	}
	s.note(told, states)
}

// note shows how keys are and tells what is to be told.
func (s *Service) note(told []Notice, states []state) {
	s.metrics.breaches(states, s.book.open)
	for _, n := range told {
		level := slog.LevelError
		if n.Type == restored {
			level = slog.LevelInfo
		}
		s.deps.Logger.Log(context.Background(), level, n.Data.Summary, "type", n.Type, "stage", n.Data.Stage, "grade", n.Data.Grade,
			"cause", n.Data.Cause, "age_seconds", n.Data.AgeSeconds, "lag_records", n.Data.LagRecords, "breach", n.Data.BreachID, "advice", n.Data.Advice)
		s.teller.tell(n)
	}
}
