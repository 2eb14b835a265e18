// Command freshet-churn says who is likely to leave, to buy again, and what they will spend.
package main

import (
	"context"
	"errors"

	"github.com/freshet/freshet/pkg/access"
	"github.com/freshet/freshet/pkg/backend"
	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/fleet"
	"github.com/freshet/freshet/pkg/lifecycle"
	_ "github.com/freshet/freshet/pkg/model/clouds" // models in S3, GCS, Azure
	"github.com/freshet/freshet/pkg/service"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	"github.com/freshet/freshet/services/churn"
	"github.com/freshet/freshet/services/churn/assembly"
)

// config is everything the binary can be told.
type config struct {
	Process service.Config  `koanf:",squash"`
	Churn   assembly.Config `koanf:",squash"`
	Fleet   fleet.Config    `koanf:",squash"`
	// Broker says where Kafka is.
	Broker broker.Config `koanf:"broker"`
	// Identity is the address of the identity service, as "host:port" or a gRPC name: it resolves the customers that
	// requests name.
	Identity string `koanf:"identity"`
	// Feature is the address of the feature service, in the same form: it says what was known at moments of the past, for training.
	Feature string `koanf:"feature"`
}

// Validate reports missing addresses.
func (c config) Validate() error {
	var faults []error
	if c.Identity == "" {
		faults = append(faults, errors.New("identity: must be set"))
	}
	if c.Feature == "" {
		faults = append(faults, errors.New("feature: must be set"))
	}
	return errors.Join(faults...)
}

func main() {
	service.Main(service.Spec[config]{
		Name:  "churn",
		About: "says who is likely to leave, to buy again, and what they will spend, within a second of what they do",
		Default: config{
			Process: service.Default(), Churn: assembly.Default(), Broker: broker.Default(), Identity: "identity:9000", Feature: "feature:9000",
		},
		Common: func(c *config) *service.Config { return &c.Process },
		Guard:  access.ForAdmin,
		Build:  build,
		Check:  func(_ context.Context, cfg config) error { return churn.CheckFiles(cfg.Churn.Scoring) },
	})
}

func build(ctx context.Context, p *service.Process, cfg config) error {
	client, err := backend.Kafka(ctx, p, cfg.Broker, churn.Topics()...)
	if err != nil {
		return err
	}
	people, err := backend.Service(p, "identity", cfg.Identity)
	if err != nil {
		return err
	}
	past, err := backend.Service(p, "feature", cfg.Feature)
	if err != nil {
		return err
	}
	fellows, err := backend.Fleet(p, cfg.Fleet, client)
	if err != nil {
		return err
	}
	s, err := assembly.New(ctx, cfg.Churn, assembly.Deps{
		Logger: p.Logger, Metrics: p.Metrics, Tracer: p.Tracer, Broker: client, Fleet: fellows,
		Identity: identityv1.NewIdentityServiceClient(people), Features: featurev1.NewFeatureServiceClient(past),
	})
	if err != nil {
		return err
	}
	p.OnStop("models", func(context.Context) error { return s.Close() })
	s.Register(p.GRPC(nil))
	p.Ready("churn", s.Ready)
	p.Add(lifecycle.Component{Name: "churn", Run: s.Run})
	return nil
}
