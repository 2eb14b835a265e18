package lifetime

import (
	"maps"
	"math"
	"sync"
	"testing"

	"github.com/freshet/freshet/pkg/evaluate"
)

// fitted is what a fit to CDNOW gave, whichever model it is.
type fitted struct {
	report Report
	err    error
	model  buyer
}

type buyer interface {
	likely
	Buying
	Alive(History) float64
	Population(float64) float64
}

func fitAll(hs []History) map[string]fitted {
	bg, r1, err1 := FitBGNBD(hs)
	mbg, r2, err2 := FitMBGNBD(hs)
	pareto, r3, err3 := FitParetoNBD(hs)
	return map[string]fitted{"BG/NBD": {r1, err1, bg}, "MBG/NBD": {r2, err2, mbg}, "Pareto/NBD": {r3, err3, pareto}}
}

var cdnowOnce sync.Once
var cdnowFits map[string]fitted

// fitCDNOW fits once for all tests.
func fitCDNOW(all []shopper) map[string]fitted {
	cdnowOnce.Do(func() { cdnowFits = fitAll(histories(all)) })
	return maps.Clone(cdnowFits)
}

// The parameters that the papers and the peers have for CDNOW, to the digits they print.
func TestCDNOW(t *testing.T) {
	all := cdnow(t)
	if len(all) != 2357 {
		t.Fatalf("%d customers, want 2357", len(all))
	}
	var spends []Spend
	for _, s := range all {
		spends = append(spends, s.Spend)
	}
	got := fitCDNOW(all)
	_, gg, err := FitGammaGamma(spends)
	got["Gamma-Gamma"] = fitted{report: gg, err: err}
	published := map[string][]float64{
		"BG/NBD": {.243, 4.414, .793, 2.426}, "MBG/NBD": {.525, 6.183, .891, 1.614},
		"Pareto/NBD": {.553, 10.578, .606, 11.669}, "Gamma-Gamma": {6.25, 3.74, 15.44},
	}
	for name, f := range got {
		if f.err != nil {
			t.Errorf("%s: %v", name, f.err)
			continue
		}
		peer := oracle(t).CDNOW[name]
		for i, p := range f.report.Parameters {
			within := 0.0006
			if name == "Gamma-Gamma" {
				within = 0.006
			}
			if math.Abs(p.Value-published[name][i]) > within {
				t.Errorf("%s %s: got %.4f, published %v", name, p.Name, p.Value, published[name][i])
			}
			if math.Abs(p.StandardError/peer.Errors[i]-1) > 0.01 {
				t.Errorf("%s %s: standard error %.4f, Lifetimes has %.4f", name, p.Name, p.StandardError, peer.Errors[i])
			}
			if p.Bound {
				t.Errorf("%s %s stands at a bound", name, p.Name)
			}
		}
		if f.report.LogLikelihood < peer.LogLikelihood-1e-3 || f.report.LogLikelihood > peer.LogLikelihood+1 {
			t.Errorf("%s: log-likelihood %.4f, Lifetimes has %.4f", name, f.report.LogLikelihood, peer.LogLikelihood)
		}
	}
}

// Fader, Hardie and Lee print what their model expects of customer 1 and of a new customer.
func TestTheNumbersOfThePaper(t *testing.T) {
	m := BGNBD{.243, 4.414, .793, 2.426}
	if got := m.Expected(History{2, 30.43, 38.86}, 39); math.Abs(got-1.226) > 5e-4 {
		t.Errorf("E[X(39)|x=2, t_x=30.43, T=38.86] = %.4f, the paper has 1.226", got)
	}
	// In weeks, with the parameters to all digits; to the digits that the peers' tests print.
	all := cdnow(t)
	m, _, err := FitBGNBD(histories(all))
	if err != nil {
		t.Fatal(err)
	}
	for weeks, want := range map[float64]float64{1.0 / 7: .0078, 1: .0532, 3: .1506, 31.857: 1.0405, 32: 1.0437, 78: 1.8576} {
		if got := m.Population(weeks); math.Abs(got-want) > 5e-4 {
			t.Errorf("E[X(%.4f)] = %.5f, want %v", weeks, got, want)
		}
	}
}

// A model that is right in total and by customer on the 39 weeks that it has not seen, and better than repeating the past.
func TestTheHoldOutIsForetold(t *testing.T) {
	all := cdnow(t)
	for name, f := range fitCDNOW(all) {
		if f.err != nil {
			t.Fatalf("%s: %v", name, f.err)
		}
		var model, past evaluate.Real
		said, came := 0.0, 0.0
		for _, s := range all {
			e := f.model.Expected(s.History, 39)
			model.Predicted, model.Actual = append(model.Predicted, e), append(model.Actual, float64(s.later))
			past.Predicted, past.Actual = append(past.Predicted, float64(s.Repeats)), append(past.Actual, float64(s.later))
			said, came = said+e, came+float64(s.later)
		}
		mae, err := model.MAE()
		if err != nil {
			t.Fatal(err)
		}
		naive, _ := past.MAE()
		rmse, _ := model.RMSE()
		t.Logf("%s: %.0f purchases foretold, %.0f came; MAE %.3f (repeating the past %.3f), RMSE %.3f", name, said, came, mae, naive, rmse)
		if math.Abs(said/came-1) > 0.2 || mae >= naive {
			t.Errorf("%s: %.0f foretold, %.0f came, MAE %.3f, naive %.3f", name, said, came, mae, naive)
		}
	}
}

func TestRankingByAliveIsATrap(t *testing.T) {
	all := cdnow(t)
	f := fitCDNOW(all)
	auc := func(score func(History) float64) float64 {
		var b evaluate.Binary
		for _, s := range all {
			b.Score, b.Label = append(b.Score, score(s.History)), append(b.Label, float64(min(s.later, 1)))
		}
		v, err := b.AUC()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	bg := f["BG/NBD"].model
	if v := auc(bg.Alive); v > 0.4 {
		t.Errorf("BG/NBD's Alive ranks with AUC %.3f: the documentation calls it a trap", v)
	}
	for name, m := range f {
		if v := auc(func(h History) float64 { return m.model.Expected(h, 39) }); v < 0.74 {
			t.Errorf("%s's Expected ranks with AUC %.3f", name, v)
		}
	}
	for _, name := range []string{"MBG/NBD", "Pareto/NBD"} {
		if v := auc(f[name].model.Alive); v < 0.65 {
			t.Errorf("%s's Alive ranks with AUC %.3f", name, v)
		}
	}
}
