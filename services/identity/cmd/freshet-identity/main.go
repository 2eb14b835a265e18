// Command freshet-identity says whose event it is and answers who is who.
package main

import (
	"context"

	"github.com/freshet/freshet/pkg/access"
	"github.com/freshet/freshet/pkg/backend"
	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/lifecycle"
	"github.com/freshet/freshet/pkg/service"
	"github.com/freshet/freshet/services/identity"
)

// config is everything the binary can be told.
type config struct {
	Process  service.Config  `koanf:",squash"`
	Identity identity.Config `koanf:",squash"`
	// Broker says where Kafka is.
	Broker broker.Config `koanf:"broker"`
}

func main() {
	service.Main(service.Spec[config]{
		Name:    "identity",
		About:   "turns the identifiers of events into customers, merges customers, drops retries, and answers who is who",
		Default: config{Process: service.Default(), Identity: identity.Default(), Broker: broker.Default()},
		Common:  func(c *config) *service.Config { return &c.Process },
		Guard:   access.ForAdmin,
		Build:   build,
	})
}

func build(ctx context.Context, p *service.Process, cfg config) error {
	client, err := backend.Kafka(ctx, p, cfg.Broker, identity.Topics()...)
	if err != nil {
		return err
	}
	s, err := identity.New(cfg.Identity, identity.Deps{
		Logger: p.Logger, Metrics: p.Metrics, Tracer: p.Tracer, Broker: client})
	if err != nil {
		return err
	}
	s.Register(p.GRPC(nil))
	p.Ready("identity", s.Ready)
	p.Add(lifecycle.Component{Name: "identity", Run: s.Run})
	return nil
}
