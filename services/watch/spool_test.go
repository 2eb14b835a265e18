package watch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestWhatCollectorsSayOfTheirSpools(t *testing.T) {
	page := func(events, oldest any) string {
		return fmt.Sprintf("# TYPE %[1]s gauge\n%[1]s %[2]v\n# TYPE %[3]s gauge\n%[3]s %[4]v\n", spoolEvents, events, spoolOldest, oldest)
	}
	serve := func(code int, body string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(code)
			_, _ = w.Write([]byte(body))
		}))
		t.Cleanup(s.Close)
		return s.URL + "/metrics"
	}
	now := time.Unix(1_800_000_000, 0)
	for name, c := range map[string]struct {
		addresses []string
		lag       int64
		oldest    time.Duration // -1: nothing waits
		err       string
	}{
		"empty":                        {[]string{serve(200, page(0, 0))}, 0, -1, ""},
		"one event":                    {[]string{serve(200, page(1, 61.5))}, 1, 61500 * time.Millisecond, ""},
		"two collectors, both counted": {[]string{serve(200, page(3, 5)), serve(200, page(4, 700))}, 7, 700 * time.Second, ""},
		"one is away, the other counts": {[]string{"http://127.0.0.1:1/metrics", serve(200, page(4, 700))}, 4, 700 * time.Second,
			"connection refused"},
		"no collector":       {[]string{serve(200, "# TYPE up gauge\nup 1\n")}, 0, -1, "is it a collector?"},
		"no metrics":         {[]string{serve(200, "<html>")}, 0, -1, "read the metrics"},
		"an error":           {[]string{serve(503, page(1, 1))}, 0, -1, "503"},
		"nobody of the name": {[]string{"http://collector.invalid:9090/metrics"}, 0, -1, "find the collectors"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSpools(c.addresses, "", 5*time.Second)
			s.lookUp = func(_ context.Context, host string) ([]string, error) {
				if host == "collector.invalid" {
					return nil, errors.New("no such host")
				}
				return []string{host}, nil
			}
			r, _ := s.look(t.Context(), now)
			if (r.err == nil) != (c.err == "") || r.err != nil && !strings.Contains(r.err.Error(), c.err) {
				t.Errorf("%v, want %q", r.err, c.err)
			}
			oldest := time.Duration(-1)
			for _, w := range r.waiting {
				oldest = max(oldest, now.Sub(w.received))
			}
			if r.lag != c.lag || oldest != c.oldest {
				t.Errorf("%d events, the oldest %s; want %d and %s", r.lag, oldest, c.lag, c.oldest)
			}
		})
	}
}

// TestEveryAddressBehindANameIsAsked: replicas have a spool each. A certificate is for the name, so it is kept there.
func TestEveryAddressBehindANameIsAsked(t *testing.T) {
	s := newSpools(nil, "", time.Second)
	s.lookUp = func(context.Context, string) ([]string, error) { return []string{"10.0.0.1", "fd00::2"}, nil }
	for address, want := range map[string]string{
		"http://collector:9090/metrics":  "http://10.0.0.1:9090/metrics http://[fd00::2]:9090/metrics",
		"https://collector:9090/metrics": "https://collector:9090/metrics",
	} {
		got, err := s.behind(t.Context(), address)
		if text := strings.Join(texts(got), " "); err != nil || text != want {
			t.Errorf("%s: %s, %v; want %s", address, text, err, want)
		}
	}
}

func texts(list []*url.URL) (out []string) {
	for _, u := range list {
		out = append(out, u.String())
	}
	return out
}
