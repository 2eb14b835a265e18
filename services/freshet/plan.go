package freshet

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/freshet/freshet/pkg/terminal"
	"github.com/freshet/freshet/services/collector/plan"
	"github.com/freshet/freshet/services/collector/plan/infer"
	"github.com/freshet/freshet/services/freshet/progress"
	"github.com/freshet/freshet/services/freshet/traffic"
)

func newPlan() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Write a tracking plan from observed events, and hold events against one",
	}
	cmd.AddCommand(newPlanInfer(), newPlanCheck())
	return family(cmd)
}

// events is where observed events come from: files, or the running stack.
type events struct {
	doors
	fromStack bool
	source    string
	last      time.Duration
}

func (e *events) flag(cmd *cobra.Command) {
	e.doors.flag(cmd)
	f := cmd.Flags()
	f.BoolVar(&e.fromStack, "from-stack", false, "read the running stack's events.raw.v1 instead of files")
	f.StringVar(&e.source, "source", "", "only events of this source; lines of Segment bodies say none and always count")
	f.DurationVar(&e.last, "last", 24*time.Hour, "with --from-stack: only events received so long ago at most")
}

// each hands every event to take. Events of other sources are passed over.
func (e *events) each(cmd *cobra.Command, files []string, take func(traffic.Event) error) error {
	picked := func(ev traffic.Event) error {
		if e.source != "" && ev.Source != "" && ev.Source != e.source {
			return nil
		}
		return take(ev)
	}
	switch {
	case e.fromStack && len(files) > 0:
		return errors.New("give files or --from-stack, not both")
	case e.fromStack:
		return e.stack(cmd, picked)
	case len(files) == 0:
		return errors.New("give NDJSON files, - for standard input, or --from-stack")
	}
	cmd.SilenceUsage = true
	for _, name := range files {
		if err := e.file(cmd, name, picked); err != nil {
			return err
		}
	}
	return nil
}

func (e *events) stack(cmd *cobra.Command, take func(traffic.Event) error) error {
	a, err := e.open(cmd)
	if err != nil {
		return err
	}
	c, err := a.Broker(cmd.Context())
	if err != nil {
		return err
	}
	defer c.Close()
	total, err := traffic.Waiting(cmd.Context(), c)
	if err != nil {
		return err
	}
	bar := progress.New(cmd.ErrOrStderr(), "records", total)
	defer bar.Done()
	return traffic.Raw(cmd.Context(), c, time.Now().Add(-e.last), take, bar.Add)
}

func (e *events) file(cmd *cobra.Command, name string, take func(traffic.Event) error) error {
	in, read := cmd.InOrStdin(), func(int) {}
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return fmt.Errorf("open the events: %w", err)
		}
		defer func() { _ = f.Close() }()
		info, err := f.Stat()
		if err != nil {
			return fmt.Errorf("open the events: %w", err)
		}
		bar := progress.New(cmd.ErrOrStderr(), "bytes", info.Size())
		defer bar.Done()
		in, read = f, bar.Add
	}
	rep, err := traffic.Read(in, take, read)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if rep.Skipped > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: %d of %d lines hold no event and are left out; %s\n", name, rep.Skipped, rep.Lines, terminal.Lines(rep.Fault.Error()))
	}
	return nil
}

func newPlanInfer() *cobra.Command {
	var e events
	o := infer.Default()
	var mode string
	cmd := &cobra.Command{
		Use:   "infer [FILE...]",
		Short: "Write a tracking plan from observed events",
		Long: `Read events, and write a tracking plan of what was seen to standard output: for every event its properties with their types, which of them are in
every event (--required-at), enums for texts that take few values (--enum), the formats date-time, email and uri where all values have them,
nested objects and arrays. Counts are in comments. The plan takes every event it was made of, as long as --required-at is 1: it is a beginning to
edit. Numbers in quotes stay texts.

FILE is NDJSON, a line each: an event as Segment's clients send it, a whole batch of them, or a line of ` + "`freshet tail`" + `; - is standard input.`,
		Example: `  freshet plan infer events.ndjson > plan.yaml
  freshet plan infer --from-stack --source web --last 24h > plan.yaml
  freshet tail events.raw.v1 --from-beginning --max 10000 | freshet plan infer - --required-at 0.99`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Mode = plan.Mode(mode)
			in, err := infer.New(o)
			if err != nil {
				return err
			}
			skipped, first := 0, error(nil)
			err = e.each(cmd, args, func(ev traffic.Event) error {
				if err := in.Add(ev.Event); err != nil {
					if skipped++; first == nil {
						first = err
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
			if skipped > 0 {
				fmt.Fprintf(cmd.ErrOrStderr(), "%d events cannot be planned and are left out, the first because: %s\n", skipped, terminal.Lines(first.Error()))
			}
			if in.Seen() == 0 {
				return errors.New("no event was seen: there is nothing to plan")
			}
			return in.Write(exact(cmd))
		},
	}
	e.flag(cmd)
	f := cmd.Flags()
	f.StringVar(&o.Name, "name", o.Name, "the plan's name: lower-case letters, digits, - and _")
	f.StringVar(&mode, "mode", string(o.Mode), "the plan's mode: warn, block or strip")
	f.Float64Var(&o.RequiredAt, "required-at", o.RequiredAt, "the share of events a property must be in to be required, above 0 and at most 1")
	f.IntVar(&o.Enum, "enum", o.Enum, "the greatest number of different texts that become an enum; 0 writes none")
	f.IntVar(&o.EnumAfter, "enum-after", o.EnumAfter, "texts become an enum only when seen so often, and each of them ten times on average")
	return cmd
}

func newPlanCheck() *cobra.Command {
	var e events
	cmd := &cobra.Command{
		Use:   "check PLAN [FILE...]",
		Short: "Check a tracking plan, and hold events against it",
		Long: `Check that PLAN is a tracking plan, and list its faults with their places if it is not. With FILE (NDJSON as for infer, - is standard input) or
--from-stack, hold every event against it and list what does not fit, by event and rule. Exit status 1 when the plan is faulty, or when an event does
not fit it or would be stripped: for CI.`,
		Example: `  freshet plan check plan.yaml
  freshet plan check plan.yaml events.ndjson
  freshet plan check plan.yaml --from-stack --source web --last 1h`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cmd.SilenceUsage = true
			p, err := plan.Load(args[0])
			if err != nil {
				return err
			}
			if len(args) == 1 && !e.fromStack {
				fmt.Fprintf(cmd.OutOrStdout(), "plan %s is good: %d schemas\n", p.Name(), len(p.Entries()))
				return nil
			}
			t := newTally()
			if err := e.each(cmd, args[1:], func(ev traffic.Event) error { t.add(ev.Event, p.Check(ev.Event)); return nil }); err != nil {
				return err
			}
			return t.print(cmd.OutOrStdout(), p)
		},
	}
	e.flag(cmd)
	return cmd
}
