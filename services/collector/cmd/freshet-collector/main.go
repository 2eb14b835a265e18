// Command freshet-collector takes events in over HTTP and gRPC and makes them durable.
package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/freshet/freshet/pkg/access"
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
		Guard:   access.ForAdmin,
		Build:   build,
		Check:   check,
	})
}

// check makes a collector, which reads every file that the configuration names: sources, tracking plans, rates, countries. It opens neither
// the spool, which may be another process's, nor a connection.
func check(_ context.Context, cfg config) error {
	quiet := slog.New(slog.DiscardHandler)
	client, err := broker.Connect(cfg.Broker, quiet)
	if err != nil {
		return err
	}
	defer client.Close()
	_, err = collector.New(cfg.Collector, collector.Deps{Logger: quiet, Metrics: service.NewRegistry(), Broker: client})
	return err
}

func build(ctx context.Context, p *service.Process, cfg config) error {
	client, err := connect(ctx, p, cfg)
	if err != nil {
		return err
	}
	s, err := collector.New(cfg.Collector, collector.Deps{
		Logger: p.Logger, Metrics: p.Metrics, Tracer: p.Tracer, Broker: client})
	if err != nil {
		return err
	}
	server := p.GRPC(nil, s.ServerOptions()...)
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

// connect opens the way to Kafka. With a spool nothing waits for Kafka: events are taken from the start, and the topics are
// made when it is there.
func connect(ctx context.Context, p *service.Process, cfg config) (client *broker.Client, err error) {
	list := []topics.Topic{topics.EventsRaw, topics.EventsRejected}
	if cfg.Collector.Spool.Enabled {
		client, err = broker.Connect(cfg.Broker, p.Logger)
	} else {
		client, err = broker.Open(ctx, cfg.Broker, p.Logger, list...)
	}
	if err != nil {
		return nil, err
	}
	p.OnStop("broker", func(context.Context) error { client.Close(); return nil })
	if err := client.Register(p.Metrics); err != nil {
		return nil, err
	}
	if cfg.Collector.Spool.Enabled {
		p.Add(lifecycle.Component{Name: "topics", Run: func(ctx context.Context) error {
			makeTopics(ctx, p.Logger, client, list)
			<-ctx.Done()
			return nil
		}})
	}
	return client, nil
}

// topicsAgain is how long the next attempt to make the topics is put off.
const topicsAgain = time.Second

// makeTopics tries until the topics are there or ctx ends.
func makeTopics(ctx context.Context, logger *slog.Logger, client *broker.Client, list []topics.Topic) {
	for {
		try, cancel := context.WithTimeout(ctx, 30*topicsAgain)
		err := client.EnsureTopics(try, list...)
		cancel()
		if err == nil || ctx.Err() != nil {
			return
		}
		logger.Warn("the topics are not there yet", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(topicsAgain):
		}
	}
}
