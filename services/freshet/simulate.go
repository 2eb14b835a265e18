package freshet

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/services/freshet/play"
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
	a, err := o.open(cmd)
	if err != nil {
		return err
	}
	if err := stack.Knock(cmd.Context(), a.CollectorHTTP); err != nil {
		return err
	}
	p := play.Player{Bars: cmd.ErrOrStderr(), Send: send.Config{URL: "http://" + a.CollectorHTTP, WriteKey: o.key, Connections: o.connections}}
	if o.days > 0 {
		to := now.Add(-time.Hour)
		err = o.phase(cmd, func() (send.Report, error) { return p.History(cmd.Context(), shop, to.AddDate(0, 0, -o.days), to) })
	}
	if err == nil && o.duration > 0 {
		err = o.phase(cmd, func() (send.Report, error) { return p.Live(cmd.Context(), shop, o.rate, o.duration, !o.unpaced) })
	}
	if o.truth != "" {
		err = errors.Join(err, shop.WriteTruth(o.truth))
	}
	return err
}

func (o *simulateOptions) phase(cmd *cobra.Command, run func() (send.Report, error)) error {
	report, err := run()
	printReport(cmd.OutOrStdout(), report)
	return err
}
