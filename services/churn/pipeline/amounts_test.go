package pipeline

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/freshet/freshet/pkg/frame"
)

// spend draws amounts, of which many are 0, that follow the first of some columns, or nothing when pull is 0; one row an hour.
func spend(rows, columns int, pull float64) *Table {
	t := made(rows, columns, pull)
	t.Kind = Real
	r := rand.New(rand.NewPCG(8, 9))
	for i := range t.Y {
		if t.Y[i] > 0 {
			t.Y[i] = math.Exp(3 + .6*pull*t.X.Columns[0].Values[i] + .8*r.NormFloat64())
		}
	}
	return t
}

func TestNoiseOfAmountsIsNoise(t *testing.T) {
	for _, timed := range []bool{false, true} {
		noise := spend(1500, 20, 0)
		if !timed {
			noise.Times = nil
		}
		j, _, err := Judge(t.Context(), noise, quick())
		if err != nil {
			t.Fatal(err)
		}
		if a := j.Amounts; math.Abs(a.Spearman) > .12 || a.R2 > .03 || a.Total < .8 || a.Total > 1.25 {
			t.Errorf("timed %v: chosen %s, %+v", timed, j.Chosen, a)
		}
	}
}

// Amounts that follow a column are found, their total is right, and what is told is of rows that were not seen.
func TestAmounts(t *testing.T) {
	j, m, err := Judge(t.Context(), spend(3000, 4, 1.5), quick())
	if err != nil {
		t.Fatal(err)
	}
	a := j.Amounts
	if j.Kind != Real || a.Rows != 600 || a.Spearman < .5 || a.Total < .85 || a.Total > 1.15 || a.Gain10 < .25 || a.MAE10 <= a.MAE {
		t.Errorf("chosen %s %s %s: %+v", j.Chosen, j.Settings, j.Calibration, a)
	}
	for _, f := range j.Families {
		t.Logf("%-16s MAE %.2f RMSE %.2f Spearman %.3f total %.3f", f.Family, f.Amounts.MAE, f.Amounts.RMSE, f.Amounts.Spearman, f.Amounts.Total)
		if f.Family == "mean" && f.Amounts.RMSE <= a.RMSE || f.Family != "mean" && (f.Amounts.Total < .8 || f.Amounts.Total > 1.2) {
			t.Errorf("%+v beside %+v", f.Amounts, a)
		}
	}
	for _, name := range []string{"rmse", "mae", "r2", "spearman", "total", "mae_10", "gain_10"} {
		if i, ok := j.Intervals[name]; !ok || i.Low >= i.High {
			t.Errorf("interval of %s: %+v", name, i)
		}
	}
	if i := j.Intervals["mae"]; i.Low > a.MAE || i.High < a.MAE {
		t.Errorf("MAE %v, interval %v", a.MAE, i)
	}
	if d := j.Drivers[0]; d.Name != "c0" || d.Direction != "higher raises it" || m.Kind != Real {
		t.Errorf("%+v", d)
	}
	if len(j.Reliability) < 8 || len(j.Gains) != points+1 || j.Reliability[0].Rate >= j.Reliability[len(j.Reliability)-1].Rate {
		t.Errorf("%+v", j.Reliability)
	}
}

// A column that tells the amounts of the newest rows alone: who learns from what is judged finds it, and has nearly the right order. A regression gives a column
// of noise a little weight, by chance, and some of what is told comes through.
func TestNoAmountIsLearntFromThatIsJudged(t *testing.T) {
	table := spend(2000, 3, 1.5)
	leak := frame.Column{Name: "leak", Kind: frame.Number, Values: make([]float64, 2000)}
	r := rand.New(rand.NewPCG(3, 4))
	for i := range leak.Values {
		if leak.Values[i] = table.Y[r.IntN(2000)]; i >= 1600 {
			leak.Values[i] = table.Y[i]
		}
	}
	with := &Table{Kind: Real, X: &frame.Frame{Rows: 2000, Columns: append(slices.Clone(table.X.Columns), leak)}, Y: table.Y, Times: table.Times}
	a, _, err := Judge(t.Context(), table, quick())
	if err != nil {
		t.Fatal(err)
	}
	b, _, err := Judge(t.Context(), with, quick())
	if err != nil {
		t.Fatal(err)
	}
	if a.Amounts.Spearman < .4 || b.Amounts.Spearman > a.Amounts.Spearman+.1 {
		t.Errorf("%.3f without the leak, %.3f with it", a.Amounts.Spearman, b.Amounts.Spearman)
	}
}

func TestAmountsAreRepeatable(t *testing.T) {
	table := spend(600, 4, 1)
	table.Times = nil
	var first string
	for _, workers := range []int{1, 2} {
		o := quick()
		o.Workers = workers
		j, _, err := Judge(t.Context(), table, o)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := json.Marshal(j)
		if first == "" {
			first = string(text)
		} else if first != string(text) {
			t.Error("another number of workers gives another report")
		}
	}
}

// Amounts below 0 are no logarithms: they are learnt as they are.
func TestAmountsBelowNothing(t *testing.T) {
	table := spend(900, 2, 1)
	for i := range table.Y {
		table.Y[i] = 3*table.X.Columns[0].Values[i] - 1
	}
	j, m, err := Judge(t.Context(), table, quick())
	if err != nil {
		t.Fatal(err)
	}
	if j.Amounts.R2 < .9 || m.Calibration.Kind != asTheyAre || j.Gains != nil {
		t.Errorf("%s %s: %+v", j.Chosen, j.Calibration, j.Amounts)
	}
}

func TestFaultsOfAmounts(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(y []float64)
		want string
	}{
		"nothing but nothing": {func(y []float64) { clear(y) }, "0 of 500 rows have an amount other than 0"},
		"one amount": {func(y []float64) {
			for i := range y {
				y[i] = 5
			}
		}, "all have one amount"},
		"no number": {func(y []float64) { y[7] = math.NaN() }, "label 7 is NaN"},
	} {
		table := spend(500, 2, 1)
		c.edit(table.Y)
		if _, _, err := Judge(t.Context(), table, quick()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	table := spend(600, 2, 1)
	table.X.Columns = append(table.X.Columns, frame.Column{Name: "paid_since", Kind: frame.Number, Values: table.Y})
	j, _, err := Judge(t.Context(), table, quick())
	if err != nil || !strings.Contains(strings.Join(j.Warnings, "\n"), "column paid_since alone has a correlation of ranks of 1.000") {
		t.Errorf("%v %v", j, err)
	}
}

// The power finds back how amounts were made of what a model gave, and its total is right.
func TestAmountsComeToTheRightTotal(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	var y, v []float64
	came := 0.0
	for range 4000 {
		x := 1 + r.NormFloat64()
		amount := 0.0
		if r.IntN(3) > 0 {
			amount = 1.5 * math.Exp(.4+.7*x+.5*r.NormFloat64()-.125)
		}
		y, v, came = append(y, amount), append(v, x), came+amount
	}
	for _, kind := range []string{ratio, power} {
		a, err := fitAmount(kind, logs, y, v)
		if err != nil {
			t.Fatal(err)
		}
		said := 0.0
		for _, x := range v {
			said += a.apply(kind, x)
		}
		if math.Abs(said/came-1) > 1e-6 {
			t.Errorf("%s: %v of %v", kind, said, came)
		}
		if kind == power && (math.Abs(a.A-.4) > .1 || math.Abs(a.B-.7) > .07) {
			t.Errorf("%+v", a)
		}
		if top := a.apply(kind, 1e9); top != a.apply(kind, slices.Max(v)) {
			t.Errorf("%s believes %v", kind, top)
		}
	}
	if _, err := fitAmount(power, logs, []float64{0, 0, 5, 0}, []float64{3, 2, 1, 4}); err == nil {
		t.Error("a line that falls is fitted")
	}
	if _, err := fitAmount(ratio, logs, make([]float64, 4), []float64{3, 2, 1, 4}); err == nil {
		t.Error("nothing has a ratio")
	}
}

// visitors are customers at several dates, each with a fingerprint that tells nothing of the label but by having been seen.
func visitors(customers, dates int, kind Kind) *Table {
	r := rand.New(rand.NewPCG(6, 6))
	t := &Table{Kind: kind, X: &frame.Frame{Rows: customers * dates, Columns: []frame.Column{{Name: "fingerprint", Kind: frame.Number}, {Name: "noise", Kind: frame.Number}}}}
	for c := range customers {
		print, label := r.NormFloat64(), float64(r.IntN(2))
		if kind == Real {
			label *= math.Exp(3 + r.NormFloat64())
		}
		for range dates {
			t.X.Columns[0].Values, t.X.Columns[1].Values = append(t.X.Columns[0].Values, print), append(t.X.Columns[1].Values, r.NormFloat64())
			t.Y, t.Groups = append(t.Y, label), append(t.Groups, c)
		}
	}
	return t
}

// Whoever occurs at several dates is not recognised: with groups a fingerprint is worth nothing, without them it looks like knowledge.
func TestCustomersAreNotRecognised(t *testing.T) {
	for _, kind := range []Kind{Binary, Real} {
		order := func(t *testing.T, table *Table) (float64, *Judgement) {
			j, _, err := Judge(t.Context(), table, quick())
			if err != nil {
				t.Fatal(err)
			}
			if kind == Real {
				return j.Amounts.Spearman/2 + .5, j
			}
			return j.Report.AUC, j
		}
		table := visitors(120, 4, kind)
		with, j := order(t, table)
		if with > .6 || j.Customers != 120 || !strings.Contains(j.Protocol, "had not seen its customer") {
			t.Errorf("%v: %.3f, %d customers, %s", kind, with, j.Customers, j.Protocol)
		}
		table.Groups = nil
		if without, _ := order(t, table); without < .7 {
			t.Errorf("%v: without groups %.3f, so this test tells nothing", kind, without)
		}
	}
}

// Eight rows of one customer are one story: drawn one by one they would make intervals too narrow.
func TestIntervalsDrawCustomers(t *testing.T) {
	table := visitors(100, 8, Binary)
	out := outcome{y: table.Y}
	r := rand.New(rand.NewPCG(2, 2))
	luck := 0.0
	for i := range table.Y {
		if i%8 == 0 {
			luck = r.NormFloat64()
		}
		out.rows, out.p = append(out.rows, i), append(out.p, 1/(1+math.Exp(-table.Y[i]-luck)))
	}
	interval := func() Interval {
		j := &Judgement{}
		j.interval(table, []outcome{out}, Default())
		return j.Intervals["auc"]
	}
	wide := interval()
	table.Groups = nil
	if narrow := interval(); wide.High-wide.Low < 2*(narrow.High-narrow.Low) {
		t.Errorf("by customers %+v, by rows %+v", wide, narrow)
	}
}
