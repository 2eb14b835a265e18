// Command freshet-churn says who is likely to leave, to buy again, and what they will spend.
package main

import (
	"context"
	"fmt"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/freshet/freshet/pkg/access"
	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/fleet"
	"github.com/freshet/freshet/pkg/lifecycle"
	"github.com/freshet/freshet/pkg/service"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	"github.com/freshet/freshet/services/churn"
)

// config is everything the binary can be told.
type config struct {
	Process service.Config `koanf:",squash"`
	Churn   churn.Config   `koanf:",squash"`
	Fleet   fleet.Config   `koanf:",squash"`
	// Broker says where Kafka is.
	Broker broker.Config `koanf:"broker"`
	// Identity is the address of the identity service, as "host:port" or a gRPC name: it resolves the customers that
	// requests name.
	Identity string `koanf:"identity"`
}

// Validate reports a missing address.
func (c config) Validate() error {
	if c.Identity == "" {
		return fmt.Errorf("identity: must be set")
	}
	return nil
}

func main() {
	service.Main(service.Spec[config]{
		Name:  "churn",
		About: "says who is likely to leave, to buy again, and what they will spend, within a second of what they do",
		Default: config{
			Process: service.Default(), Churn: churn.Default(), Broker: broker.Default(), Identity: "identity:9000",
		},
		Common: func(c *config) *service.Config { return &c.Process },
		Guard:  access.ForAdmin,
		Build:  build,
		Check:  func(_ context.Context, cfg config) error { return churn.CheckFiles(cfg.Churn) },
	})
}

func build(ctx context.Context, p *service.Process, cfg config) error {
	client, err := broker.Open(ctx, cfg.Broker, p.Logger, churn.Topics()...)
	if err != nil {
		return err
	}
	p.OnStop("broker", func(context.Context) error { client.Close(); return nil })
	if err := client.Register(p.Metrics); err != nil {
		return err
	}
	conn, err := grpc.NewClient(cfg.Identity, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithStatsHandler(otelgrpc.NewClientHandler(otelgrpc.WithTracerProvider(p.TracerProvider))))
	if err != nil {
		return fmt.Errorf("identity %q: %w", cfg.Identity, err)
	}
	p.OnStop("identity connection", func(context.Context) error { return conn.Close() })
	fellows, err := fleet.New(fleet.Deps{Logger: p.Logger, Metrics: p.Metrics, TracerProvider: p.TracerProvider, Broker: client,
		Address: cfg.Fleet.Address(p.GRPC(nil).Addr)})
	if err != nil {
		return err
	}
	s, err := churn.New(cfg.Churn, churn.Deps{
		Logger: p.Logger, Metrics: p.Metrics, Tracer: p.Tracer, Broker: client, Identity: identityv1.NewIdentityServiceClient(conn), Fleet: fellows,
	})
	if err != nil {
		return err
	}
	s.Register(p.GRPC(nil))
	fellows.Register(p.GRPC(nil))
	p.Ready("churn", s.Ready)
	p.Ready("fleet", fellows.Ready)
	p.Add(lifecycle.Component{Name: "fleet", Run: fellows.Run}, lifecycle.Component{Name: "churn", Run: s.Run})
	return nil
}
