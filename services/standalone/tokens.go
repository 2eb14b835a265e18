package standalone

import (
	"errors"
	"path/filepath"
	"sync/atomic"

	"github.com/freshet/freshet/pkg/access"
	"github.com/freshet/freshet/services/gateway"
)

// gatewayConfig has the API ask for tokens, on loopback too: another user of this machine is not the stack's owner.
func (s *Stack) gatewayConfig() gateway.Config {
	cfg := gateway.Default()
	cfg.HTTPAddress, cfg.Hosts = s.cfg.Listen.APIHTTP, s.cfg.Hosts
	cfg.Upstreams = gateway.At(s.internal.Addr())
	cfg.TokensFile, cfg.TokensFileMayBeMissing = filepath.Join(s.cfg.Dir, "tokens.yaml"), true
	cfg.Tokens = []access.Inline{{Name: "local", Workspace: access.EveryWorkspace, Scopes: access.Scopes, Token: s.cfg.APIToken}}
	return cfg
}

// watchers guards the profiles with the API's tokens, which are read after the metrics server has begun to serve.
type watchers struct {
	gateway atomic.Pointer[gateway.Service]
}

// Admit is service.Guard.
func (w *watchers) Admit(authorization string) error {
	g := w.gateway.Load()
	if g == nil {
		return errors.New("the tokens are not read yet: the stack is starting")
	}
	return g.Admit(authorization)
}
