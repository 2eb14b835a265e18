package freshet

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/freshet/freshet/pkg/frame"
	"github.com/freshet/freshet/pkg/service"
	"github.com/freshet/freshet/services/churn/card"
	"github.com/freshet/freshet/services/churn/pipeline"
	"github.com/freshet/freshet/services/freshet/progress"
)

func newChurn() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "churn",
		Short: "Models of who will leave, buy again, and what they will spend: train them, see what they are worth, say which serve, explain a score",
	}
	cmd.AddCommand(newChurnTrain(), newChurnModels(), newChurnReport(), newChurnPromote(), newChurnRollback(), newChurnExplain(), newChurnDataset(), newChurnEvaluate())
	return family(cmd)
}

// evaluateOptions are the flags of `freshet churn evaluate`.
type evaluateOptions struct {
	table, label, positive, time, report, horizon, customer string
	leave                                                   []string
	baselines                                               map[string]string
	json, real                                              bool
	pipeline.Options
}

func newChurnEvaluate() *cobra.Command {
	o := evaluateOptions{Options: pipeline.Default()}
	o.Workers = runtime.GOMAXPROCS(0)
	cmd := &cobra.Command{
		Use:   "evaluate",
		Short: "Train on a table, judge on rows the model has not seen, and write a model card",
		Long: `Read a table with a label of two values, train logistic regression, boosted trees and a random forest, choose among them and calibrate on training rows alone, and
say what the result is worth on rows it has not seen. A label of numbers with more values is an amount, such as the spend of the next days: ridge regression and
boosted trees then.

With --time the newest rows are judged by a model that learnt from older ones: name it wherever there is a time. Without it rows are judged in folds. With
--customer the rows of one customer stay together in folds, and intervals draw customers.

The table is Parquet, or CSV with a header (also .gz). Columns of numbers and of categories are used as they are; identifiers, dates and empty columns are left out,
and the card says so. Nothing leaves this machine.`,
		Example: `  freshet churn evaluate --table telco.csv --label Churn
  freshet churn evaluate --table customers.parquet --label churned --time snapshot --report card.html
  freshet churn evaluate --table customers.parquet --label spend_90d --time snapshot --horizon 90d --baselines recency=days_since_last,frequency=orders,mean=mean_order,age=days_since_first
  freshet churn evaluate --table t.csv --label outcome --positive lost --leave closed_at,agent --json`,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd) },
	}
	f := cmd.Flags()
	f.StringVar(&o.table, "table", "", "the file: .parquet, .csv or .csv.gz")
	f.StringVar(&o.label, "label", "", "the column to predict: two values, or amounts")
	f.StringVar(&o.positive, "positive", "", "the value to predict, where neither says yes, true, 1 or churned")
	f.StringVar(&o.time, "time", "", "the column that says when a row was: the newest rows are judged")
	f.StringVar(&o.horizon, "horizon", "", "how long after its time a row's label is known, as 60d: labels that were not known yet are not learnt from")
	f.StringSliceVar(&o.leave, "leave", nil, "columns to leave out: those that are not known when the prediction is made")
	f.BoolVar(&o.real, "real", false, "the label is an amount, also where it has two values only")
	f.StringVar(&o.customer, "customer", "", "the column that says whose row it is; by default customer_id, where one occurs in several rows")
	f.StringToStringVar(&o.baselines, "baselines", nil, "columns of the models that others have to beat: recency, frequency and mean for a regression of them; also age, and --horizon, for BG/NBD; recency and age in days")
	f.StringVar(&o.report, "report", "", "write the card as an HTML page to this file, too")
	f.BoolVar(&o.json, "json", false, "print the card as JSON")
	f.IntVar(&o.Folds, "folds", o.Folds, "how many folds, without --time")
	f.IntVar(&o.Repeats, "repeats", o.Repeats, "how many times the folds are drawn, without --time")
	f.Float64Var(&o.TestShare, "test-share", o.TestShare, "how much of the rows is judged, with --time")
	f.Uint64Var(&o.Seed, "seed", o.Seed, "what is drawn is drawn by it: the same seed gives the same card")
	return cmd
}

func (o *evaluateOptions) run(cmd *cobra.Command) error {
	if o.table == "" || o.label == "" {
		return errors.New("give --table and --label")
	}
	if o.horizon != "" {
		if o.time == "" {
			return errors.New("--horizon needs --time")
		}
		var err error
		if o.Gap, err = days(o.horizon); err != nil {
			return fmt.Errorf("--horizon: %w", err)
		}
	}
	if err := o.nameBaselines(); err != nil {
		return err
	}
	cmd.SilenceUsage = true
	t, c, err := o.read()
	if err != nil {
		return err
	}
	var bar progress.Bar
	shown, at := "", 0
	o.Progress = func(what string, done, of int) {
		if what != shown {
			if bar != nil {
				bar.Done()
			}
			bar, shown, at = progress.New(cmd.ErrOrStderr(), what, int64(of)), what, 0
		}
		bar.Add(done - at)
		at = done
	}
	j, _, err := pipeline.Judge(cmd.Context(), t, o.Options)
	if bar != nil {
		bar.Done()
	}
	if err != nil {
		return fmt.Errorf("judge %s: %w", o.table, err)
	}
	c.Judgement = j
	return o.write(cmd.OutOrStdout(), c)
}

// read reads the table. Rows without a label are left out.
func (o *evaluateOptions) read() (*pipeline.Table, *card.Card, error) {
	raw, err := frame.Read(o.table)
	if err != nil {
		return nil, nil, err
	}
	for _, name := range o.leave {
		if !slices.Contains(raw.Names(), name) {
			return nil, nil, fmt.Errorf("--leave: there is no column %q; there are %s", name, strings.Join(raw.Names(), ", "))
		}
	}
	t := &pipeline.Table{}
	c := &card.Card{Table: filepath.Base(o.table), Label: o.label, Made: time.Now(), Code: service.BuildVersion(), Seed: o.Seed}
	if o.real || o.positive == "" && raw.IsAmount(o.label) {
		t.Kind = pipeline.Real
		t.Y, err = raw.Amounts(o.label)
	} else {
		t.Y, c.One, err = raw.Label(o.label, o.positive)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", o.table, err)
	}
	leave := append([]string{o.label}, o.leave...)
	if customer, err := o.group(raw, t); err != nil {
		return nil, nil, fmt.Errorf("%s: --customer: %w", o.table, err)
	} else if customer != "" {
		leave = append(leave, customer)
		c.Notes = append(c.Notes, fmt.Sprintf("column %s says whose row it is: rows of one stay together", customer))
	}
	if o.time != "" {
		if t.Times, err = raw.Times(o.time); err != nil {
			return nil, nil, fmt.Errorf("%s: --time: %w", o.table, err)
		}
		leave = append(leave, o.time)
	}
	t.X = raw.Frame(leave...)
	c.Notes = append(c.Notes, raw.Report()...)
	var labelled []int
	for i, y := range t.Y {
		if !math.IsNaN(y) {
			labelled = append(labelled, i)
		}
	}
	if n := len(t.Y) - len(labelled); n > 0 {
		c.Notes = append(c.Notes, fmt.Sprintf("%d rows have no label: left out", n))
		t = t.Take(labelled)
	}
	return t, c, nil
}

// usual is the column of customers in the tables that Freshet writes.
const usual = "customer_id"

// group says whose each row is, when a column does, and names it.
func (o *evaluateOptions) group(raw *frame.Raw, t *pipeline.Table) (string, error) {
	name := o.customer
	if name == "" && slices.Contains(raw.Names(), usual) && !slices.Contains(o.leave, usual) && o.label != usual && o.time != usual {
		name = usual
	}
	if name == "" {
		return "", nil
	}
	groups, repeated, err := raw.Groups(name)
	if err != nil || !repeated && o.customer == "" {
		return "", err
	}
	t.Groups = groups
	return name, nil
}

// nameBaselines reads --baselines.
func (o *evaluateOptions) nameBaselines() error {
	b := pipeline.Baselines{Horizon: o.Gap.Hours() / 24}
	places := map[string]*string{"recency": &b.Recency, "frequency": &b.Frequency, "mean": &b.Mean, "age": &b.Age}
	for what, column := range o.baselines {
		place, ok := places[what]
		if !ok {
			return fmt.Errorf("--baselines: %q is none of recency, frequency, mean, age", what)
		}
		*place = column
	}
	o.Baselines = b
	return nil
}

// write writes the card where it is wanted.
func (o *evaluateOptions) write(out io.Writer, c *card.Card) (err error) {
	if o.report != "" {
		f, err := os.Create(o.report) //nolint:gosec // The user names the file.
		if err != nil {
			return err
		}
		if err := errors.Join(c.HTML(f), f.Close()); err != nil {
			return fmt.Errorf("write %s: %w", o.report, err)
		}
	}
	if !o.json {
		return c.Text(out)
	}
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(c)
}
