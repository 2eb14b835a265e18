package linear

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/freshet/freshet/pkg/evaluate"
	"github.com/freshet/freshet/pkg/frame"
	"github.com/freshet/freshet/pkg/testkit"
)

func numbers(columns ...[]float64) *frame.Frame {
	f := &frame.Frame{Rows: len(columns[0])}
	for i, c := range columns {
		f.Columns = append(f.Columns, frame.Column{Name: string(rune('a' + i)), Kind: frame.Number, Values: c})
	}
	return f
}

// made draws rows of which the truth is known: 1 + 2a - b.
func made(n int) (*frame.Frame, []float64) {
	r := rand.New(rand.NewPCG(1, 2))
	var a, b, y []float64
	for range n {
		u, v := r.NormFloat64(), 3+2*r.NormFloat64()
		a, b = append(a, u), append(b, v)
		label := 0.0
		if r.Float64() < sigmoid(1+2*u-v) {
			label = 1
		}
		y = append(y, label)
	}
	return numbers(a, b), y
}

func TestItFindsTheTruth(t *testing.T) {
	x, y := made(50_000)
	m, err := Fit(t.Context(), Params{L2: 1}, x, y, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, b := m.Weights[0]/m.Encoder.Inputs[0].Deviation, m.Weights[1]/m.Encoder.Inputs[1].Deviation
	c := m.Intercept - a*m.Encoder.Inputs[0].Mean - b*m.Encoder.Inputs[1].Mean
	if math.Abs(a-2) > .05 || math.Abs(b+1) > .03 || math.Abs(c-1) > .06 {
		t.Errorf("%v a + %v b + %v", a, b, c)
	}
}

func TestItIsTheMinimum(t *testing.T) {
	x, y := made(2000)
	for _, l2 := range []float64{.01, 1, 100} {
		w := make([]float64, len(y))
		for i := range w {
			w[i] = float64(1 + i%3)
		}
		m, err := Fit(t.Context(), Params{L2: l2}, x, y, w)
		if err != nil {
			t.Fatal(err)
		}
		rows, _ := m.Encoder.Encode(x)
		f := fit{p: Params{L2: l2}, rows: rows, width: 2, y: y, weight: w}
		g := make([]float64, 3)
		f.gradient(g, append(slices.Clone(m.Weights), m.Intercept))
		for _, v := range g {
			if math.Abs(v) > 1e-6*float64(len(y)) {
				t.Errorf("L2 %v: gradient %v", l2, g)
			}
		}
	}
}

func TestRepeatable(t *testing.T) {
	x, y := made(500)
	a, _ := Fit(t.Context(), Params{L2: 1}, x, y, nil)
	b, _ := Fit(t.Context(), Params{L2: 1}, x, y, nil)
	text, err := json.Marshal(a)
	var read Model
	if err != nil || json.Unmarshal(text, &read) != nil || a.Intercept != b.Intercept || !slices.Equal(a.Weights, b.Weights) {
		t.Fatal(err)
	}
	p, _ := a.Predict(x)
	q, err := read.Predict(x)
	if err != nil || !slices.Equal(p, q) {
		t.Errorf("what was written predicts otherwise: %v", err)
	}
}

func TestEncoder(t *testing.T) {
	nan := math.NaN()
	x := &frame.Frame{Rows: 4, Columns: []frame.Column{
		{Name: "n", Kind: frame.Number, Values: []float64{1, 3, nan, math.Inf(1)}},
		{Name: "same", Kind: frame.Number, Values: []float64{7, 7, 7, 7}},
		{Name: "c", Kind: frame.Category, Values: []float64{0, 1, nan, 0}, Levels: []string{"x", "y"}},
	}}
	e := newEncoder(x)
	x.Columns[2].Levels = []string{"y", "new"} // other codes
	got, err := e.Encode(x)
	want := []float64{
		-1, 0, 0, 0, 1,
		1, 0, 0, 0, 0,
		0, 1, 0, 0, 0,
		0, 1, 0, 0, 1,
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v %v", got, err)
	}
	if _, err := e.Encode(x.Without("c")); err == nil || !strings.Contains(err.Error(), `"c"`) {
		t.Error(err)
	}
	long := make([]float64, 1000)
	for i := range long {
		long[i] = math.Exp(float64(i) / 100)
	}
	if e := newEncoder(numbers(long)); !e.Inputs[0].Log {
		t.Error("a skewed column is not taken on a logarithmic scale")
	}
}

func TestFaults(t *testing.T) {
	x := numbers([]float64{1, 2})
	for name, c := range map[string]struct {
		p    Params
		y, w []float64
		want string
	}{
		"one class": {Params{1}, []float64{1, 1}, nil, "equal"},
		"L2 of 0":   {Params{}, []float64{1, 0}, nil, "L2"},
		"a label":   {Params{1}, []float64{1, 2}, nil, "label 1"},
		"lengths":   {Params{1}, []float64{1}, nil, "1 labels"},
	} {
		if _, err := Fit(t.Context(), c.p, x, c.y, c.w); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The row of the field's usual table: AUC .8449 and log-loss .4181 for scaled and one-hot columns.
func TestTelco(t *testing.T) {
	raw, err := frame.Read(testkit.Data(t, "telco_churn.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	y, _, _ := raw.Label("Churn", "")
	x := raw.Frame("Churn")
	folds, err := evaluate.Folds(y, 5, 1)
	if err != nil {
		t.Fatal(err)
	}
	auc, loss := 0.0, 0.0
	for _, f := range folds {
		pick := func(rows []int) (out []float64) {
			for _, r := range rows {
				out = append(out, y[r])
			}
			return out
		}
		m, err := Fit(t.Context(), Params{L2: 1}, x.Take(f.Train), pick(f.Train), nil)
		if err != nil {
			t.Fatal(err)
		}
		p, err := m.Predict(x.Take(f.Test))
		if err != nil {
			t.Fatal(err)
		}
		r, err := evaluate.Judge(pick(f.Test), p, nil)
		if err != nil {
			t.Fatal(err)
		}
		auc, loss = auc+r.AUC/5, loss+r.LogLoss/5
	}
	t.Logf("AUC %.4f, log-loss %.4f", auc, loss)
	if auc < .843 || loss > .42 {
		t.Errorf("AUC %v, log-loss %v", auc, loss)
	}
}
