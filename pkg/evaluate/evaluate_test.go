package evaluate

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func near(a, b float64) bool { return math.Abs(a-b) < 1e-12 }

// sample draws labels, scores with ties, and weights.
func sample(t *rapid.T) (y, p, w []float64) {
	n := rapid.IntRange(2, 60).Draw(t, "n")
	for i := range n {
		y = append(y, float64(rapid.IntRange(0, 1).Draw(t, "y")))
		p = append(p, float64(rapid.IntRange(0, 10).Draw(t, "p"))/10)
		w = append(w, float64(rapid.IntRange(1, 4).Draw(t, "w")))
		if i < 2 {
			y[i] = float64(i)
		}
	}
	return y, p, w
}

// AUC is what it says: over all pairs, and a weight counts as so many rows.
func TestAUCIsOverPairs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		y, p, w := sample(t)
		won, pairs := 0.0, 0.0
		for i := range y {
			for j := range y {
				if y[i] == 1 && y[j] == 0 {
					pairs += w[i] * w[j]
					switch {
					case p[i] > p[j]:
						won += w[i] * w[j]
					case p[i] == p[j]:
						won += w[i] * w[j] / 2
					}
				}
			}
		}
		if got, err := AUC(y, p, w); err != nil || !near(got, won/pairs) {
			t.Fatalf("%v, %v, want %v", got, err, won/pairs)
		}
		var y2, p2 []float64
		for i := range y {
			for range int(w[i]) {
				y2, p2 = append(y2, y[i]), append(p2, p[i])
			}
		}
		a, errA := Judge(y, p, w)
		b, errB := Judge(y2, p2, nil)
		a.Rows, b.Rows = 0, 0
		for _, d := range []float64{a.AUC - b.AUC, a.AveragePrecision - b.AveragePrecision, a.LogLoss - b.LogLoss, a.Brier - b.Brier, a.Lift10 - b.Lift10, a.Accuracy - b.Accuracy} {
			if math.Abs(d) > 1e-9 || errA != nil || errB != nil {
				t.Fatalf("%+v %v\n%+v %v", a, errA, b, errB)
			}
		}
	})
}

// The worked examples of scikit-learn's documentation, and figures by hand.
func TestKnownFigures(t *testing.T) {
	y, p := []float64{0, 0, 1, 1}, []float64{0.1, 0.4, 0.35, 0.8}
	for name, c := range map[string]struct {
		of   func(y, p, w []float64) (float64, error)
		want float64
	}{
		"roc_auc_score":           {AUC, 0.75},
		"average_precision_score": {AveragePrecision, 0.8333333333333333},
		"brier":                   {Brier, (0.01 + 0.16 + 0.65*0.65 + 0.04) / 4},
		"log_loss":                {LogLoss, -(math.Log(0.9) + math.Log(0.6) + math.Log(0.35) + math.Log(0.8)) / 4},
		"accuracy":                {Accuracy, 0.75},
		"lift at one half":        {func(y, p, w []float64) (float64, error) { return Lift(y, p, w, .5) }, 1},
		"lift at one quarter":     {func(y, p, w []float64) (float64, error) { return Lift(y, p, w, .25) }, 2},
	} {
		if got, err := c.of(y, p, nil); err != nil || !near(got, c.want) {
			t.Errorf("%s: %v, %v, want %v", name, got, err, c.want)
		}
	}
}

func TestReportIsItsParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		y, p, w := sample(t)
		r, err := Judge(y, p, w)
		bins, _ := Reliability(y, p, w, Bins)
		auc, _ := AUC(y, p, w)
		lift, _ := Lift(y, p, w, .1)
		rows, positive := 0.0, 0.0
		for i, b := range bins {
			rows += b.Rows
			positive += b.Rows * b.Rate
			if i > 0 && b.From <= bins[i-1].To || b.Mean < b.From-1e-9 || b.Mean > b.To+1e-9 {
				t.Fatalf("bins overlap: %+v", bins)
			}
		}
		all := 0.0
		for _, x := range w {
			all += x
		}
		if err != nil || r.AUC != auc || r.Lift10 != lift || r.ECE != ECE(bins) || math.Abs(rows-all) > 1e-9 || math.Abs(positive/all-r.BaseRate) > 1e-9 {
			t.Fatalf("%+v %v", r, err)
		}
	})
}

func TestFaults(t *testing.T) {
	nan := math.NaN()
	for name, c := range map[string]struct {
		y, p, w []float64
		is      error
	}{
		"no rows":             {},
		"one class":           {y: []float64{1, 1}, p: []float64{.1, .2}, is: ErrOneClass},
		"a label of two":      {y: []float64{2, 1}, p: []float64{.1, .2}},
		"no number":           {y: []float64{0, 1}, p: []float64{.1, nan}},
		"other lengths":       {y: []float64{0, 1}, p: []float64{.1}},
		"a weight below zero": {y: []float64{0, 1}, p: []float64{.1, .2}, w: []float64{1, -1}},
		"no probability":      {y: []float64{0, 1}, p: []float64{.1, 1.2}},
	} {
		if _, err := Judge(c.y, c.p, c.w); err == nil || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Lift([]float64{0, 1}, []float64{0, 1}, nil, 0); err == nil {
		t.Error("a share of nothing")
	}
}

// Of 200 samples of known truth the interval of 90 % holds it in nine of ten, about.
func TestIntervalsCover(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	covered := 0
	for seed := range uint64(200) {
		x := make([]float64, 100)
		for i := range x {
			x[i] = r.NormFloat64()
		}
		got, ok := Bootstrap(len(x), 200, .9, seed, func(rows []int) ([]float64, error) {
			sum := 0.0
			for _, i := range rows {
				sum += x[i]
			}
			return []float64{sum / float64(len(rows))}, nil
		})
		if !ok {
			t.Fatal("no interval")
		}
		if got[0].Low <= 0 && 0 <= got[0].High {
			covered++
		}
	}
	if covered < 165 || covered > 195 {
		t.Errorf("%d of 200", covered)
	}
	if _, ok := Bootstrap(3, 10, .9, 1, func([]int) ([]float64, error) { return nil, ErrOneClass }); ok {
		t.Error("an interval of nothing")
	}
}

func TestFolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		y, _, _ := sample(t)
		k := rapid.IntRange(2, len(y)).Draw(t, "k")
		folds, err := Folds(y, k, 7)
		again, _ := Folds(y, k, 7)
		if err != nil || len(folds) != k {
			t.Fatal(err)
		}
		var tested []int
		for i, f := range folds {
			if !slices.Equal(f.Test, again[i].Test) || len(f.Test)+len(f.Train) != len(y) || len(f.Test) > len(y)/k+1 || len(f.Test) == 0 {
				t.Fatalf("%+v", f)
			}
			tested = append(tested, f.Test...)
		}
		slices.Sort(tested)
		if len(slices.Compact(tested)) != len(y) {
			t.Fatal("a row is tested twice")
		}
	})
	if _, err := Folds([]float64{0, 1}, 3, 1); err == nil {
		t.Error("more folds than rows")
	}
}

// No time is on both sides, whatever the ties.
func TestByTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var times []time.Time
		for range rapid.IntRange(1, 30).Draw(t, "n") {
			times = append(times, time.Unix(int64(rapid.IntRange(0, 5).Draw(t, "day"))*86400, 0))
		}
		s, err := ByTime(times, rapid.Float64Range(0, 1).Draw(t, "share"))
		one := slices.IndexFunc(times, func(x time.Time) bool { return !x.Equal(times[0]) }) < 0
		if one {
			if err == nil {
				t.Fatal("one time was split")
			}
			return
		}
		if err != nil || len(s.Train) == 0 || len(s.Test) == 0 || len(s.Train)+len(s.Test) != len(times) {
			t.Fatalf("%+v %v", s, err)
		}
		for _, a := range s.Train {
			for _, b := range s.Test {
				if !times[a].Before(times[b]) {
					t.Fatalf("%v is learnt from and %v judged", times[a], times[b])
				}
			}
		}
	})
}

func BenchmarkJudge(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	y, p := make([]float64, 1_000_000), make([]float64, 1_000_000)
	for i := range y {
		p[i] = r.Float64()
		if r.Float64() < p[i] {
			y[i] = 1
		}
	}
	for b.Loop() {
		if _, err := Judge(y, p, nil); err != nil {
			b.Fatal(err)
		}
	}
}
