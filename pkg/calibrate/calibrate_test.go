package calibrate

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

type curve interface{ Probability(float64) float64 }

func fit(t interface{ Fatalf(string, ...any) }, kind string, score, label, weight []float64) curve {
	var c curve
	var err error
	if kind == "isotonic" {
		c, err = FitIsotonic(score, label, weight)
	} else {
		c, err = FitPlatt(score, label, weight)
	}
	if err != nil {
		t.Fatalf("%s: %v", kind, err)
	}
	return c
}

func TestEqualToScikitLearn(t *testing.T) {
	text, err := os.ReadFile("testdata/sklearn.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name                                                  string
		Score, Label, Weight, Probe, Isotonic, Platt, Sigmoid []float64
	}
	if err := json.Unmarshal(text, &cases); err != nil || len(cases) == 0 {
		t.Fatal(len(cases), err)
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			isotonic, platt := fit(t, "isotonic", c.Score, c.Label, c.Weight), fit(t, "platt", c.Score, c.Label, c.Weight)
			for i, s := range c.Probe {
				if got := isotonic.Probability(s); !(math.Abs(got-c.Isotonic[i]) <= 1e-9) {
					t.Errorf("isotonic at %v: got %v, want %v", s, got, c.Isotonic[i])
				}
				if got := platt.Probability(s); !(math.Abs(got-c.Platt[i]) <= 1e-6) {
					t.Errorf("Platt at %v: got %v, want %v", s, got, c.Platt[i])
				}
				// scikit-learn's own Platt stops a little before the peak.
				if got := platt.Probability(s); !(math.Abs(got-c.Sigmoid[i]) <= 1e-3) {
					t.Errorf("Platt at %v: got %v, scikit-learn's own has %v", s, got, c.Sigmoid[i])
				}
			}
		})
	}
}

// rows draws scores with ties, labels of both classes and small whole weights.
func rows(t *rapid.T) (score, label, weight []float64) {
	n := rapid.IntRange(2, 40).Draw(t, "rows")
	for i := range n {
		score = append(score, float64(rapid.IntRange(-5, 5).Draw(t, "score")))
		label = append(label, float64(rapid.IntRange(0, 1).Draw(t, "label")))
		weight = append(weight, float64(rapid.IntRange(0, 3).Draw(t, "weight")))
		if i < 2 {
			label[i], weight[i] = float64(i), 1
		}
	}
	return score, label, weight
}

func TestAWeightIsThatManyRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		score, label, weight := rows(t)
		var s, l []float64
		for i, w := range weight {
			for range int(w) {
				s, l = append(s, score[i]), append(l, label[i])
			}
		}
		for _, kind := range []string{"isotonic", "platt"} {
			a, b := fit(t, kind, score, label, weight), fit(t, kind, s, l, nil)
			for x := -6.0; x <= 6; x += 0.25 {
				if math.Abs(a.Probability(x)-b.Probability(x)) > 1e-7 {
					t.Fatalf("%s at %v: %v with weights, %v with rows", kind, x, a.Probability(x), b.Probability(x))
				}
			}
		}
	})
}

// Isotonic never falls, stays within 0 and 1, and keeps the mean; no other never-falling curve is nearer, which a
// curve with any two neighbours swapped or nudged together shows.
func TestIsotonicIsTheNearestCurveThatNeverFalls(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		score, label, weight := rows(t)
		m := fit(t, "isotonic", score, label, weight)
		distance := func(of func(float64) float64) (squares, bias float64) {
			for i, s := range score {
				d := of(s) - label[i]
				squares, bias = squares+weight[i]*d*d, bias+weight[i]*d
			}
			return squares, bias
		}
		best, bias := distance(m.Probability)
		if math.Abs(bias) > 1e-9 {
			t.Fatalf("the mean is off by %v", bias)
		}
		before := 0.0
		for x := -7.0; x <= 7; x += 0.25 {
			p := m.Probability(x)
			if p < before || p > 1 {
				t.Fatalf("%v at %v after %v", p, x, before)
			}
			before = p
		}
		cut, nudge := rapid.Float64Range(-6, 6).Draw(t, "cut"), rapid.Float64Range(0, 0.5).Draw(t, "nudge")
		other, _ := distance(func(s float64) float64 {
			if s > cut {
				return m.Probability(s) + nudge
			}
			return m.Probability(s) - nudge/3
		})
		if other < best-1e-9 {
			t.Fatalf("a curve nudged at %v is nearer: %v < %v", cut, other, best)
		}
	})
}

// At the peak of the likelihood both slopes are 0.
func TestPlattStandsOnThePeak(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		score, label, weight := rows(t)
		m, err := FitPlatt(score, label, weight)
		if err != nil {
			t.Fatal(err)
		}
		all, err := points(score, label, weight)
		if err != nil {
			t.Fatal(err)
		}
		at := targets(all, 0, 1)
		best := lossOf(at, m.A, m.B)
		for _, d := range [][2]float64{{1e-3, 0}, {-1e-3, 0}, {0, 1e-3}, {0, -1e-3}} {
			if len(all) > 1 && lossOf(at, m.A+d[0], m.B+d[1]) < best-1e-9 {
				t.Fatalf("a step of %v is better", d)
			}
		}
	})
}

func TestSaneCurvesFromOddScores(t *testing.T) {
	cases := map[string]struct {
		kind         string
		score, label []float64
		at, want     float64
	}{
		"isotonic of a constant model is the base rate":        {"isotonic", []float64{3, 3, 3, 3}, []float64{1, 0, 0, 0}, 8, 0.25},
		"isotonic of two sure sides":                           {"isotonic", []float64{1, 2}, []float64{0, 1}, 1.5, 0.5},
		"isotonic of a model that is wrong throughout":         {"isotonic", []float64{1, 2}, []float64{1, 0}, 9, 0.5},
		"isotonic between scores that are as far as can be":    {"isotonic", []float64{-math.MaxFloat64, math.MaxFloat64}, []float64{0, 1}, 0, 0.5},
		"isotonic beyond its last score":                       {"isotonic", []float64{1, 2}, []float64{0, 1}, math.Inf(1), 1},
		"Platt of a constant model: Platt's own mean":          {"platt", []float64{3, 3}, []float64{1, 0}, math.Inf(1), 0.5},
		"Platt of two sure sides stays finite":                 {"platt", []float64{-1, 1}, []float64{0, 1}, 1, 2.0 / 3},
		"Platt of huge scores":                                 {"platt", []float64{-1e300, 1e300}, []float64{0, 1}, 1e300, 2.0 / 3},
		"Platt far beyond its scores is sure and not a NaN":    {"platt", []float64{-1, 1}, []float64{0, 1}, math.Inf(1), 1},
		"Platt of scores that are wrong throughout turns them": {"platt", []float64{-1, 1}, []float64{1, 0}, 1, 1.0 / 3},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := fit(t, c.kind, c.score, c.label, nil).Probability(c.at); !(math.Abs(got-c.want) <= 1e-8) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestRowsThatCannotCalibrate(t *testing.T) {
	nan := math.NaN()
	cases := map[string]struct {
		score, label, weight []float64
		want                 string
		is                   error
	}{
		"nothing":                      {nil, nil, nil, "same label", ErrOneClass},
		"one row":                      {[]float64{1}, []float64{1}, nil, "same label", ErrOneClass},
		"one class":                    {[]float64{1, 2}, []float64{0, 0}, nil, "same label", ErrOneClass},
		"the other class weighs 0":     {[]float64{1, 2}, []float64{0, 1}, []float64{1, 0}, "same label", ErrOneClass},
		"a NaN":                        {[]float64{1, nan}, []float64{0, 1}, nil, "row 1 has score NaN", nil},
		"an infinity":                  {[]float64{math.Inf(-1), 2}, []float64{0, 1}, nil, "row 0 has score -Inf", nil},
		"a label that is none":         {[]float64{1, 2}, []float64{0, 0.5}, nil, "row 1 has label 0.5", nil},
		"a negative weight":            {[]float64{1, 2}, []float64{0, 1}, []float64{1, -1}, "row 1 has weight -1", nil},
		"fewer labels than scores":     {[]float64{1, 2}, []float64{0}, nil, "2 scores, 1 labels", nil},
		"fewer weights than there are": {[]float64{1, 2}, []float64{0, 1}, []float64{1}, "and 1 weights", nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, iso := FitIsotonic(c.score, c.label, c.weight)
			_, platt := FitPlatt(c.score, c.label, c.weight)
			for _, err := range []error{iso, platt} {
				if err == nil || !strings.Contains(err.Error(), c.want) || c.is != nil && !errors.Is(err, c.is) {
					t.Errorf("got %v; want an error with %q", err, c.want)
				}
			}
		})
	}
}

func TestCurvesSurviveJSON(t *testing.T) {
	score, label := []float64{-2, -1, 0, 1, 2}, []float64{0, 1, 0, 1, 1}
	for _, kind := range []string{"isotonic", "platt"} {
		c := fit(t, kind, score, label, nil)
		text, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		var back curve = &Platt{}
		if kind == "isotonic" {
			back = &Isotonic{}
		}
		if err := json.Unmarshal(text, back); err != nil || back.Probability(0.3) != c.Probability(0.3) {
			t.Errorf("%s: %s, %v", kind, text, err)
		}
	}
}
