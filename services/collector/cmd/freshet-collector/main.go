// Command freshet-collector takes events in over HTTP and gRPC and makes them durable.
package main

import (
	"context"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/lifecycle"
	"github.com/freshet/freshet/pkg/service"
	"github.com/freshet/freshet/pkg/topics"
	"github.com/freshet/freshet/services/collector"
)

// config is everything the binary can be told.
type config struct {
	Process   service.Config   `koanf:",squash"`
	Collector collector.Config `koanf:",squash"`
	// Broker says where Kafka is.
	Broker broker.Config `koanf:"broker"`
}

func main() {
	service.Main(service.Spec[config]{
		Name:    "collector",
		About:   "takes events in over HTTP (Segment's API) and gRPC, checks them and makes them durable in Kafka",
		Default: config{Process: service.Default(), Collector: collector.Default(), Broker: broker.Default()},
		Common:  func(c *config) *service.Config { return &c.Process },
		Build:   build,
	})
}

func build(ctx context.Context, p *service.Process, cfg config) error {
	client, err := broker.Open(ctx, cfg.Broker, p.Logger, topics.EventsRaw, topics.EventsRejected)
	if err != nil {
		return err
	}
	p.OnStop("broker", func(context.Context) error { client.Close(); return nil })
	s, err := collector.New(cfg.Collector, collector.Deps{
		Logger: p.Logger, Metrics: p.Metrics, Tracer: p.Tracer, Broker: client})
	if err != nil {
		return err
	}
	server := p.GRPC(nil)
	s.Register(server)
	server.OnStop(s.StopStreams)
	p.Ready("collector", s.Ready)
	p.Add(lifecycle.Component{
		Name:  "collector",
		Start: func(context.Context) error { return s.Listen() },
		Run:   s.Run,
	})
	return nil
}
