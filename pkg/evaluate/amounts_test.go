package evaluate

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// ofAmounts are the measures of amounts, those with a parameter at one or two places.
var ofAmounts = map[string]func(Real) (float64, error){
	"RMSE": Real.RMSE, "MAE": Real.MAE, "bias": Real.Bias, "R2": Real.R2, "total": Real.Total, "correlation": Real.Correlation, "Spearman": Real.Spearman,
	"deviance":   func(r Real) (float64, error) { return r.Deviance(.5) },
	"top tenth":  func(r Real) (float64, error) { return r.TopMAE(.1) },
	"top third":  func(r Real) (float64, error) { return r.TopMAE(1. / 3) },
	"gain":       func(r Real) (float64, error) { c, err := r.GainCurve(7); return c[2].Gain, err },
	"first bin":  func(r Real) (float64, error) { c, err := r.Reliability(3); return c[0].Rate, err },
	"bins' size": func(r Real) (float64, error) { c, err := r.Reliability(3); return c[len(c)-1].Weight, err },
}

// drawReal draws amounts of 0 and more with many ties and small whole weights.
func drawReal(t *rapid.T) Real {
	n := rapid.IntRange(2, 40).Draw(t, "rows")
	r := Real{Predicted: make([]float64, n), Actual: make([]float64, n), Weight: make([]float64, n)}
	for i := range n {
		r.Predicted[i] = float64(rapid.IntRange(0, 12).Draw(t, "predicted")) / 4
		r.Actual[i] = float64(rapid.IntRange(0, 6).Draw(t, "actual")) / 2
		r.Weight[i] = float64(rapid.IntRange(0, 3).Draw(t, "weight"))
	}
	r.Predicted[0], r.Predicted[1], r.Actual[0], r.Actual[1], r.Weight[0], r.Weight[1] = 0, 1, 0, 1, 1, 1
	return r
}

func sameAmounts(t *rapid.T, a, b Real) {
	for name, m := range ofAmounts {
		x, err := m(a)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if y, err := m(b); err != nil || math.Abs(x-y) > 1e-9 {
			t.Fatalf("%s: %v and %v, %v", name, x, y, err)
		}
	}
}

func TestAWeightIsThatManyAmounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawReal(t)
		var rows Real
		for i, w := range r.Weight {
			for range int(w) {
				rows.Predicted, rows.Actual = append(rows.Predicted, r.Predicted[i]), append(rows.Actual, r.Actual[i])
			}
		}
		sameAmounts(t, r, rows)
	})
}

func TestOrderOfAmountsDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawReal(t)
		other := Real{Predicted: append([]float64{}, r.Predicted...), Actual: append([]float64{}, r.Actual...), Weight: append([]float64{}, r.Weight...)}
		rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)).Shuffle(len(r.Actual), func(i, j int) {
			for _, s := range [][]float64{other.Predicted, other.Actual, other.Weight} {
				s[i], s[j] = s[j], s[i]
			}
		})
		sameAmounts(t, r, other)
	})
}

// By hand.
func TestMeasuresOfAmounts(t *testing.T) {
	r := Real{Predicted: []float64{4, 3, 1, 0, 2}, Actual: []float64{10, 2, 0, 0, 0}}
	for name, want := range map[string]float64{
		"RMSE": math.Sqrt((36. + 1 + 1 + 0 + 4) / 5), "MAE": 2, "bias": -.4, "total": 10. / 12, "R2": 1 - 42./75.2, "top third": (6 + 1*2./3) / (5. / 3), "top tenth": 6,
		"Spearman": 0.8944271910, "gain": (10 + 2*(10./7-1)) / 12, "first bin": 0,
		"deviance": 2. / 5 * (10*math.Log(2.5) - 6 + 2*math.Log(2./3) + 1 + 1 + .5 + 2),
	} {
		if got, err := ofAmounts[name](r); err != nil || math.Abs(got-want) > 1e-9 {
			t.Errorf("%s: %v, want %v, %v", name, got, want, err)
		}
	}
}

// A model that says the mean of each is the best by deviance, whatever else it says: that is why models may be chosen by it.
func TestDevianceIsLeastAtTheMean(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	rows := Real{}
	for range 2000 {
		a := 0.0
		if r.Float64() < .3 {
			a = math.Exp(3 * r.NormFloat64())
		}
		rows.Actual, rows.Predicted = append(rows.Actual, a), append(rows.Predicted, 0)
	}
	centre, _ := rows.Bias()
	of := func(p float64) float64 {
		for i := range rows.Predicted {
			rows.Predicted[i] = p
		}
		d, err := rows.Deviance(1e-9)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, p := range []float64{.5, .9, 1.1, 2} {
		if of(-centre) >= of(-centre*p) {
			t.Errorf("%v times the mean is better", p)
		}
	}
}

func TestAmountsWithoutAValue(t *testing.T) {
	one, none := Real{Predicted: []float64{1, 2}, Actual: []float64{3, 3}}, Real{Predicted: []float64{1, 2}, Actual: []float64{0, 0}}
	for name, c := range map[string]struct {
		rows Real
		of   func(Real) (float64, error)
		want string
	}{
		"R2 of one amount":     {one, Real.R2, "all actual amounts are the same"},
		"Spearman of one":      {one, Real.Spearman, "all predicted or all actual"},
		"a total of nothing":   {none, Real.Total, "come to nothing"},
		"the top of no share":  {one, func(r Real) (float64, error) { return r.TopMAE(0) }, "want above 0"},
		"gains of nothing":     {none, func(r Real) (float64, error) { _, err := r.GainCurve(2); return 0, err }, "come to nothing"},
		"gains of less":        {Real{Predicted: []float64{1, 2}, Actual: []float64{-1, 5}}, func(r Real) (float64, error) { _, err := r.GainCurve(2); return 0, err }, "below 0"},
		"no points":            {one, func(r Real) (float64, error) { _, err := r.GainCurve(0); return 0, err }, "0 points"},
		"no bins":              {one, func(r Real) (float64, error) { _, err := r.Reliability(0); return 0, err }, "0 bins"},
		"no rows":              {Real{}, Real.Spearman, ErrNoRows.Error()},
		"no least":             {one, func(r Real) (float64, error) { return r.Deviance(0) }, "want above 0"},
		"a NaN among the rest": {Real{Predicted: []float64{math.NaN()}, Actual: []float64{1}}, Real.Spearman, "row 0 has predicted NaN"},
	} {
		if _, err := c.of(c.rows); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if _, err := none.Total(); !errors.Is(err, ErrNothing) {
		t.Error(err)
	}
}

// Two models judged on the same draws: the interval of their difference is far narrower than those of each.
func TestDifferenceOfAmounts(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	var a, b Real
	for range 500 {
		actual := math.Exp(2 * r.NormFloat64())
		noise := r.NormFloat64()
		a.Actual, a.Predicted = append(a.Actual, actual), append(a.Predicted, actual+noise)
		b.Actual, b.Predicted = append(b.Actual, actual), append(b.Predicted, actual+1.3*noise)
	}
	d, err := a.Difference(b, Real.MAE, Resample{Times: 300, Seed: 1})
	if err != nil || d.High >= 0 || d.Low > d.Value || d.Value > d.High {
		t.Errorf("%+v %v", d, err)
	}
	if self, err := a.Difference(a, Real.MAE, Resample{Times: 100}); err != nil || self.Low != 0 || self.High != 0 {
		t.Errorf("%+v %v", self, err)
	}
	b.Actual = b.Actual[1:]
	if _, err := a.Difference(b, Real.MAE, Resample{}); err == nil || !strings.Contains(err.Error(), "same rows") {
		t.Error(err)
	}
}
