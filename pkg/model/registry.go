package model

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
)

// Config is where models are, and which.
type Config struct {
	// URL is the bucket of the files: a folder, which is made where it is not there, or s3://, gs:// or azblob:// where the program knows them. It must not be
	// empty.
	URL string
	// Names are the models whose age, drift and trainings are measured: a closed set, from configuration. Others can be kept as well.
	Names []string
}

// Deps are what the process gives.
type Deps struct {
	// Broker and Logger are needed. models.v1 must be there, or come.
	Broker *broker.Client
	Logger *slog.Logger
	// Metrics takes the metrics; nil leaves them out.
	Metrics prometheus.Registerer
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Registry keeps models: see the package comment. Many goroutines may use it, while Run runs. What it gives are copies.
type Registry struct {
	deps     Deps
	bucket   *bucket
	shelf    *shelf
	producer *broker.Producer
	metrics  *metrics
	suspects map[string]time.Time // Sweep's, under its lock
	sweeping chan struct{}        // holds one token: who has it sweeps
}

// Open opens the bucket. It reads nothing yet: Run does. Close it.
func Open(ctx context.Context, cfg Config, deps Deps) (*Registry, error) {
	if deps.Now == nil {
		deps.Now = time.Now
	}
	b, err := openBucket(ctx, cfg.URL)
	if err != nil {
		return nil, err
	}
	r := &Registry{
		deps: deps, bucket: b, shelf: newShelf(), producer: deps.Broker.NewProducer(broker.ProducerConfig{}),
		suspects: map[string]time.Time{}, sweeping: make(chan struct{}, 1),
	}
	if r.metrics, err = newMetrics(deps.Metrics, cfg.Names, r.made, deps.Now); err != nil {
		return nil, errors.Join(fmt.Errorf("register the metrics of models: %w", err), b.Close())
	}
	return r, nil
}

// Close lets the bucket go. Run must have ended.
func (r *Registry) Close() error {
	if err := r.bucket.Close(); err != nil {
		return fmt.Errorf("close the bucket of models %s: %w", r.bucket.shown, err)
	}
	return nil
}

// Run follows models.v1, and deletes once an hour what nobody needs any more, until ctx ends (nil). Without it nothing that is written is read back.
func (r *Registry) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return r.follow(ctx) })
	g.Go(func() error { return r.sweep(ctx) })
	return g.Wait()
}

// Ready is nil when all that models.v1 held at the start was read.
func (r *Registry) Ready() error {
	if _, reached, _ := r.shelf.at(); !reached {
		return fmt.Errorf("%s has not been read to its end yet", topics.Models.Name)
	}
	return nil
}

// Changed is a new channel, of the caller's own, that has something whenever what is known of models changed since it was last received from: several changes
// may be one. It has something at once. It is never closed, and lives as long as the registry.
func (r *Registry) Changed() <-chan struct{} { return r.shelf.listen() }

// Versions are the versions of a model, the newest first.
func (r *Registry) Versions(workspace, name string) []*modelv1.Version {
	var out []*modelv1.Version
	for v := range maps.Values(r.shelf.of(where{workspace, name}).versions) {
		out = append(out, proto.CloneOf(v))
	}
	slices.SortFunc(out, newer)
	return out
}

// newer orders versions by when they were made, the newest first.
func newer(a, b *modelv1.Version) int {
	return cmp.Or(cmp.Compare(b.GetMadeMs(), a.GetMadeMs()), cmp.Compare(b.GetId(), a.GetId()))
}

// State is which versions of a model are live; nil before the first.
func (r *Registry) State(workspace, name string) *modelv1.State {
	return proto.CloneOf(r.shelf.of(where{workspace, name}).state)
}

// made is when the champions of a name were made, in all workspaces; or the newest version of each workspace that has a champion.
func (r *Registry) made(name string, newest bool) []time.Time {
	var out []time.Time
	for _, w := range r.shelf.all() {
		if w.name != name {
			continue
		}
		b := r.shelf.of(w)
		v := b.versions[b.state.GetChampion()]
		if v == nil {
			continue
		}
		if newest {
			v = slices.MinFunc(slices.Collect(maps.Values(b.versions)), newer)
		}
		out = append(out, time.UnixMilli(v.GetMadeMs()))
	}
	return out
}
