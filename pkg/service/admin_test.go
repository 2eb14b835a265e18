package service_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/freshet/freshet/pkg/service"
)

// admits is a guard that knows one token.
type admits string

func (a admits) Admit(authorization string) error {
	if authorization != "Bearer "+string(a) {
		return errors.New("the token is not known here")
	}
	return nil
}

// Who watches from another machine needs a token, or the operator's word; liveness never asks.
func TestWhoMayWatch(t *testing.T) {
	const here, everywhere = "127.0.0.1:9090", ":9090"
	for what, c := range map[string]struct {
		cfg               service.AdminConfig
		guard             service.Guard
		token             string
		metrics, profiles int
	}{
		"this machine":                          {cfg: service.AdminConfig{Address: here}, metrics: 200, profiles: 200},
		"this machine, with tokens":             {cfg: service.AdminConfig{Address: here}, guard: admits("t"), metrics: 200, profiles: 401},
		"this machine, with a token":            {cfg: service.AdminConfig{Address: here}, guard: admits("t"), token: "t", metrics: 200, profiles: 200},
		"every machine":                         {cfg: service.AdminConfig{Address: everywhere}, metrics: 401, profiles: 401},
		"every machine, and told so":            {cfg: service.AdminConfig{Address: everywhere, OpenMetrics: true}, metrics: 200, profiles: 401},
		"every machine, told so, with tokens":   {cfg: service.AdminConfig{Address: everywhere, OpenMetrics: true}, guard: admits("t"), metrics: 200, profiles: 401},
		"every machine, with tokens":            {cfg: service.AdminConfig{Address: everywhere}, guard: admits("t"), metrics: 401, profiles: 401},
		"every machine, with a token":           {cfg: service.AdminConfig{Address: everywhere}, guard: admits("t"), token: "t", metrics: 200, profiles: 200},
		"every machine, with another":           {cfg: service.AdminConfig{Address: everywhere}, guard: admits("t"), token: "u", metrics: 401, profiles: 401},
		"every machine, a token nobody can ask": {cfg: service.AdminConfig{Address: everywhere}, token: "t", metrics: 401, profiles: 401},
	} {
		for _, on := range []bool{true, false} {
			c.cfg.Profiles = on
			h := service.AdminHandler(service.NewRegistry(), &service.Readiness{}, c.cfg, c.guard)
			want := map[string]int{"/metrics": c.metrics, "/healthz": 200, "/readyz": 200, "/debug/pprof/": c.profiles, "/debug/pprof/cmdline": c.profiles, "/debug/pprof/heap": c.profiles}
			for path, code := range want {
				if !on && strings.HasPrefix(path, "/debug") {
					code = http.StatusNotFound
				}
				r := httptest.NewRequest(http.MethodGet, path, nil)
				if c.token != "" {
					r.Header.Set("Authorization", "Bearer "+c.token)
				}
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				if w.Code != code {
					t.Errorf("%s, profiles %v: %s is %d, want %d: %.200s", what, on, path, w.Code, code, w.Body)
				}
				if w.Code == http.StatusUnauthorized && (w.Header().Get("WWW-Authenticate") == "" || w.Body.Len() < 20) {
					t.Errorf("%s: %s does not say what to do: %s", what, path, w.Body)
				}
			}
		}
	}
}
