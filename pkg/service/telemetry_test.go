package service_test

import (
	"bytes"
	"context"
	"net"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/trace"
	otlp "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"

	"github.com/freshet/freshet/pkg/service"
)

// spanSink is an OpenTelemetry collector that keeps the names of spans.
type spanSink struct {
	otlp.UnimplementedTraceServiceServer
	spans chan string
}

func (s *spanSink) Export(_ context.Context, r *otlp.ExportTraceServiceRequest) (*otlp.ExportTraceServiceResponse, error) {
	for _, rs := range r.GetResourceSpans() {
		service := ""
		for _, a := range rs.GetResource().GetAttributes() {
			if a.GetKey() == "service.name" {
				service = a.GetValue().GetStringValue()
			}
		}
		for _, ss := range rs.GetScopeSpans() {
			for _, span := range ss.GetSpans() {
				s.spans <- service + " " + span.GetName()
			}
		}
	}
	return &otlp.ExportTraceServiceResponse{}, nil
}

func TestTraces(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	sink := &spanSink{spans: make(chan string, 10)}
	server := grpc.NewServer()
	otlp.RegisterTraceServiceServer(server, sink)
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	endpoint := listener.Addr().String()
	parent := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}, TraceFlags: trace.FlagsSampled, Remote: true})
	tests := map[string]struct {
		cfg    service.TelemetryConfig
		env    string // OTEL_EXPORTER_OTLP_ENDPOINT
		parent trace.SpanContext
		want   string
	}{
		"configured":                          {cfg: service.TelemetryConfig{TraceRatio: 1, OTLPEndpoint: endpoint}, want: "freshet-test work"},
		"by the standard variable":            {cfg: service.TelemetryConfig{TraceRatio: 1}, env: "http://" + endpoint, want: "freshet-test work"},
		"nowhere to send to":                  {cfg: service.TelemetryConfig{TraceRatio: 1}},
		"not sampled":                         {cfg: service.TelemetryConfig{TraceRatio: 0, OTLPEndpoint: endpoint}},
		"sampled by the caller":               {cfg: service.TelemetryConfig{TraceRatio: 0, OTLPEndpoint: endpoint}, parent: parent, want: "freshet-test work"},
		"not sampled by the caller":           {cfg: service.TelemetryConfig{TraceRatio: 1, OTLPEndpoint: endpoint}, parent: parent.WithTraceFlags(0)},
		"an endpoint that nobody listens on ": {cfg: service.TelemetryConfig{TraceRatio: 0, OTLPEndpoint: "127.0.0.1:1"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", test.env)
			provider, err := service.NewTracerProvider(t.Context(), test.cfg, "test", []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + test.env})
			if err != nil {
				t.Fatal(err)
			}
			ctx := trace.ContextWithSpanContext(t.Context(), test.parent)
			_, span := provider.Tracer("x").Start(ctx, "work")
			span.End()
			if err := provider.Shutdown(t.Context()); err != nil { // sends what is left
				t.Fatal(err)
			}
			got := ""
			select {
			case got = <-sink.spans:
			default:
			}
			if got != test.want {
				t.Errorf("exported %q, want %q", got, test.want)
			}
		})
	}
}

func TestLogger(t *testing.T) {
	ctx := trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{0xab}, SpanID: trace.SpanID{0xcd}}))
	tests := map[string]struct {
		cfg  service.LogConfig
		want []string
	}{
		"json": {service.LogConfig{Level: "warn", Format: "json"}, []string{`"msg":"lag"`, `"trace_id":"ab000000000000000000000000000000"`, `"span_id":"cd00000000000000"`, `"service":"x"`}},
		"text": {service.LogConfig{Level: "warn", Format: "text"}, []string{"msg=lag", "trace_id=ab0000", "service=x"}},
	}
	for name, test := range tests {
		var out bytes.Buffer
		log := service.NewLogger(test.cfg, &out).With("service", "x")
		log.InfoContext(ctx, "below the level")
		log.WarnContext(ctx, "lag")
		for _, want := range test.want {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: %s is not in %s", name, want, out.String())
			}
		}
		if strings.Contains(out.String(), "below") {
			t.Errorf("%s: wrote below the level", name)
		}
		out.Reset()
		if log.Warn("none"); strings.Contains(out.String(), "trace_id") {
			t.Errorf("%s: a trace id without a trace: %s", name, out.String())
		}
	}
}
