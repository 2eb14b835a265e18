package standalone

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/frame"
	"github.com/freshet/freshet/pkg/model"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
	"github.com/freshet/freshet/services/churn"
	"github.com/freshet/freshet/services/churn/pipeline"
	"github.com/freshet/freshet/services/churn/training"
	"github.com/freshet/freshet/services/segmentation/webhook"
)

const winBack = `
endpoints:
  - {name: crm, events: entered}
segments:
  - name: leaving
    description: about to leave, and worth a call
    when: churn_risk_90d > 0.7 && churn_risk_90d_band == "high" && spend_365d > 100 && !churn_holdout
    alert: crm
`

// served has a model serve that learnt that who complains leaves: what training does at night, with rows that the test draws.
func served(t *testing.T, kafka, bucket, target string) {
	t.Helper()
	x, y := &frame.Frame{Rows: 600, Columns: []frame.Column{{Name: "complaints_30d"}, {Name: "orders_lifetime"}}}, make([]float64, 600)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range y {
		complained := r.IntN(2)
		x.Columns[0].Values = append(x.Columns[0].Values, float64(complained))
		x.Columns[1].Values = append(x.Columns[1].Values, float64(1+r.IntN(3)))
		if r.Float64() < []float64{.05, .95}[complained] {
			y[i] = 1
		}
	}
	trained, err := pipeline.Train(t.Context(), &pipeline.Table{X: x, Y: y}, pipeline.Default())
	if err != nil {
		t.Fatal(err)
	}
	file, err := trained.Encode()
	if err != nil {
		t.Fatal(err)
	}
	profile, err := training.WriteProfile(y, x)
	if err != nil {
		t.Fatal(err)
	}
	quiet := slog.New(slog.DiscardHandler)
	client, err := broker.Dial(t.Context(), broker.Config{Addresses: []string{kafka}}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	registry, err := model.Open(t.Context(), model.Config{URL: bucket}, model.Deps{Broker: client, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- registry.Run(ctx) }()
	defer func() {
		stop()
		if err := errors.Join(<-ended, registry.Close()); err != nil {
			t.Error(err)
		}
	}()
	v, err := registry.Put(t.Context(), &modelv1.Version{Workspace: "default", Name: target, Bands: &modelv1.Bands{High: .7, Medium: .3}},
		map[string][]byte{churn.ModelFile: file, churn.ProfileFile: profile})
	if err == nil {
		_, err = registry.Promote(t.Context(), "default", target, v.GetId(), "test")
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestFromEventToScoreToWebhook: a model serves, a complaint raises a score, the score fulfils a rule, the rule posts a webhook, on the real stack. A second is the goal;
// what fails the test is far above, so that a busy machine does not.
func TestFromEventToScoreToWebhook(t *testing.T) {
	told := make(chan string, 10)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		told <- string(body)
	}))
	defer hook.Close()
	dir := t.TempDir()
	r := start(t, func(c *Config) {
		c.Dir = filepath.Join(dir, "data")
		c.Segmentation.Rules = filepath.Join(dir, "rules.yaml")
		if err := os.WriteFile(c.Segmentation.Rules, []byte(winBack), 0o600); err != nil {
			t.Fatal(err)
		}
		secret := "whsec_" + base64.StdEncoding.EncodeToString([]byte("a secret of thirty-two bytes, ok"))
		c.Segmentation.Endpoints = map[string]webhook.Endpoint{"crm": {URL: hook.URL, Secret: secret}}
	})
	served(t, r.addr.Kafka, filepath.Join(dir, "data", "models"), "churn_risk_90d")

	r.send("/v1/batch", order("m1", "42", 180), order("m2", "43", 180))
	customer := r.customer("user_id:42")
	r.rows("SELECT count() FROM dm.scores_latest WHERE customer_id = '"+customer+"' AND band = 'low'", 1)
	r.get("/v1/customers/"+customer+"/segments", contains("potential"))

	if len(told) > 0 {
		t.Fatalf("a webhook before the complaint: %s", <-told)
	}
	began := time.Now()
	r.send("/v1/batch", event("m3", "track", "42", map[string]any{"event": "Complaint Filed"}))
	select {
	case body := <-told:
		took := time.Since(began)
		t.Logf("from the event to the webhook, by way of the score: %s", took.Round(time.Millisecond))
		if took > 10*time.Second {
			t.Errorf("it took %s", took)
		}
		if !strings.Contains(body, `"leaving"`) || !strings.Contains(body, customer) || !json.Valid([]byte(body)) {
			t.Errorf("the webhook got %s", body)
		}
	case <-time.After(soon):
		t.Fatal("no webhook")
	}
	r.get("/v1/customers/"+customer+"/segments", contains("leaving"))
	r.rows("SELECT count() FROM dm.scores_latest WHERE customer_id = '"+customer+"' AND band = 'high' AND value > 0.7", 1)
	r.rows("SELECT least(count(), 2) FROM dm.scores WHERE customer_id = '"+customer+"' AND target = 'churn_risk_90d'", 2)
	if len(told) > 0 {
		t.Errorf("and somebody who did not complain: %s", <-told)
	}
}
