// Command freshet-recommendation runs the recommendation service.
package main

import (
	"context"

	"github.com/freshet/freshet/pkg/access"
	"github.com/freshet/freshet/pkg/service"
	"github.com/freshet/freshet/services/recommendation"
)

// config is the file's content: this release has no settings but the common ones.
type config struct {
	service.Config `koanf:",squash"`
}

func main() {
	service.Main(service.Spec[config]{
		Name:    "recommendation",
		About:   "says what to offer a customer next, and why.",
		Default: config{Config: service.Default()},
		Common:  func(c *config) *service.Config { return &c.Config },
		Guard:   access.ForAdmin,
		Build: func(_ context.Context, p *service.Process, _ config) error {
			s, err := recommendation.New(recommendation.Default(), recommendation.Deps{Logger: p.Logger, Metrics: p.Metrics})
			if err != nil {
				return err
			}
			s.Register(p.GRPC(nil))
			return nil
		},
	})
}
