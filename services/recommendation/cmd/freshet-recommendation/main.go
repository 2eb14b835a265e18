// Command freshet-recommendation says what to offer a customer next, and what became of it.
package main

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/freshet/freshet/pkg/access"
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
	client, err := broker.Open(ctx, cfg.Broker, p.Logger, assembly.Topics()...)
	if err != nil {
		return err
	}
	p.OnStop("broker", func(context.Context) error { client.Close(); return nil })
	if err := client.Register(p.Metrics); err != nil {
		return err
	}
	facts, err := clickhouse.Open(ctx, cfg.ClickHouse)
	if err != nil {
		return err
	}
	p.OnStop("clickhouse", func(context.Context) error { return facts.Close() })
	people, err := grpc.NewClient(cfg.Identity, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithStatsHandler(otelgrpc.NewClientHandler(otelgrpc.WithTracerProvider(p.TracerProvider))))
	if err != nil {
		return fmt.Errorf("identity %q: %w", cfg.Identity, err)
	}
	p.OnStop("identity connection", func(context.Context) error { return people.Close() })
	fellows, err := fleet.New(fleet.Deps{Logger: p.Logger, Metrics: p.Metrics, TracerProvider: p.TracerProvider, Broker: client,
		Address: cfg.Fleet.Address(p.GRPC(nil).Addr)})
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
	fellows.Register(p.GRPC(nil))
	p.Ready("recommendation", s.Ready)
	p.Ready("fleet", fellows.Ready)
	p.Add(lifecycle.Component{Name: "fleet", Run: fellows.Run}, lifecycle.Component{Name: "recommendation", Run: s.Run})
	return nil
}
