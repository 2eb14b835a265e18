// Command freshet-churn runs the churn service.
package main

import (
	"context"

	"github.com/freshet/freshet/pkg/access"
	"github.com/freshet/freshet/pkg/service"
	"github.com/freshet/freshet/services/churn"
)

// config is the file's content: this release has no settings but the common ones.
type config struct {
	service.Config `koanf:",squash"`
}

func main() {
	service.Main(service.Spec[config]{
		Name:    "churn",
		About:   "says how likely a customer is to leave. In this release it answers UNIMPLEMENTED.",
		Default: config{Config: service.Default()},
		Common:  func(c *config) *service.Config { return &c.Config },
		Guard:   access.ForAdmin,
		Build: func(_ context.Context, p *service.Process, _ config) error {
			(&churn.Service{}).Register(p.GRPC(nil))
			return nil
		},
	})
}
