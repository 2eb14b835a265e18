package freshet

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/services/freshet/demo"
	"github.com/freshet/freshet/services/standalone"
)

func newDemo() *cobra.Command {
	o := demo.Options{Start: startForDemo}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Play a simulated shop through a fresh stack and compare what came of it with the truth",
		Long: `Start a fresh stack on free ports in a temporary directory, play months of a simulated shop as history and then half a minute live, and show
what was stored and refused, who is who, the segments, the alerts that reached a local webhook and how fresh they were, one customer's
story, how one look changes a visitor's page, and how much of what people truly like their lists find. Exit status 1 when a number differs from what the simulator knows. Nothing is left behind.`,
		Example: `  freshet demo
  freshet demo --customers 10000 --live 2m --rate 1000 --keep`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cmd.SilenceUsage = true
			o.Out, o.Bars = cmd.OutOrStdout(), cmd.ErrOrStderr()
			return demo.Run(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.IntVar(&o.Customers, "customers", 1000, "people in the shop")
	f.IntVar(&o.Days, "days", 200, "days of history")
	f.Float64Var(&o.Rate, "rate", 300, "live events a second")
	f.DurationVar(&o.Live, "live", 30*time.Second, "how long the live part lasts")
	f.Uint64Var(&o.Seed, "seed", 1, "which shop")
	f.BoolVar(&o.Keep, "keep", false, "leave the stack running until Ctrl-C")
	return cmd
}

// running is a stack in this process.
type running struct {
	stack  *standalone.Stack
	cancel context.CancelFunc
	done   chan struct{}
	err    error // after done
	log    *os.File
}

// startForDemo starts a stack as `freshet up` does.
func startForDemo(ctx context.Context, in demo.Setup) (demo.Stack, error) {
	return startDemo(ctx, in, standalone.Default())
}

// startDemo starts a stack whose log goes to a file, so that it does not drown the report.
func startDemo(ctx context.Context, in demo.Setup, cfg standalone.Config) (demo.Stack, error) {
	o := upOptions{cfg: cfg, data: filepath.Join(in.Dir, "data"), url: in.WebhookURL, secret: filepath.Join(in.Dir, "webhook-secret")}
	o.cfg.Ephemeral, o.cfg.WriteKey = true, in.WriteKey
	if err := os.WriteFile(o.secret, []byte(in.WebhookSecret), 0o600); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(in.Dir, "freshet.log"))
	if err != nil {
		return nil, err
	}
	s, err := o.stack(slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		return nil, errors.Join(err, log.Close())
	}
	r := &running{stack: s, done: make(chan struct{}), log: log}
	// The stack outlives ctx until Stop, so that Ctrl-C ends the reading first and the engines last.
	ctx, r.cancel = context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		defer close(r.done)
		r.err = s.Run(ctx)
	}()
	return r, nil
}

func (r *running) Started() <-chan struct{}   { return r.stack.Started() }
func (r *running) Addresses() stack.Addresses { return r.stack.Addresses() }
func (r *running) Done() <-chan struct{}      { return r.done }

// Stop ends the stack in order and gives its fault, with the end of its log.
func (r *running) Stop() error {
	r.cancel()
	<-r.done
	err := r.err
	if err != nil {
		err = fmt.Errorf("the stack: %w%s", err, r.lastLines())
	}
	return errors.Join(err, r.log.Close())
}

// lastLines is the end of the log, for a fault that needs explaining.
func (r *running) lastLines() string {
	b, err := os.ReadFile(r.log.Name())
	if err != nil || len(b) == 0 {
		return ""
	}
	return "\nthe end of its log:\n" + string(b[max(0, len(b)-2000):])
}
