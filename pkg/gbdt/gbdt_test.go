package gbdt

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/evaluate"
	"github.com/freshet/freshet/pkg/frame"
)

// The bar of the field's usual table: the parameters with which scikit-learn's histogram boosting has AUC .8484 and log-loss .4126 (5 folds, 3 times).
func TestTelco(t *testing.T) {
	d := telco(t)
	var y, p []float64
	aucs, losses := 0.0, 0.0
	const times = 2
	for seed := range uint64(times) {
		folds, err := evaluate.Folds(d.Y, 5, seed)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range folds {
			m := train(t, Params{Trees: 250, LearningRate: .03, Leaves: 8, MinLeafRows: 40, L2: 1, Workers: 2}, d.take(f.Train))
			test := d.take(f.Test)
			r, err := evaluate.Judge(test.Y, predict(t, m, test.X), nil)
			if err != nil {
				t.Fatal(err)
			}
			aucs, losses = aucs+r.AUC, losses+r.LogLoss
			y, p = append(y, test.Y...), append(p, predict(t, m, test.X)...)
		}
	}
	auc, logloss := aucs/5/times, losses/5/times
	all, err := evaluate.Judge(y, p, nil)
	t.Logf("AUC %.4f, log-loss %.4f, ECE %.4f, lift at 10 %% %.2f", auc, logloss, all.ECE, all.Lift10)
	if err != nil || auc < .846 || logloss > .4145 || all.ECE > .03 || all.Lift10 < 2.8 {
		t.Errorf("%+v %v", all, err)
	}
}

func TestAnyNumberOfWorkers(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		o := rapid.SampledFrom(objectives).Draw(rt, "objective")
		p := drawn(rt, o)
		d := made(rapid.IntRange(1, 400).Draw(rt, "n"), rapid.Uint64Max(9).Draw(rt, "data"), o)
		var first []byte
		for _, workers := range []int{1, 2, 8} {
			p.Workers = workers
			b, err := train(t, p, d).Encode()
			if err != nil {
				rt.Fatal(err)
			}
			if first == nil {
				first = b
			} else if !bytes.Equal(first, b) {
				rt.Fatalf("%d workers train another model", workers)
			}
		}
	})
}

// One column, of which only being there says something: the split that divides missing values from all others.
func TestMissingAgainstTheRest(t *testing.T) {
	var a, y []float64
	for i := range 200 {
		v, label := float64(i%50), 0.0
		if i%2 == 0 {
			v, label = nan, 1
		}
		a, y = append(a, v), append(y, label)
	}
	m := train(t, Params{Trees: 20, Leaves: 2, LearningRate: .5}, Data{X: numbers(a), Y: y})
	got := predict(t, m, numbers([]float64{nan, 3, 1e9, math.Inf(1), math.Inf(-1)}))
	if got[0] < .95 || got[1] > .05 || got[2] > .05 || got[3] != got[0] || got[4] != got[0] {
		t.Errorf("%v", got)
	}
	for i := range m.Trees {
		if !math.IsInf(m.Trees[i].Cut[0], 1) {
			t.Errorf("tree %d cuts at %v", i, m.Trees[i].Cut[0])
		}
	}
}

func TestMonotone(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		o := rapid.SampledFrom([]Objective{Logistic, Squared, Poisson}).Draw(rt, "objective")
		p := drawn(rt, o)
		p.Monotone = map[string]int{"a": rapid.SampledFrom([]int{-1, 1}).Draw(rt, "a"), "b": rapid.SampledFrom([]int{-1, 0, 1}).Draw(rt, "b")}
		m := train(t, p, made(300, rapid.Uint64Max(9).Draw(rt, "data"), o))
		row := make([]float64, 5)
		for i := range row {
			row[i] = rapid.Float64Range(-3, 3).Draw(rt, "value")
		}
		for j, name := range []string{"a", "b"} {
			last := math.NaN()
			for v := -3.0; v <= 3; v += .25 {
				row[j] = v
				s := m.Score(row)
				if sign := float64(p.Monotone[name]); sign*(s-last) < -1e-12 {
					rt.Fatalf("%s rises to %v, and the score goes from %v to %v, though %v", name, v, last, s, sign)
				}
				last = s
			}
		}
	})
}

// Weights count as so many rows.
func TestWeightsAreRows(t *testing.T) {
	d := made(200, 3, Logistic) // each value has a bin of its own
	d.Weight = make([]float64, 200)
	var rows []int
	for i := range d.Weight {
		d.Weight[i] = float64(i % 3)
		for range i % 3 {
			rows = append(rows, i)
		}
	}
	p := Params{Trees: 5, MinLeafRows: 1, Leaves: 6, MinLeafHessian: 1}
	plain := d
	plain.Weight = nil
	a, b := predict(t, train(t, p, d), d.X), predict(t, train(t, p, plain.take(rows)), d.X)
	for i := range a {
		if d.Weight[i] > 0 && math.Abs(a[i]-b[i]) > 1e-9 {
			t.Fatalf("row %d: %v weighted, %v repeated", i, a[i], b[i])
		}
	}
}

// Each objective learns: better than its best constant on rows it has not seen, by far.
func TestObjectives(t *testing.T) {
	for _, o := range objectives {
		p := Params{Objective: o, Trees: 100, Alpha: .8, MinLeafRows: 10}.withDefaults(5)
		d, unseen := made(3000, 1, o), made(1000, 2, o)
		m, err := Train(t.Context(), p, d, &unseen)
		if err != nil {
			t.Fatal(err)
		}
		scores, err := m.Scores(unseen.X, 2)
		if err != nil {
			t.Fatal(err)
		}
		constant, learnt := loss(p, &unseen, slices.Repeat([]float64{m.Base}, unseen.X.Rows)), loss(p, &unseen, scores)
		if o == Poisson { // its loss has no zero
			constant, learnt = constant+1, learnt+1
		}
		t.Logf("%s: %.4f, constant %.4f", o, learnt, constant)
		if learnt > .92*constant {
			t.Errorf("%s: %v, and a constant has %v", o, learnt, constant)
		}
		if o == Quantile {
			below := 0
			for i := range scores {
				if unseen.Y[i] <= scores[i] {
					below++
				}
			}
			if below < 740 || below > 860 {
				t.Errorf("%d of 1000 are below the quantile .8", below)
			}
		}
	}
}

func TestEarlyStopping(t *testing.T) {
	d, unseen := made(500, 1, Logistic), made(500, 2, Logistic)
	seen, best, at := 0, math.Inf(1), 0
	p := Params{Trees: 1000, LearningRate: .3, Patience: 10, Progress: func(trees int, _, valid float64) {
		seen = trees
		if valid < best {
			best, at = valid, trees
		}
	}}
	m, err := Train(t.Context(), p, d, &unseen)
	if err != nil || seen == 1000 || len(m.Trees) != at || seen != at+10 {
		t.Fatalf("%d trees of %d, the best were %d: %v", len(m.Trees), seen, at, err)
	}
	scores, _ := m.Scores(unseen.X, 1)
	if got := loss(p.withDefaults(5), &unseen, scores); math.Abs(got-best) > 1e-12 {
		t.Errorf("the model has %v on the rows that stopped it, told was %v", got, best)
	}
	ctx, cancel := context.WithCancel(t.Context())
	p.Progress = func(int, float64, float64) { cancel() }
	if _, err := Train(ctx, p, d, &unseen); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Degenerate input gives a sane model or a clear error.
func TestDegenerate(t *testing.T) {
	x := []float64{1, 2, 3, 4}
	some := []float64{0, 1, 0, 1}
	for name, c := range map[string]struct {
		d    Data
		want float64
	}{
		"one class":                {Data{X: numbers(x), Y: []float64{1, 1, 1, 1}}, 1},
		"one row":                  {Data{X: numbers([]float64{1}), Y: []float64{0}}, 0},
		"a constant column":        {Data{X: numbers([]float64{5, 5, 5, 5}), Y: some}, .5},
		"all missing":              {Data{X: numbers([]float64{nan, nan, nan, nan}), Y: some}, .5},
		"all infinite":             {Data{X: numbers([]float64{math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(1)}), Y: some}, .5},
		"the same twice":           {Data{X: numbers(x, x), Y: []float64{.5, .5, .5, .5}}, .5},
		"huge and tiny":            {Data{X: numbers([]float64{math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, 0}), Y: []float64{.5, .5, .5, .5}}, .5},
		"a category with no level": {Data{X: &frame.Frame{Rows: 4, Columns: []frame.Column{{Name: "a", Kind: frame.Category, Values: []float64{nan, nan, nan, nan}}}}, Y: some}, .5},
	} {
		m, err := Train(t.Context(), Params{Trees: 5, MinLeafRows: 1}, c.d, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, p := range predict(t, m, c.d.X) {
			if !(math.Abs(p-c.want) < 1e-3) {
				t.Errorf("%s: %v", name, p)
			}
		}
	}
	for name, c := range map[string]struct {
		p     Params
		d     Data
		fault string
	}{
		"no rows":            {Params{}, Data{X: numbers([]float64{})}, "no rows"},
		"no table":           {Params{}, Data{}, "no rows"},
		"no columns":         {Params{}, Data{X: &frame.Frame{Rows: 1}, Y: []float64{1}}, "no columns"},
		"too few labels":     {Params{}, Data{X: numbers(x), Y: []float64{1}}, "4 rows, 1 labels"},
		"a label of 2":       {Params{}, Data{X: numbers(x), Y: []float64{0, 1, 2, 0}}, "label 2 is 2"},
		"a label of nothing": {Params{Objective: Squared}, Data{X: numbers(x), Y: []float64{0, nan, 2, 0}}, "label 1 is NaN"},
		"a count below zero": {Params{Objective: Poisson}, Data{X: numbers(x), Y: []float64{0, -1, 2, 0}}, "label 1 is -1"},
		"weights of zero":    {Params{}, Data{X: numbers(x), Y: some, Weight: make([]float64, 4)}, "all weights are 0"},
		"groups":             {Params{Objective: LambdaRank}, Data{X: numbers(x), Y: some, Groups: []int{3}}, "groups have 3 rows"},
		"several at once":    {Params{Trees: -1, Leaves: 1, LearningRate: 2, Alpha: 1}, Data{X: numbers(x), Y: some}, "alpha is 1"},
		"monotone of nobody": {Params{Monotone: map[string]int{"z": 1}}, Data{X: numbers(x), Y: some}, `"z"`},
	} {
		if _, err := Train(t.Context(), c.p, c.d, nil); err == nil || !strings.Contains(err.Error(), c.fault) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Scoring in blocks, one by one, and by walking the trees are one.
func TestOneAndManyScoreAlike(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		o := rapid.SampledFrom(objectives).Draw(rt, "objective")
		m := train(t, drawn(rt, o), made(200, 1, o))
		x := made(rapid.IntRange(1, 200).Draw(rt, "n"), 5, o).X
		x.Columns[3].Levels = append(slices.Clone(x.Columns[3].Levels[1:]), "level 0", "never seen") // other codes, and a new level
		got, err := m.Scores(x, 3)
		if err != nil {
			rt.Fatal(err)
		}
		r, err := m.bind(x)
		if err != nil {
			rt.Fatal(err)
		}
		values := make([]float64, 5)
		for i := range got {
			r.read(i, values)
			sum := m.Base
			for j := range m.Trees {
				sum += m.Trees[j].read(func(c int32) float64 { return values[c] }, m.levels())
			}
			if one := m.Score(values); one != got[i] || sum != one {
				rt.Fatalf("row %d: %v, %v, %v", i, got[i], one, sum)
			}
		}
		if c, ok := x.Columns[3].Level(0); ok && c == "" {
			rt.Fatal("no level")
		}
	})
	m := train(t, Params{Trees: 1}, made(100, 1, Logistic))
	if _, err := m.Predict(numbers([]float64{1}), 1); err == nil || !strings.Contains(err.Error(), `no column "b"`) {
		t.Error(err)
	}
}
