package webhook

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
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
	"golang.org/x/sync/errgroup"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/freshness"
)

// group is the consumer group of alerts without an endpoint, and the beginning of the others' names.
const group = "segmentation.alerts"

// Deps are what delivery works with.
type Deps struct {
	// Broker and Logger are needed.
	Broker *broker.Client
	Logger *slog.Logger
	// People says who a customer is; nil: alerts name nobody but by the customer's id.
	People Directory
	// Metrics takes the metrics; nil leaves them out.
	Metrics prometheus.Registerer
	// Tracer makes a span for each alert that carries a sampled traceparent; nil makes none.
	Tracer trace.Tracer
	// Now is the clock of timestamps; nil means time.Now.
	Now func() time.Time
}

// Deliverer delivers alerts. See the package comment.
type Deliverer struct {
	cfg      Config
	deps     Deps
	targets  map[string]*target
	poster   *Poster
	producer *broker.Producer
	fresh    *freshness.Histogram
	metrics  *metrics
	now      func() time.Time
}

// New makes a deliverer for the endpoints, by name; each must have an address. It reads
// their secrets and starts nothing.
func New(cfg Config, endpoints map[string]Endpoint, deps Deps) (*Deliverer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	d := &Deliverer{cfg: cfg, deps: deps, targets: map[string]*target{}, now: deps.Now}
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(endpoints)) {
		key, err := endpoints[name].Key()
		if err != nil {
			faults = append(faults, fmt.Errorf("endpoint %q: %w", name, err))
		}
		d.targets[name] = &target{name: name, url: endpoints[name].URL, identity: cmp.Or(endpoints[name].Identity, IdentityIDs), key: key}
	}
	var err error
	d.fresh, err = freshness.New(deps.Metrics)
	faults = append(faults, err)
	d.metrics, err = newMetrics(deps.Metrics)
	if err := errors.Join(append(faults, err)...); err != nil {
		return nil, err
	}
	if d.now == nil {
		d.now = time.Now
	}
	if deps.Tracer == nil {
		d.deps.Tracer = noop.NewTracerProvider().Tracer("")
	}
	d.poster = NewPoster(cfg.Timeout, cfg.Concurrency, d.now)
	d.producer = deps.Broker.NewProducer(broker.ProducerConfig{})
	return d, nil
}

// Run delivers until ctx ends; nil on a clean stop.
func (d *Deliverer) Run(ctx context.Context) error {
	defer d.poster.Close()
	work, ctx := errgroup.WithContext(ctx)
	work.Go(func() error { return d.newLane("", nil).run(ctx) })
	for name, t := range d.targets {
		work.Go(func() error { return d.newLane(name, t).run(ctx) })
	}
	return work.Wait()
}
