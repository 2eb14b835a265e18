package send

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sink is a collector whose faults are scripted: it is about the sender's reactions, which the real one gives no handle on.
type sink struct {
	mu       sync.Mutex
	requests int
	got      []string // message ids in the order of arrival
	sizes    []int
	script   func(request int, w http.ResponseWriter, n int) bool // true: answered
}

func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var env struct {
		SentAt time.Time
		Batch  []struct{ MessageID string }
	}
	if err := json.Unmarshal(body, &env); err != nil || env.SentAt.IsZero() {
		http.Error(w, "bad envelope", http.StatusTeapot)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	if s.script != nil && s.script(s.requests, w, len(env.Batch)) {
		return
	}
	s.sizes = append(s.sizes, len(body))
	for _, it := range env.Batch {
		s.got = append(s.got, it.MessageID)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"accepted": len(env.Batch), "rejected": []any{}})
}

func run(t *testing.T, s *sink, cfg Config, events int) (Report, error) {
	t.Helper()
	server := httptest.NewServer(s)
	defer server.Close()
	cfg.URL, cfg.WriteKey = server.URL, "demo-key"
	sender, err := New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	for i := range events {
		key := fmt.Sprint("person-", i%7)
		if err := sender.Send(Event{Key: key, Body: fmt.Appendf(nil, `{"messageId":"%s/%06d"}`, key, i)}); err != nil {
			break
		}
	}
	return sender.Close()
}

func TestEverythingArrivesAndOnePersonsEventsKeepTheirOrder(t *testing.T) {
	s := &sink{}
	report, err := run(t, s, Config{Connections: 3, BatchEvents: 50}, 5000)
	if err != nil || report.Accepted != 5000 || report.Sent != 5000 || len(s.got) != 5000 {
		t.Fatalf("%v, %v; %d arrived", report, err, len(s.got))
	}
	last := map[string]string{}
	for _, id := range s.got {
		key, _, _ := strings.Cut(id, "/")
		if id <= last[key] {
			t.Fatalf("%s after %s", id, last[key])
		}
		last[key] = id
	}
}

func TestFaultsThatPassAreRetriedWithTheSameEvents(t *testing.T) {
	for name, code := range map[string]int{"429": 429, "503": 503, "502": 502} {
		t.Run(name, func(t *testing.T) {
			lost := int64(0)
			s := &sink{script: func(n int, w http.ResponseWriter, events int) bool {
				if n%2 == 1 {
					lost += int64(events)
					w.WriteHeader(code)
				}
				return n%2 == 1
			}}
			report, err := run(t, s, Config{Connections: 1, BatchEvents: 100}, 500)
			if err != nil || report.Accepted != 500 || report.Retries < 5 || report.Again != lost || len(s.got) != 500 {
				t.Errorf("%v, %v; %d arrived", report, err, len(s.got))
			}
		})
	}
}

func TestBrokenConnectionsAreRetried(t *testing.T) {
	s := &sink{script: func(n int, w http.ResponseWriter, _ int) bool {
		if n%2 == 1 {
			panic(http.ErrAbortHandler)
		}
		return false
	}}
	report, err := run(t, s, Config{Connections: 1, BatchEvents: 100}, 300)
	if err != nil || report.Accepted != 300 || report.Retries < 3 {
		t.Errorf("%v, %v", report, err)
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	var first, second time.Time
	s := &sink{script: func(n int, w http.ResponseWriter, _ int) bool {
		if n > 1 {
			second = time.Now()
			return false
		}
		first = time.Now()
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
		return true
	}}
	if _, err := run(t, s, Config{}, 1); err != nil || second.Sub(first) < time.Second {
		t.Errorf("tried again after %s, %v", second.Sub(first), err)
	}
}

func TestAFaultThatStaysEndsTheSenderWithASentence(t *testing.T) {
	for name, c := range map[string]struct {
		code int
		want string
	}{
		"unknown write key": {401, "does not know this write key"},
		"not found":         {404, "404"},
		"overload for ever": {503, "503"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &sink{script: func(_ int, w http.ResponseWriter, _ int) bool { w.WriteHeader(c.code); return true }}
			report, err := run(t, s, Config{RetryFor: 100 * time.Millisecond}, 10_000)
			if err == nil || !strings.Contains(err.Error(), c.want) || report.Accepted != 0 {
				t.Errorf("%v, %v", report, err)
			}
		})
	}
}

// TestAWishBeyondTheDeadlineEndsTheRequest: an hour's wait under a limit of a minute would be an hour of silence.
func TestAWishBeyondTheDeadlineEndsTheRequest(t *testing.T) {
	s := &sink{script: func(_ int, w http.ResponseWriter, _ int) bool {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusTooManyRequests)
		return true
	}}
	began := time.Now()
	_, err := run(t, s, Config{RetryFor: time.Minute}, 1)
	if err == nil || !strings.Contains(err.Error(), "asks to wait 1h0m0s, longer than it is tried again") || time.Since(began) > 30*time.Second {
		t.Errorf("%v after %s", err, time.Since(began))
	}
}

func TestARequestThatIsTooLargeIsHalved(t *testing.T) {
	s := &sink{script: func(_ int, w http.ResponseWriter, n int) bool {
		if n > 10 {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}
		return n > 10
	}}
	report, err := run(t, s, Config{Connections: 1, BatchEvents: 100}, 100)
	if err != nil || report.Accepted != 100 || len(s.got) != 100 {
		t.Errorf("%v, %v", report, err)
	}
}

func TestBatchesStayBelowTheirBytesAndRefusalsAreCounted(t *testing.T) {
	s := &sink{}
	if _, err := run(t, s, Config{Connections: 1, BatchBytes: 1000, BatchEvents: 500}, 300); err != nil {
		t.Fatal(err)
	}
	for _, n := range s.sizes {
		if n > 1200 {
			t.Errorf("a request of %d bytes", n)
		}
	}
	refuse := &sink{script: func(_ int, w http.ResponseWriter, n int) bool {
		fmt.Fprintf(w, `{"accepted":%d,"rejected":[{"index":0,"reason":"no_identifier"}]}`, n-1)
		return true
	}}
	report, err := run(t, refuse, Config{Connections: 1, BatchEvents: 10}, 100)
	if err != nil || report.Rejected == 0 || report.Reasons["no_identifier"] != report.Rejected || report.Accepted+report.Rejected != 100 {
		t.Errorf("%v %v, %v", report, report.Reasons, err)
	}
}

func TestCancellingEndsASenderThatWaits(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	sender, err := New(ctx, Config{URL: server.URL, WriteKey: "demo-key"})
	if err != nil {
		t.Fatal(err)
	}
	if err := sender.Send(Event{Key: "a", Body: []byte(`{}`)}); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(50*time.Millisecond, cancel)
	began := time.Now()
	if _, err := sender.Close(); err == nil || time.Since(began) > 5*time.Second {
		t.Errorf("closed after %s with %v", time.Since(began), err)
	}
}

func TestHistogramIsWithinFourPercent(t *testing.T) {
	var h Histogram
	if h.Quantile(0.5) != 0 {
		t.Error("an empty histogram has a median")
	}
	for i := 1; i <= 1000; i++ {
		h.Observe(time.Duration(i) * time.Millisecond)
	}
	for q, want := range map[float64]time.Duration{0.5: 500 * time.Millisecond, 0.99: 990 * time.Millisecond, 1: time.Second} {
		if got := h.Quantile(q); got < want || got > want*104/100 {
			t.Errorf("quantile %g is %s, want %s and at most 4 %% more", q, got, want)
		}
	}
}

// BenchmarkSend is what the sender alone can do: a server that reads and forgets.
func BenchmarkSend(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, `{"accepted":%d,"rejected":[]}`, strings.Count(string(body), "messageId"))
	}))
	defer server.Close()
	sender, err := New(b.Context(), Config{URL: server.URL, WriteKey: "demo-key"})
	if err != nil {
		b.Fatal(err)
	}
	body := []byte(`{"messageId":"m-1","type":"track","event":"Product Viewed","anonymousId":"a","properties":{"x":"` + strings.Repeat("x", 450) + `"}}`)
	for i := range b.N {
		if err := sender.Send(Event{Key: strconv.Itoa(i % 1000), Body: body}); err != nil {
			b.Fatal(err)
		}
	}
	report, err := sender.Close()
	if err != nil || report.Accepted != int64(b.N) {
		b.Fatal(report, err)
	}
	b.ReportMetric(report.Rate(), "events/s")
}
