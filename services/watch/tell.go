package watch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/freshet/freshet/pkg/retry"
	"github.com/freshet/freshet/services/segmentation/rulefile"
	"github.com/freshet/freshet/services/segmentation/webhook"
)

const (
	// maxWaiting is how many notices wait for one endpoint; what comes on top is dropped and counted.
	maxWaiting = 256
	// tellFor is how long a notice is tried. retryMax is the longest pause between two attempts.
	tellFor, retryMax = 24 * time.Hour, 5 * time.Minute
)

// target is an endpoint that is told.
type target struct {
	url string
	key []byte
}

// readTargets joins the endpoints of the rules file with those of the configuration, which win. One without an address is off.
func readTargets(cfg Config) (map[string]target, error) {
	all := map[string]webhook.Endpoint{}
	if cfg.Rules != "" {
		declared, err := rulefile.Endpoints(cfg.Rules)
		if err != nil {
			return nil, err
		}
		maps.Copy(all, declared)
	}
	for name, e := range cfg.Endpoints {
		all[name] = all[name].Over(e)
	}
	out := map[string]target{}
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if all[name].URL == "" {
			continue
		}
		key, err := all[name].Key()
		if err != nil {
			faults = append(faults, fmt.Errorf("endpoints.%s: %w", name, err))
		}
		out[name] = target{url: all[name].URL, key: key}
	}
	for i, name := range cfg.Tell {
		if _, declared := all[name]; !declared {
			faults = append(faults, fmt.Errorf("tell[%d]: there is no endpoint %q", i, name))
		}
	}
	return out, errors.Join(faults...)
}

// teller brings notices to endpoints, to each in their order.
type teller struct {
	poster  *webhook.Poster
	targets map[string]target
	queues  map[string]chan Notice
	metrics *metrics
	logger  *slog.Logger
}

// newTeller tells those of the endpoints that are named, all when none is.
func newTeller(cfg Config, targets map[string]target, m *metrics, logger *slog.Logger, now func() time.Time) *teller {
	t := &teller{poster: webhook.NewPoster(cfg.Timeout, 1, now), targets: targets, queues: map[string]chan Notice{}, metrics: m, logger: logger}
	for name := range targets {
		if len(cfg.Tell) == 0 || slices.Contains(cfg.Tell, name) {
			t.queues[name] = make(chan Notice, maxWaiting)
		}
	}
	return t
}

// tell hands a notice to every endpoint and does not wait.
func (t *teller) tell(n Notice) {
	for name, q := range t.queues {
		select {
		case q <- n:
		default:
			t.metrics.notices.WithLabelValues(name, "dropped").Inc()
			t.logger.Error("too many notices wait for an endpoint, this one is dropped", "endpoint", name, "summary", n.Data.Summary)
		}
	}
}

// run delivers until ctx ends.
func (t *teller) run(ctx context.Context) error {
	defer t.poster.Close()
	work, ctx := errgroup.WithContext(ctx)
	for name, q := range t.queues {
		work.Go(func() error {
			for {
				select {
				case <-ctx.Done():
					return nil
				case n := <-q:
					t.deliver(ctx, name, n)
				}
			}
		})
	}
	return work.Wait()
}

// deliver tries until the endpoint has taken the notice, a day has passed, or ctx ends.
func (t *teller) deliver(ctx context.Context, name string, n Notice) {
	text, err := n.body()
	if err != nil {
		t.logger.Error("a notice cannot be written", "error", err) // a bug: it holds numbers and text only
		return
	}
	deadline := time.Now().Add(tellFor)
	pauses := retry.Backoff{First: 2 * time.Second, Most: retryMax}
	for {
		after, err := t.poster.Post(ctx, t.targets[name].url, t.targets[name].key, n.Data.AlertID, text)
		if err == nil {
			t.metrics.notices.WithLabelValues(name, "delivered").Inc()
			return
		}
		if ctx.Err() != nil {
			return
		}
		t.metrics.notices.WithLabelValues(name, "refused").Inc()
		if time.Now().After(deadline) {
			t.metrics.notices.WithLabelValues(name, "given_up").Inc()
			t.logger.Error("an endpoint did not take a notice for a day, it is given up", "endpoint", name, "summary", n.Data.Summary, "error", err)
			return
		}
		t.logger.Warn("an endpoint did not take a notice, it is tried again", "endpoint", name, "alert", n.Data.AlertID, "error", err)
		if retry.Sleep(ctx, max(pauses.Next(), min(after, time.Hour))) != nil {
			return
		}
	}
}
