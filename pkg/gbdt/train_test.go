package gbdt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/table"
)

// One, two, three or eight workers make the same file, to the byte.
func TestAnyNumberOfWorkersGivesTheSameModel(t *testing.T) {
	// More than two chunks, so that rows are really shared out.
	d := mixed(3*chunkRows+77, 1)
	valid := mixed(chunkRows+5, 2)
	for _, o := range objectives {
		for name, edit := range map[string]func(*Params){
			"all rows":             func(*Params) {},
			"sampled":              func(p *Params) { p.RowShare, p.ColumnShare, p.SplitShare, p.Seed = .6, .5, .7, 9 },
			"rows are not counted": func(p *Params) { p.MinRows = 1 },
		} {
			t.Run(fmt.Sprintf("%v, %s", o, name), func(t *testing.T) {
				p := small(o)
				p.Rounds, p.EarlyStop = 4, 3
				edit(&p)
				want := mustTrain(t, p, d, Run{Workers: 1, Valid: valid}).Encode()
				for _, w := range []int{2, 3, 8} {
					if got := mustTrain(t, p, d, Run{Workers: w, Valid: valid}).Encode(); !bytes.Equal(got, want) {
						t.Errorf("%d workers make another model than one", w)
					}
				}
			})
		}
	}
}

func TestTheSeedDecidesTheSample(t *testing.T) {
	d, p := mixed(2000, 1), small(Logistic)
	p.RowShare, p.ColumnShare, p.Seed = .5, .5, 1
	first := mustTrain(t, p, d, Run{}).trees
	p.Seed = 2
	if second := mustTrain(t, p, d, Run{}).trees; fmt.Sprint(first) == fmt.Sprint(second) {
		t.Error("two seeds give the same trees")
	}
}

// What training believes of its rows, those in a round's sample and those outside, is what the model says of them.
func TestTrainingKnowsTheScoresOfAllRows(t *testing.T) {
	for _, o := range objectives {
		d, p := mixed(700, 3), small(o)
		p.RowShare, p.ColumnShare = .4, .6
		training, err := newTraining(p, d, Run{Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		if err := training.rounds(t.Context()); err != nil {
			t.Fatal(err)
		}
		scores := make([]float64, d.Rows())
		if err := training.model().Scores(d.Matrix(), scores); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(scores, training.scores) {
			t.Errorf("%v: the model scores its rows otherwise than training did", o)
		}
	}
}

// In half of the table the label depends on whether a value is there: one split tells, missing against all others.
func TestMissingAgainstTheRest(t *testing.T) {
	d := &Dataset{Columns: []table.Column{{Name: "x"}}}
	for r := range 400 {
		x := float64(r % 20)
		if r%2 == 0 {
			x = math.NaN()
		}
		d.Columns[0].Values = append(d.Columns[0].Values, x)
		d.Label = append(d.Label, float64(r%2))
	}
	p := small(Squared)
	p.Rounds, p.Leaves, p.LearningRate, p.L2 = 1, 2, 1, 0
	m := mustTrain(t, p, d, Run{})
	for x, want := range map[float64]float64{0: 1, 19: 1, 1e300: 1, math.Inf(1): 1, math.Inf(-1): 1} {
		if got := m.Predict([]float64{x}); got != want {
			t.Errorf("%v: predicted %v, want %v", x, got, want)
		}
	}
	if got := m.Predict([]float64{math.NaN()}); got != 0 {
		t.Errorf("missing: predicted %v, want 0", got)
	}
}

// A set of categories that no threshold over their codes can tell is found by one split.
func TestASetOfCategoriesIsOneSplit(t *testing.T) {
	d := &Dataset{Columns: []table.Column{{Name: "c", Categories: names(20)}}}
	in := func(c int) bool { return c%3 == 0 }
	for r := range 4000 {
		c := r % 19
		d.Columns[0].Codes = append(d.Columns[0].Codes, int32(c))
		d.Label = append(d.Label, float64(bit(in(c))))
	}
	p := small(Squared)
	p.Rounds, p.Leaves, p.LearningRate, p.L2 = 1, 2, 1, 0
	m := mustTrain(t, p, d, Run{})
	for c := range 19 {
		near(t, fmt.Sprint("category ", c), m.Predict([]float64{float64(c)}), float64(bit(in(c))), 1e-12)
	}
	missing := m.Predict([]float64{math.NaN()})
	for _, unknown := range []float64{19, 20, 1e18, -1, math.Inf(1), math.Inf(-1)} {
		if got := m.Predict([]float64{unknown}); got != missing {
			t.Errorf("a category that was not seen, %v: predicted %v, and %v for missing", unknown, got, missing)
		}
	}
}

// A row of weight three does what three rows do.
func TestAWeightIsSoManyRows(t *testing.T) {
	for _, o := range []Objective{Logistic, Squared, Poisson, Quantile} {
		weighted, repeated := mixed(500, 3), mixed(500, 3)
		repeated.Weight = nil
		for r := range weighted.Weight {
			weighted.Weight[r] = float64(1 + r%3)
		}
		repeated = part(repeated, func(int) bool { return true })
		for _, more := range []int{1, 2} {
			again := part(mixed(500, 3), func(r int) bool { return r%3 >= more })
			repeated.Label = append(repeated.Label, again.Label...)
			for c := range repeated.Columns {
				repeated.Columns[c].Values = append(repeated.Columns[c].Values, again.Columns[c].Values...)
				repeated.Columns[c].Codes = append(repeated.Columns[c].Codes, again.Columns[c].Codes...)
			}
		}
		// Few values, so that both sides have the same bins, and no count of rows.
		for _, d := range []*Dataset{weighted, repeated} {
			for r, v := range d.Columns[1].Values {
				d.Columns[1].Values[r] = math.Round(v)
			}
		}
		p := small(o)
		p.MinRows = 1
		a, b := mustTrain(t, p, weighted, Run{}), mustTrain(t, p, repeated, Run{})
		row := make([]float64, 4)
		for r := range weighted.Rows() {
			weighted.Row(r, row)
			near(t, fmt.Sprintf("%v, row %d", o, r), a.Predict(row), b.Predict(row), 1e-6)
		}
	}
}

// Every leaf keeps the rows and the weight that were asked for, and no tree is larger or deeper.
func TestLeavesKeepTheirLimits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := mixed(600, rapid.Uint64().Draw(t, "seed"))
		p := small(Logistic)
		p.Rounds, p.Leaves = 3, rapid.IntRange(2, 30).Draw(t, "leaves")
		p.MaxDepth, p.MinRows = rapid.IntRange(0, 4).Draw(t, "depth"), rapid.IntRange(0, 60).Draw(t, "rows")
		p.MinWeight = rapid.Float64Range(0, 8).Draw(t, "weight")
		m, err := Train(context.Background(), p, d, Run{})
		if err != nil {
			t.Fatal(err)
		}
		row := make([]float64, 4)
		for i := range m.trees {
			rows := map[*node]int{}
			for r := range d.Rows() {
				d.Row(r, row)
				rows[m.trees[i].leaf(row)]++
			}
			if len(rows) > p.Leaves || p.MaxDepth > 0 && len(rows) > 1<<p.MaxDepth {
				t.Fatalf("%d leaves, depth %d: %+v", len(rows), p.MaxDepth, p)
			}
			for n, count := range rows {
				// A weight is known to the rounding of gradients.
				if len(rows) > 1 && (count < p.MinRows || n.cover < p.MinWeight*(1-1e-5)) {
					t.Fatalf("a leaf has %d rows and weight %v: %+v", count, n.cover, p)
				}
			}
		}
	})
}

// Along a monotone feature, whatever the others are, the prediction never turns; missing apart.
func TestMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := mixed(800, rapid.Uint64().Draw(t, "seed"))
		p := small(rapid.SampledFrom([]Objective{Logistic, Squared, Poisson}).Draw(t, "objective"))
		p.MinRows, p.L1 = rapid.SampledFrom([]int{1, 20}).Draw(t, "rows"), rapid.SampledFrom([]float64{0, .5}).Draw(t, "l1")
		up := rapid.SampledFrom([]int{-1, 1}).Draw(t, "direction")
		p.Monotone = map[string]int{"x": up, "y": -up}
		m, err := Train(context.Background(), p, d, Run{})
		if err != nil {
			t.Fatal(err)
		}
		row := make([]float64, 4)
		for r := range 40 {
			d.Row(r, row)
			for f, direction := range []float64{float64(up), float64(-up)} {
				was, last := row[f], math.Inf(-1)
				for x := -6.0; x <= 6; x += .125 {
					row[f] = x * direction
					if got := m.Score(row); got < last {
						t.Fatalf("row %d, feature %d: the score falls from %v to %v at %v", r, f, last, got, row[f])
					} else {
						last = got
					}
				}
				row[f] = was
			}
		}
	})
}

// Where the label only falls along a feature that must rise there is no split to make, and none is made.
func TestASplitAgainstTheDirectionIsNotMade(t *testing.T) {
	d := &Dataset{Columns: []table.Column{{Name: "x"}}}
	for r := range 200 {
		d.Columns[0].Values = append(d.Columns[0].Values, float64(r))
		d.Label = append(d.Label, float64(-r))
	}
	p := small(Squared)
	for direction, trees := range map[int]int{1: 0, 0: p.Rounds, -1: p.Rounds} {
		p.Monotone = map[string]int{"x": direction}
		if m := mustTrain(t, p, d, Run{}); m.Trees() != trees {
			t.Errorf("direction %d: %d trees, want %d", direction, m.Trees(), trees)
		}
	}
}

// Training stops when the validation rows have been no better for so long, and the best round is what is kept.
func TestEarlyStop(t *testing.T) {
	for _, o := range objectives {
		t.Run(o.String(), func(t *testing.T) {
			p := small(o)
			p.Rounds, p.EarlyStop, p.LearningRate, p.Leaves = 400, 5, .5, 31
			var seen []Round
			m := mustTrain(t, p, mixed(600, 4), Run{Valid: mixed(600, 5), Progress: func(r Round) { seen = append(seen, r) }})
			last := seen[len(seen)-1]
			if len(seen) == p.Rounds || last.Number-last.Best != p.EarlyStop || m.Trees() != last.Best || m.Trained.BestRound != last.Best {
				t.Fatalf("stopped at %+v with %d trees, %+v", last, m.Trees(), m.Trained)
			}
			best := seen[last.Best-1].Valid
			for _, r := range seen {
				if o.better(r.Valid, best) {
					t.Errorf("round %d had %v, better than the kept one's %v", r.Number, r.Valid, best)
				}
			}
			// The metric that was reported is that of the model on the rows themselves.
			v := mixed(600, 5)
			scores := make([]float64, v.Rows())
			if err := m.Scores(v.Matrix(), scores); err != nil {
				t.Fatal(err)
			}
			near(t, "metric", newLoss(p, v).metric(scores, 1), m.Trained.Valid, 1e-12)
		})
	}
}

func TestTheContextEndsTraining(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	why := errors.New("enough")
	rounds := 0
	p := small(Logistic)
	p.Rounds = 1000
	m, err := Train(ctx, p, mixed(500, 1), Run{Progress: func(r Round) {
		if rounds = r.Number; rounds == 3 {
			cancel(why)
		}
	}})
	if m != nil || !errors.Is(err, context.Canceled) || rounds != 3 {
		t.Fatalf("after %d rounds: %v", rounds, err)
	}
}

// With one tree and nothing held back, a leaf predicts the mean of its rows; poisson's predictions sum to the labels; the quantile
// has its share of labels below it.
func TestObjectivesHitWhatTheyPromise(t *testing.T) {
	d := mixed(4000, 6)
	d.Weight = nil
	for r := range d.Label {
		d.Label[r] = float64((r*7919)%13) * (1 + d.Label[r])
	}
	mean := 0.0
	for _, y := range d.Label {
		mean += y / 4000
	}
	for _, o := range []Objective{Squared, Poisson} {
		p := small(o)
		p.Rounds, p.L2 = 60, 0
		m := mustTrain(t, p, d, Run{})
		got := 0.0
		for _, v := range predictions(t, m, d) {
			got += v / 4000
		}
		near(t, o.String(), got, mean, 1e-3)
	}
	for _, level := range []float64{.1, .5, .9} {
		p := small(Quantile)
		p.Quantile, p.MinRows = level, 50
		below := 0.0
		for r, v := range predictions(t, mustTrain(t, p, d, Run{}), d) {
			// Labels are whole numbers: those at the prediction count half.
			below += (float64(bit(d.Label[r] < v)) + float64(bit(d.Label[r] == v))/2) / 4000
		}
		near(t, fmt.Sprint("share below the quantile ", level), below, level, .05)
	}
}

func predictions(t testing.TB, m *Model, d *Dataset) []float64 {
	t.Helper()
	out := make([]float64, d.Rows())
	if err := m.Predictions(d.Matrix(), out); err != nil {
		t.Fatal(err)
	}
	return out
}

// LambdaRank orders groups that it has not seen far better than chance.
func TestLambdaRankRanks(t *testing.T) {
	train, test := mixed(6000, 7), mixed(2000, 8)
	p := small(LambdaRank)
	p.Truncation = 3
	m := mustTrain(t, p, train, Run{})
	scores := make([]float64, test.Rows())
	l := newLoss(p, test)
	before := l.metric(scores, 1)
	if err := m.Scores(test.Matrix(), scores); err != nil {
		t.Fatal(err)
	}
	oracle := slices.Clone(test.Label)
	if after, best := l.metric(scores, 1), l.metric(oracle, 1); after < before+.1 || math.Abs(best-1) > 1e-12 {
		t.Errorf("NDCG %v without the model, %v with it, %v with the truth", before, after, best)
	}
}

func TestWhatAForestIsNot(t *testing.T) {
	d := mixed(50, 1)
	for want, edit := range map[string]func(*Params, *Run){
		"LearningRate: 0.5":    func(p *Params, _ *Run) { p.LearningRate = .5 },
		"SplitShare: 0":        func(p *Params, _ *Run) { p.SplitShare = 0 },
		"a ranking is boosted": func(p *Params, _ *Run) { p.Objective = LambdaRank },
		"no validation rows":   func(_ *Params, r *Run) { r.Valid = d },
	} {
		p, run := DefaultForest(Squared, len(d.Columns)), Run{}
		edit(&p, &run)
		if _, err := Train(t.Context(), p, d, run); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// The forest's row of the field's usual table: AUC .8438 with 300 trees and 5 rows a leaf. It is a mean of trees, so its scores are within the labels.
func TestForest(t *testing.T) {
	d := telco(t, true)
	sum := 0.0
	for k := range 5 {
		p := DefaultForest(Squared, len(d.Columns))
		p.Rounds = 100
		m := mustTrain(t, p, part(d, func(r int) bool { return foldOf(r, 0) != k }), Run{})
		test := part(d, func(r int) bool { return foldOf(r, 0) == k })
		out := make([]float64, test.Rows())
		if err := m.Predictions(test.Matrix(), out); err != nil {
			t.Fatal(err)
		}
		for _, v := range out {
			if v < 0 || v > 1 {
				t.Fatalf("a share of %v", v)
			}
		}
		sum += auc(out, test.Label) / 5
	}
	t.Logf("AUC %.4f", sum)
	if sum < .84 {
		t.Errorf("AUC %.4f", sum)
	}
}
