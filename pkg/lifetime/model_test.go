package lifetime

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"gonum.org/v1/gonum/mathext"
	"pgregory.net/rapid"
)

type golden struct {
	Probes   [][3]float64
	Horizons []float64
	Models   []struct {
		Name          string
		Params        []float64
		Alive         []float64
		LogLikelihood []*float64 `json:"log_likelihood"`
		Expected      [][]*float64
		Population    []float64
	}
	Spend struct{ Params, Counts, Means, Expected []float64 }
	CDNOW map[string]struct {
		Params, Errors []float64
		LogLikelihood  float64 `json:"log_likelihood"`
	}
}

// oracle reads what scripts/oracles/stats.py wrote.
func oracle(t *testing.T) golden {
	t.Helper()
	text, err := os.ReadFile("testdata/lifetimes.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

func model(name string, p []float64) buyer {
	switch name {
	case "BG/NBD":
		return BGNBD{p[0], p[1], p[2], p[3]}
	case "MBG/NBD":
		return MBGNBD{p[0], p[1], p[2], p[3]}
	default:
		return ParetoNBD{p[0], p[1], p[2], p[3]}
	}
}

func near(got, want, within float64) bool { return math.Abs(got-want) <= within*(1+math.Abs(want)) }

func TestEqualToLifetimes(t *testing.T) {
	g := oracle(t)
	for _, c := range g.Models {
		m := model(c.Name, c.Params)
		for i, p := range g.Probes {
			h := History{int(p[0]), p[1], p[2]}
			if got := m.Alive(h); !near(got, c.Alive[i], 1e-8) {
				t.Errorf("%s %v: Alive(%+v) = %v, want %v", c.Name, c.Params, h, got, c.Alive[i])
			}
			if want := c.LogLikelihood[i]; want == nil {
				t.Errorf("%s %v: Lifetimes has no likelihood for %+v; ours %v", c.Name, c.Params, h, m.LogLikelihood(h))
			} else if got := m.LogLikelihood(h); !near(got, *want, 1e-8) {
				t.Errorf("%s %v: LogLikelihood(%+v) = %v, want %v", c.Name, c.Params, h, got, *want)
			}
			for j, horizon := range g.Horizons {
				if want := c.Expected[j][i]; want == nil {
					t.Errorf("%s %v: Lifetimes has no expectation for %+v; ours %v", c.Name, c.Params, h, m.Expected(h, horizon))
				} else if got := m.Expected(h, horizon); !near(got, *want, 1e-8) {
					t.Errorf("%s %v: Expected(%+v, %v) = %v, want %v", c.Name, c.Params, h, horizon, got, *want)
				}
			}
		}
		for j, horizon := range g.Horizons {
			if got := m.Population(horizon); !near(got, c.Population[j], 1e-8) {
				t.Errorf("%s %v: Population(%v) = %v, want %v", c.Name, c.Params, horizon, got, c.Population[j])
			}
		}
	}
	gg := GammaGamma{g.Spend.Params[0], g.Spend.Params[1], g.Spend.Params[2]}
	for i, count := range g.Spend.Counts {
		if got := gg.Expected(Spend{int(count), g.Spend.Means[i]}); !near(got, g.Spend.Expected[i], 1e-10) {
			t.Errorf("spend of %v at %v: got %v, want %v", count, g.Spend.Means[i], got, g.Spend.Expected[i])
		}
	}
}

// The closed form of the papers, where it has a value.
func TestIntegralsEqualTheClosedForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, alpha := rapid.Float64Range(0.05, 20).Draw(t, "shape"), rapid.Float64Range(0.5, 50).Draw(t, "rate")
		a, b := math.Exp(rapid.Float64Range(-8, 2).Draw(t, "ln a")), rapid.Float64Range(1, 10).Draw(t, "b")
		if math.Abs(a-1) < 0.01 {
			t.Skip("the closed form loses its digits")
		}
		horizon := rapid.Float64Range(0.1, 50).Draw(t, "horizon")
		z := horizon / (alpha + horizon)
		want := (a + b - 1) / (a - 1) * (1 - math.Pow(alpha/(alpha+horizon), r)*mathext.Hypergeo(r, b, a+b-1, z))
		if got := purchases(r, alpha, a, b, horizon); !near(got, want, 1e-7) {
			t.Fatalf("got %v, the closed form has %v", got, want)
		}
	})
}

// At a = 1 or s = 1 the closed forms divide by zero; with hundreds of purchases their series overflow.
func TestExpectationsHoldWhereSeriesFail(t *testing.T) {
	one, beside := purchases(0.5, 4, 1, 2, 10), (purchases(0.5, 4, 1-1e-4, 2, 10)+purchases(0.5, 4, 1+1e-4, 2, 10))/2
	if !near(one, beside, 1e-7) {
		t.Errorf("a = 1: %v, beside it %v", one, beside)
	}
	for name, m := range map[string]buyer{
		"Pareto/NBD at s = 1":             ParetoNBD{0.5, 10, 1, 12},
		"BG/NBD at a = 1":                 BGNBD{0.5, 10, 1, 2},
		"MBG/NBD at a = 1":                MBGNBD{0.5, 10, 1, 2},
		"Pareto/NBD with tiny beta":       ParetoNBD{0.5, 10, 0.5, 1e-4},
		"Pareto/NBD with tiny alpha":      ParetoNBD{0.5, 1e-4, 0.5, 10},
		"BG/NBD where nobody ever leaves": BGNBD{0.5, 10, 1e-3, 100},
		"BG/NBD of customers all alike":   BGNBD{2000, 4000, 2000, 4000},
	} {
		for _, h := range []History{{0, 0, 0}, {0, 0, 40}, {3000, 39.9, 40}, {1, 1e-3, 1000}, {5, 40, 40}} {
			last := 0.0
			for _, horizon := range []float64{0, 1e-9, 1, 52, 1e6} {
				e := m.Expected(h, horizon)
				if !(e >= last) || math.IsInf(e, 1) {
					t.Errorf("%s: %+v expects %v within %v, after %v", name, h, e, horizon, last)
				}
				last = e
			}
			if p, l := m.Alive(h), m.LogLikelihood(h); !(p >= 0 && p <= 1) || math.IsNaN(l) || math.IsInf(l, 0) {
				t.Errorf("%s: %+v is alive with %v, log-likelihood %v", name, h, p, l)
			}
		}
	}
}

// What BG/NBD says of Pareto's integral: with alpha = beta it has a plain antiderivative.
func TestLogDecayEqualsItsAntiderivative(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		alpha := rapid.Float64Range(0.01, 100).Draw(t, "alpha")
		k, s := rapid.Float64Range(0.01, 400).Draw(t, "k"), rapid.Float64Range(0.01, 20).Draw(t, "s")
		from := rapid.Float64Range(0, 100).Draw(t, "from")
		to := from + rapid.Float64Range(1e-6, 100).Draw(t, "length")
		n := k + s
		want := -n*math.Log(alpha+from) + math.Log(-math.Expm1(-n*math.Log1p((to-from)/(alpha+from)))) - math.Log(n)
		if got := logDecay(alpha, alpha, k, s, from, to); !near(got, want, 1e-9) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

// All histories of one age together have a probability of 1: here for 0 to many purchases, with the moment of the last
// one integrated out. A likelihood with a wrong factor in it fails.
func TestTheLikelihoodIsAProbability(t *testing.T) {
	const age, steps = 3.0, 600
	for _, m := range []buyer{BGNBD{1.2, 2, 1.5, 3}, MBGNBD{1.2, 2, 1.5, 3}, ParetoNBD{1.2, 2, 1.5, 3}} {
		sum := math.Exp(m.LogLikelihood(History{0, 0, age}))
		mean := 0.0
		for x := 1; x < 120; x++ {
			p := 0.0
			for i := range steps {
				last := age * (float64(i) + 0.5) / steps
				// The other x-1 purchases lie anywhere before the last one: last^(x-1)/(x-1)!
				p += age / steps * math.Exp(m.LogLikelihood(History{x, last, age})+float64(x-1)*math.Log(last)-lgamma(float64(x)))
			}
			sum, mean = sum+p, mean+float64(x)*p
		}
		if math.Abs(sum-1) > 2e-3 {
			t.Errorf("%T: all histories together have probability %v", m, sum)
		}
		if want := m.Population(age); math.Abs(mean/want-1) > 5e-3 {
			t.Errorf("%T: histories have %v purchases on the mean, Population says %v", m, mean, want)
		}
	}
}
