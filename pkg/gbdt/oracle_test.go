package gbdt

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"math"
	"os"
	"strconv"
	"testing"
)

// The files in testdata/oracle are written by scripts/oracles/gbdt.sh: what XGBoost, LightGBM and scikit-learn say of the same rows.

func gunzip(t testing.TB, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// numbers are floats in JSON, null for NaN.
type numbers []float64

func (n *numbers) UnmarshalJSON(b []byte) error {
	var v []*float64
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	for _, p := range v {
		if p == nil {
			*n = append(*n, math.NaN())
		} else {
			*n = append(*n, *p)
		}
	}
	return nil
}

type oracle struct {
	Model         json.RawMessage
	Text          string
	Rows          []numbers
	Predictions   []float64
	Margins       []float64
	Contributions [][]float64
}

func readOracle(t testing.TB, name string) oracle {
	t.Helper()
	var o oracle
	if err := json.Unmarshal(gunzip(t, "testdata/oracle/"+name+".json.gz"), &o); err != nil {
		t.Fatal(err)
	}
	return o
}

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within*max(1, math.Abs(want))) {
		t.Errorf("%s: %v, want %v within %v", what, got, want, within)
	}
}

// XGBoost's models predict here what they predict there, row by row and in batches, and for the same reasons.
func TestXGBoostModelsPredictTheSame(t *testing.T) {
	for _, name := range []string{"binary_logistic", "reg_squarederror", "count_poisson", "reg_quantileerror", "rank_ndcg"} {
		t.Run(name, func(t *testing.T) {
			o := readOracle(t, name)
			m, err := ReadXGBoost(o.Model)
			if err != nil {
				t.Fatal(err)
			}
			var all []float64
			for i, row := range o.Rows {
				near(t, "prediction of row "+strconv.Itoa(i), m.Predict(row), o.Predictions[i], 1e-6)
				near(t, "margin of row "+strconv.Itoa(i), m.Score(row), o.Margins[i], 1e-6)
				checkContributions(t, m, row, o.Contributions[i])
				all = append(all, row...)
			}
			out := make([]float64, len(o.Rows))
			if err := m.Predictions(all, out); err != nil {
				t.Fatal(err)
			}
			for i, row := range o.Rows {
				if out[i] != m.Predict(row) {
					t.Errorf("row %d: %v in a batch, %v alone", i, out[i], m.Predict(row))
				}
			}
		})
	}
}

func checkContributions(t *testing.T, m *Model, row []float64, want []float64) {
	t.Helper()
	got := make([]float64, len(row)+1)
	if err := m.Contributions(row, got); err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for i, v := range got {
		sum += v
		near(t, "contribution "+strconv.Itoa(i), v, want[i], 1e-5)
	}
	near(t, "sum of contributions", sum, m.Score(row), 1e-9)
}

// What is written for XGBoost it reads, and predicts the same: written.json.gz is written by this test with -update, XGBoost's answer by gbdt.sh.
func TestWrittenForXGBoost(t *testing.T) {
	m := mustTrain(t, small(Logistic), madeUp(3000, 6, 3), Run{Workers: 1})
	b, err := m.WriteXGBoost()
	if err != nil {
		t.Fatal(err)
	}
	probe := madeUp(60, 6, 4)
	if update() {
		var rows []any
		for r := range probe.Rows() {
			row := make([]any, 6)
			for c := range row {
				if v := probe.Columns[c].Values[r]; v == v {
					row[c] = v
				}
			}
			rows = append(rows, row)
		}
		save(t, "testdata/oracle/written.json.gz", map[string]any{"text": string(b), "rows": rows})
	}
	o := readOracle(t, "written")
	if o.Text != string(b) {
		t.Fatal("the model is not the one that XGBoost was shown: run go test ./pkg/gbdt -run Written -update, then scripts/oracles/gbdt.sh")
	}
	theirs := readOracle(t, "written_predictions")
	again, err := ReadXGBoost(b)
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range o.Rows {
		near(t, "XGBoost's prediction", theirs.Predictions[i], m.Predict(row), 1e-6)
		near(t, "prediction when read again", again.Predict(row), m.Predict(row), 1e-6)
		checkContributions(t, m, row, theirs.Contributions[i])
	}
}

func save(t *testing.T, path string, v any) {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(raw)
	z.Close()
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// foldOf is the formula of fold in gbdt.py.
func foldOf(row, repeat int) int {
	return int(uint32(uint64(row+1)*2654435761+uint64(repeat)*40503*65537)>>16) % 5
}

type scored struct {
	AUC     float64 `json:"auc"`
	LogLoss float64 `json:"log_loss"`
}

type folded struct {
	Rows, Positive      int
	Sum                 float64
	XGBoost             scored
	LightGBM            scored
	Sklearn             scored
	LightGBMCategorical scored `json:"lightgbm_categorical"`
}

// On the same folds of real tables, with like settings, the trees are as good as XGBoost's, LightGBM's and scikit-learn's: area under the
// curve and log-loss within 0.002 of each one, or better.
func TestParityOnFolds(t *testing.T) {
	var want struct{ Telco, CDNOW folded }
	raw, err := os.ReadFile("testdata/oracle/folds.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatal(err)
	}
	sets := map[string]struct {
		data    *Dataset
		repeats int
		want    folded
	}{
		"telco": {telco(t, false), 3, want.Telco},
		"cdnow": {cdnow(t), 1, want.CDNOW},
	}
	for name, set := range sets {
		t.Run(name, func(t *testing.T) {
			sameTable(t, set.data, set.want)
			got := folds(t, set.data, set.repeats)
			t.Logf("%+v; others %+v", got, set.want)
			for library, w := range map[string]scored{"xgboost": set.want.XGBoost, "lightgbm": set.want.LightGBM, "scikit-learn": set.want.Sklearn} {
				within(t, library, got, w)
			}
		})
	}
	t.Run("telco, categories as such", func(t *testing.T) {
		got := folds(t, telco(t, true), 3)
		t.Logf("%+v; LightGBM %+v", got, want.Telco.LightGBMCategorical)
		within(t, "lightgbm", got, want.Telco.LightGBMCategorical)
	})
}

func within(t *testing.T, library string, got, want scored) {
	t.Helper()
	near(t, "area under the curve beside "+library, got.AUC, want.AUC, .002)
	near(t, "log-loss beside "+library, got.LogLoss, want.LogLoss, .002)
}

// sameTable holds that both sides read the same numbers.
func sameTable(t *testing.T, d *Dataset, want folded) {
	t.Helper()
	sum, positive := 0.0, 0
	for _, c := range d.Columns {
		for _, v := range c.Values {
			if v == v {
				sum += v
			}
		}
	}
	for _, y := range d.Label {
		positive += int(y)
	}
	if d.Rows() != want.Rows || positive != want.Positive || math.Abs(sum-want.Sum) > 1e-9*sum {
		t.Fatalf("%d rows, %d positive, sum %v: the oracle saw %+v", d.Rows(), positive, sum, want)
	}
}

func folds(t *testing.T, d *Dataset, repeats int) scored {
	t.Helper()
	p := Default(Logistic)
	p.Rounds, p.LearningRate, p.Leaves, p.MinRows = 250, .03, 8, 40
	var total scored
	for repeat := range repeats {
		for k := range 5 {
			m := mustTrain(t, p, part(d, func(r int) bool { return foldOf(r, repeat) != k }), Run{})
			test := part(d, func(r int) bool { return foldOf(r, repeat) == k })
			out := make([]float64, test.Rows())
			if err := m.Predictions(test.Matrix(), out); err != nil {
				t.Fatal(err)
			}
			total.AUC += auc(out, test.Label) / float64(5*repeats)
			total.LogLoss += logLoss(out, test.Label) / float64(5*repeats)
		}
	}
	return total
}
