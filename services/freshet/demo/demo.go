// Package demo plays a simulated shop through a fresh stack and shows what a person wants to see: what was stored and refused, who is who,
// which segments they are in, which alerts reached a webhook and how fast, who will leave, what to show to whom, and whether all of it is what the simulator knows to be
// true. What the demo does by itself to show lists (a look of a new visitor, clicks) comes after the counts are compared.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/services/freshet/play"
	"github.com/freshet/freshet/services/simulator"
	"github.com/freshet/freshet/services/simulator/send"
)

// Options are what a person may change.
type Options struct {
	// Customers, Days, Rate and Live are the shop: people, days of history, live events a second, and for how long.
	Customers int
	Days      int
	Rate      float64
	Live      time.Duration
	Seed      uint64
	// Keep leaves the stack running until the context ends.
	Keep bool
	// Out takes the report, Bars the progress.
	Out, Bars io.Writer
	// Start starts a stack; Started tells when it is ready.
	Start func(ctx context.Context, in Setup) (Stack, error)
}

// Setup is what the demo asks of the stack it starts.
type Setup struct {
	// Dir is for the stack's data and log; it is removed in the end.
	Dir string
	// WebhookURL and WebhookSecret are where alerts go and how they are signed.
	WebhookURL, WebhookSecret string
	// WriteKey is the key the shop will send with.
	WriteKey string
}

// Stack is a running stack.
type Stack interface {
	// Started is closed when everything is ready and Addresses are known.
	Started() <-chan struct{}
	Addresses() stack.Addresses
	// Done is closed when the stack has ended by itself.
	Done() <-chan struct{}
	// Stop ends it and returns its fault, if it had one.
	Stop() error
}

const writeKey = "demo-write-key"

// retryFor is how long a request is tried again: on a machine with other work the first answers may take long.
const retryFor = 5 * time.Minute

// Run plays the demo. It returns nil when everything found equals the truth, and leaves nothing behind.
func Run(ctx context.Context, o Options) (err error) {
	dir, err := os.MkdirTemp("", "freshet-demo-")
	if err != nil {
		return fmt.Errorf("make a directory for the demo: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	rx, err := newReceiver(ctx)
	if err != nil {
		return fmt.Errorf("start the webhook's receiver: %w", err)
	}
	defer rx.close()
	began := time.Now()
	fmt.Fprintln(o.Out, "Starting Kafka, ClickHouse and every service in this process ...")
	s, err := o.Start(ctx, Setup{Dir: dir, WebhookURL: rx.url(), WebhookSecret: rx.secret(), WriteKey: writeKey})
	if err != nil {
		return fmt.Errorf("start the stack: %w", err)
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	select {
	case <-s.Started():
	case <-s.Done():
		return nil // Stop has the fault
	case <-ctx.Done():
		return ctx.Err()
	}
	fmt.Fprintf(o.Out, "Ready after %.1f s.\n\n", time.Since(began).Seconds())
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-s.Done():
			cancel(errors.New("the stack ended by itself"))
		case <-ctx.Done():
		}
	}()
	if err := o.perform(ctx, s.Addresses(), rx); err != nil {
		return errors.Join(err, context.Cause(ctx))
	}
	if o.Keep {
		fmt.Fprintln(o.Out, "\nThe stack keeps running; Ctrl-C ends it.")
		<-ctx.Done()
	}
	return nil
}

// perform plays the shop and reports.
func (o Options) perform(ctx context.Context, a stack.Addresses, rx *receiver) error {
	shop, err := o.shop()
	if err != nil {
		return err
	}
	look, err := newLook(ctx, a, rx)
	if err != nil {
		return err
	}
	defer look.close()
	p := play.Player{Bars: o.Bars, Send: send.Config{URL: "http://" + a.CollectorHTTP, WriteKey: writeKey, RetryFor: retryFor}}
	now := time.Now()
	fmt.Fprintf(o.Out, "A shop with %d customers: %d days of history through /v1/import ...\n", o.Customers, o.Days)
	history, err := p.History(ctx, shop, now.AddDate(0, 0, -o.Days), now.Add(-time.Minute))
	if err != nil {
		return fmt.Errorf("send the history: %w", err)
	}
	if err := look.drained(ctx, o.Bars, shop.Counts()); err != nil {
		return err
	}
	if err := o.train(ctx, look); err != nil {
		return err
	}
	fmt.Fprintf(o.Out, "\n... then %s live through /v1/batch, %.0f events a second, alerts on.\n", o.Live, o.Rate)
	live, err := p.Live(ctx, shop, o.Rate, o.Live, true)
	if err != nil {
		return fmt.Errorf("send the live events: %w", err)
	}
	if err := look.drained(ctx, o.Bars, shop.Counts()); err != nil {
		return err
	}
	return o.report(ctx, look, shop, history, live)
}

func (o Options) shop() (*simulator.Shop, error) {
	cfg := simulator.Default()
	cfg.Customers, cfg.Seed = o.Customers, o.Seed
	cfg.Run = "demo" + strconv.FormatUint(o.Seed, 10)
	cfg.Tastes = simulator.Tastes{Styles: 4, UsedUpShare: .2, Feed: true}
	return simulator.New(cfg)
}
