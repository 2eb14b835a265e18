package standalone

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/services/segmentation/webhook"
	"github.com/freshet/freshet/services/simulator/send"
	"github.com/freshet/freshet/services/watch"
)

// pager keeps what it is told of freshness.
func pager(t *testing.T) (url string, told chan watch.Notice) {
	told = make(chan watch.Notice, 100)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var n watch.Notice
		if json.NewDecoder(r.Body).Decode(&n) == nil && strings.HasPrefix(n.Type, "freshness.") {
			told <- n
		}
	}))
	t.Cleanup(hook.Close)
	return hook.URL, told
}

// ask posts a batch and gives the answer.
func (r *rig) ask(path string, events ...map[string]any) (status int, header http.Header) {
	r.t.Helper()
	body, err := json.Marshal(map[string]any{"batch": events})
	if err != nil {
		r.t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodPost, "http://"+r.addr.CollectorHTTP+path, bytes.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.SetBasicAuth(writeKey, "")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode, resp.Header
}

// numbered are n events whose ids begin so.
func numbered(prefix string, n int) (events []map[string]any) {
	for i := range n {
		events = append(events, event(fmt.Sprint(prefix, i), "track", fmt.Sprint("user-", i%50), map[string]any{"event": "Product Viewed"}))
	}
	return events
}

// next waits for a notice of an overload.
func next(t *testing.T, told chan watch.Notice, kind string) watch.Data {
	t.Helper()
	for deadline := time.After(soon); ; {
		select {
		case n := <-told:
			if n.Data.Stage == "overload" {
				if n.Type != kind {
					t.Fatalf("told %+v, want %s", n, kind)
				}
				return n.Data
			}
		case <-deadline:
			t.Fatalf("nobody told %s", kind)
		}
	}
}

// TestOverloadIsToldAndLosesNothing: a stage that works off nothing for a while (the engine is stopped) while events come. Live ones are taken,
// history is asked to come later, an endpoint hears of it and of its end, and at the end every event that was taken is in the facts once,
// those of a client that came again when it was asked to included.
func TestOverloadIsToldAndLosesNothing(t *testing.T) {
	url, told := pager(t)
	r := start(t, func(c *Config) {
		c.Segmentation.Rules = filepath.Join(t.TempDir(), "rules.yaml")
		if err := os.WriteFile(c.Segmentation.Rules, []byte(rules), 0o600); err != nil {
			t.Fatal(err)
		}
		key := "whsec_" + base64.StdEncoding.EncodeToString([]byte("a secret of thirty-two bytes, ok"))
		c.Segmentation.Endpoints = map[string]webhook.Endpoint{"shop": {URL: url, Secret: key}}
		c.Collector.Limits.HistoryBehind = time.Second
		c.Watch.Every, c.Watch.Hold, c.Watch.Calm = 200*time.Millisecond, 0, 5*time.Second
	})
	r.send("/v1/batch", numbered("first-", 1)...)
	r.rows("SELECT count() FROM dw.events", 1) // the warehouse has a position now
	taken := 1

	engine := r.clickhouse.Pid()
	goOn := sync.OnceFunc(func() { _ = syscall.Kill(engine, syscall.SIGCONT) })
	t.Cleanup(goOn)
	if err := syscall.Kill(engine, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		r.send("/v1/batch", numbered(fmt.Sprint("burst-", i, "-"), 500)...)
		taken += 500
	}
	var later http.Header
	testkit.Eventually(t, soon, func() error {
		status, header := r.ask("/v1/import?history=true", numbered(fmt.Sprint("early-", taken, "-"), 1)...)
		if status == http.StatusOK {
			taken++
			return fmt.Errorf("history is taken")
		}
		if later = header; status != http.StatusTooManyRequests {
			t.Fatalf("history is answered %d", status)
		}
		return nil
	})
	if later.Get("Retry-After") == "" || later.Get("X-Freshet-Behind") == "" {
		t.Errorf("history is answered with %v", later)
	}
	if status, header := r.ask("/v1/batch", numbered("live-", 1)...); status != http.StatusOK || header.Get("X-Freshet-Behind") == "" {
		t.Errorf("a live event is answered %d, %v", status, header)
	}
	taken++
	began := next(t, told, "freshness.breached")
	// On a busy machine identity needs a moment for the burst, and is the first to be behind.
	if began.Cause != "behind" || began.At != "warehouse" && began.At != "identity" || began.AgeSeconds < 1 || began.LineSeconds != 1 || began.LagRecords < 1000 {
		t.Errorf("told %+v", began)
	}

	obeys, delivered := r.history(t, numbered("late-", 300)), make(chan error, 1)
	asked := make(chan struct{})
	go func() { delivered <- obeys(asked) }()
	<-asked // it was refused at least once: now the engine may go on
	goOn()
	if err := <-delivered; err != nil {
		t.Errorf("the client that comes again when it is asked to: %v", err)
	}
	taken += 300
	ended := next(t, told, "freshness.restored")
	if ended.BreachID != began.BreachID || ended.LastedSeconds < 1 || ended.Until <= ended.Since || !strings.Contains(ended.Summary, "behind for") {
		t.Errorf("told %+v", ended)
	}
	r.rows("SELECT count() FROM dw.events", uint64(taken))
	r.rows("SELECT uniqExact(event_id) FROM dw.events", uint64(taken))
}

// history gives a client of history that does what it is told, and says when it has been refused for the first time.
func (r *rig) history(t *testing.T, events []map[string]any) func(refused chan struct{}) error {
	t.Helper()
	c, err := send.NewClient(send.Config{URL: "http://" + r.addr.CollectorHTTP, WriteKey: writeKey, History: true, RetryFor: 2 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	var items [][]byte
	for _, e := range events {
		item, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, item)
	}
	return func(refused chan struct{}) error {
		before := r.deferred()
		done, stop := context.WithCancel(context.Background())
		defer stop()
		go func() {
			for done.Err() == nil && r.deferred() == before {
				time.Sleep(20 * time.Millisecond)
			}
			close(refused)
		}()
		got, err := c.Deliver(context.Background(), items)
		if err == nil && got.Accepted != len(items) {
			err = fmt.Errorf("%d of %d were accepted", got.Accepted, len(items))
		}
		return err
	}
}

// deferred is how many requests of history were asked to come later.
func (r *rig) deferred() float64 {
	families, err := r.metrics.Gather()
	if err != nil {
		r.t.Error(err)
	}
	for _, f := range families {
		if f.GetName() == "freshet_collector_history_deferred_total" {
			return f.GetMetric()[0].GetCounter().GetValue()
		}
	}
	return 0
}
