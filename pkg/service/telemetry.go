package service

import (
	"context"
	"fmt"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Propagator reads and writes W3C traceparent, tracestate and baggage.
func Propagator() propagation.TextMapPropagator {
	return propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})
}

// NewTracerProvider makes the traces of one process. Sampling follows the parent
// where a request has one and TraceRatio where it has none. Spans are exported
// only when cfg or the standard OTEL_EXPORTER_OTLP_*ENDPOINT variables in environ
// name an endpoint; an endpoint that does not answer costs spans, never a
// request. Shutdown sends what is left.
func NewTracerProvider(ctx context.Context, cfg TelemetryConfig, service string, environ []string) (*sdktrace.TracerProvider, error) {
	res, err := resource.Merge(resource.Environment(), resource.NewSchemaless(
		attribute.String("service.name", "freshet-"+service),
		attribute.String("service.namespace", "freshet"),
		attribute.String("service.version", BuildVersion()),
	))
	if err != nil {
		return nil, fmt.Errorf("describe the process to OpenTelemetry: %w", err)
	}
	options := []sdktrace.TracerProviderOption{
		sdktrace.WithResource(res),
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(cfg.TraceRatio))),
	}
	endpoint, err := endpointURL(cfg.OTLPEndpoint)
	if err != nil {
		return nil, fmt.Errorf("telemetry.otlp_endpoint: %w", err)
	}
	if endpoint != "" || endpointInEnviron(environ) {
		var client []otlptracegrpc.Option
		if endpoint != "" {
			client = append(client, otlptracegrpc.WithEndpointURL(endpoint))
		}
		exporter, err := otlptracegrpc.New(ctx, client...)
		if err != nil {
			return nil, fmt.Errorf("open the OTLP exporter to %s: %w", endpoint, err)
		}
		options = append(options, sdktrace.WithBatcher(exporter))
	}
	return sdktrace.NewTracerProvider(options...), nil
}

func endpointInEnviron(environ []string) bool {
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		if value != "" && (name == "OTEL_EXPORTER_OTLP_ENDPOINT" || name == "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") {
			return true
		}
	}
	return false
}

// NewRegistry returns a Prometheus registry with the metrics of the Go runtime
// and of the operating system's process.
func NewRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}
