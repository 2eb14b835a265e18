package evaluate

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"
)

type golden struct {
	Binary []struct {
		Name                 string
		Score, Label, Weight []float64
		Want                 map[string]float64
		Reliability          [][3]float64
	}
	Real struct {
		Predicted, Actual, Weight []float64
		RMSE, MAE, Correlation    float64
	}
	Lists []struct {
		Ranked, Relevant []int
		NDCG10           float64
	}
	Folds struct {
		Label []float64
		K     int
		Seed  uint64
		Want  []int
	}
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

func near(t *testing.T, what string, got float64, err error, want, within float64) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", what, err)
	} else if !(math.Abs(got-want) <= within) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// measures are all measures of a Binary, under the names of the oracle.
var measures = map[string]func(Binary) (float64, error){
	"auc": Binary.AUC, "average_precision": Binary.AveragePrecision, "log_loss": Binary.LogLoss, "brier": Binary.Brier,
	"accuracy": func(b Binary) (float64, error) { return b.Accuracy(0.5) },
	"ece":      func(b Binary) (float64, error) { return b.ECE(10) },
}

func TestEqualToScikitLearn(t *testing.T) {
	g := oracle(t)
	for _, c := range g.Binary {
		b := Binary{Score: c.Score, Label: c.Label, Weight: c.Weight}
		for name, measure := range measures {
			want, ok := c.Want[name]
			if !ok {
				t.Fatalf("%s: the golden file has no %s", c.Name, name)
			}
			got, err := measure(b)
			near(t, c.Name+": "+name, got, err, want, 1e-12)
		}
		table, err := b.Reliability(10)
		if err != nil || len(table) != len(c.Reliability) {
			t.Fatalf("%s: %d bins, %v; want %d", c.Name, len(table), err, len(c.Reliability))
		}
		for i, want := range c.Reliability {
			near(t, c.Name+": bin weight", table[i].Weight, nil, want[0], 1e-9)
			near(t, c.Name+": bin score", table[i].Score, nil, want[1], 1e-12)
			near(t, c.Name+": bin rate", table[i].Rate, nil, want[2], 1e-12)
		}
	}
}

func TestAmountsEqualToScikitLearn(t *testing.T) {
	g := oracle(t).Real
	r := Real{Predicted: g.Predicted, Actual: g.Actual, Weight: g.Weight}
	got, err := r.RMSE()
	near(t, "RMSE", got, err, g.RMSE, 1e-9)
	got, err = r.MAE()
	near(t, "MAE", got, err, g.MAE, 1e-9)
	got, err = r.Correlation()
	near(t, "correlation", got, err, g.Correlation, 1e-12)
}

func TestNDCGEqualToScikitLearn(t *testing.T) {
	for i, c := range oracle(t).Lists {
		got, err := Each([]List[int]{{Ranked: c.Ranked, Relevant: c.Relevant}}, 10, List[int].NDCG)
		if err != nil {
			t.Fatal(i, err)
		}
		near(t, "NDCG@10", got[0], nil, c.NDCG10, 1e-12)
	}
}

func TestFoldsAreTheFormulaThatTheOracleHas(t *testing.T) {
	g := oracle(t).Folds
	got, err := StratifiedFolds(g.Label, g.K, g.Seed)
	if err != nil || !slices.Equal(got, g.Want) {
		t.Errorf("got %v, %v\nwant %v", got, err, g.Want)
	}
	if m := Mix(0, 0); m != 0xe220a8397b1dcdaf {
		t.Errorf("Mix(0, 0) = %#x", m)
	}
}
