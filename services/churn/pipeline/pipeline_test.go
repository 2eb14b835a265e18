package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/frame"
	"github.com/freshet/freshet/pkg/testkit"
)

// quick are options for tests.
func quick() Options {
	o := Default()
	o.Folds, o.Repeats, o.Inner, o.Draws = 3, 1, 2, 100
	return o
}

// made draws rows of which the label follows the first of some columns, or nothing when pull is 0; one row an hour.
func made(rows, columns int, pull float64) *Table {
	r := rand.New(rand.NewPCG(1, 2))
	t := &Table{X: &frame.Frame{Rows: rows}}
	for j := range columns {
		c := frame.Column{Name: fmt.Sprint("c", j), Kind: frame.Number}
		for range rows {
			c.Values = append(c.Values, r.NormFloat64())
		}
		t.X.Columns = append(t.X.Columns, c)
	}
	for i := range rows {
		label := 0.0
		if r.Float64() < 1/(1+math.Exp(-pull*t.X.Columns[0].Values[i])) {
			label = 1
		}
		t.Y, t.Times = append(t.Y, label), append(t.Times, time.Unix(int64(i)*3600, 0))
	}
	return t
}

func TestNoiseIsNoise(t *testing.T) {
	for _, timed := range []bool{false, true} {
		noise := made(1500, 30, 0)
		if !timed {
			noise.Times = nil
		}
		j, _, err := Judge(t.Context(), noise, quick())
		if err != nil {
			t.Fatal(err)
		}
		if j.Report.AUC > .56 || j.Report.AUC < .44 || j.Report.LogLoss > .72 {
			t.Errorf("timed %v: %+v", timed, j.Report)
		}
	}
}

// A column that tells the label of the newest rows alone, wrongly among the older: who learns from what is judged finds it.
func TestNothingLearnsFromWhatIsJudged(t *testing.T) {
	table := made(2000, 3, 2)
	leak := frame.Column{Name: "leak", Kind: frame.Number, Values: make([]float64, 2000)}
	r := rand.New(rand.NewPCG(3, 4))
	for i := range leak.Values {
		leak.Values[i] = float64(r.IntN(2))
		if i >= 1600 { // the share of the test
			leak.Values[i] = table.Y[i]
		}
	}
	with := &Table{X: &frame.Frame{Rows: 2000, Columns: append(slices.Clone(table.X.Columns), leak)}, Y: table.Y, Times: table.Times}
	a, _, err := Judge(t.Context(), table, quick())
	if err != nil {
		t.Fatal(err)
	}
	b, _, err := Judge(t.Context(), with, quick())
	if err != nil {
		t.Fatal(err)
	}
	if a.Report.AUC < .75 || b.Report.AUC > a.Report.AUC+.02 {
		t.Errorf("AUC %.3f without the leak, %.3f with it", a.Report.AUC, b.Report.AUC)
	}
	if a.Report.Rows != 400 || !a.Cut.Equal(time.Unix(1600*3600, 0)) {
		t.Errorf("%d rows are judged, from %v on", a.Report.Rows, a.Cut)
	}
	// Inner splits, too: nothing from behind.
	splits, err := inner(with, Default(), 1)
	if err != nil || len(splits) < 3 {
		t.Fatal(err)
	}
	for _, s := range splits {
		if slices.Max(s.Train) >= slices.Min(s.Test) {
			t.Error("an inner split learns from later rows")
		}
	}
}

func TestLabelsThatWereNotKnownYet(t *testing.T) {
	table := made(2000, 2, 1)
	o := quick()
	o.Gap = 300 * time.Hour
	splits, err := (&Judgement{}).outer(table, o)
	if err != nil || len(splits[0].Train) != 1301 || slices.Max(splits[0].Train) != 1300 {
		t.Fatalf("%d rows, the last %d: %v", len(splits[0].Train), slices.Max(splits[0].Train), err)
	}
	inside, err := inner(table, o, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range inside {
		if slices.Max(s.Train)+300 > slices.Min(s.Test) {
			t.Errorf("row %d is learnt from for row %d", slices.Max(s.Train), slices.Min(s.Test))
		}
	}
	o.Gap = 5000 * time.Hour
	if _, _, err := Judge(t.Context(), table, o); err == nil || !strings.Contains(err.Error(), "no label was known") {
		t.Error(err)
	}
}

func TestRepeatable(t *testing.T) {
	table := made(600, 4, 1)
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

func TestFaultsAndWarnings(t *testing.T) {
	table := made(500, 2, 1)
	few := *table
	few.Y = slices.Repeat([]float64{0}, 500)
	few.Y[3] = 1
	if _, _, err := Judge(t.Context(), &few, quick()); err == nil || !strings.Contains(err.Error(), "1 of 500 rows have the label 1") {
		t.Error(err)
	}
	one := *table
	one.Times = slices.Repeat([]time.Time{time.Unix(0, 0)}, 500)
	if _, _, err := Judge(t.Context(), &one, quick()); err == nil || !strings.Contains(err.Error(), "all rows have one time") {
		t.Error(err)
	}
	table.X.Columns = append(table.X.Columns, frame.Column{Name: "closed_at", Kind: frame.Number, Values: table.Y})
	j, _, err := Judge(t.Context(), table, quick())
	if err != nil || !strings.Contains(strings.Join(j.Warnings, "\n"), "column closed_at alone") {
		t.Errorf("%v %v", j, err)
	}
	noise := made(600, 2, 0)
	if j, _, err = Judge(t.Context(), noise, quick()); err != nil || len(j.Families) < 3 {
		t.Errorf("%v %v", j, err)
	}
}

// Whoever stops it is told that, and by nothing else: the command line makes its exit status of it.
func TestStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	o := quick()
	o.Progress = func(string, int, int) { cancel() }
	if _, _, err := Judge(ctx, made(600, 2, 1), o); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestDirections(t *testing.T) {
	nan := math.NaN()
	phi := []float64{-2, -1, 1, 2, 3}
	for want, c := range map[string]frame.Column{
		"higher raises it":                    {Kind: frame.Number, Values: []float64{1, 2, 3, 4, 5}},
		"lower raises it":                     {Kind: frame.Number, Values: []float64{5, 4, 3, 2, 1}},
		"no single direction":                 {Kind: frame.Number, Values: []float64{1, 5, 1, 5, 1}},
		"higher raises it; missing raises it": {Kind: frame.Number, Values: []float64{1, 2, 3, 4, nan}},
		`"b" raises it, "a" lowers it`:        {Kind: frame.Category, Levels: []string{"a", "b"}, Values: []float64{0, 0, 1, 1, 1}},
	} {
		if got := direction(&c, phi); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func telco(t testing.TB) *Table {
	raw, err := frame.Read(testkit.Data(t, "telco_churn.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	y, _, err := raw.Label("Churn", "")
	if err != nil {
		t.Fatal(err)
	}
	return &Table{X: raw.Frame("Churn"), Y: y}
}

// The bar of the field's usual table, by models that are chosen and calibrated without a look at what is judged.
func TestTelco(t *testing.T) {
	o := Default()
	o.Repeats, o.Folds, o.Inner, o.Draws = 1, 3, 3, 100
	begun := time.Now()
	j, m, err := Judge(t.Context(), telco(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%v: chosen %s (%s), calibration %s; last %s %s", time.Since(begun), j.Chosen, j.Settings, j.Calibration, m.Family, m.Settings)
	for _, f := range j.Families {
		t.Logf("%-20s AUC %.4f log-loss %.4f ECE %.4f lift %.2f", f.Family, f.Report.AUC, f.Report.LogLoss, f.Report.ECE, f.Report.Lift10)
	}
	for _, d := range j.Drivers[:5] {
		t.Logf("%.3f %s: %s", d.Share, d.Name, d.Direction)
	}
	t.Logf("%v %v", j.Intervals, j.Weak)
	if r := j.Report; r.AUC < .844 || r.LogLoss > .417 || r.ECE > .03 || r.Lift10 < 2.8 {
		t.Errorf("%+v", r)
	}
	if i := j.Intervals["auc"]; i.Low > j.Report.AUC || i.High < j.Report.AUC {
		t.Errorf("%+v", j.Intervals)
	}
}
