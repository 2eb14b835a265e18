package pipeline

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/freshet/freshet/pkg/evaluate"
	"github.com/freshet/freshet/pkg/frame"
)

// Trained is a model that was chosen, calibrated and fitted. It is not changed by use; any number of goroutines may predict with it.
type Trained struct {
	// Kind is that of the label, Family and Settings say in words what was chosen.
	Kind             Kind
	Family, Settings string
	Calibration      Calibration
	// Inner are the losses by which it was chosen; a model that was decoded has none.
	Inner []Choice

	*fitted
}

// Columns are what it takes, in order.
func (t *Trained) Columns() []Column { return slices.Clone(t.schema) }

// Predict gives calibrated predictions of a frame's rows. It finds the columns by their names; a category that the model never saw is missing.
func (t *Trained) Predict(x *frame.Frame) ([]float64, error) {
	p, err := t.predict(x)
	if err != nil {
		return nil, err
	}
	return t.Calibration.all(p), nil
}

// reasons writes what each column of a row adds, and returns what all of them are added to, which is the same for every row. The sum is the logit of a
// probability before calibration; of an amount it is the prediction itself.
func (t *Trained) reasons(row, out []float64) (base float64) {
	base = t.explain(row, out)
	if t.Kind == Real {
		return stretch(out, base, t.Calibration.Apply)
	}
	return base
}

// Choice is one candidate, and its loss on inner splits: log-loss; the deviance of amounts of 0 and more, the squared error of others.
type Choice struct {
	Family   string  `json:"family"`
	Settings string  `json:"settings,omitempty"`
	Loss     float64 `json:"loss"`
	// Fault says why it could not be fitted.
	Fault string `json:"fault,omitempty"`

	rounds float64
	rows   []int
	held   []float64
	of     candidate
}

// inner splits training rows: behind each other in time, or folds.
func inner(t *Table, o Options, seed uint64) ([]evaluate.Fold, error) {
	if t.Times == nil {
		return folds(t, o.Inner, seed)
	}
	var out []evaluate.Fold
	to := sortedTimes(t.Times)
	for i := range o.Inner { // the newest part first, then what is before it
		cut, err := newest(to, 1/float64(o.Inner+1-i))
		if err != nil {
			break
		}
		end := to[len(to)-1]
		at, _ := slices.BinarySearchFunc(to, cut, time.Time.Compare)
		to = to[:at]
		if f := o.split(t.Times, cut, end); t.Take(f.Train).enough() && t.Take(f.Test).enough() {
			out = append(out, f)
		}
		if len(to) == 0 {
			break
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("the %d rows to learn from are of too few times: no part can be judged by what was known before it", len(t.Y))
	}
	slices.Reverse(out)
	return out, nil
}

// enough says that both labels occur more than once or twice, or amounts other than 0.
func (t *Table) enough() bool {
	ones := 0
	for _, v := range t.Y {
		if v != 0 {
			ones++
		}
	}
	if t.Kind == Real {
		return ones >= 5 && slices.Min(t.Y) < slices.Max(t.Y)
	}
	return min(ones, len(t.Y)-ones) >= 5
}

// compare judges all candidates on the inner splits of t.
func compare(ctx context.Context, t *Table, o Options, seed uint64) ([]Choice, error) {
	splits, err := inner(t, o, seed)
	if err != nil {
		return nil, err
	}
	var list []Choice
	for _, c := range candidates(t, o) {
		list = append(list, Choice{Family: c.family, Settings: c.settings, of: c})
	}
	for n, s := range splits {
		train, test := t.Take(s.Train), t.Take(s.Test)
		for i := range list {
			c := &list[i]
			if c.Fault != "" {
				continue
			}
			if err := c.judge(ctx, t, o, train, test, s.Test); err != nil {
				if ctx.Err() != nil {
					return nil, ctx.Err()
				}
				c.Fault = err.Error()
			}
		}
		if n+1 == (len(splits)+1)/2 {
			abandon(list)
		}
	}
	for i := range list {
		list[i].rounds /= float64(len(splits))
	}
	return list, nil
}

// hopeless is by what part the loss of a candidate is above that of the best of its family, half of the splits judged, when it is not looked at further.
const hopeless = .005

// abandon gives up settings that are far behind others of their family: what is left of the splits would not make up for it.
func abandon(list []Choice) {
	best := map[string]float64{}
	for _, c := range list {
		if least, ok := best[c.Family]; c.Fault == "" && (!ok || c.Loss < least) {
			best[c.Family] = c.Loss
		}
	}
	for i := range list {
		if c := &list[i]; c.Fault == "" && c.Loss > best[c.Family]*(1+hopeless) {
			c.Fault = "abandoned half way: other settings of the family are better"
		}
	}
}

// judge fits a candidate on one more split. Its loss is that of all splits so far.
func (c *Choice) judge(ctx context.Context, t *Table, o Options, train, test *Table, rows []int) error {
	m, n, err := c.of.fit(ctx, o, train, test, 0)
	if err != nil {
		return err
	}
	p, err := m.predict(test.X)
	if err != nil {
		return err
	}
	// The model that is used learns from more rows than this one did, and may learn for as much longer.
	c.rounds += float64(n) * float64(len(t.Y)) / float64(len(train.Y))
	c.rows, c.held = append(c.rows, rows...), append(c.held, p...)
	// Amounts that were learnt on another scale are judged in the right total, as they would be used.
	y := pick(t.Y, c.rows)
	plainly, err := fitCalibration(first(plainest(t.Kind, c.of.scale, len(y))), c.of.scale, y, c.held)
	if err != nil {
		return err
	}
	c.Loss, err = lossOf(t.Kind, y, plainly.all(c.held))
	return err
}

func first(a string, _ []string) string { return a }

// better is by how much the loss of a candidate must be below that of a plainer one: a ten-thousandth of a nat, or a thousandth of the loss of amounts.
const better, betterPart = 1e-4, 1e-3

// choose is the best candidate that is no baseline.
func choose(kind Kind, list []Choice) *Choice {
	var may []*Choice
	for i := range list {
		if !list[i].of.baseline {
			may = append(may, &list[i])
		}
	}
	return lowest(kind, may)
}

// lowest has the least loss, the plainer of two that are alike.
func lowest(kind Kind, list []*Choice) *Choice {
	var best *Choice
	for _, c := range list {
		if c.Fault != "" {
			continue
		}
		if best == nil || kind == Binary && c.Loss < best.Loss-better || kind == Real && c.Loss < best.Loss*(1-betterPart) {
			best = c
		}
	}
	return best
}

// finish calibrates a candidate on what it predicted of rows it had not seen, and fits it on all.
func (c *Choice) finish(ctx context.Context, t *Table, o Options, seed uint64) (*Trained, error) {
	out := &Trained{Kind: t.Kind, Family: c.Family, Settings: c.Settings}
	held := &Table{X: &frame.Frame{}, Kind: t.Kind, Y: pick(t.Y, c.rows)}
	if t.Groups != nil {
		held.Groups = make([]int, len(c.rows))
		for i, r := range c.rows {
			held.Groups[i] = t.Groups[r]
		}
	}
	var err error
	if out.Calibration, err = chooseCalibration(held, c.of.scale, c.held, seed); err != nil {
		return nil, err
	}
	if out.fitted, _, err = c.of.fit(ctx, o, t, nil, max(1, int(c.rounds+.5))); err != nil {
		return nil, err
	}
	return out, nil
}

// Train chooses, calibrates and fits a model on all rows of a table.
func Train(ctx context.Context, t *Table, o Options) (*Trained, error) {
	if err := t.check(o); err != nil {
		return nil, err
	}
	o.Baselines = Baselines{} // they are never chosen
	list, err := compare(ctx, t, o, o.Seed)
	if err != nil {
		return nil, err
	}
	best := choose(t.Kind, list)
	if best == nil {
		return nil, fmt.Errorf("no model could be fitted: %s", list[len(list)-1].Fault)
	}
	out, err := best.finish(ctx, t, o, o.Seed)
	if err != nil {
		return nil, err
	}
	out.Inner = list
	return out, nil
}
