package pipeline

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/freshet/freshet/pkg/evaluate"
	"github.com/freshet/freshet/pkg/frame"
)

// Judgement is what a model of a table is worth.
type Judgement struct {
	Rows     int     `json:"rows"`
	Columns  int     `json:"columns"`
	BaseRate float64 `json:"base_rate"`
	// Protocol says in words which rows were judged.
	Protocol string `json:"protocol"`
	// From and To are the times of the rows, Cut that from which on they are judged; zero without times.
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`
	Cut  time.Time `json:"cut,omitzero"`
	// Report is of the model as it would be used; Intervals are of its figures, by their names, at 95 %. Of folds each figure but ECE and lift is the mean
	// over folds.
	Report    Report              `json:"report"`
	Intervals map[string]Interval `json:"intervals"`
	// Families are the best of each family, as they would be used.
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
}

// Compared is one family beside the others.
type Compared struct {
	Family string `json:"family"`
	Report Report `json:"report"`
}

// outcome is what one outer split gave.
type outcome struct {
	rows     []int
	y, p     []float64
	families map[string][]float64
	trained  *Trained
}

// Judge says what models of a table are worth.
func Judge(ctx context.Context, t *Table, o Options) (*Judgement, *Trained, error) {
	if err := t.check(o); err != nil {
		return nil, nil, err
	}
	j := &Judgement{Rows: len(t.Y), Columns: len(t.X.Columns), BaseRate: mean(t.Y)}
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
	if err := j.sum(outcomes, o); err != nil {
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
	j.Weak = weak(t.X, outcomes, j.Report.AUC)
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
		if !enough(t.Take(s.Test).Y) || !enough(t.Take(s.Train).Y) {
			return nil, fmt.Errorf("%s: one of the parts has fewer than 5 rows of a label; give more rows, or another share for the test", j.Protocol)
		}
		return []evaluate.Fold{s}, nil
	}
	var out []evaluate.Fold
	for r := range o.Repeats {
		list, err := folds(t.Y, o.Folds, o.Seed+uint64(r))
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	j.Protocol = fmt.Sprintf("%d folds, %d times: each row by models that had not seen it. Without times a model may have learnt from later rows than it is judged by: name a column with --time where there is one", o.Folds, o.Repeats)
	return out, nil
}

// judgeSplit trains on one part and predicts the other: the chosen model, and the best of each family.
func judgeSplit(ctx context.Context, t *Table, o Options, s evaluate.Fold, seed uint64) (outcome, error) {
	train, test := t.Take(s.Train), t.Take(s.Test)
	list, err := compare(ctx, train, o, seed)
	if err != nil {
		return outcome{}, err
	}
	best := choose(list)
	if best == nil {
		return outcome{}, fmt.Errorf("no model could be fitted: %s", list[len(list)-1].Fault)
	}
	out := outcome{rows: s.Test, y: test.Y, families: map[string][]float64{}}
	for _, c := range bestOfEach(list) {
		m, err := c.finish(ctx, train, o, seed)
		if err != nil {
			return outcome{}, err
		}
		p, err := m.Predict(test.X)
		if err != nil {
			return outcome{}, err
		}
		out.families[c.Family] = p
		if c.of.settings == best.of.settings && c.Family == best.Family {
			out.p, out.trained = p, m
		}
	}
	return out, nil
}

func bestOfEach(list []Choice) []*Choice {
	var out []*Choice
	for i := range list {
		var of []Choice
		for _, c := range list {
			if c.Family == list[i].Family {
				of = append(of, c)
			}
		}
		if best := choose(of); best != nil && best.Settings == list[i].Settings && list[i].Fault == "" {
			out = append(out, &list[i])
		}
	}
	return out
}

// sum makes figures of the outcomes.
func (j *Judgement) sum(outcomes []outcome, o Options) error {
	var y, p []float64
	chosen := map[string]int{}
	for _, out := range outcomes {
		y, p = append(y, out.y...), append(p, out.p...)
		chosen[out.trained.Family]++
	}
	for _, out := range outcomes {
		if j.Chosen == "" || chosen[out.trained.Family] > chosen[j.Chosen] {
			j.Chosen, j.Settings, j.Calibration = out.trained.Family, out.trained.Settings, out.trained.Calibration.Kind
		}
	}
	var err error
	if j.Report, err = meanReport(outcomes, func(out outcome) []float64 { return out.p }); err != nil {
		return err
	}
	for _, family := range []string{"base rate", "logistic regression", "boosted trees", "random forest"} {
		if r, err := meanReport(outcomes, func(out outcome) []float64 { return out.families[family] }); err == nil {
			j.Families = append(j.Families, Compared{family, r})
		}
	}
	all := evaluate.Binary{Score: p, Label: y}
	if j.Reliability, err = all.Reliability(bins); err != nil {
		return err
	}
	if j.Gains, err = all.GainCurve(200); err != nil {
		return err
	}
	j.interval(outcomes, o)
	return nil
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

// interval draws rows of the first judgement of each row: repeats are no new rows.
func (j *Judgement) interval(outcomes []outcome, o Options) {
	var y, p []float64
	seen := map[int]bool{}
	for _, out := range outcomes {
		for i, r := range out.rows {
			if !seen[r] {
				seen[r] = true
				y, p = append(y, out.y[i]), append(p, out.p[i])
			}
		}
	}
	j.Intervals = intervals(y, p, evaluate.Resample{Times: o.Draws, Seed: o.Seed})
}

// Group is a part of the rows.
type Group struct {
	Column string  `json:"column"`
	Level  string  `json:"level"`
	Rows   int     `json:"rows"`
	AUC    float64 `json:"auc"`
}

// weakRows is how many rows a group has at least, weakBy by how much its AUC is below that of all to be told.
const (
	weakRows = 200
	weakBy   = .05
)

// weak finds groups by category in which the order is much worse than over all.
func weak(x *frame.Frame, outcomes []outcome, auc float64) []Group {
	var out []Group
	for i := range x.Columns {
		c := &x.Columns[i]
		for level, name := range c.Levels {
			var y, p []float64
			for _, o := range outcomes {
				for k, r := range o.rows {
					if v := c.Values[r]; !math.IsNaN(v) && int(v) == level {
						y, p = append(y, o.y[k]), append(p, o.p[k])
					}
				}
			}
			if got, err := (evaluate.Binary{Score: p, Label: y}).AUC(); err == nil && len(y) >= weakRows && got < auc-weakBy {
				out = append(out, Group{Column: c.Name, Level: name, Rows: len(y), AUC: got})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Group) int { return int(math.Copysign(1, a.AUC-b.AUC)) })
	return out[:min(len(out), 10)]
}

// warn says what should make a reader doubt.
func (j *Judgement) warn(t *Table) {
	for i := range t.X.Columns {
		c := &t.X.Columns[i]
		if auc, ok := alone(c, t.Y); ok && auc > .98 {
			j.Warnings = append(j.Warnings, fmt.Sprintf("column %s alone has an AUC of %.3f: it may have been written after the fact; leave it out with --leave if it is not known when the prediction is made", c.Name, auc))
		}
	}
	if j.Report.AUC > .98 {
		j.Warnings = append(j.Warnings, fmt.Sprintf("an AUC of %.3f is better than such predictions are: look for a column that knows the answer", j.Report.AUC))
	}
	if j.Chosen == "base rate" {
		j.Warnings = append(j.Warnings, "no model is better than giving everybody the base rate: the columns say nothing about the label")
	}
}

// alone is what a column orders by itself, in either direction; of categories by their rate.
func alone(c *frame.Column, y []float64) (float64, bool) {
	p := slices.Clone(c.Values)
	if c.Kind == frame.Category {
		ones, rows := make([]float64, len(c.Levels)), make([]float64, len(c.Levels))
		for i, v := range c.Values {
			if !math.IsNaN(v) {
				ones[int(v)] += y[i]
				rows[int(v)]++
			}
		}
		for i, v := range c.Values {
			if !math.IsNaN(v) {
				p[i] = ones[int(v)] / rows[int(v)]
			}
		}
		if slices.ContainsFunc(rows, func(n float64) bool { return n < 20 }) {
			return 0, false // rates of few rows know the answer by chance
		}
	}
	for i := range p {
		if math.IsNaN(p[i]) {
			p[i] = -math.MaxFloat64
		}
	}
	auc, err := evaluate.Binary{Score: p, Label: y}.AUC()
	return max(auc, 1-auc), err == nil
}
