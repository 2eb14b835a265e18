package watch

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	"github.com/freshet/freshet/services/segmentation/webhook"
)

const (
	// soon bounds every wait of these tests.
	soon   = 2 * time.Minute
	secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
)

// hook is an endpoint that checks signatures and keeps what it is told of freshness. It takes alerts of segments only while told to.
type hook struct {
	*httptest.Server
	t      testing.TB
	alerts atomic.Bool
	mu     sync.Mutex
	told   []Notice
	ids    map[string]int
}

func newHook(t testing.TB) *hook {
	h := &hook{t: t, ids: map[string]int{}}
	h.alerts.Store(true)
	h.Server = httptest.NewServer(http.HandlerFunc(h.serve))
	t.Cleanup(h.Close)
	return h
}

func (h *hook) endpoints() map[string]webhook.Endpoint {
	return map[string]webhook.Endpoint{"pager": {URL: h.URL, Secret: secret}}
}

func (h *hook) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	key, err := (webhook.Endpoint{Secret: secret}).Key()
	seconds, _ := strconv.ParseInt(r.Header.Get(webhook.HeaderTimestamp), 10, 64)
	if want := webhook.Sign(key, r.Header.Get(webhook.HeaderID), time.Unix(seconds, 0), body); err != nil || r.Header.Get(webhook.HeaderSignature) != want {
		h.t.Errorf("signature %q, want %q", r.Header.Get(webhook.HeaderSignature), want)
	}
	var n Notice
	if err := json.Unmarshal(body, &n); err != nil {
		h.t.Error(err)
	}
	if !strings.HasPrefix(n.Type, "freshness.") {
		if !h.alerts.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ids[n.Data.AlertID]++; r.Header.Get(webhook.HeaderID) != n.Data.AlertID || h.ids[n.Data.AlertID] > 1 {
		h.t.Errorf("webhook-id %s for %s, time %d", r.Header.Get(webhook.HeaderID), n.Data.AlertID, h.ids[n.Data.AlertID])
	}
	h.told = append(h.told, n)
}

// all are "type stage cause" of what was told so far.
func (h *hook) all() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []string
	for _, n := range h.told {
		out = append(out, strings.TrimPrefix(n.Type, "freshness.")+" "+n.Data.Stage+" "+n.Data.Cause)
	}
	return out
}

// last is what was told last.
func (h *hook) last() Notice {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.told[len(h.told)-1]
}

// wait waits until something was told after the first `from` notices.
func (h *hook) wait(from int, what string) {
	h.t.Helper()
	testkit.Eventually(h.t, soon, func() error {
		if all := h.all(); !slices.Contains(all[from:], what) {
			return fmt.Errorf("told %q, not %q", all[from:], what)
		}
		return nil
	})
}

// clock is the real one, and can be ahead.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time        { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) jump(to time.Duration) { c.ahead.Store(int64(to)) }

// watching is a watch of a test, by hand (look) or running (run).
type watching struct {
	*Service
	clock *clock
	hook  *hook
	reg   *prometheus.Registry
}

func newWatch(t testing.TB, b *broker.Client, edit func(*Config)) *watching {
	t.Helper()
	w := &watching{clock: &clock{}, hook: newHook(t), reg: prometheus.NewRegistry()}
	cfg := Default()
	cfg.Every, cfg.Calm, cfg.Endpoints = 100*time.Millisecond, 0, w.hook.endpoints()
	if edit != nil {
		edit(&cfg)
	}
	var err error
	if w.Service, err = New(cfg, Deps{Logger: quiet(), Broker: b, Metrics: w.reg, Now: w.clock.now}); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, soon, func() error { // a broker that has had no group before takes a moment to know of any
		_, err := b.Committed(t.Context(), "identity.state", broker.TopicPartition{Topic: topics.EventsRaw.Name})
		return err
	})
	return w
}

func (w *watching) run(t testing.TB) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// breaching are "stage grade cause" of what is open.
func (w *watching) breaching() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := []string{}
	for k := range w.book.open {
		out = append(out, k.stage+" "+string(k.grade)+" "+string(k.cause))
	}
	slices.Sort(out)
	return out
}

// gauge is a gauge's or counter's value with these label values, and whether it is shown.
func (w *watching) gauge(t testing.TB, name string, labels ...string) (float64, bool) {
	t.Helper()
	families, err := w.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var got []string
			for _, l := range m.GetLabel() {
				got = append(got, l.GetValue())
			}
			slices.Sort(got)
			want := slices.Sorted(slices.Values(labels))
			if f.GetName() == name && slices.Equal(got, want) {
				return m.GetGauge().GetValue() + m.GetCounter().GetValue(), true
			}
		}
	}
	return 0, false
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
