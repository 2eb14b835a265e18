package freshet

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/services/freshet/progress"
	"github.com/freshet/freshet/services/freshet/retail"
	"github.com/freshet/freshet/services/simulator/send"
)

type replayOptions struct {
	doors
	writer
	shift       string
	limit       int
	connections int
}

func newReplay() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "replay",
		Short: "Play a published data set into the stack",
		Args:  cobra.NoArgs,
	}
	cmd.AddCommand(newReplayRetail())
	return cmd
}

func newReplayRetail() *cobra.Command {
	var o replayOptions
	cmd := &cobra.Command{
		Use:   "online-retail FILE",
		Short: "Play the Online Retail file: two years of a real shop, 25,900 invoices",
		Long: `Send one event for each invoice of the Online Retail file (UCI; CSV or gzip of it) to /v1/import, in the order of time:
"Order Completed" with its lines as products; "Order Refunded" for invoices that begin with C, quantities and total negative as in the file;
"Order Adjusted" for those that begin with A. The customer number is the user id; invoices without one get an anonymous id of their own.

Message ids depend on the invoice only, so a second replay changes nothing. That holds for --shift-to too: a moved replay and an unmoved one are
the same events, and whichever comes first decides the times.`,
		Example: `  freshet replay online-retail online_retail.csv.gz
  freshet replay online-retail online_retail.csv.gz --shift-to now
  freshet replay online-retail online_retail.csv.gz --limit-invoices 500`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd, args[0]) },
	}
	o.doors.flag(cmd)
	o.writer.flag(cmd)
	f := cmd.Flags()
	f.StringVar(&o.shift, "shift-to", "", `move all times by one constant so that the last invoice is at this time: "now" or ISO 8601`)
	f.IntVar(&o.limit, "limit-invoices", 0, "send only the first N invoices; 0 sends all")
	f.IntVar(&o.connections, "connections", 4, "requests under way at once")
	return cmd
}

func (o *replayOptions) run(cmd *cobra.Command, path string) error {
	target, err := shiftTarget(o.shift, time.Now())
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
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open the data: %w", err)
	}
	defer func() { _ = f.Close() }()
	invoices, err := retail.Read(f)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	shift := time.Duration(0)
	if !target.IsZero() {
		shift = retail.ShiftTo(invoices, target)
	}
	if o.limit > 0 && o.limit < len(invoices) {
		invoices = invoices[:o.limit]
	}
	return o.play(cmd, a, invoices, shift)
}

// shiftTarget reads --shift-to; the zero time means not to move.
func shiftTarget(text string, now time.Time) (time.Time, error) {
	switch text {
	case "":
		return time.Time{}, nil
	case "now":
		return now, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, fmt.Errorf(`--shift-to %q: give "now" or a time such as 2026-01-31T12:00:00Z`, text)
	}
	return t, nil
}

func (o *replayOptions) play(cmd *cobra.Command, a stack.Addresses, invoices []*retail.Invoice, shift time.Duration) error {
	bar := progress.New(cmd.ErrOrStderr(), "invoices", int64(len(invoices)))
	defer bar.Done()
	sender, err := send.New(cmd.Context(), send.Config{URL: "http://" + a.CollectorHTTP, WriteKey: o.key, History: true, Connections: o.connections,
		OnResult: func(accepted, rejected int) { bar.Add(accepted + rejected) }})
	if err != nil {
		return err
	}
	lines := 0
	for _, inv := range invoices {
		lines += inv.Lines
		if err := sender.Send(send.Event{Key: inv.Person(), Body: inv.Event(shift)}); err != nil {
			break // Close reports it
		}
	}
	report, err := sender.Close()
	bar.Done()
	w := cmd.OutOrStdout()
	printReport(w, report)
	if err != nil {
		return fmt.Errorf("the replay stopped; run it again, what has arrived is not counted twice: %w", err)
	}
	fmt.Fprintf(w, "%d invoices with %d lines, %.0f lines/s\n", len(invoices), lines, float64(lines)/report.Elapsed.Seconds())
	if report.Rejected > 0 {
		return errors.New("the collector rejected invoices of the file: see above")
	}
	return nil
}
