package churn

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/services/segmentation"
	"github.com/freshet/freshet/services/segmentation/tier"
	"github.com/freshet/freshet/services/segmentation/webhook"
)

const calls = `
endpoints:
  - {name: crm, events: entered}
segments:
  - name: call_them
    description: likely to leave, and not of those whom nobody may act on
    when: churn_risk_60d_band == "high" && spend_lifetime >= 50 && !churn_holdout
    alert: crm
`

// nobody has no facts to compute tiers from.
type nobody struct{}

func (nobody) Customers(context.Context, string, time.Time, func(tier.Customer) error) error {
	return nil
}

// Whoever does nothing more is scored again each night, until the score crosses into the high band one night: then, and once only, the webhook fires. Real
// services over a real broker; time is a clock that the test moves, a night at a time.
func TestWhoStopsComingCrossesTheBandAndAWebhookFires(t *testing.T) {
	heard := make(chan string, 10)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		heard <- string(body)
	}))
	defer hook.Close()
	w := newWorld(t)
	w.both() // a hundredth for each day since the last order; high from .6 on
	w.begin()
	s := w.segments(hook.URL)
	silent, held := -1, -1
	for i := 1; silent < 0 || held < 0; i++ {
		switch w.s.Forecasts().Held("default", id(i)) {
		case true:
			held = i
		default:
			silent = i
		}
	}
	w.send(ordered(silent, start, 57), ordered(held, start, 57))
	w.settled()
	w.swept()
	for day := range int64(6) {
		w.now.Store(start + 15*hourMs + 10*60_000 + day*dayMs) // ten past three
		w.swept()
		high := day >= 3 // 57 days and 15 hours and three nights
		testkit.Eventually(t, within, func() error {
			sets := w.sets(id(silent))
			if got := sets[len(sets)-1].GetScores()[0].GetBand(); (got == "high") != high {
				return errors.New(got)
			}
			return s.Ready()
		})
		if len(heard) > 0 && !high {
			t.Fatalf("night %d: %s", day, <-heard)
		}
	}
	select {
	case body := <-heard:
		if !strings.Contains(body, `"call_them"`) || !strings.Contains(body, id(silent)) {
			t.Errorf("the webhook got %s", body)
		}
	case <-time.After(within):
		t.Fatal("no webhook")
	}
	w.now.Add(dayMs)
	w.swept()
	if len(heard) > 0 {
		t.Errorf("once more, or of who is held out: %s", <-heard)
	}
}

// segments runs segmentation over the same broker and clock.
func (w *world) segments(url string) *segmentation.Service {
	w.t.Helper()
	if err := w.client.EnsureTopics(w.t.Context(), segmentation.Topics()...); err != nil {
		w.t.Fatal(err)
	}
	cfg := segmentation.Default()
	cfg.Dir, cfg.Forecasts, cfg.Rules = filepath.Join(w.dir, "segments"), w.cfg.Forecasts, filepath.Join(w.dir, "rules.yaml")
	if err := os.WriteFile(cfg.Rules, []byte(calls), 0o600); err != nil {
		w.t.Fatal(err)
	}
	cfg.Endpoints = map[string]webhook.Endpoint{"crm": {URL: url, Secret: "whsec_" + base64.StdEncoding.EncodeToString([]byte("a secret of thirty-two bytes, ok"))}}
	s, err := segmentation.New(cfg, segmentation.Deps{Logger: quiet(), Broker: w.client, Identity: knowsAll{}, Population: nobody{}, Now: w.deps().Now})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	w.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			w.t.Error(err)
		}
	})
	testkit.Eventually(w.t, within, s.Ready)
	return s
}
