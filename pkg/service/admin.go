package service

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/pprof"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Guard says who may watch a process.
type Guard interface {
	// Admit is nil when an Authorization header allows it; the error's text is for the caller.
	Admit(authorization string) error
}

// RunningGuard is a Guard that follows a file: access.Tokens.
type RunningGuard interface {
	Guard
	// Run keeps the guard up to date until ctx ends.
	Run(ctx context.Context) error
}

// AdminHandler answers those who watch the process: /metrics for Prometheus, /healthz (200 while the process runs) and /readyz (200 when
// it can work, else 503 with the failing parts, one a line), and /debug/pprof when cfg says so. Metrics and profiles need a token that
// guard, which may be nil, admits, except as AdminConfig says.
func AdminHandler(g prometheus.Gatherer, ready *Readiness, cfg AdminConfig, guard Guard) http.Handler {
	mux := http.NewServeMux()
	metrics := promhttp.HandlerFor(g, promhttp.HandlerOpts{EnableOpenMetrics: true})
	here := OnLoopback(cfg.Address)
	mux.Handle("GET /metrics", guarded(cfg.OpenMetrics || here, guard, "admin.open_metrics: true", metrics))
	HandleHealth(mux, ready)
	if cfg.Profiles {
		for path, h := range map[string]http.HandlerFunc{
			"/debug/pprof/": pprof.Index, "/debug/pprof/cmdline": pprof.Cmdline, "/debug/pprof/profile": pprof.Profile,
			"/debug/pprof/symbol": pprof.Symbol, "/debug/pprof/trace": pprof.Trace,
		} {
			mux.Handle(path, guarded(here && guard == nil, guard, "admin.address: 127.0.0.1:9090", h))
		}
	}
	return mux
}

// guarded asks for a token unless it is open. words are what to configure for want of any tokens.
func guarded(open bool, guard Guard, words string, next http.Handler) http.Handler {
	if open {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := errors.New("this is shown to tokens with the scope admin, and there is no admin.tokens_file: give one, or say " + words)
		if guard != nil {
			err = guard.Admit(r.Header.Get("Authorization"))
		}
		if err != nil {
			w.Header().Set("WWW-Authenticate", `Bearer realm="freshet"`)
			plain(w, http.StatusUnauthorized, err.Error())
			return
		}
		next.ServeHTTP(w, r)
	})
}

// HandleHealth adds /healthz and /readyz to a server that has other work.
func HandleHealth(mux *http.ServeMux, ready *Readiness) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if err := ready.Check(); err != nil {
			plain(w, http.StatusServiceUnavailable, "not ready\n"+err.Error())
			return
		}
		plain(w, http.StatusOK, "ok")
	})
}

func plain(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = fmt.Fprintln(w, text) // the prober may be gone; nobody is left to tell
}
