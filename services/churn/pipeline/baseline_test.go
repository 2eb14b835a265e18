package pipeline

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/frame"
)

// shop is customers who buy as BG/NBD says, seen after some weeks: what they did by then, whether they bought nothing in the next ones, or what they spent.
func shop(customers int, kind Kind) *Table {
	r := rand.New(rand.NewPCG(10, 11))
	names := []string{"recency", "orders", "age", "mean order", "noise"}
	t := &Table{Kind: kind, X: &frame.Frame{Rows: customers}}
	columns := make([][]float64, len(names))
	for range customers {
		rate, leave, price := .35*r.ExpFloat64(), .25*r.Float64(), math.Exp(3+.5*r.NormFloat64())
		age := 5 + 30*r.Float64()
		last, orders, spent, next := 0.0, 1.0, price, 0.0
		for now, gone := r.ExpFloat64()/rate, false; now < age+10 && !gone; now += r.ExpFloat64() / rate {
			paid := price * math.Exp(.3*r.NormFloat64())
			if now < age {
				last, orders, spent = now, orders+1, spent+paid
			} else {
				next += paid
			}
			gone = r.Float64() < leave
		}
		for i, v := range []float64{age - last, orders, age, spent / orders, r.NormFloat64()} {
			columns[i] = append(columns[i], v)
		}
		if kind == Binary && next == 0 {
			next = 1
		} else if kind == Binary {
			next = 0
		}
		t.Y = append(t.Y, next)
		t.Times = append(t.Times, time.Unix(int64(r.IntN(1e6)), 0))
	}
	for i, v := range columns {
		t.X.Columns = append(t.X.Columns, frame.Column{Name: names[i], Kind: frame.Number, Values: v})
	}
	return t
}

var shopBaselines = Baselines{Recency: "recency", Frequency: "orders", Age: "age", Mean: "mean order", Horizon: 10}

// Baselines are told beside the others, with sensible figures, and are not chosen, though here BG/NBD is how the customers were made.
func TestBaselines(t *testing.T) {
	for kind, want := range map[Kind][]string{Binary: {"RFM logistic", "BG/NBD"}, Real: {"RFM ridge", "BG/NBD, Gamma-Gamma"}} {
		o := quick()
		o.Baselines = shopBaselines
		j, m, err := Judge(t.Context(), shop(3000, kind), o)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range j.Families {
			if !f.Baseline {
				continue
			}
			got = append(got, f.Family)
			if kind == Binary {
				t.Logf("%-20s AUC %.3f log-loss %.3f ECE %.3f; chosen %s %.3f", f.Family, f.Report.AUC, f.Report.LogLoss, f.Report.ECE, j.Chosen, j.Report.AUC)
				if f.Report.AUC < .7 || f.Report.LogLoss > .65 || f.Report.ECE > .09 {
					t.Errorf("%+v", f)
				}
				continue
			}
			t.Logf("%-20s MAE %.2f Spearman %.3f total %.3f; chosen %s %.2f", f.Family, f.Amounts.MAE, f.Amounts.Spearman, f.Amounts.Total, j.Chosen, j.Amounts.MAE)
			if f.Amounts.Spearman < .4 || f.Amounts.Total < .6 || f.Amounts.Total > 1.5 {
				t.Errorf("%+v", f.Amounts)
			}
		}
		if !slices.Equal(got, want) || slices.Contains(want, j.Chosen) || slices.Contains(want, m.Family) {
			t.Errorf("%v: baselines %v, chosen %s and %s", kind, got, j.Chosen, m.Family)
		}
	}
}

// What is not there, or cannot be fitted, is left out, and the others are judged.
func TestBaselinesThatCannotBe(t *testing.T) {
	table := shop(600, Binary)
	names := func(b Baselines) []string {
		var out []string
		for _, c := range baselines(table, Options{Baselines: b}) {
			out = append(out, c.family)
		}
		return out
	}
	gone := shopBaselines
	gone.Age = "nowhere"
	if got := names(gone); !slices.Equal(got, []string{"RFM logistic"}) {
		t.Errorf("without an age: %v", got)
	}
	gone = shopBaselines
	gone.Horizon = 0
	if got := names(gone); !slices.Equal(got, []string{"RFM logistic"}) {
		t.Errorf("without a horizon: %v", got)
	}
	if got := names(Baselines{}); got != nil {
		t.Errorf("without names: %v", got)
	}
	for i := range table.X.Find("orders").Values {
		table.X.Find("orders").Values[i] = 1
	}
	o := quick()
	o.Baselines = shopBaselines
	j, _, err := Judge(t.Context(), table, o)
	if err != nil || !strings.Contains(strings.Join(j.Warnings, "\n"), "the baseline BG/NBD is missing: fit BG/NBD: no customer bought again") {
		t.Errorf("%+v %v", j, err)
	}
}

func TestHistories(t *testing.T) {
	for name, c := range map[string]struct {
		recency, frequency, age float64
		ok                      bool
		repeats                 int
		last                    float64
	}{
		"three purchases":           {2, 3, 10, true, 2, 8},
		"one":                       {10, 1, 10, true, 0, 0},
		"two at one moment are one": {10, 2, 10, true, 0, 0},
		"nobody bought":             {nan(), 0, nan(), false, 0, 0},
		"none that counts":          {3, 0, 5, false, 0, 0},
		"of the future":             {-1, 2, 5, false, 0, 0},
	} {
		h, ok := history([]float64{c.recency, c.frequency, c.age})
		if ok != c.ok || h.Repeats != c.repeats || h.Last != c.last {
			t.Errorf("%s: %+v %v", name, h, ok)
		}
	}
}

// The chosen one stands for its family, also where a plainer one of it is alike.
func TestBestOfEach(t *testing.T) {
	list := []Choice{{Family: "a", Settings: "1", Loss: .41}, {Family: "b", Settings: "1", Loss: .40995}, {Family: "b", Settings: "2", Loss: .40986}, {Family: "c", Fault: "none"}}
	best := choose(Binary, list)
	if best != &list[2] {
		t.Fatalf("%+v", best)
	}
	if got := bestOfEach(Binary, list, best); len(got) != 2 || got[0] != &list[0] || got[1] != best {
		t.Errorf("%+v", got)
	}
	list[1].of.baseline, list[2].of.baseline = true, true
	if best := choose(Binary, list); best != &list[0] {
		t.Errorf("a baseline is chosen: %+v", best)
	}
}

// Half way those far behind in their family are given up; a family never loses its best, however far behind others it is.
func TestAbandon(t *testing.T) {
	list := []Choice{{Family: "a", Loss: .5}, {Family: "b", Loss: .4}, {Family: "b", Loss: .4019}, {Family: "b", Loss: .4021}, {Family: "c", Loss: .1, Fault: "none"}, {Family: "c", Loss: .6}}
	abandon(list)
	for i, want := range []bool{false, false, false, true, true, false} {
		if got := list[i].Fault != ""; got != want {
			t.Errorf("%d: %+v", i, list[i])
		}
	}
}
