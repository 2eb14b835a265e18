package standalone

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/pkg/testkit"
)

const (
	writeKey = "test-write-key"
	// soon bounds waiting for what takes a second on an idle machine.
	soon = 2 * time.Minute
)

// rig is a running stack.
type rig struct {
	*Stack
	t      *testing.T
	addr   stack.Addresses
	cancel context.CancelFunc
	ended  chan error
}

// start runs a stack on free ports and waits until it is ready; the test ends it.
func start(t *testing.T, edit func(*Config)) *rig {
	t.Helper()
	return startLogging(t, slog.New(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: slog.LevelWarn})), edit)
}

// startLogging is start with a log of the test's own.
func startLogging(t *testing.T, log *slog.Logger, edit func(*Config)) *rig {
	t.Helper()
	cfg := Default()
	cfg.Ephemeral, cfg.WriteKey = true, writeKey
	cfg.Segmentation.CutPoints.CheckEvery = 200 * time.Millisecond
	if edit != nil {
		edit(&cfg)
	}
	s, err := New(cfg, Deps{Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &rig{Stack: s, t: t, cancel: cancel, ended: make(chan error, 1)}
	go func() { r.ended <- s.Run(ctx) }()
	t.Cleanup(r.stop)
	select {
	case <-s.Started():
	case err := <-r.ended:
		r.ended <- nil
		t.Fatalf("the stack ended: %v", err)
	case <-time.After(soon):
		t.Fatalf("not ready: %v", s.ready.Check())
	}
	r.addr = s.Addresses()
	return r
}

// stop ends the stack and fails the test when that is not clean or not quick.
func (r *rig) stop() {
	if r.cancel == nil {
		return
	}
	began := time.Now()
	r.cancel()
	r.cancel = nil
	if err := <-r.ended; err != nil {
		r.t.Errorf("stop: %v", err)
	}
	if took := time.Since(began); took > 20*time.Second {
		r.t.Errorf("the stop took %s, want at most 20s", took)
	}
}

// lockedBuilder collects a log.
type lockedBuilder struct {
	mu sync.Mutex
	strings.Builder
}

func (b *lockedBuilder) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Builder.Write(p)
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

// send posts events as a Segment client does, and wants them taken.
func (r *rig) send(path string, events ...map[string]any) {
	r.t.Helper()
	if err := post(r.addr, path, events...); err != nil {
		r.t.Fatal(err)
	}
}

func post(addr stack.Addresses, path string, events ...map[string]any) error {
	return postAs(addr, writeKey, path, events...)
}

// postAs is post with a write key of the test's own.
func postAs(addr stack.Addresses, key, path string, events ...map[string]any) error {
	body, err := json.Marshal(map[string]any{"batch": events})
	if err != nil {
		return err
	}
	req, err := http.NewRequest(http.MethodPost, "http://"+addr.CollectorHTTP+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.SetBasicAuth(key, "")
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if answer, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusOK {
		return fmt.Errorf("POST %s: %s: %s", path, resp.Status, answer)
	}
	return nil
}

// get reads the API until check likes the answer.
func (r *rig) get(path string, check func(answer map[string]any) error) {
	r.t.Helper()
	testkit.Eventually(r.t, soon, func() error {
		req, err := http.NewRequest(http.MethodGet, "http://"+r.addr.APIHTTP+path, nil)
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer "+r.addr.APIToken)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return err
		}
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("GET %s: %s: %s", path, resp.Status, body)
		}
		var answer map[string]any
		if err := json.Unmarshal(body, &answer); err != nil {
			return err
		}
		if err := check(answer); err != nil {
			return fmt.Errorf("GET %s: %w in %s", path, err, body)
		}
		return nil
	})
}

// customer waits until a reference resolves and returns the customer's id.
func (r *rig) customer(ref string) (id string) {
	r.t.Helper()
	r.get("/v1/customers/"+ref, func(answer map[string]any) error {
		who, _ := answer["customer"].(map[string]any)
		var ok bool
		if id, ok = who["customer_id"].(string); !ok {
			return fmt.Errorf("no customer_id")
		}
		return nil
	})
	return id
}

// rows waits until a query that counts gives want.
func (r *rig) rows(query string, want uint64) {
	r.t.Helper()
	conn, err := r.addr.ClickHouse(context.Background(), stack.Login{})
	if err != nil {
		r.t.Fatal(err)
	}
	defer conn.Close()
	testkit.Eventually(r.t, soon, func() error {
		var n uint64
		if err := conn.QueryRow(context.Background(), query).Scan(&n); err != nil {
			return err
		}
		if n != want {
			return fmt.Errorf("%s gives %d, want %d", query, n, want)
		}
		return nil
	})
}

func event(id, kind, user string, more map[string]any) map[string]any {
	e := map[string]any{"messageId": id, "type": kind, "userId": user, "timestamp": time.Now().UTC().Format(time.RFC3339Nano)}
	for k, v := range more {
		e[k] = v
	}
	return e
}

func order(id, user string, total float64) map[string]any {
	return event(id, "track", user, map[string]any{"event": "Order Completed", "properties": map[string]any{
		"order_id": id, "total": total, "currency": "GBP",
		"products": []any{map[string]any{"product_id": "p1", "quantity": 2, "price": total / 2}},
	}})
}

// contains wants text somewhere in an answer.
func contains(text string) func(map[string]any) error {
	return func(answer map[string]any) error {
		if body, _ := json.Marshal(answer); !bytes.Contains(body, []byte(text)) {
			return fmt.Errorf("no %s", text)
		}
		return nil
	}
}

// checkAddressesFile wants a file that names every door, each of which is open.
func checkAddressesFile(t *testing.T, file string, want stack.Addresses) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var doors map[string]string
	if err := json.Unmarshal(raw, &doors); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"collector_http", "collector_grpc", "api_http", "api_grpc", "kafka", "clickhouse_native", "clickhouse_http", "metrics"} {
		door := doors[key]
		if u, err := url.Parse(door); err == nil && u.Host != "" {
			door = u.Host
		}
		if err := stack.Knock(context.Background(), door); err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
	if got, err := stack.Load(file); err != nil || got != want {
		t.Errorf("the file says %+v, %v; want %+v", got, err, want)
	}
}
