package evaluate

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// coins are n rows whose scores say something about their labels.
func coins(n int, seed uint64) Binary {
	r := rand.New(rand.NewPCG(seed, 1))
	b := Binary{Score: make([]float64, n), Label: make([]float64, n)}
	for i := range n {
		p := r.Float64()
		b.Score[i] = p
		if r.Float64() < p {
			b.Label[i] = 1
		}
	}
	return b
}

// The mean of n numbers has a known standard error, so the range has a known width.
func TestTheRangeIsAsWideAsTheoryHasIt(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	values := make([]float64, 400)
	for i := range values {
		values[i] = 10 + 2*r.NormFloat64()
	}
	got, err := MeanInterval(values, Resample{Times: 4000, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	want := 1.96 * 2 / math.Sqrt(400)
	if half := (got.High - got.Low) / 2; math.Abs(half/want-1) > 0.1 {
		t.Errorf("half the range is %.4f, theory says %.4f", half, want)
	}
	if got.Excludes(got.Value) || !got.Excludes(11) || got.Level != 0.95 {
		t.Errorf("%+v", got)
	}
}

// Over many samples of one truth, about nineteen ranges in twenty hold it.
func TestTheRangeHoldsTheTruthAsOftenAsItSays(t *testing.T) {
	held := 0
	for seed := range uint64(100) {
		got, err := coins(200, seed).Interval(Binary.Brier, Resample{Times: 300, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		if !got.Excludes(1.0 / 6) { // the mean of p(1-p) over p in 0..1
			held++
		}
	}
	if held < 88 || held > 100 {
		t.Errorf("%d of 100 ranges of level 0.95 hold the truth", held)
	}
}

func TestEqualSeedsGiveEqualRanges(t *testing.T) {
	b := coins(200, 1)
	first, err := b.Interval(Binary.AUC, Resample{Seed: 9})
	if err != nil {
		t.Fatal(err)
	}
	again, _ := b.Interval(Binary.AUC, Resample{Seed: 9})
	other, _ := b.Interval(Binary.AUC, Resample{Seed: 10})
	if first != again || first == other {
		t.Errorf("%+v, again %+v, another seed %+v", first, again, other)
	}
}

// A slightly blurred copy of a model is worse by little. Two ranges beside each other overlap; the paired one is sure.
func TestADifferenceIsSurerThanTwoRanges(t *testing.T) {
	good := coins(2000, 3)
	r := rand.New(rand.NewPCG(4, 4))
	worse := Binary{Label: good.Label}
	for _, s := range good.Score {
		worse.Score = append(worse.Score, s+0.25*r.NormFloat64())
	}
	how := Resample{Times: 300}
	a, err := good.Interval(Binary.AUC, how)
	if err != nil {
		t.Fatal(err)
	}
	b, err := worse.Interval(Binary.AUC, how)
	if err != nil {
		t.Fatal(err)
	}
	d, err := good.Difference(worse, Binary.AUC, how)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(d.Value-(a.Value-b.Value)) > 1e-12 || !(d.Low > 0) {
		t.Errorf("%+v is not surely above 0", d)
	}
	if d.High-d.Low >= a.High-a.Low {
		t.Errorf("the paired range %+v is not narrower than %+v", d, a)
	}
}

// Ten copies of each row under one group are no more knowledge than the rows alone.
func TestRowsOfOneGroupAreDrawnTogether(t *testing.T) {
	b := coins(150, 6)
	var many Binary
	var group []int
	for i := range b.Score {
		for range 10 {
			many.Score, many.Label, group = append(many.Score, b.Score[i]), append(many.Label, b.Label[i]), append(group, 1000-i)
		}
	}
	width := func(b Binary, r Resample) float64 {
		t.Helper()
		got, err := b.Interval(Binary.AUC, r)
		if err != nil {
			t.Fatal(err)
		}
		return got.High - got.Low
	}
	rows, grouped, wrong := width(b, Resample{}), width(many, Resample{Group: group}), width(many, Resample{})
	if math.Abs(grouped/rows-1) > 0.15 {
		t.Errorf("drawn by group the range is %.4f wide, the rows alone give %.4f", grouped, rows)
	}
	if wrong > rows/2 {
		t.Errorf("drawn one by one the range is %.4f wide: it should be about %.4f, which is the trap", wrong, rows/math.Sqrt(10))
	}
}

func TestNoRangeIsBetterThanAMadeUpOne(t *testing.T) {
	cases := map[string]struct {
		rows Binary
		how  Resample
		want string
	}{
		"one class":                      {Binary{Score: []float64{.1, .2}, Label: []float64{1, 1}}, Resample{}, "same label"},
		"one yes, which is often missed": {Binary{Score: []float64{.1, .2, .3}, Label: []float64{1, 0, 0}}, Resample{}, "too few rows for an interval"},
		"nothing":                        {Binary{}, Resample{}, "there are no rows"},
		"few resamples":                  {coins(50, 1), Resample{Times: 10}, "10 resamples: want 100 or more"},
		"a level that is none":           {coins(50, 1), Resample{Level: 95}, "level 95: want above 0 and below 1"},
		"one group":                      {coins(3, 1), Resample{Group: []int{1, 1, 1}}, "all rows are one group"},
		"fewer groups than rows":         {coins(3, 1), Resample{Group: []int{1, 2}}, "2 groups for 3 rows"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got, err := c.rows.Interval(Binary.AUC, c.how); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %+v, %v; want an error with %q", got, err, c.want)
			}
		})
	}
	if _, err := (Binary{Score: []float64{.1, .2}, Label: []float64{1, 1}}).Interval(Binary.AUC, Resample{}); !errors.Is(err, ErrOneClass) {
		t.Errorf("%v is not ErrOneClass", err)
	}
}

func TestModelsJudgedOnOtherRowsCannotBeCompared(t *testing.T) {
	_, err := coins(50, 1).Difference(coins(50, 2), Binary.AUC, Resample{})
	if err == nil || !strings.Contains(err.Error(), "not judged on the same rows") {
		t.Errorf("%v", err)
	}
}

func TestAmountsHaveRanges(t *testing.T) {
	r := Real{Predicted: []float64{1, 2, 3, 4}, Actual: []float64{2, 2, 3, 6}}
	got, err := r.Interval(Real.MAE, Resample{})
	if err != nil || got.Value != 0.75 || !(got.Low < 0.75 && got.High > 0.75) {
		t.Errorf("%+v, %v", got, err)
	}
}
