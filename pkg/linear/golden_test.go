package linear

import (
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/freshet/freshet/pkg/evaluate"
	"github.com/freshet/freshet/pkg/table"
	"github.com/freshet/freshet/pkg/testkit"
)

type golden struct {
	Numeric map[string][]*float64
	Codes   map[string][]int32
	Label   []float64
	Cases   []struct {
		L2                                float64
		Weight, Coefficients, Probability []float64
		Intercept                         float64
	}
	Telco map[string]float64
}

// oracle reads what scripts/oracles/stats.py wrote.
func oracle(t *testing.T) golden {
	t.Helper()
	text, err := os.ReadFile("testdata/sklearn.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

func (g golden) columns() []table.Column {
	var out []table.Column
	for _, name := range []string{"a", "b", "c"} {
		c := table.Column{Name: name}
		for _, v := range g.Numeric[name] {
			if v == nil {
				c.Values = append(c.Values, math.NaN())
			} else {
				c.Values = append(c.Values, *v)
			}
		}
		out = append(out, c)
	}
	return append(out, table.Column{Name: "kind", Codes: g.Codes["kind"], Categories: []string{"w", "x", "y", "z"}})
}

// coefficients lists those of a model in the oracle's order.
func (m *Model) coefficients() []float64 {
	var out []float64
	for _, t := range m.Columns {
		if t.Categories == nil {
			out = append(out, t.Slope)
		}
		out = append(out, t.Effects...)
		if t.Missing != t.Average {
			out = append(out, t.Missing)
		}
	}
	return out
}

func row(columns []table.Column, i int) []float64 {
	out := make([]float64, len(columns))
	for j, c := range columns {
		switch {
		case c.Codes == nil:
			out[j] = c.Values[i]
		case c.Codes[i] < 0:
			out[j] = math.NaN()
		default:
			out[j] = float64(c.Codes[i])
		}
	}
	return out
}

func TestEqualToScikitLearn(t *testing.T) {
	g := oracle(t)
	columns := g.columns()
	for _, c := range g.Cases {
		m, err := Fit(columns, g.Label, c.Weight, Params{L2: c.L2})
		if err != nil {
			t.Fatal(err)
		}
		if !(math.Abs(m.Intercept-c.Intercept) <= 1e-5) {
			t.Errorf("L2 %v: intercept %v, want %v", c.L2, m.Intercept, c.Intercept)
		}
		got := m.coefficients()
		if len(got) != len(c.Coefficients) {
			t.Fatalf("L2 %v: coefficients %v, want %v", c.L2, got, c.Coefficients)
		}
		for i, want := range c.Coefficients {
			if !(math.Abs(got[i]-want) <= 1e-5) {
				t.Errorf("L2 %v: coefficient %d is %v, want %v", c.L2, i, got[i], want)
			}
		}
		for i, want := range c.Probability {
			if p := m.Probability(row(columns, i)); !(math.Abs(p-want) <= 1e-6) {
				t.Errorf("L2 %v: row %d has %v, want %v", c.L2, i, p, want)
			}
		}
	}
}

// telco reads the churn table: a column that holds anything but numbers and blanks is categorical.
func telco(t *testing.T) (columns []table.Column, label []float64) {
	t.Helper()
	f, err := os.Open(testkit.Data(t, "telco_churn.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(z).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for j, name := range rows[0] {
		var texts []string
		for _, r := range rows[1:] {
			texts = append(texts, r[j])
		}
		switch name {
		case "customerID":
		case "Churn":
			for _, text := range texts {
				label = append(label, map[string]float64{"Yes": 1}[text])
			}
		case "SeniorCitizen", "tenure", "MonthlyCharges", "TotalCharges":
			columns = append(columns, numbers(name, texts))
		default:
			columns = append(columns, categories(name, texts))
		}
	}
	return columns, label
}

func numbers(name string, texts []string) table.Column {
	c := table.Column{Name: name}
	for _, text := range texts {
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			v = math.NaN()
		}
		c.Values = append(c.Values, v)
	}
	return c
}

func categories(name string, texts []string) table.Column {
	c := table.Column{Name: name, Categories: slices.Compact(slices.Sorted(slices.Values(texts)))}
	for _, text := range texts {
		c.Codes = append(c.Codes, int32(slices.Index(c.Categories, text)))
	}
	return c
}

func take(columns []table.Column, rows []int) []table.Column {
	out := slices.Clone(columns)
	for j, c := range columns {
		out[j].Values, out[j].Codes = nil, nil
		for _, i := range rows {
			if c.Codes == nil {
				out[j].Values = append(out[j].Values, c.Values[i])
			} else {
				out[j].Codes = append(out[j].Codes, c.Codes[i])
			}
		}
	}
	return out
}

// 5 folds, 3 seeds: the mean of each measure is scikit-learn's on the same folds.
func TestTelcoFoldsEqualScikitLearn(t *testing.T) {
	columns, label := telco(t)
	got := map[string]float64{}
	for seed := range uint64(3) {
		fold, err := evaluate.StratifiedFolds(label, 5, seed)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range evaluate.Rows(fold, 5) {
			for name, v := range judge(t, columns, label, f) {
				got[name] += v / 15
			}
		}
	}
	t.Log(got)
	for name, want := range oracle(t).Telco {
		within := 1e-5
		if name == "ece" || name == "accuracy" { // a row at the edge of a bin or of the threshold may fall on either side
			within = 5e-4
		}
		if !(math.Abs(got[name]-want) <= within) {
			t.Errorf("%s: got %v, want %v", name, got[name], want)
		}
	}
}

func judge(t *testing.T, columns []table.Column, label []float64, f evaluate.Fold) map[string]float64 {
	t.Helper()
	var known []float64
	for _, i := range f.Train {
		known = append(known, label[i])
	}
	m, err := Fit(take(columns, f.Train), known, nil, Params{})
	if err != nil {
		t.Fatal(err)
	}
	var b evaluate.Binary
	for _, i := range f.Test {
		b.Score, b.Label = append(b.Score, m.Probability(row(columns, i))), append(b.Label, label[i])
	}
	out := map[string]float64{}
	for name, measure := range map[string]func(evaluate.Binary) (float64, error){
		"auc": evaluate.Binary.AUC, "average_precision": evaluate.Binary.AveragePrecision, "log_loss": evaluate.Binary.LogLoss, "brier": evaluate.Binary.Brier,
		"accuracy": func(b evaluate.Binary) (float64, error) { return b.Accuracy(0.5) },
		"ece":      func(b evaluate.Binary) (float64, error) { return b.ECE(10) },
		"lift10":   func(b evaluate.Binary) (float64, error) { return b.Lift(0.1) },
	} {
		if out[name], err = measure(b); err != nil {
			t.Fatal(err)
		}
	}
	return out
}
