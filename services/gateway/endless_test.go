package gateway_test

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace/noop"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/freshet/freshet/pkg/service"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	"github.com/freshet/freshet/services/gateway"
)

// streamed reads a streamed answer over HTTP line by line.
func streamed(t *testing.T, method, url, body string) *bufio.Scanner {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return bufio.NewScanner(resp.Body)
}

// A gateway that stops ends the streams that would go on for ever, and says from where to go on; the replica sees them end. One that has an end of its own
// is given the time to reach it.
func TestAGatewayThatStopsEndsEndlessStreams(t *testing.T) {
	ended, finish := make(chan error, 1), make(chan struct{})
	b := (&backend{
		watch: func(_ *featurev1.WatchFeaturesRequest, out watchStream) error {
			err := out.Send(&featurev1.WatchFeaturesResponse{Resume: "here"})
			<-out.Context().Done()
			ended <- err
			return out.Context().Err()
		},
		history: func(r *featurev1.GetHistoricalFeaturesRequest, out historyStream) error {
			if err := counted(r, out); err != nil {
				return err
			}
			<-finish
			return counted(r, out)
		},
	}).serve(t, "127.0.0.1:0")
	s, err := gateway.New(config(b.address), gateway.Deps{Metrics: prometheus.NewRegistry(), TracerProvider: noop.NewTracerProvider(), Ready: &service.Readiness{}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	web := httptest.NewServer(s.Handler())
	t.Cleanup(func() {
		cancel()
		web.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	watch, history := streamed(t, http.MethodGet, web.URL+"/v1/features:watch", ""), streamed(t, http.MethodPost, web.URL+"/v1/features:history", `{"dates_ms":["1"]}`)
	if !watch.Scan() || !strings.Contains(watch.Text(), `"here"`) || !history.Scan() {
		t.Fatalf("the streams begin with %q and %q", watch.Text(), history.Text())
	}
	s.StopStreams(t.Context())
	if !watch.Scan() || !strings.Contains(watch.Text(), "the gateway stops") || watch.Scan() {
		t.Errorf("the watch ends with %q", watch.Text())
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	close(finish)
	n := 1
	for history.Scan() {
		if n++; strings.Contains(history.Text(), "error") {
			t.Errorf("the history has %s", history.Text())
		}
	}
	if n != 6 {
		t.Errorf("the history has %d parts, want 6", n)
	}
}

// The same by gRPC, on the way down of the server that the streams are of.
func TestAServerDoesNotWaitForEndlessStreams(t *testing.T) {
	b := (&backend{watch: func(_ *featurev1.WatchFeaturesRequest, out watchStream) error {
		if err := out.Send(&featurev1.WatchFeaturesResponse{}); err != nil {
			return err
		}
		<-out.Context().Done()
		return out.Context().Err()
	}}).serve(t, "127.0.0.1:0")
	g := run(t, config(b.address))
	stream, err := featurev1.NewFeatureServiceClient(g.conn).WatchFeatures(t.Context(), &featurev1.WatchFeaturesRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	g.stopping() // within the grace, or run's own check fails
	if _, err := stream.Recv(); status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "the gateway stops") {
		t.Errorf("a watch on a server that stops: %v", err)
	}
}
