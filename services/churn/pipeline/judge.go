package pipeline

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/freshet/freshet/pkg/evaluate"
)

// Judgement is what a model of a table is worth.
type Judgement struct {
	Kind    Kind `json:"kind"`
	Rows    int  `json:"rows"`
	Columns int  `json:"columns"`
	// Customers is how many groups of rows there are; 0 where they are not known.
	Customers int `json:"customers,omitempty"`
	// BaseRate is the share of rows with the label, of amounts their mean.
	BaseRate float64 `json:"base_rate"`
	// Protocol says in words which rows were judged.
	Protocol string `json:"protocol"`
	// From and To are the times of the rows, Cut that from which on they are judged; zero without times.
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`
	Cut  time.Time `json:"cut,omitzero"`
	// Report is of the model as it would be used, Amounts in its place where amounts are predicted; Intervals are of its figures, by their names, at 95 %. Of
	// folds each figure but ECE, lift and sums is the mean over folds.
	Report    Report              `json:"report,omitzero"`
	Amounts   *Amounts            `json:"amounts,omitempty"`
	Intervals map[string]Interval `json:"intervals"`
	// Families are the best of each family, as they would be used, and the baselines.
	Families []Compared `json:"families"`
	// Chosen is the family that was chosen, most often when there are folds.
	Chosen      string               `json:"chosen"`
	Settings    string               `json:"settings,omitempty"`
	Calibration string               `json:"calibration"`
	Reliability []evaluate.Bin       `json:"reliability"`
	Gains       []evaluate.GainPoint `json:"gains"`
	Drivers     []Driver             `json:"drivers"`
	Weak        []Group              `json:"weak,omitempty"`
	Warnings    []string             `json:"warnings,omitempty"`
	// Judged are the predictions that all this is of; no part of a card.
	Judged Judged `json:"-"`
}

// Compared is one family beside the others.
type Compared struct {
	Family string `json:"family"`
	// Baseline says that it is there to be beaten, and is never chosen.
	Baseline bool     `json:"baseline,omitempty"`
	Report   Report   `json:"report,omitzero"`
	Amounts  *Amounts `json:"amounts,omitempty"`
}

// outcome is what one outer split gave.
type outcome struct {
	rows     []int
	y, p     []float64
	families map[string][]float64
	trained  *Trained
	// missing are baselines that could not be fitted, and why.
	missing []string
}

// Judge says what models of a table are worth.
func Judge(ctx context.Context, t *Table, o Options) (*Judgement, *Trained, error) {
	if err := t.check(o); err != nil {
		return nil, nil, err
	}
	j := &Judgement{Kind: t.Kind, Rows: len(t.Y), Columns: len(t.X.Columns), BaseRate: mean(t.Y), Customers: t.customers()}
	splits, err := j.outer(t, o)
	if err != nil {
		return nil, nil, err
	}
	var outcomes []outcome
	for i, s := range splits {
		o.tell("judging", i, len(splits))
		out, err := judgeSplit(ctx, t, o, s, o.Seed+uint64(i))
		if err != nil {
			return nil, nil, err
		}
		outcomes = append(outcomes, out)
	}
	o.tell("judging", len(splits), len(splits))
	if err := j.sum(t, outcomes, o); err != nil {
		return nil, nil, err
	}
	o.tell("training on all rows", 0, 1)
	model, err := Train(ctx, t, o)
	if err != nil {
		return nil, nil, err
	}
	if j.Drivers, err = drivers(model, t.X, o.Seed); err != nil {
		return nil, nil, err
	}
	j.Weak = j.weak(t.X, outcomes)
	j.warn(t)
	o.tell("training on all rows", 1, 1)
	return j, model, nil
}

// outer is which rows are judged.
func (j *Judgement) outer(t *Table, o Options) ([]evaluate.Fold, error) {
	if t.Times != nil {
		var err error
		if j.Cut, err = newest(t.Times, o.TestShare); err != nil {
			return nil, err
		}
		j.From, j.To = slices.MinFunc(t.Times, time.Time.Compare), slices.MaxFunc(t.Times, time.Time.Compare)
		s := o.split(t.Times, j.Cut, j.To)
		if len(s.Train) == 0 {
			return nil, fmt.Errorf("no label was known %s before %s, when the newest part begins: give rows of more times, or a shorter horizon", o.Gap, j.Cut.UTC().Format(time.DateOnly))
		}
		j.Protocol = fmt.Sprintf("the newest %d of %d rows, from %s on, by models that learnt from %d before", len(s.Test), len(t.Y), j.Cut.UTC().Format("2006-01-02 15:04"), len(s.Train))
		if !t.Take(s.Test).enough() || !t.Take(s.Train).enough() {
			return nil, fmt.Errorf("%s: one of the parts has fewer than 5 rows of a label, or of an amount; give more rows, or another share for the test", j.Protocol)
		}
		return []evaluate.Fold{s}, nil
	}
	var out []evaluate.Fold
	for r := range o.Repeats {
		list, err := folds(t, o.Folds, o.Seed+uint64(r))
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	who := "row by models that had not seen it"
	if t.Groups != nil {
		who = "row by models that had not seen its customer"
	}
	j.Protocol = fmt.Sprintf("%d folds, %d times: each %s. Without times a model may have learnt from later rows than it is judged by: name a column with --time where there is one", o.Folds, o.Repeats, who)
	return out, nil
}

// judgeSplit trains on one part and predicts the other: the chosen model, and the best of each family.
func judgeSplit(ctx context.Context, t *Table, o Options, s evaluate.Fold, seed uint64) (outcome, error) {
	train, test := t.Take(s.Train), t.Take(s.Test)
	list, err := compare(ctx, train, o, seed)
	if err != nil {
		return outcome{}, err
	}
	best := choose(t.Kind, list)
	if best == nil {
		return outcome{}, fmt.Errorf("no model could be fitted: %s", list[len(list)-1].Fault)
	}
	out := outcome{rows: s.Test, y: test.Y, families: map[string][]float64{}}
	for i := range list {
		if c := &list[i]; c.of.baseline && c.Fault != "" {
			out.missing = append(out.missing, fmt.Sprintf("the baseline %s is missing: %s", c.Family, c.Fault))
		}
	}
	for _, c := range bestOfEach(t.Kind, list, best) {
		m, err := c.finish(ctx, train, o, seed)
		if err != nil {
			return outcome{}, err
		}
		p, err := m.Predict(test.X)
		if err != nil {
			return outcome{}, err
		}
		out.families[c.Family] = p
		if c == best {
			out.p, out.trained = p, m
		}
	}
	return out, nil
}

// bestOfEach is the best of each family, as candidates are ordered; of its family it is the one that was chosen, which may be alike to a plainer one.
func bestOfEach(kind Kind, list []Choice, chosen *Choice) []*Choice {
	var out []*Choice
	for i := range list {
		var of []*Choice
		for k := range list {
			if list[k].Family == list[i].Family {
				of = append(of, &list[k])
			}
		}
		best := lowest(kind, of)
		if list[i].Family == chosen.Family {
			best = chosen
		}
		if best == &list[i] {
			out = append(out, best)
		}
	}
	return out
}

// sum makes figures of the outcomes.
func (j *Judgement) sum(t *Table, outcomes []outcome, o Options) error {
	chosen := map[string]int{}
	for _, out := range outcomes {
		chosen[out.trained.Family]++
		for _, text := range out.missing {
			if !slices.Contains(j.Warnings, text) {
				j.Warnings = append(j.Warnings, text)
			}
		}
	}
	for _, out := range outcomes {
		if j.Chosen == "" || chosen[out.trained.Family] > chosen[j.Chosen] {
			j.Chosen, j.Settings, j.Calibration = out.trained.Family, out.trained.Settings, out.trained.Calibration.Kind
		}
	}
	all, err := j.figures(outcomes, func(out outcome) []float64 { return out.p })
	if err != nil {
		return err
	}
	j.Report, j.Amounts = all.Report, all.Amounts
	for _, c := range candidates(t, o) {
		if slices.ContainsFunc(j.Families, func(f Compared) bool { return f.Family == c.family }) {
			continue
		}
		if f, err := j.figures(outcomes, func(out outcome) []float64 { return out.families[c.family] }); err == nil {
			f.Family, f.Baseline = c.family, c.baseline
			j.Families = append(j.Families, f)
		}
	}
	if err := j.curves(outcomes); err != nil {
		return err
	}
	j.interval(t, outcomes, o)
	return nil
}

// figures are those of one set of predictions.
func (j *Judgement) figures(outcomes []outcome, of func(outcome) []float64) (c Compared, err error) {
	if j.Kind == Real {
		a, err := meanAmounts(outcomes, of)
		return Compared{Amounts: &a}, err
	}
	c.Report, err = meanReport(outcomes, of)
	return c, err
}

// curves are of all rows together. Gains have no meaning where an amount is below 0: none then.
func (j *Judgement) curves(outcomes []outcome) (err error) {
	var y, p []float64
	for _, out := range outcomes {
		y, p = append(y, out.y...), append(p, out.p...)
	}
	if j.Kind == Real {
		r := evaluate.Real{Predicted: p, Actual: y}
		if j.Gains, err = r.GainCurve(points); err != nil {
			j.Gains = nil
		}
		j.Reliability, err = r.Reliability(bins)
		return err
	}
	b := evaluate.Binary{Score: p, Label: y}
	if j.Gains, err = b.GainCurve(points); err != nil {
		return err
	}
	j.Reliability, err = b.Reliability(bins)
	return err
}

// meanReport is over outcomes: the mean of what is a mean or an order within a split, and of all rows together ECE and lift, which need many.
func meanReport(outcomes []outcome, of func(outcome) []float64) (Report, error) {
	var y, p []float64
	var mean Report
	n := float64(len(outcomes))
	for _, out := range outcomes {
		r, err := judge(out.y, of(out))
		if err != nil {
			return r, err
		}
		y, p = append(y, out.y...), append(p, of(out)...)
		mean.AUC, mean.AveragePrecision, mean.LogLoss = mean.AUC+r.AUC/n, mean.AveragePrecision+r.AveragePrecision/n, mean.LogLoss+r.LogLoss/n
		mean.Brier, mean.Accuracy = mean.Brier+r.Brier/n, mean.Accuracy+r.Accuracy/n
	}
	all, err := judge(y, p)
	all.AUC, all.AveragePrecision, all.LogLoss, all.Brier, all.Accuracy = mean.AUC, mean.AveragePrecision, mean.LogLoss, mean.Brier, mean.Accuracy
	return all, err
}

// Judged is what the judgement is of: rows by their place in the table, each once, and what a model that had not seen them said. It is what a champion is
// compared with on the same rows (Compare): the model that is trained on all rows has seen them.
type Judged struct {
	Rows             []int
	Label, Predicted []float64
	// Groups are the rows' customers; nil where they are not known.
	Groups []int
}

// judgedOnce are the rows of the first judgement of each row: repeats are no new rows.
func judgedOnce(t *Table, outcomes []outcome) Judged {
	var d Judged
	seen := map[int]bool{}
	for _, out := range outcomes {
		for i, r := range out.rows {
			if seen[r] {
				continue
			}
			seen[r] = true
			d.Rows, d.Label, d.Predicted = append(d.Rows, r), append(d.Label, out.y[i]), append(d.Predicted, out.p[i])
			if t.Groups != nil {
				d.Groups = append(d.Groups, t.Groups[r])
			}
		}
	}
	return d
}

// interval draws rows, those of one customer together.
func (j *Judgement) interval(t *Table, outcomes []outcome, o Options) {
	j.Judged = judgedOnce(t, outcomes)
	how := evaluate.Resample{Times: o.Draws, Seed: o.Seed, Group: j.Judged.Groups}
	if j.Intervals = intervals(j.Judged.Label, j.Judged.Predicted, how, j.Kind); t.Groups != nil && len(j.Intervals) == 0 {
		j.Warnings = append(j.Warnings, "there are no intervals: the rows are of too few customers")
	}
}

// customers is how many groups there are.
func (t *Table) customers() int {
	seen := map[int]bool{}
	for _, g := range t.Groups {
		seen[g] = true
	}
	return len(seen)
}
