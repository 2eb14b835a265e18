package pipeline

import (
	"compress/gzip"
	"encoding/csv"
	"math"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/frame"
	"github.com/freshet/freshet/pkg/testkit"
)

// cdnow is who of the customers of CDNOW bought again in the second 39 weeks, or what they spent then, by what they did in the first.
func cdnow(t testing.TB, kind Kind) *Table {
	t.Helper()
	f, err := os.Open(testkit.Data(t, "cdnow_master.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(z).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	type day struct {
		at          float64 // in days since 1997
		cds, amount float64
	}
	begin, cut := time.Date(1997, 1, 1, 0, 0, 0, 0, time.UTC), 39*7.0
	days, order := map[string][]day{}, []string{}
	for _, l := range lines[1:] {
		at, err := time.Parse("20060102", l[1])
		if err != nil {
			t.Fatal(err)
		}
		cds, _ := strconv.ParseFloat(l[2], 64)
		amount, _ := strconv.ParseFloat(l[3], 64)
		if days[l[0]] == nil {
			order = append(order, l[0])
		}
		days[l[0]] = append(days[l[0]], day{at.Sub(begin).Hours() / 24, cds, amount})
	}
	names := []string{"days with a purchase", "recency", "age", "spend", "mean spend", "last spend", "first spend", "cds", "mean gap", "deviation of gaps", "recency by mean gap", "last 30 days", "last 90 days"}
	table := &Table{Kind: kind, X: &frame.Frame{}}
	columns := make([][]float64, len(names))
	for _, who := range order {
		var seen []day
		again := 0.0
		for _, d := range days[who] {
			switch {
			case d.at >= cut && d.at < 2*cut && kind == Real:
				again += d.amount
			case d.at >= cut && d.at < 2*cut:
				again = 1
			case d.at < cut && len(seen) > 0 && seen[len(seen)-1].at == d.at:
				seen[len(seen)-1].cds += d.cds
				seen[len(seen)-1].amount += d.amount
			case d.at < cut:
				seen = append(seen, d)
			}
		}
		if len(seen) == 0 {
			continue
		}
		last, first, n := seen[len(seen)-1], seen[0], float64(len(seen))
		spend, cds, within30, within90, squares := 0.0, 0.0, 0.0, 0.0, 0.0
		gap := (last.at - first.at) / max(1, n-1)
		for i, d := range seen {
			spend, cds = spend+d.amount, cds+d.cds
			if d.at >= cut-30 {
				within30++
			}
			if d.at >= cut-90 {
				within90++
			}
			if i > 0 {
				squares += (d.at - seen[i-1].at - gap) * (d.at - seen[i-1].at - gap)
			}
		}
		deviation, ratio := math.Sqrt(squares/max(1, n-1)), (cut-last.at)/gap
		if n == 1 {
			gap, deviation, ratio = math.NaN(), math.NaN(), math.NaN()
		}
		for i, v := range []float64{n, cut - last.at, cut - first.at, spend, spend / n, last.amount, first.amount, cds, gap, deviation, ratio, within30, within90} {
			columns[i] = append(columns[i], v)
		}
		table.Y = append(table.Y, again)
	}
	for i, c := range columns {
		table.X.Columns = append(table.X.Columns, frame.Column{Name: names[i], Kind: frame.Number, Values: c})
	}
	table.X.Rows = len(table.Y)
	return table
}

// third is enough to see a fault; the figures of docs/churn.md are of all.
func third(table *Table) *Table {
	var rows []int
	for i := range table.Y {
		if i%3 == 0 {
			rows = append(rows, i)
		}
	}
	return table.Take(rows)
}

// cdnowBaselines are in days.
var cdnowBaselines = Baselines{Recency: "recency", Frequency: "days with a purchase", Age: "age", Mean: "mean spend", Horizon: 39 * 7}

// Spend in the second 39 weeks: the best of ours beside the regression of three columns and BG/NBD with Gamma-Gamma.
func TestCDNOWSpend(t *testing.T) {
	table := cdnow(t, Real)
	o := Default()
	o.Repeats, o.Folds, o.Inner, o.Draws = 1, 3, 2, 100
	if os.Getenv("FRESHET_FULL") == "" {
		table = third(table)
	}
	o.Baselines = cdnowBaselines
	j, _, err := Judge(t.Context(), table, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range j.Families {
		a := f.Amounts
		t.Logf("%-20s MAE %.2f RMSE %.2f R2 %.3f Spearman %.4f total %.3f, of the top tenth MAE %.1f, found %.3f", f.Family, a.MAE, a.RMSE, a.R2, a.Spearman, a.Total, a.MAE10, a.Gain10)
		if f.Baseline && f.Amounts.Spearman > j.Amounts.Spearman+.01 {
			t.Errorf("%s orders better", f.Family)
		}
	}
	t.Logf("chosen %s %s %s: %+v, %v", j.Chosen, j.Settings, j.Calibration, *j.Amounts, j.Intervals)
	if a := j.Amounts; a.Total < .9 || a.Total > 1.1 || a.Spearman < .4 || a.Gain10 < .4 || len(j.Families) != 6 {
		t.Errorf("%+v", a)
	}
}

// The bar of the second 39 weeks: AUC .772, lift at 10 % 2.68, ECE .02.
func TestCDNOW(t *testing.T) {
	table := cdnow(t, Binary)
	if ones := int(mean(table.Y) * float64(len(table.Y))); len(table.Y) != 23570 || ones < 6900 || ones > 7200 {
		t.Fatalf("%d of %d bought again", ones, len(table.Y))
	}
	o := Default()
	o.Repeats, o.Folds, o.Inner, o.Draws = 1, 3, 2, 100
	if os.Getenv("FRESHET_FULL") == "" {
		table = third(table)
	} else {
		o = Default()
		o.Repeats = 2
	}
	o.Baselines = cdnowBaselines
	j, _, err := Judge(t.Context(), table, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range j.Families {
		t.Logf("%-20s AUC %.4f log-loss %.4f ECE %.4f lift %.2f", f.Family, f.Report.AUC, f.Report.LogLoss, f.Report.ECE, f.Report.Lift10)
	}
	t.Logf("chosen %s %s %s: %+v", j.Chosen, j.Settings, j.Calibration, j.Report)
	if r := j.Report; r.AUC < .76 || r.Lift10 < 2.6 || r.ECE > .02 {
		t.Errorf("%+v", r)
	}
	if !slices.ContainsFunc(j.Drivers[:4], func(d Driver) bool {
		return d.Name == "recency" || d.Name == "days with a purchase" || d.Name == "recency by mean gap"
	}) {
		t.Errorf("%+v", j.Drivers)
	}
}
