// Command freshet-segmentation keeps who is in which segment, and tells others of it.
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
	"github.com/freshet/freshet/services/segmentation"
)

// config is everything the binary can be told.
type config struct {
	Process      service.Config      `koanf:",squash"`
	Segmentation segmentation.Config `koanf:",squash"`
	Fleet        fleet.Config        `koanf:",squash"`
	// Broker says where Kafka is.
	Broker broker.Config `koanf:"broker"`
	// ClickHouse says where the facts are, which cut points are computed from.
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
		Name:  "segmentation",
		About: "keeps who is in which segment, publishes entries and exits, and delivers alerts by webhook",
		Default: config{
			Process: service.Default(), Segmentation: segmentation.Default(), Broker: broker.Default(),
			ClickHouse: clickhouse.Default(), Identity: "identity:9000",
		},
		Common: func(c *config) *service.Config { return &c.Process },
		Guard:  access.ForAdmin,
		Build:  build,
		Check:  func(_ context.Context, cfg config) error { return segmentation.CheckFiles(cfg.Segmentation) },
	})
}

func build(ctx context.Context, p *service.Process, cfg config) error {
	client, err := backend.Kafka(ctx, p, cfg.Broker, segmentation.Topics()...)
	if err != nil {
		return err
	}
	ch, err := backend.ClickHouse(ctx, p, cfg.ClickHouse)
	if err != nil {
		return err
	}
	population, err := segmentation.NewFacts(ch, cfg.Segmentation.CutPoints.Database)
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
	s, err := segmentation.New(cfg.Segmentation, segmentation.Deps{
		Logger: p.Logger, Metrics: p.Metrics, Tracer: p.Tracer, Broker: client,
		Identity: identityv1.NewIdentityServiceClient(people), Fleet: fellows, Population: population,
	})
	if err != nil {
		return err
	}
	s.Register(p.GRPC(nil))
	p.Ready("segmentation", s.Ready)
	p.Add(lifecycle.Component{Name: "segmentation", Run: s.Run})
	return nil
}
