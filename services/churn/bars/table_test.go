// Package bars holds the families of models against what a shop could have without them, on data sets that `freshet churn dataset` wrote: logistic
// regression on recency, frequency and money alone; BG/NBD; Gamma-Gamma. scripts/churn-bars.sh makes the data sets and prints what comes out. Without them
// (FRESHET_BARS is not set) the same is done on a small shop that the test draws, whose truth is known.
package bars

import (
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/evaluate"
	"github.com/freshet/freshet/pkg/frame"
	"github.com/freshet/freshet/pkg/lifetime"
	"github.com/freshet/freshet/pkg/linear"
	cells "github.com/freshet/freshet/pkg/table"
	"github.com/freshet/freshet/services/churn/pipeline"
)

// table is a data set.
type table struct {
	pipeline.Table
	name    string
	horizon time.Duration
	// ids are the rows' customers, and group the same by number: a customer has a row a date.
	ids   []string
	group []int
}

// read reads DIR/SHOP_SET.parquet, or .csv. The set is called as its label; gone is a churn that is counted in events, in place of orders.
func read(t *testing.T, dir, shop, set string, horizon time.Duration) *table {
	t.Helper()
	label := strings.Replace(set, "gone", "churned", 1)
	files, err := filepath.Glob(filepath.Join(dir, shop+"_"+set+".*"))
	files = slices.DeleteFunc(files, func(f string) bool { // what an earlier run wrote
		return strings.HasSuffix(f, ".txt") || strings.HasSuffix(f, ".scores.csv")
	})
	if err != nil || len(files) != 1 {
		t.Fatalf("there are %d files of %s_%s in %s: %v", len(files), shop, set, dir, err)
	}
	raw, err := frame.Read(files[0])
	if err != nil {
		t.Fatal(err)
	}
	out := &table{name: shop + " " + set, horizon: horizon}
	if out.Times, err = raw.Times("at"); err != nil {
		t.Fatal(err)
	}
	number := map[string]int{}
	for i := range raw.Rows() {
		id := raw.Text("customer_id", i)
		if _, there := number[id]; !there {
			number[id] = len(number)
		}
		out.ids, out.group = append(out.ids, id), append(out.group, number[id])
		out.Y = append(out.Y, labelOf(t, raw.Text(label, i)))
	}
	out.X = raw.Frame(label, "at", "customer_id")
	return out
}

func labelOf(t *testing.T, text string) float64 {
	switch text {
	case "true":
		return 1
	case "false":
		return 0
	}
	x, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatalf("label %q: %v", text, err)
	}
	return x
}

// days are the dates of the table, the oldest first.
func (x *table) days() []time.Time {
	all := slices.Clone(x.Times)
	slices.SortFunc(all, time.Time.Compare)
	return slices.CompactFunc(all, time.Time.Equal)
}

// cuts judges each of the newest n dates by the dates whose labels were known by then.
func (x *table) cuts(t *testing.T, n int) []evaluate.Fold {
	t.Helper()
	days := x.days()
	folds, err := evaluate.TimeSplits(x.Times, days[len(days)-n:], x.horizon)
	if err != nil {
		t.Fatal(err)
	}
	return folds
}

// since is a column that holds a time since, in milliseconds; unit is what it is given in.
func (x *table) since(name string, unit time.Duration) []float64 {
	out := make([]float64, len(x.Y))
	for i, v := range x.X.Find(name).Values {
		out[i] = v / float64(unit.Milliseconds())
	}
	return out
}

const week = 7 * 24 * time.Hour

// rfm are recency, frequency, money and tenure, on a logarithmic scale: what a shop keeps that has a table of customers.
func (x *table) rfm() []cells.Column {
	log := func(name string, values []float64) cells.Column {
		out := make([]float64, len(values))
		for i, v := range values {
			out[i] = math.Log1p(max(v, 0))
		}
		return cells.Column{Name: name, Values: out}
	}
	return []cells.Column{log("recency", x.since("last_order", 24*time.Hour)), log("frequency", x.X.Find("orders_lifetime").Values),
		log("money", x.X.Find("spend_lifetime").Values), log("tenure", x.since("first_order", 24*time.Hour))}
}

// histories are the customers as BG/NBD knows them. Orders of the first day are the first purchase; of later days each order is one.
func (x *table) histories() []lifetime.History {
	first, last, orders := x.since("first_order", week), x.since("last_order", week), x.X.Find("orders_lifetime").Values
	out := make([]lifetime.History, len(x.Y))
	for i := range out {
		out[i] = lifetime.History{Age: first[i]}
		if d := first[i] - last[i]; d >= 1./7 {
			out[i].Repeats, out[i].Last = max(1, int(orders[i])-1), d
		}
	}
	return out
}

// expected is how many purchases BG/NBD foretells within the horizon of each row: a fit for each date, by what had happened by then. No label is needed.
func (x *table) expected(t *testing.T) []float64 {
	t.Helper()
	out, all := make([]float64, len(x.Y)), x.histories()
	for _, day := range x.days() {
		var rows []int
		var known []lifetime.History
		for i, at := range x.Times {
			if at.Equal(day) {
				rows, known = append(rows, i), append(known, all[i])
			}
		}
		m, _, err := lifetime.FitBGNBD(known)
		if err != nil {
			t.Fatalf("%s, %s: %v", x.name, day.Format(time.DateOnly), err)
		}
		for _, i := range rows {
			out[i] = m.Expected(all[i], float64(x.horizon)/float64(week))
		}
	}
	return out
}

// regressed are the probabilities of a logistic regression on some columns, learnt on the training rows of a cut, for its test rows.
func regressed(t *testing.T, columns []cells.Column, y []float64, f evaluate.Fold) []float64 {
	t.Helper()
	train := make([]cells.Column, len(columns))
	for j, c := range columns {
		train[j] = cells.Column{Name: c.Name, Values: at(c.Values, f.Train)}
	}
	m, err := linear.Fit(train, at(y, f.Train), nil, linear.Params{L2: 1})
	if err != nil {
		t.Fatal(err)
	}
	var out []float64
	row := make([]float64, len(columns))
	for _, i := range f.Test {
		for j, c := range columns {
			row[j] = c.Values[i]
		}
		out = append(out, m.Probability(row))
	}
	return out
}

// at takes some values.
func at[T any](values []T, rows []int) []T {
	out := make([]T, len(rows))
	for i, r := range rows {
		out[i] = values[r]
	}
	return out
}
