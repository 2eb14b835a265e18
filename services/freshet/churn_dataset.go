package freshet

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/freshet/freshet/pkg/forecast"
	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/services/freshet/trainset"
)

// datasetOptions are the flags of `freshet churn dataset`.
type datasetOptions struct {
	doors
	out, mode, horizon, among, outcome, counts string
	names, dates                               []string
}

func newChurnDataset() *cobra.Command {
	var o datasetOptions
	cmd := &cobra.Command{
		Use:   "dataset",
		Short: "Write who had bought by some dates, what was known of them then, and whether they bought no more",
		Long: `Write a row for each customer who had bought by each of --dates: the features and tags as they were known then, and a last column churned_HORIZON that is true when
they bought nothing within the horizon behind the date. With --outcome any it is repurchase_HORIZON, true when they did; with --outcome sum it is by how much --counts
rose, such as spend_next_HORIZON. Nothing behind a date gets into the row but that column. Moments are written as
milliseconds since then, as ages are. A date whose horizon has not passed is an error.

Read the result with: freshet churn evaluate --table OUT --label churned_HORIZON --time at --horizon HORIZON`,
		Example: `  freshet churn dataset --dates 2026-03-01,2026-04-01,2026-05-01 --horizon 60d --among 'has(first_named)' -o churn.parquet
  freshet churn dataset --dates 2026-03-01,2026-04-01 --horizon 30d --outcome any -o repurchase.parquet
  freshet churn dataset --dates 2026-03-01,2026-04-01 --horizon 90d --outcome sum --counts spend_lifetime -o spend.parquet
  freshet churn dataset --dates 2011-06-01,2011-08-01 --horizon 60d --mode event_time -o churn.parquet   # the history was imported`,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd) },
	}
	o.reads(cmd)
	f := cmd.Flags()
	f.StringVarP(&o.out, "output", "o", "", "the file to write: .parquet, .csv or .ndjson")
	f.StringSliceVar(&o.dates, "dates", nil, "the dates, with commas between them")
	f.StringVar(&o.horizon, "horizon", "60d", "within how many days behind a date a purchase means that they stayed")
	f.StringVar(&o.mode, "mode", "known", "known: what had been received by then; event_time: what had happened by then, for imported history")
	f.StringVar(&o.among, "among", "", `only those of whom a condition in the language of rules was true at the date, such as 'has(first_named) && days_since_last_order <= 365'`)
	f.StringVar(&o.counts, "counts", "orders_lifetime", "the count or amount over the lifetime that the label is made of, such as spend_lifetime")
	f.StringVar(&o.outcome, "outcome", "none", "none: the label is true when it did not rise within the horizon; any: when it rose; sum: the label is by how much")
	f.StringSliceVar(&o.names, "names", nil, "the features and tags to read, with commas between them; by default all")
	return cmd
}

// days reads 60d.
func days(text string) (time.Duration, error) {
	n, err := strconv.Atoi(strings.TrimSuffix(text, "d"))
	if err != nil || !strings.HasSuffix(text, "d") || n < 1 || n > 3650 {
		return 0, fmt.Errorf("%q is no number of days: write 60d", text)
	}
	return time.Duration(n) * 24 * time.Hour, nil
}

func (o *datasetOptions) run(cmd *cobra.Command) error {
	mode, ok := modes[o.mode]
	if !ok {
		return fmt.Errorf("--mode is known or event_time; got %q", o.mode)
	}
	if err := trainset.CheckOutput(o.out); err != nil {
		return err
	}
	if len(o.dates) == 0 {
		return errors.New("give --dates")
	}
	c, err := o.churn()
	if err != nil {
		return err
	}
	return withAPI(cmd, &o.doors, func(api *stack.API) error {
		options := trainset.Options{Features: api.Features, Mode: mode, Names: o.names, Progress: counted(cmd.ErrOrStderr())}
		if o.among != "" {
			if c.Among, err = o.who(cmd, api); err != nil {
				return err
			}
		}
		part, err := os.Create(o.out + ".part")
		if err != nil {
			return fmt.Errorf("make the output: %w", err)
		}
		count, err := trainset.Labelled(cmd.Context(), options, c, time.Now(), o.out, part)
		if err = errors.Join(err, part.Close()); err != nil {
			return errors.Join(err, os.Remove(part.Name()))
		}
		if err := os.Rename(part.Name(), o.out); err != nil {
			return fmt.Errorf("name the output: %w", err)
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %d rows, %d of them with %s\n", o.out, count.Rows, count.True, labelWords[c.Target.Outcome]+c.Column)
		return err
	})
}

// labelWords stand before the label's name where its rows are counted.
var labelWords = map[forecast.Outcome]string{forecast.Sum: "a "}

// churn is how rows are labelled.
func (o *datasetOptions) churn() (c trainset.Churn, err error) {
	c.Target = forecast.Target{Counts: o.counts, Outcome: forecast.Outcome(o.outcome)}
	switch c.Target.Outcome {
	case forecast.None:
		c.Column = "churned_" + o.horizon
	case forecast.Any:
		c.Column = "repurchase_" + o.horizon
	case forecast.Sum:
		c.Column = strings.TrimSuffix(o.counts, "_lifetime") + "_next_" + o.horizon
	default:
		return c, fmt.Errorf("--outcome is none, any or sum; got %q", o.outcome)
	}
	if c.Target.Within, err = days(o.horizon); err != nil {
		return c, fmt.Errorf("--horizon: %w", err)
	}
	for _, text := range o.dates {
		at, err := trainset.ParseTime(text)
		if err != nil {
			return c, fmt.Errorf("--dates: %w", err)
		}
		c.Dates = append(c.Dates, at)
	}
	return c, nil
}

// who compiles --among over the catalogue that the stack serves.
func (o *datasetOptions) who(cmd *cobra.Command, api *stack.API) (*trainset.Among, error) {
	c, err := o.served(cmd, api)
	if err != nil {
		return nil, err
	}
	among, err := trainset.NewAmong(o.among, c)
	if err != nil {
		return nil, fmt.Errorf("--among: %w", err)
	}
	return among, nil
}
