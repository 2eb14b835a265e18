// Command freshet-watch tells when live events come too late.
package main

import (
	"context"

	"github.com/freshet/freshet/pkg/access"
	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/lifecycle"
	"github.com/freshet/freshet/pkg/service"
	"github.com/freshet/freshet/services/watch"
)

// config is everything the binary can be told.
type config struct {
	Process service.Config `koanf:",squash"`
	Watch   watch.Config   `koanf:",squash"`
	// Broker says where Kafka is. The watch makes no topic: partitions and replication do not matter here.
	Broker broker.Config `koanf:"broker"`
}

func main() {
	service.Main(service.Spec[config]{
		Name:    "watch",
		About:   "looks from outside how late live events are before each stage, and tells the alert endpoints when they are too late",
		Default: config{Process: service.Default(), Watch: watch.Default(), Broker: broker.Default()},
		Common:  func(c *config) *service.Config { return &c.Process },
		Guard:   access.ForAdmin,
		Build:   build,
	})
}

func build(_ context.Context, p *service.Process, cfg config) error {
	// It starts without Kafka too: that Kafka is away is something to tell.
	client, err := broker.Connect(cfg.Broker, p.Logger)
	if err != nil {
		return err
	}
	p.OnStop("broker", func(context.Context) error { client.Close(); return nil })
	s, err := watch.New(cfg.Watch, watch.Deps{Logger: p.Logger, Metrics: p.Metrics, Broker: client})
	if err != nil {
		return err
	}
	p.Ready("watch", s.Ready)
	p.Add(lifecycle.Component{Name: "watch", Run: s.Run})
	return nil
}
