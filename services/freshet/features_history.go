package freshet

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	"github.com/freshet/freshet/services/freshet/bulk/file"
	"github.com/freshet/freshet/services/freshet/bulk/rows"
	"github.com/freshet/freshet/services/freshet/trainset"
)

// historyOptions are the flags of `freshet features history`.
type historyOptions struct {
	doors
	out, mode, customer, time string
	names, dates              []string
}

// modes are the values of --mode.
var modes = map[string]featurev1.HistoryMode{
	"known": featurev1.HistoryMode_HISTORY_MODE_KNOWN, "event_time": featurev1.HistoryMode_HISTORY_MODE_EVENT_TIME,
}

func newFeaturesHistory() *cobra.Command {
	var o historyOptions
	cmd := &cobra.Command{
		Use:   "history [FILE]",
		Short: "Make a training set: what was known of customers at moments of the past",
		Long: `Write, for each row of FILE, the features and tags that Freshet would have told at the row's time: no later event, no merge or refund that was not known yet.
FILE is CSV, NDJSON, a JSON array or Parquet with a column for the customer, an id or type:value, and one for the time; the other columns, such as the label, are
written beside the answers. With --dates there is no FILE: everybody who was a customer then is written.

OUT is Parquet, CSV or NDJSON, by its ending. Ages and durations are in milliseconds, moments in UTC, a tag is true or false.`,
		Example: `  freshet features history labels.csv -o training.parquet
  freshet features history labels.csv -o training.csv --names spend_90d,orders_90d
  freshet features history --dates 2026-01-01,2026-02-01 -o customers.parquet
  freshet features history labels.csv -o training.parquet --mode event_time   # the history was imported`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd, args) },
	}
	o.reads(cmd)
	f := cmd.Flags()
	f.StringVarP(&o.out, "output", "o", "", "the file to write: .parquet, .csv or .ndjson")
	f.StringVar(&o.mode, "mode", "known", "known: what had been received by then; event_time: what had happened by then, for imported history")
	f.StringVar(&o.customer, "customer", "customer", "the column that names the customer")
	f.StringVar(&o.time, "time", "time", "the column that says when: RFC 3339, a date (its first moment in UTC) or Unix milliseconds")
	f.StringSliceVar(&o.names, "names", nil, "the features and tags to read, with commas between them; by default all")
	f.StringSliceVar(&o.dates, "dates", nil, "write all customers at these times instead, with commas between them")
	return cmd
}

func (o *historyOptions) run(cmd *cobra.Command, args []string) (err error) {
	mode, ok := modes[o.mode]
	if !ok {
		return fmt.Errorf("--mode is known or event_time; got %q", o.mode)
	}
	if err := trainset.CheckOutput(o.out); err != nil {
		return err
	}
	if (len(args) == 1) == (len(o.dates) > 0) {
		return errors.New("name either a FILE of rows or --dates")
	}
	a, err := o.open(cmd)
	if err != nil {
		return err
	}
	api, err := a.API(cmd.Context())
	if err != nil {
		return err
	}
	defer api.Close()
	begun, done, tell := time.Now(), 0, counted(cmd.ErrOrStderr())
	options := trainset.Options{Features: api.Features, Mode: mode, Names: o.names, Customer: o.customer, Time: o.time, Progress: func(n int) {
		done += n
		tell(n)
	}}
	out, err := os.Create(o.out + ".part")
	if err != nil {
		return fmt.Errorf("make the output: %w", err)
	}
	err = errors.Join(o.write(cmd, options, args, out), out.Close())
	if err != nil {
		return errors.Join(err, os.Remove(out.Name()))
	}
	if err := os.Rename(out.Name(), o.out); err != nil {
		return fmt.Errorf("name the output: %w", err)
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s: %d rows in %s\n", o.out, done, time.Since(begun).Round(time.Millisecond))
	return nil
}

// counted tells every second how many rows there are: of an answer whose length is not known.
func counted(w io.Writer) func(n int) {
	begun, shown, done := time.Now(), time.Now(), 0
	return func(n int) {
		if done += n; time.Since(shown) > time.Second {
			shown = time.Now()
			fmt.Fprintf(w, "%d rows, %.0f/s\n", done, float64(done)/time.Since(begun).Seconds()) //nolint:errcheck // It is only told.
		}
	}
}

// write makes the training set.
func (o *historyOptions) write(cmd *cobra.Command, options trainset.Options, args []string, out *os.File) error {
	if len(o.dates) > 0 {
		var dates []time.Time
		for _, text := range o.dates {
			at, err := trainset.ParseTime(text)
			if err != nil {
				return fmt.Errorf("--dates: %w", err)
			}
			dates = append(dates, at)
		}
		return trainset.Dates(cmd.Context(), options, dates, o.out, out)
	}
	in, err := file.Open(args[0], cmd.InOrStdin())
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // what was read is read
	reader, err := rows.Open(in, rows.Format{})
	if err != nil {
		return err
	}
	return trainset.Rows(cmd.Context(), options, reader, o.out, out)
}
