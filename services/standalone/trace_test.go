package standalone

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"

	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/services/segmentation/webhook"
)

// spans is an OTLP receiver: what an OpenTelemetry collector is to the stack.
type spans struct {
	collectortrace.UnimplementedTraceServiceServer

	mu    sync.Mutex
	names map[string][]string // span names by trace id
}

// Export takes a batch of spans.
func (s *spans) Export(_ context.Context, req *collectortrace.ExportTraceServiceRequest) (*collectortrace.ExportTraceServiceResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range req.GetResourceSpans() {
		for _, scope := range r.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				id := hex.EncodeToString(span.GetTraceId())
				s.names[id] = append(s.names[id], span.GetName())
				for _, l := range span.GetLinks() { // one insert holds the events of many traces: it links to them
					linked := hex.EncodeToString(l.GetTraceId())
					s.names[linked] = append(s.names[linked], span.GetName())
				}
			}
		}
	}
	return &collectortrace.ExportTraceServiceResponse{}, nil
}

func (s *spans) has(trace string, parts ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, p := range parts {
		if !slices.ContainsFunc(s.names[trace], func(name string) bool { return strings.Contains(name, p) }) {
			errs = append(errs, fmt.Errorf("no span %q among %q", p, s.names[trace]))
		}
	}
	return errors.Join(errs...)
}

// TestOneTraceAllTheWay follows the trace of one sampled request through Kafka to the
// ClickHouse insert and to the webhook, as an OpenTelemetry collector sees it.
func TestOneTraceAllTheWay(t *testing.T) {
	const trace = "0af7651916cd43dd8448eb211c80319c"
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	received := &spans{names: map[string][]string{}}
	server := grpc.NewServer()
	collectortrace.RegisterTraceServiceServer(server, received)
	go func() { _ = server.Serve(listener) }()
	defer server.Stop()

	traced := make(chan string, 10)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { traced <- r.Header.Get("traceparent") }))
	defer hook.Close()
	dir := t.TempDir()
	r := start(t, func(c *Config) {
		c.Dir = filepath.Join(dir, "data")
		c.Telemetry.OTLPEndpoint = "http://" + listener.Addr().String()
		c.Segmentation.Rules = filepath.Join(dir, "rules.yaml")
		if err := os.WriteFile(c.Segmentation.Rules, []byte(rules), 0o600); err != nil {
			t.Fatal(err)
		}
		c.Segmentation.Endpoints = map[string]webhook.Endpoint{"shop": {URL: hook.URL, Secret: "whsec_YSBzZWNyZXQgb2YgdGhpcnR5LXR3byBieXRlcywgb2s="}}
	})
	body := `{"userId":"42","messageId":"m1","event":"Order Completed","properties":{"order_id":"o1","total":180}}`
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+r.addr.CollectorHTTP+"/v1/track", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(writeKey, "")
	req.Header.Set("traceparent", "00-"+trace+"-b7ad6b7169203331-01")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("answered %d", res.StatusCode)
	}
	if got := <-traced; !strings.Contains(got, trace) {
		t.Errorf("the webhook got traceparent %q, want trace %s", got, trace)
	}
	testkit.Eventually(t, soon, func() error {
		return received.has(trace, "/v1/track", "identity.state", "feature.state", "segmentation.state", "warehouse insert", "webhook")
	})
	r.stop()
}
