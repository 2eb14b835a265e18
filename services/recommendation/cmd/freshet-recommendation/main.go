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
		About:   "says what to offer a customer next. In this release it answers UNIMPLEMENTED.",
		Default: config{Config: service.Default()},
		Common:  func(c *config) *service.Config { return &c.Config },
		Guard:   access.ForAdmin,
		Build: func(_ context.Context, p *service.Process, _ config) error {
			(&recommendation.Service{}).Register(p.GRPC(nil))
			return nil
		},
	})
}
