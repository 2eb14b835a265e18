package training

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/forecast"
	"github.com/freshet/freshet/pkg/frame"
	"github.com/freshet/freshet/pkg/model"
	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
	"github.com/freshet/freshet/services/churn/dataset"
	"github.com/freshet/freshet/services/churn/pipeline"
)

// shelf is a Registry in memory, by the rules of package model's.
type shelf struct {
	mu       sync.Mutex
	files    map[string][]byte
	versions map[key][]*modelv1.Version
	states   map[key]*modelv1.State
	runs     map[key]*modelv1.Run
	words    []string // of all runs, in order
	changed  chan struct{}
}

func newShelf() *shelf {
	return &shelf{files: map[string][]byte{}, versions: map[key][]*modelv1.Version{}, states: map[key]*modelv1.State{}, runs: map[key]*modelv1.Run{}, changed: make(chan struct{}, 1)}
}

func (s *shelf) Put(_ context.Context, v *modelv1.Version, files map[string][]byte) (*modelv1.Version, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v = proto.CloneOf(v)
	k := key{v.GetWorkspace(), v.GetName()}
	v.Id, v.MadeMs = fmt.Sprintf("v%d", len(s.versions[k])+1), time.Now().UnixMilli()
	for name, data := range files {
		v.Files = append(v.Files, &modelv1.File{Name: name, Size: int64(len(data))})
		s.files[v.GetName()+v.GetId()+name] = data
	}
	s.versions[k] = append([]*modelv1.Version{v}, s.versions[k]...)
	return proto.CloneOf(v), nil
}

func (s *shelf) File(_ context.Context, v *modelv1.Version, name string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	data, ok := s.files[v.GetName()+v.GetId()+name]
	if !ok {
		return nil, errors.New("no such file")
	}
	return data, nil
}

func (s *shelf) Versions(workspace, name string) []*modelv1.Version {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*modelv1.Version
	for _, v := range s.versions[key{workspace, name}] {
		out = append(out, proto.CloneOf(v))
	}
	return out
}

func (s *shelf) State(workspace, name string) *modelv1.State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return proto.CloneOf(s.states[key{workspace, name}])
}

func (s *shelf) edit(workspace, name, why string, f func(*modelv1.State) error) (*modelv1.State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := key{workspace, name}
	next := proto.CloneOf(s.states[k])
	if next == nil {
		next = &modelv1.State{Workspace: workspace, Name: name}
	}
	if err := f(next); err != nil {
		return nil, err
	}
	next.Why = why
	next.Seq++
	s.states[k] = next
	return proto.CloneOf(next), nil
}

func (s *shelf) Promote(_ context.Context, workspace, name, id, why string) (*modelv1.State, error) {
	for _, v := range s.Versions(workspace, name) {
		if v.GetId() == id && v.GetUnfit() != "" {
			return nil, errors.New("it may not serve: " + v.GetUnfit())
		}
	}
	return s.edit(workspace, name, why, func(now *modelv1.State) error {
		if now.GetChampion() != "" {
			now.Previous = append([]string{now.GetChampion()}, now.GetPrevious()...)
		}
		now.Champion = id
		return nil
	})
}

func (s *shelf) Rollback(_ context.Context, workspace, name, why string) (*modelv1.State, error) {
	return s.edit(workspace, name, why, func(now *modelv1.State) error {
		if len(now.GetPrevious()) == 0 {
			return errors.New("none before")
		}
		now.Champion, now.Previous = now.GetPrevious()[0], now.GetPrevious()[1:]
		return nil
	})
}

func (s *shelf) Shadow(_ context.Context, workspace, name, id, why string) (*modelv1.State, error) {
	return s.edit(workspace, name, why, func(now *modelv1.State) error {
		now.Challengers = append([]string{id}, now.GetChallengers()...)
		return nil
	})
}

func (s *shelf) Tell(ctx context.Context, run *modelv1.Run) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k := key{run.GetWorkspace(), run.GetName()}
	if known := s.runs[k]; run.GetState() == modelv1.RunState_RUN_STATE_REQUESTED && known != nil && known.GetId() != run.GetId() && !model.Over(known) {
		return errors.New("a training is under way")
	}
	run = proto.CloneOf(run)
	run.AtMs = time.Now().UnixMilli()
	s.runs[k] = run
	s.words = append(s.words, run.GetWords())
	select {
	case s.changed <- struct{}{}:
	default:
	}
	return nil
}

func (s *shelf) Runs(workspace, name string) []*modelv1.Run {
	s.mu.Lock()
	defer s.mu.Unlock()
	if run := s.runs[key{workspace, name}]; run != nil {
		return []*modelv1.Run{proto.CloneOf(run)}
	}
	return nil
}

func (s *shelf) Abandoned(owner string) []*modelv1.Run {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*modelv1.Run
	for _, run := range s.runs {
		if run.GetState() == modelv1.RunState_RUN_STATE_RUNNING && run.GetOwner() != owner {
			out = append(out, proto.CloneOf(run))
		}
	}
	return out
}

func (s *shelf) Waiting() []*modelv1.Run {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*modelv1.Run
	for _, run := range s.runs {
		if run.GetState() == modelv1.RunState_RUN_STATE_REQUESTED {
			out = append(out, proto.CloneOf(run))
		}
	}
	return out
}

func (s *shelf) Changed() <-chan struct{} { return s.changed }

func (s *shelf) Ready() error { return nil }

// learner is package pipeline, which may be told to fail.
type learner struct {
	Pipeline
	// failing, when set, is what the next judgement ends with.
	failing error
	// judging, when set, is told when a judgement begins, which waits until its context ends, and when it ended.
	judging chan struct{}
}

func (l *learner) Judge(ctx context.Context, t *pipeline.Table, o pipeline.Options) (*pipeline.Judgement, Model, error) {
	if l.judging != nil {
		l.judging <- struct{}{}
		<-ctx.Done()
		l.judging <- struct{}{}
		return nil, nil, ctx.Err()
	}
	if l.failing != nil {
		return nil, nil, l.failing
	}
	o.Draws, o.Inner = 100, 2
	return l.Pipeline.Judge(ctx, t, o)
}

const own = `
targets:
  - name: gone_30d
    description: Gone.
    counts: orders_lifetime
    outcome: none
    within: 30d
    among: orders_lifetime >= 1 && days_since_last_order <= 150
    bands: {high: {cost: 5, saves: 0.3}, medium: {cost: 0.5, saves: 0.1}}
`

// deps are what a service of these forecasts is given.
func deps(t *testing.T, features featurev1.FeatureServiceClient) (Deps, *shelf, *learner) {
	t.Helper()
	c, err := catalog.Load("")
	if err != nil {
		t.Fatal(err)
	}
	f, err := forecast.Parse(nil, []byte(own), c)
	if err != nil {
		t.Fatal(err)
	}
	s, l := newShelf(), &learner{}
	return Deps{Logger: slog.New(slog.DiscardHandler), Registry: s, Learner: l, Profile: WriteProfile, Features: features, Catalog: c, Forecasts: f,
		Owner: func() bool { return true }, Name: "here"}, s, l
}

func quick() Config {
	cfg := Default()
	cfg.Look, cfg.Data.MinCustomers = time.Second, 300
	return cfg
}

// runs runs a service until the test ends, or stop is called.
func runs(t *testing.T, s *Service) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// told collects what Train tells.
type told struct {
	grpc.ServerStream
	ctx  context.Context
	runs []*modelv1.Run
}

func (s *told) Context() context.Context { return s.ctx }

func (s *told) Send(r *churnv1.TrainResponse) error {
	s.runs = append(s.runs, r.GetRun())
	return nil
}

// oneShop answers looks: so many customers who bought, since so many days, and so many orders.
type oneShop struct {
	featurev1.FeatureServiceClient
	customers, days, orders atomic.Int64
	asked                   atomic.Int64
	now                     func() time.Time
}

func (o *oneShop) GetHistoricalFeatures(_ context.Context, req *featurev1.GetHistoricalFeaturesRequest, _ ...grpc.CallOption) (grpc.ServerStreamingClient[featurev1.GetHistoricalFeaturesResponse], error) {
	o.asked.Add(1)
	part := &featurev1.GetHistoricalFeaturesResponse{}
	n := o.customers.Load()
	for i := range n {
		begun := o.now().Add(-time.Duration(o.days.Load())*24*time.Hour + time.Duration(i)*time.Minute)
		part.Rows = append(part.Rows, &featurev1.HistoricalFeatures{CustomerId: fmt.Sprint(i), AtMs: req.GetDatesMs()[0], Seen: true, Values: []*featurev1.FeatureValue{
			{Value: &featurev1.FeatureValue_MomentMs{MomentMs: begun.UnixMilli()}}, {Value: &featurev1.FeatureValue_MomentMs{MomentMs: o.now().UnixMilli()}},
			{Value: &featurev1.FeatureValue_Count{Count: o.orders.Load() / n}},
		}})
	}
	return &parts{parts: []*featurev1.GetHistoricalFeaturesResponse{part}}, nil
}

type parts struct {
	grpc.ClientStream
	parts []*featurev1.GetHistoricalFeaturesResponse
}

func (p *parts) Recv() (*featurev1.GetHistoricalFeaturesResponse, error) {
	if len(p.parts) == 0 {
		return nil, io.EOF
	}
	next := p.parts[0]
	p.parts = p.parts[1:]
	return next, nil
}

// table draws customers at dates of whom some leave, by their first column; the second, when there is a leak, says who.
func table(customers int, dates []time.Time, pull float64, leak bool) *dataset.Set {
	r := rand.New(rand.NewPCG(5, 6))
	s := &dataset.Set{Target: &forecast.Target{}, Table: &pipeline.Table{X: &frame.Frame{}}, Mode: featurev1.HistoryMode_HISTORY_MODE_KNOWN}
	columns := make([]frame.Column, 3)
	for j := range columns {
		columns[j] = frame.Column{Name: fmt.Sprint("x", j), Kind: frame.Number}
	}
	for _, d := range dates {
		for i := range customers {
			x := r.NormFloat64()
			y := 0.0
			if r.Float64() < 1/(1+math.Exp(-pull*x)) {
				y = 1
			}
			known := r.NormFloat64()
			if leak {
				known = y
			}
			for j, v := range []float64{x, known, r.NormFloat64()} {
				columns[j].Values = append(columns[j].Values, v)
			}
			s.Customers = append(s.Customers, fmt.Sprintf("%032d", i))
			s.Table.Y, s.Table.Times, s.Stakes = append(s.Table.Y, y), append(s.Table.Times, d), append(s.Stakes, 100*(1-y))
		}
	}
	s.Table.X.Columns, s.Table.X.Rows = columns, len(s.Customers)
	return s
}
