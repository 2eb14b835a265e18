// Command loadtest measures the collector against a handler that only reads the
// body and answers 200, on one machine and in one run: generator, broker, collector
// and null handler are processes of their own. `make bench-collector` runs it. It is
// not shipped, and not for finding limits of a cluster: everything shares the cores.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

// options are what a whole run can be told.
type options struct {
	// collector is the path of the real binary.
	collector string
	// seconds is how long one measurement takes, rounds how often each is repeated.
	seconds time.Duration
	rounds  int
	// profile is a directory for CPU and allocation profiles of the first scenario; empty for none.
	profile string
	// only picks scenarios by a part of their name; empty for all.
	only string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "loadtest:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	roles := map[string]func(context.Context, []string) error{"broker": brokerRole, "null": nullRole, "generate": generateRole}
	if len(args) > 0 && roles[args[0]] != nil {
		return roles[args[0]](ctx, args[1:])
	}
	var o options
	flags := flag.NewFlagSet("loadtest", flag.ContinueOnError)
	flags.StringVar(&o.collector, "collector", "bin/freshet-collector", "the collector's binary")
	flags.DurationVar(&o.seconds, "time", 5*time.Second, "length of one measurement")
	flags.IntVar(&o.rounds, "rounds", 3, "measurements of each kind, of which the median counts")
	flags.StringVar(&o.profile, "profile", "", "directory for profiles of the collector, one pair a scenario")
	flags.StringVar(&o.only, "only", "", "only scenarios whose name holds this")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return compare(ctx, o)
}
