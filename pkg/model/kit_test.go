package model

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
)

func TestMain(m *testing.M) {
	if role := os.Getenv(childRole); role != "" {
		os.Exit(childMain(role))
	}
	testkit.Main(m)
}

const (
	soon  = 60 * time.Second
	shop  = "shop"
	churn = "churn_risk_60d"
)

// world is a broker and a folder, which registries share.
type world struct {
	t       testing.TB
	address string
	folder  string
	ahead   atomic.Int64 // of the real clock, of all registries
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, address: testkit.Kafka(t), folder: t.TempDir()}
	testkit.BrokerAt(t, w.address, topics.Models)
	return w
}

func (w *world) now() time.Time { return time.Now().Add(time.Duration(w.ahead.Load())) }

// begin starts a registry at an address of the broker, and waits until it has read all there is.
func (w *world) begin(address string) *Registry {
	w.t.Helper()
	r := w.open(address, nil)
	testkit.Eventually(w.t, soon, r.Ready)
	return r
}

// open starts a registry.
func (w *world) open(address string, reg prometheus.Registerer) *Registry {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, err := start(ctx, address, w.folder, reg, w.now)
	if err != nil {
		w.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	w.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			w.t.Errorf("the registry ended with %v", err)
		}
		r.deps.Broker.Close()
		if err := r.Close(); err != nil {
			w.t.Error(err)
		}
	})
	return r
}

// start opens a registry with a client of its own.
func start(ctx context.Context, address, folder string, reg prometheus.Registerer, now func() time.Time) (*Registry, error) {
	logger := slog.New(slog.DiscardHandler)
	client, err := broker.Dial(ctx, broker.Config{Addresses: []string{address}}, logger)
	if err != nil {
		return nil, err
	}
	return Open(ctx, Config{URL: folder, Names: []string{churn}}, Deps{Broker: client, Logger: logger, Metrics: reg, Now: now})
}

// put puts a version whose file is this text.
func (w *world) put(r *Registry, text string) *modelv1.Version {
	w.t.Helper()
	v, err := r.Put(w.t.Context(), &modelv1.Version{Workspace: shop, Name: churn, Family: text}, map[string][]byte{
		"model.bin": []byte(text), "card.html": []byte("<p>" + text),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

// promoted puts a version and promotes it.
func (w *world) promoted(r *Registry, text string) string {
	w.t.Helper()
	v := w.put(r, text)
	if s, err := r.Promote(w.t.Context(), shop, churn, v.GetId(), "a test"); err != nil || s.GetChampion() != v.GetId() {
		w.t.Fatalf("%v, %v", s, err)
	}
	return v.GetId()
}

// serves waits until a registry says that this is the champion.
func (w *world) serves(r *Registry, id string) {
	w.t.Helper()
	testkit.Eventually(w.t, soon, func() error {
		if is := r.State(shop, churn).GetChampion(); is != id {
			return fmt.Errorf("the champion is %q, want %q", is, id)
		}
		return nil
	})
}

// path is a version's file in the folder.
func (w *world) path(id, file string) string {
	return filepath.Join(w.folder, shop, churn, id, file)
}

// there says whether a file is in the folder.
func (w *world) there(id, file string) bool {
	_, err := os.Stat(w.path(id, file))
	return !errors.Is(err, os.ErrNotExist)
}
