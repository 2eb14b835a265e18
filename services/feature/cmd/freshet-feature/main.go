// Command freshet-feature keeps what every customer did, as numbers over windows of time.
package main

import (
	"context"
	"errors"

	"github.com/freshet/freshet/pkg/access"
	"github.com/freshet/freshet/pkg/backend"
	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/clickhouse"
	"github.com/freshet/freshet/pkg/fleet"
	"github.com/freshet/freshet/pkg/lifecycle"
	"github.com/freshet/freshet/pkg/service"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	"github.com/freshet/freshet/services/feature"
)

// config is everything the binary can be told.
type config struct {
	Process service.Config `koanf:",squash"`
	Feature feature.Config `koanf:",squash"`
	Fleet   fleet.Config   `koanf:",squash"`
	// Broker says where Kafka is.
	Broker broker.Config `koanf:"broker"`
	// ClickHouse says where the facts are, which answer reads with as_of.
	ClickHouse clickhouse.Config `koanf:"clickhouse"`
	// Identity is the address of the identity service, as "host:port" or a gRPC name: it resolves the customers that
	// requests name.
	Identity string `koanf:"identity"`
}

// Validate reports a missing address.
func (c config) Validate() error {
	if c.Identity == "" {
		return errors.New("identity: must be set")
	}
	return nil
}

func main() {
	service.Main(service.Spec[config]{
		Name:  "feature",
		About: "keeps what every customer did as numbers over windows of time, and publishes every change",
		Default: config{
			Process: service.Default(), Feature: feature.Default(), Broker: broker.Default(),
			ClickHouse: clickhouse.Default(), Identity: "identity:9000",
		},
		Common: func(c *config) *service.Config { return &c.Process },
		Guard:  access.ForAdmin,
		Build:  build,
	})
}

func build(ctx context.Context, p *service.Process, cfg config) error {
	client, err := backend.Kafka(ctx, p, cfg.Broker, feature.Topics()...)
	if err != nil {
		return err
	}
	facts, err := backend.ClickHouse(ctx, p, cfg.ClickHouse)
	if err != nil {
		return err
	}
	people, err := backend.Service(p, "identity", cfg.Identity)
	if err != nil {
		return err
	}
	fellows, err := backend.Fleet(p, cfg.Fleet, client)
	if err != nil {
		return err
	}
	s, err := feature.New(cfg.Feature, feature.Deps{
		Logger: p.Logger, Metrics: p.Metrics, Tracer: p.Tracer, Broker: client,
		Identity: identityv1.NewIdentityServiceClient(people), Fleet: fellows, ClickHouse: facts,
	})
	if err != nil {
		return err
	}
	s.Register(p.GRPC(nil))
	p.GRPC(nil).OnStop(s.StopStreams)
	p.Ready("feature", s.Ready)
	p.Add(lifecycle.Component{Name: "feature", Run: s.Run})
	return nil
}
