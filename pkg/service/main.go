package service

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"sync/atomic"
	"syscall"

	"go.opentelemetry.io/otel"

	"github.com/freshet/freshet/pkg/lifecycle"
)

// Spec describes one service binary. T is its whole configuration: it embeds
// Config with `koanf:",squash"` and adds the service's own.
type Spec[T any] struct {
	// Name is the service in lower case: "collector". The binary is freshet-<Name>, its variables begin with FRESHET_<NAME>_.
	Name string
	// About says in a sentence or two what the process does, for -help.
	About string
	// Default is the configuration of a process that was told nothing.
	Default T
	// Common finds the settings of every process in T.
	Common func(*T) *Config
	// Build opens what the service needs and adds its parts to p. Whatever it opens it hands to p.OnStop at once.
	// ctx ends when the process is told to stop.
	Build func(ctx context.Context, p *Process, cfg T) error
	// Check loads the files that a configuration names, for -check-config, and opens nothing else. Nil: it names none but admin.tokens_file.
	Check func(ctx context.Context, cfg T) error
	// Guard reads admin.tokens_file: access.ForAdmin.
	Guard func(cfg AdminConfig, logger *slog.Logger) (RunningGuard, error)
}

// errUsage marks errors of the command line, which exit with 2.
var errUsage = errors.New("usage")

// Main runs the binary and ends the process: 0 after a clean stop, 1 after a
// fault, 2 for a wrong command line. SIGTERM and SIGINT stop it in order; a second
// one kills it at once.
func Main[T any](spec Spec[T]) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	context.AfterFunc(ctx, stop) // from now on a signal does what it does by default
	err := spec.Run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	switch {
	case err == nil:
		os.Exit(0)
	case errors.Is(err, errUsage):
		os.Exit(2)
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// Run is the whole process without its end: it reads the arguments and the
// environment, serves until ctx ends or a part fails, and returns every fault.
// Logs go to stderr.
func (s Spec[T]) Run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) error {
	var said bytes.Buffer
	flags, options := s.flags(&said)
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		_, err := said.WriteTo(stdout)
		return err
	} else if err != nil {
		_, _ = said.WriteTo(stderr) // flag said what is wrong; without a terminal nobody hears it
		return errUsage
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(stderr, "freshet-%s takes no arguments, only flags; got %q\n", s.Name, flags.Arg(0))
		return errUsage
	}
	if options.version {
		fmt.Fprintf(stdout, "freshet-%s %s %s %s/%s\n", s.Name, BuildVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
		return nil
	}
	cfg := s.Default
	if err := Load(&cfg, Source{File: options.config, EnvPrefix: s.envPrefix(), Environ: environ}); err != nil {
		return err
	}
	if options.check {
		if err := s.check(ctx, cfg); err != nil {
			return err
		}
		fmt.Fprintln(stdout, "ok")
		return nil
	}
	return s.serve(ctx, cfg, environ, stderr)
}

// check loads what a start would load of files.
func (s Spec[T]) check(ctx context.Context, cfg T) error {
	_, err := s.guard(s.Common(&cfg).Admin, slog.New(slog.DiscardHandler))
	if s.Check != nil {
		err = errors.Join(err, s.Check(ctx, cfg))
	}
	return err
}

// guard is nil when no tokens file is configured.
func (s Spec[T]) guard(cfg AdminConfig, logger *slog.Logger) (RunningGuard, error) {
	if cfg.TokensFile == "" {
		return nil, nil
	}
	g, err := s.Guard(cfg, logger)
	if err != nil {
		return nil, fmt.Errorf("admin.tokens_file: %w", err)
	}
	return g, nil
}

func (s Spec[T]) serve(ctx context.Context, cfg T, environ []string, stderr io.Writer) (err error) {
	common := s.Common(&cfg)
	logger := NewLogger(common.Log, stderr).With("service", s.Name)
	LogGRPC(logger)
	guard, err := s.guard(common.Admin, logger)
	if err != nil {
		return err
	}
	tracers, err := NewTracerProvider(ctx, common.Telemetry, s.Name, environ)
	if err != nil {
		return err
	}
	otel.SetTracerProvider(tracers) // for libraries that ask nobody
	otel.SetTextMapPropagator(Propagator())
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { logger.Warn("telemetry", "error", err) }))

	p := &Process{
		Name: s.Name, Logger: logger, Metrics: NewRegistry(),
		Tracer: tracers.Tracer("freshet/" + s.Name), TracerProvider: tracers,
		ready: &Readiness{}, grpcConfig: common.GRPC,
	}
	var started atomic.Bool
	p.Ready("process", func() error {
		if !started.Load() {
			return errors.New("starting")
		}
		return nil
	})
	admin := NewHTTPServer("admin server", common.Admin.Address,
		AnswerTo(common.Admin.Hosts, "admin.hosts", common.Admin.Address, AdminHandler(p.Metrics, p.ready, common.Admin, guard)))
	// Stop order, the reverse of this: not ready, drain gRPC (and what Build added last: its HTTP), finish the batch in
	// hand, flush producers, close ClickHouse, then the admin server, so that metrics show the drain, and telemetry last.
	parts := []lifecycle.Component{
		{Name: "telemetry", Stop: tracers.Shutdown},
		admin.Component(),
	}
	if guard != nil {
		parts = append(parts, lifecycle.Component{Name: "admin tokens", Run: guard.Run})
	}
	if err := s.Build(ctx, p, cfg); err != nil {
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), common.Grace)
		defer cancel()
		return errors.Join(fmt.Errorf("build the %s: %w", s.Name, err), p.abandon(drain), tracers.Shutdown(drain))
	}
	parts = append(parts, p.components...)
	grpcServer := p.GRPC(nil)
	parts = append(parts, grpcServer.Component(), lifecycle.Component{
		Name: "readiness",
		Start: func(context.Context) error {
			started.Store(true)
			logger.Info("started", "version", BuildVersion(), "admin", admin.Addr(), "grpc", grpcServer.Addr())
			return nil
		},
		Stop: func(context.Context) error {
			logger.Info("stopping", "grace", common.Grace.String())
			p.ready.Stop()
			return nil
		},
	})
	if err := lifecycle.Run(ctx, common.Grace, parts...); err != nil {
		return err
	}
	logger.Info("stopped")
	return nil
}
