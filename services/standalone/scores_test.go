package standalone

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/topics"
	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
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

// scored is what one model says of a customer who complained, and of one who did not.
func scored(fs *featurev1.FeatureSet, complained bool, version int64) *churnv1.ScoreSet {
	m := &churnv1.ScoreSet{
		CustomerId: fs.GetCustomerId(), Workspace: fs.GetWorkspace(), Version: version, AsOfMs: fs.GetAsOfMs(), History: fs.GetHistory(), ReceivedMs: fs.GetReceivedMs(),
		Reason: churnv1.ScoreReason_SCORE_REASON_EVENT, FeaturesVersion: fs.GetVersion(),
		Scores: []*churnv1.Score{{Target: "churn_risk_90d", Value: 0.1, Band: "low", ModelVersion: "20261128T181500-3f2a"}},
	}
	if complained {
		m.Scores[0].Value, m.Scores[0].Band = 0.9, "high"
	}
	return m
}

// scoreAll answers every set of features with one of scores until ctx ends: what churn does, with a model that looks at complaints alone.
func scoreAll(ctx context.Context, t *testing.T, kafka string) {
	b, err := broker.Dial(ctx, broker.Config{Addresses: []string{kafka}}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Error(err)
		return
	}
	defer b.Close()
	c, err := catalog.Load("")
	if err != nil {
		t.Error(err)
		return
	}
	complaint, _ := c.Layout().Position("since_complaint")
	spans, err := b.Spans(ctx, topics.Features.Name)
	if err != nil {
		t.Error(err)
		return
	}
	var from []broker.Start
	for i := range spans {
		from = append(from, broker.Start{At: broker.TopicPartition{Topic: topics.Features.Name, Partition: i}, Place: broker.Place{Offset: broker.First}})
	}
	log, out, versions := b.Follow(ctx, broker.FollowConfig{Name: "test.scorer"}, from...), b.NewProducer(broker.ProducerConfig{}), map[string]int64{}
	for {
		batch, err := log.Next(ctx)
		if ctx.Err() != nil {
			return
		}
		for _, rec := range batch.Records {
			var fs featurev1.FeatureSet
			if err = proto.Unmarshal(rec.Value, &fs); err != nil {
				break
			}
			versions[fs.CustomerId]++
			value, _ := proto.Marshal(scored(&fs, catalog.NewVector(c.Layout(), fs.Values).Has(complaint), versions[fs.CustomerId]))
			err = out.Produce(ctx, broker.Message{Topic: topics.Scores.Name, Key: []byte(fs.CustomerId), Value: value})
		}
		if err != nil && ctx.Err() == nil {
			t.Error(err)
			return
		}
	}
}

// TestFromEventToScoreToWebhook: a complaint raises a score, the score fulfils a rule, the rule posts a webhook, on the real stack. A second is the goal;
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
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); scoreAll(ctx, t, r.addr.Kafka) }()
	defer func() { stop(); <-ended }()

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
	r.rows("SELECT count() FROM dm.scores_latest WHERE customer_id = '"+customer+"' AND band = 'high' AND value = 0.9", 1)
	r.rows("SELECT least(count(), 2) FROM dm.scores WHERE customer_id = '"+customer+"' AND target = 'churn_risk_90d'", 2)
	if len(told) > 0 {
		t.Errorf("and somebody who did not complain: %s", <-told)
	}
}
