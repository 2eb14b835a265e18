package conformance

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/services/standalone"
)

// evil is a name that the test's browser finds at 127.0.0.1, as one finds a name that its owner has pointed there.
const evil = "evil.example"

// glimpse is what a page got to see of an answer.
type glimpse struct {
	Status int
	Text   string
	Error  string
}

// startStack runs a whole stack and returns its doors.
func startStack(t *testing.T) stack.Addresses {
	t.Helper()
	cfg := standalone.Default()
	cfg.Dir, cfg.Ephemeral, cfg.WriteKey = t.TempDir(), true, writeKey
	s, err := standalone.New(cfg, standalone.Deps{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	select {
	case <-s.Started():
	case err := <-ended:
		ended <- nil
		t.Fatalf("the stack ended: %v", err)
	case <-time.After(2 * time.Minute):
		t.Fatal("the stack is not ready")
	}
	return s.Addresses()
}

// TestBrowserDoors: a page that somebody opens while a stack runs on the same machine reads nothing of it, and ends nothing.
func TestBrowserDoors(t *testing.T) {
	b := startBrowser(t)
	a := startStack(t)
	planted := filepath.Join(t.TempDir(), "id_ed25519")
	const secret = "planted-private-key"
	if err := os.WriteFile(planted, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	shop, err := url.Parse(b.shop)
	if err != nil {
		t.Fatal(err)
	}
	b.do(t, nil, "open", map[string]any{"url": "http://" + evil + ":" + shop.Port() + "/attack.html"})
	attack := func(address string, options map[string]any) (got glimpse) {
		b.do(t, &got, "run", map[string]any{"name": "attack", "arg": map[string]any{"url": address, "options": options}})
		return got
	}
	post := func(body string, more ...string) map[string]any {
		o := map[string]any{"method": "POST", "body": body}
		for i := 0; i+1 < len(more); i += 2 {
			o[more[i]] = more[i+1]
		}
		return o
	}

	t.Run("what is meant for pages is open", func(t *testing.T) { // or the rest would prove nothing
		got := attack("http://"+a.CollectorHTTP+"/v1/b", post(`{"writeKey":"`+writeKey+`","batch":[{"type":"track","userId":"u","event":"Seen"}]}`))
		if got.Status != http.StatusOK {
			t.Errorf("the collector: %+v", got)
		}
	})
	house := "http://" + a.ClickHouseHTTP + "/"
	file := "SELECT file('" + planted + "')"
	for name, try := range map[string]struct {
		address string
		options map[string]any
	}{
		"a file":                            {house + "?add_http_cors_header=1", post(file)},
		"a file, in the address":            {house + "?add_http_cors_header=1&query=" + url.QueryEscape(file), nil},
		"a file, as default":                {house + "?add_http_cors_header=1&user=default&password=", post(file)},
		"a file, as the reader":             {house + "?add_http_cors_header=1&user=reader", post(file)},
		"headers of the attacker's":         {house + "?user=default&http_response_headers=" + url.QueryEscape("{'Access-Control-Allow-Origin':'*'}"), post("SELECT 'planted-' || 'private-key'")},
		"all customers by SQL":              {house + "?add_http_cors_header=1", post("SELECT 'planted-' || 'private-key' FROM dw.events")},
		"the browser's own password store":  {house + "?add_http_cors_header=1", post(file, "credentials", "include")},
		"the API":                           {"http://" + a.APIHTTP + "/v1/segments", nil},
		"the API's page of addresses":       {"http://" + a.APIHTTP + "/", nil},
		"the metrics":                       {"http://" + a.Metrics + "/metrics", nil},
		"the collector's health":            {"http://" + a.CollectorHTTP + "/readyz", nil},
		"the door of the warehouse shut":    {house, post("SYSTEM STOP LISTEN TCP", "mode", "no-cors")},
		"the other door shut":               {house + "?user=default", post("SYSTEM STOP LISTEN HTTP", "mode", "no-cors")},
		"the facts dropped":                 {house + "?query=DROP+DATABASE+dw", post("", "mode", "no-cors")},
		"HTTP to the native port":           {"http://" + a.ClickHouseNative + "/", post("SELECT 1", "mode", "no-cors")},
		"HTTP to Kafka, more than it likes": {"http://" + a.Kafka + "/", post(strings.Repeat("x", 100_000), "mode", "no-cors")},
	} {
		t.Run(name, func(t *testing.T) {
			if got := attack(try.address, try.options); got.Error == "" && (got.Text != "" || got.Status != 0) {
				t.Errorf("the page saw %+v", got)
			}
		})
	}
	t.Run("under a name that points here", func(t *testing.T) {
		for door, path := range map[string]string{
			a.ClickHouseHTTP: "/?query=SELECT+1", a.APIHTTP: "/v1/segments", a.Metrics: "/metrics", a.CollectorHTTP: "/readyz",
		} {
			_, port, _ := strings.Cut(door, ":")
			b.do(t, nil, "goto", map[string]any{"url": "http://" + evil + ":" + port + path})
			var text string
			b.do(t, &text, "run", map[string]any{"name": "eval", "arg": "document.body.innerText"})
			if !strings.Contains(text, "Host header") {
				t.Errorf("%s%s: the page reads %.200s", door, path, text)
			}
		}
	})
	t.Run("and everything still works", func(t *testing.T) { stillWorks(t, a) })
}

// stillWorks: the doors that were attacked are open to who has the key.
func stillWorks(t *testing.T, a stack.Addresses) {
	conn, err := a.ClickHouse(t.Context(), stack.Login{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	eventually(t, "the event in the facts", func() bool {
		var n uint64
		return conn.QueryRow(t.Context(), "SELECT count() FROM dw.events WHERE name = 'Seen'").Scan(&n) == nil && n == 1
	})
	for _, address := range []string{"http://" + a.Metrics + "/readyz", "http://" + a.APIHTTP + "/v1/segments",
		fmt.Sprintf("http://%s:%s@%s/?query=SELECT+1", a.ClickHouseUser, a.ClickHousePassword, a.ClickHouseHTTP)} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		if req.URL.User == nil { // the address of ClickHouse has its own
			req.Header.Set("Authorization", "Bearer "+a.APIToken)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK || resp.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%d %v %.200s", resp.StatusCode, resp.Header, body)
		}
	}
}
