// Command freshet-recommendation says what to offer a customer next, and what became of it.
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
	_ "github.com/freshet/freshet/pkg/model/clouds" // models in S3, GCS, Azure
	"github.com/freshet/freshet/pkg/service"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	"github.com/freshet/freshet/services/recommendation/assembly"
)

// config is everything the binary can be told.
type config struct {
	Process        service.Config  `koanf:",squash"`
	Recommendation assembly.Config `koanf:",squash"`
	Fleet          fleet.Config    `koanf:",squash"`
	// Broker says where Kafka is.
	Broker broker.Config `koanf:"broker"`
	// ClickHouse says where trainings and reports read.
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
		Name:  "recommendation",
		About: "says what to offer a customer next, by all that was done up to the last second, and what became of it",
		Default: config{
			Process: service.Default(), Recommendation: assembly.Default(), Broker: broker.Default(), ClickHouse: clickhouse.Default(), Identity: "identity:9000",
		},
		Common: func(c *config) *service.Config { return &c.Process },
		Guard:  access.ForAdmin,
		Build:  build,
		Check:  func(_ context.Context, cfg config) error { return assembly.CheckFiles(cfg.Recommendation) },
	})
}

func build(ctx context.Context, p *service.Process, cfg config) error {
	client, err := backend.Kafka(ctx, p, cfg.Broker, assembly.Topics()...)
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
	s, err := assembly.New(ctx, cfg.Recommendation, assembly.Deps{
		Logger: p.Logger, Metrics: p.Metrics, ModelMetrics: p.Metrics, Tracer: p.Tracer, Broker: client, Fleet: fellows, Identity: identityv1.NewIdentityServiceClient(people), ClickHouse: facts,
	})
	if err != nil {
		return err
	}
	p.OnStop("models", func(context.Context) error { return s.Close() })
	s.Register(p.GRPC(nil))
	p.Ready("recommendation", s.Ready)
	p.Add(lifecycle.Component{Name: "recommendation", Run: s.Run})
	return nil
}
