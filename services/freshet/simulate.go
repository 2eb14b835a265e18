package freshet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/freshet/freshet/services/freshet/progress"
	"github.com/freshet/freshet/services/freshet/stack"
	"github.com/freshet/freshet/services/simulator"
	"github.com/freshet/freshet/services/simulator/send"
)

type simulateOptions struct {
	doors
	writer
	cfg         simulator.Config
	rate        float64
	duration    time.Duration
	days        int
	truth       string
	connections int
	unpaced     bool
}

func newSimulate() *cobra.Command {
	o := simulateOptions{cfg: simulator.Default()}
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Play a shop: people, devices, log-ins, orders, churn, bots and broken clients",
		Long: `Play a simulated shop into the stack: first --days of history through /v1/import, then live events through /v1/batch at --rate for
--duration. Everything follows from --seed; with the same --run a second sending is all duplicates and changes nothing.
With --truth the answers are written beside it: who is who, who leaves and when, what they like, and the counts a right pipeline shows.`,
		Example: `  freshet simulate --customers 5000 --days 90 --rate 200 --duration 1m --truth truth/
  freshet simulate --days 0 --rate 20000 --unpaced --duration 30s --connections 8    # load: as fast as the stack takes them`,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd) },
	}
	o.doors.flag(cmd)
	o.writer.flag(cmd)
	f := cmd.Flags()
	f.IntVar(&o.cfg.Customers, "customers", o.cfg.Customers, "people in the shop")
	f.Uint64Var(&o.cfg.Seed, "seed", o.cfg.Seed, "which shop")
	f.StringVar(&o.cfg.Run, "run", "", "label in every message id; by default the time of the start, so that each run's events are new")
	f.Float64Var(&o.cfg.SessionsPerDay, "sessions", o.cfg.SessionsPerDay, "visits of a person in a day")
	f.Float64Var(&o.cfg.BrokenShare, "broken", o.cfg.BrokenShare, "broken events for one good one")
	f.Float64Var(&o.cfg.DuplicateShare, "duplicates", o.cfg.DuplicateShare, "share of events that is sent twice")
	f.IntVar(&o.days, "days", 30, "days of history, up to an hour ago; 0 for none")
	f.Float64Var(&o.rate, "rate", 100, "live events a second")
	f.DurationVar(&o.duration, "duration", 30*time.Second, "how long the live part lasts; 0 for none")
	f.BoolVar(&o.unpaced, "unpaced", false, "send the live events as fast as the stack takes them: rate x duration is then only their number")
	f.StringVar(&o.truth, "truth", "", "directory to write people.ndjson and counts.ndjson to")
	f.IntVar(&o.connections, "connections", 4, "requests under way at once")
	return cmd
}

func (o *simulateOptions) run(cmd *cobra.Command) error {
	if o.duration > 0 && !(o.rate > 0) {
		return fmt.Errorf("--rate %g must be above 0; --duration 0 leaves the live part out", o.rate)
	}
	now := time.Now()
	if o.cfg.Run == "" {
		o.cfg.Run = strconv.FormatInt(now.Unix(), 36)
	}
	shop, err := simulator.New(o.cfg)
	if err != nil {
		return err
	}
	a, err := o.doors.open(cmd)
	if err != nil {
		return err
	}
	if err := stack.Knock(cmd.Context(), a.CollectorHTTP); err != nil {
		return err
	}
	p := player{w: cmd.OutOrStdout(), bars: cmd.ErrOrStderr(), cfg: send.Config{URL: "http://" + a.CollectorHTTP, WriteKey: o.key, Connections: o.connections}}
	if o.days > 0 {
		to := now.Add(-time.Hour)
		_, err = p.history(cmd.Context(), shop, to.AddDate(0, 0, -o.days), to)
	}
	if err == nil && o.duration > 0 {
		_, err = p.live(cmd.Context(), shop, o.rate, o.duration, !o.unpaced)
	}
	if o.truth != "" {
		err = errors.Join(err, shop.WriteTruth(o.truth))
	}
	return err
}

// player sends what a shop does.
type player struct {
	w, bars io.Writer
	cfg     send.Config
}

// history plays the past; its bar counts days, since nobody knows the number of events before they happen.
func (p player) history(ctx context.Context, shop *simulator.Shop, from, to time.Time) (send.Report, error) {
	cfg := p.cfg
	cfg.History = true
	days := int64(to.Sub(from).Hours()/24 + 0.999)
	bar := progress.New(p.bars, "history, days", days)
	defer bar.Done()
	shown := int64(0)
	return p.play(ctx, cfg, bar, shop.History(from, to), func(ev simulator.Event) error {
		if day := int64(ev.At.Sub(from).Hours()/24) + 1; day > shown {
			bar.Add(int(day - shown))
			shown = day
		}
		return nil
	})
}

// live plays the present; paced, each event waits for its moment.
func (p player) live(ctx context.Context, shop *simulator.Shop, rate float64, duration time.Duration, paced bool) (send.Report, error) {
	cfg := p.cfg
	bar := progress.New(p.bars, "live, events", int64(rate*duration.Seconds()))
	defer bar.Done()
	cfg.OnResult = func(accepted, rejected int) { bar.Add(accepted + rejected) }
	return p.play(ctx, cfg, bar, shop.Live(time.Now(), rate, duration), func(ev simulator.Event) error {
		if !paced {
			return ctx.Err()
		}
		return sleepUntil(ctx, ev.At)
	})
}

func (p player) play(ctx context.Context, cfg send.Config, bar progress.Bar, events iter.Seq[simulator.Event], before func(simulator.Event) error) (send.Report, error) {
	sender, err := send.New(ctx, cfg)
	if err != nil {
		return send.Report{}, err
	}
	for ev := range events {
		if before(ev) != nil || sender.Send(send.Event{Key: ev.Key(), Body: ev.Body}) != nil {
			break // Close reports it
		}
	}
	report, err := sender.Close()
	bar.Done()
	printReport(p.w, report)
	return report, err
}

// sleepUntil waits for a moment; moments less than a millisecond away are now.
func sleepUntil(ctx context.Context, at time.Time) error {
	wait := time.Until(at)
	if wait < time.Millisecond {
		return nil
	}
	select {
	case <-time.After(wait):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
