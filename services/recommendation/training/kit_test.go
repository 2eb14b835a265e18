package training

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/model"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

func TestMain(m *testing.M) {
	if role := os.Getenv(childRole); role != "" {
		os.Exit(childMain(role))
	}
	testkit.Main(m)
}

const day24 = 24 * time.Hour

// base is when the shop's first visitor comes.
var base = time.Now().Add(-80 * day24).Truncate(time.Hour)

// shopTouches are visits of customers who each like one of 20 shelves of 40 items, and walk along it, but for a leap now and then: what comes next follows from what was touched last. Every fourth
// visit ends with an order. They are in the order of time, over 70 days.
func shopTouches(visits int) []Touch {
	r := rand.New(rand.NewPCG(1, 2))
	var out []Touch
	for v := range visits {
		at := base.Add(time.Duration(v) * (70 * day24 / time.Duration(visits))).UnixMilli()
		who := r.IntN(400)
		shelf, place := who%20, r.IntN(40)
		if r.IntN(10) == 0 {
			shelf = r.IntN(20)
		}
		for step := range 2 + r.IntN(4) {
			if r.IntN(5) == 0 {
				place = r.IntN(40)
			}
			t := Touch{Customer: fmt.Sprintf("c%d", who), Item: fmt.Sprintf("i%d-%d", shelf, (place+step)%40), Kind: "view", AtMs: at + int64(step)*1000}
			if out = append(out, t); step == 1 && v%4 == 0 {
				t.Kind, t.Order, t.AtMs = "buy", fmt.Sprint("o", v), t.AtMs+500
				out = append(out, t)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Touch) int { return int(min(max(a.AtMs-b.AtMs, -1), 1)) })
	return out
}

// list is Touches in memory, by the rules of the warehouse's: for what has nothing to do with how it reads.
type list []Touch

func (l list) in(from, to time.Time) (out []Touch) {
	for _, t := range l {
		if t.AtMs >= from.UnixMilli() && t.AtMs < to.UnixMilli() {
			out = append(out, t)
		}
	}
	return out
}

func (l list) Count(_ context.Context, _ string, from, to time.Time) (int64, error) {
	return int64(len(l.in(from, to))), nil
}

func (l list) Read(_ context.Context, _ string, from, to time.Time, most int64, take func(Touch) error) error {
	all := l.in(from, to)
	for _, t := range all[max(0, len(all)-int(most)):] {
		if err := take(t); err != nil {
			return err
		}
	}
	return nil
}

// registry is package model's over a broker and a folder.
func registry(ctx context.Context, address, folder string) (*model.Registry, *broker.Client, error) {
	quiet := slog.New(slog.DiscardHandler)
	client, err := broker.Dial(ctx, broker.Config{Addresses: []string{address}}, quiet)
	if err != nil {
		return nil, nil, err
	}
	r, err := model.Open(ctx, model.Config{URL: folder, Names: []string{Model}}, model.Deps{Broker: client, Logger: quiet})
	return r, client, err
}

// world is a broker with a folder of models.
type world struct {
	t               *testing.T
	address, folder string
	kept            *model.Registry
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, address: testkit.Kafka(t), folder: t.TempDir()}
	testkit.BrokerAt(t, w.address, topics.All()...)
	r, client, err := registry(t.Context(), w.address, w.folder)
	if err != nil {
		t.Fatal(err)
	}
	w.kept = r
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		err := errors.Join(<-ended, r.Close())
		client.Close()
		if err != nil {
			t.Error(err)
		}
	})
	testkit.Eventually(t, time.Minute, r.Ready)
	return w
}

// quick trains what the shop of shopTouches needs.
func quick() Config {
	cfg := Default()
	cfg.Look, cfg.MinVisits, cfg.RuleSupport = time.Second, 100, .01
	return cfg
}

// service is one over touches; edit may be nil.
func (w *world) service(touches Touches, edit func(*Config, *Deps)) *Service {
	w.t.Helper()
	cfg := quick()
	d := Deps{Logger: slog.New(slog.NewTextHandler(w.t.Output(), nil)), Registry: w.kept, Touches: touches, Owner: func() bool { return true }, Name: "here",
		Workspaces: func() []string { return []string{"shop"} }}
	if edit != nil {
		edit(&cfg, &d)
	}
	s, err := New(cfg, d)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// trains runs one training to its end.
func (w *world) trains(s *Service) *modelv1.Run {
	w.t.Helper()
	run := s.trainer.NewRun("shop", Model, "hand")
	s.train(w.t.Context(), run)
	return run
}

func (w *world) champion() string { return w.kept.State("shop", Model).GetChampion() }

// runs runs a service until the test ends, or stop is called.
func (w *world) runs(s *Service) (stop func()) { return runs(w.t, s.Run) }

// runs runs something until the test ends, or stop is called.
func runs(t *testing.T, run func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// toldOf collects what Train tells.
type toldOf struct {
	grpc.ServerStream
	ctx  context.Context
	runs []*modelv1.Run
}

func (s *toldOf) Context() context.Context { return s.ctx }

func (s *toldOf) Send(r *recommendationv1.TrainResponse) error {
	s.runs = append(s.runs, r.GetRun())
	return nil
}
