package service

import (
	"context"
	"errors"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"

	"github.com/freshet/freshet/pkg/lifecycle"
)

// Process is what Build gets to put a service together with.
type Process struct {
	// Name is the service's: "collector".
	Name string
	// Logger writes with the ids of the trace in the context.
	Logger *slog.Logger
	// Metrics is what /metrics shows.
	Metrics *prometheus.Registry
	// Tracer makes the service's spans; TracerProvider is for instrumented libraries.
	Tracer         trace.Tracer
	TracerProvider trace.TracerProvider

	ready      *Readiness
	grpcConfig GRPCConfig
	grpc       *GRPCServer
	components []lifecycle.Component
}

// GRPC returns the process's gRPC server, to register services on. It begins to
// listen when everything that Build added runs, and is drained before any of that
// stops. forwarded and options are for proxies and count in the first call only.
func (p *Process) GRPC(forwarded []string, options ...grpc.ServerOption) *GRPCServer {
	if p.grpc == nil {
		p.grpc = NewGRPCServer(p.grpcConfig, GRPCDeps{Logger: p.Logger, Metrics: p.Metrics,
			TracerProvider: p.TracerProvider, Ready: p.ready, Forwarded: forwarded}, options...)
	}
	return p.grpc
}

// Add appends parts of the process. They start in the order they were added, once
// Build has returned, and stop in reverse.
func (p *Process) Add(components ...lifecycle.Component) {
	p.components = append(p.components, components...)
}

// OnStop has close called when everything added later has stopped, and also when
// Build fails: call it right after opening something.
func (p *Process) OnStop(name string, close func(context.Context) error) {
	p.Add(lifecycle.Component{Name: name, Stop: close})
}

// Ready makes the process ready only while check returns nil: see Readiness.Add.
func (p *Process) Ready(name string, check func() error) { p.ready.Add(name, check) }

// Readiness is for servers that show it elsewhere than on the admin address.
func (p *Process) Readiness() *Readiness { return p.ready }

// abandon closes what Build had opened when it failed.
func (p *Process) abandon(ctx context.Context) error {
	var faults []error
	for i := len(p.components) - 1; i >= 0; i-- {
		if c := p.components[i]; c.Start == nil && c.Run == nil && c.Stop != nil {
			faults = append(faults, c.Stop(ctx))
		}
	}
	return errors.Join(faults...)
}
