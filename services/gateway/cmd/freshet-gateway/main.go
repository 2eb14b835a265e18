// Command freshet-gateway runs the gateway: one address for all reads.
package main

import (
	"context"
	"errors"

	"github.com/freshet/freshet/pkg/access"
	"github.com/freshet/freshet/pkg/lifecycle"
	"github.com/freshet/freshet/pkg/service"
	"github.com/freshet/freshet/services/gateway"
)

// config is the file's content.
type config struct {
	service.Config `koanf:",squash"`
	Gateway        gateway.Config `koanf:",squash"`
}

// Validate reports a gRPC door that is open to everybody; the HTTP one is the gateway's own to check.
func (c config) Validate() error {
	return errors.Join(c.Config.Validate(), c.Gateway.CheckOpen("grpc.address", c.GRPC.Address))
}

func main() {
	service.Main(service.Spec[config]{
		Name:    "gateway",
		About:   "is one address for all reads, gRPC and HTTP/JSON; it forwards to the services behind it.",
		Default: config{Config: service.Default(), Gateway: gateway.Default()},
		Common:  func(c *config) *service.Config { return &c.Config },
		Guard:   access.ForAdmin,
		Build:   build,
		Check:   func(_ context.Context, cfg config) error { return cfg.Gateway.CheckFiles() },
	})
}

func build(_ context.Context, p *service.Process, cfg config) error {
	s, err := gateway.New(cfg.Gateway, gateway.Deps{Logger: p.Logger, Metrics: p.Metrics, TracerProvider: p.TracerProvider, Ready: p.Readiness()})
	if err != nil {
		return err
	}
	p.OnStop("upstream connections", func(context.Context) error { return s.Close() })
	p.Add(lifecycle.Component{Name: "upstream addresses", Run: s.Run})
	p.Add(service.NewHTTPServer("http server", cfg.Gateway.HTTPAddress, s.Handler()).Component())
	p.Ready("gateway", s.Ready)
	p.GRPC(s.Forwarded(), s.ServerOptions()...).OnStop(s.StopStreams)
	return nil
}
