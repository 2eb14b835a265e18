package evaluate

import (
	"math"
	"strings"
	"testing"
)

func TestListMeasuresByHand(t *testing.T) {
	l := List[string]{Ranked: []string{"tea", "cup", "pot", "jam"}, Relevant: []string{"pot", "cup", "hat"}}
	cases := map[string]struct {
		k       int
		measure func(List[string], int) float64
		want    float64
	}{
		"two of three were found":          {4, List[string].Recall, 2.0 / 3},
		"one of three among the first two": {2, List[string].Recall, 1.0 / 3},
		"k beyond the list finds no more":  {99, List[string].Recall, 2.0 / 3},
		"one of the two that fit":          {2, List[string].CappedRecall, 0.5},
		"two of three, which all fit":      {4, List[string].CappedRecall, 2.0 / 3},
		"half of the four places":          {4, List[string].Precision, 0.5},
		"places that are empty are misses": {8, List[string].Precision, 0.25},
		"something was found":              {2, List[string].HitRate, 1},
		"the first place is a miss":        {1, List[string].HitRate, 0},
		"the first hit stands second":      {4, List[string].MRR, 0.5},
		"no hit, no rank":                  {1, List[string].MRR, 0},
		"NDCG: places two and three of an ideal one, two, three": {4, List[string].NDCG,
			(1/math.Log2(3) + 1/math.Log2(4)) / (1 + 1/math.Log2(3) + 1/math.Log2(4))},
		"NDCG at 2: the ideal has two places": {2, List[string].NDCG, (1 / math.Log2(3)) / (1 + 1/math.Log2(3))},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := Each([]List[string]{l}, c.k, c.measure)
			if err != nil {
				t.Fatal(err)
			}
			near(t, "measure", got[0], nil, c.want, 1e-12)
		})
	}
}

func TestListsThatCannotBeJudged(t *testing.T) {
	cases := map[string]struct {
		list List[int]
		k    int
		want string
	}{
		"nothing is relevant":     {List[int]{Ranked: []int{1}}, 1, "list 0: nothing is relevant"},
		"an item ranked twice":    {List[int]{Ranked: []int{1, 1}, Relevant: []int{1}}, 2, "item 1 is there twice"},
		"an item relevant twice":  {List[int]{Ranked: []int{1}, Relevant: []int{2, 2}}, 2, "item 2 is there twice"},
		"the first none":          {List[int]{Ranked: []int{1}, Relevant: []int{1}}, 0, "the first 0 of each list: want 1 or more"},
		"the first less than one": {List[int]{Ranked: []int{1}, Relevant: []int{1}}, -1, "want 1 or more"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if _, err := Each([]List[int]{c.list}, c.k, List[int].Recall); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v; want an error with %q", err, c.want)
			}
		})
	}
}

func TestCoverageCountsWhatAnybodyWasShown(t *testing.T) {
	lists := []List[int]{{Ranked: []int{1, 2, 3}}, {Ranked: []int{2, 1, 4}}}
	got, err := Coverage(lists, 2, 10)
	near(t, "coverage", got, err, 0.2, 1e-12)
	got, err = Coverage(lists, 3, 10)
	near(t, "coverage", got, err, 0.4, 1e-12)
	if _, err := Coverage(lists, 3, 3); err == nil || !strings.Contains(err.Error(), "a catalogue of 3 items cannot hold the 4") {
		t.Errorf("%v", err)
	}
	if _, err := Coverage[int](nil, 3, 0); err == nil {
		t.Error("an empty catalogue has a coverage")
	}
	if _, err := Coverage(lists, 0, 3); err == nil {
		t.Error("the first 0 have a coverage")
	}
}

func TestMeans(t *testing.T) {
	got, err := Mean([]float64{1, 0, 0.5})
	near(t, "mean", got, err, 0.5, 1e-12)
	if _, err := Mean(nil); err == nil {
		t.Error("nothing has a mean")
	}
}

func TestAmountsThatCannotBeJudged(t *testing.T) {
	one := []float64{1}
	cases := map[string]struct {
		rows    Real
		measure func(Real) (float64, error)
		want    string
	}{
		"nothing":              {Real{}, Real.RMSE, "RMSE: there are no rows"},
		"a NaN":                {Real{Predicted: []float64{math.NaN()}, Actual: one}, Real.MAE, "row 0 has predicted NaN"},
		"an infinity":          {Real{Predicted: one, Actual: []float64{math.Inf(1)}}, Real.MAE, "actual +Inf"},
		"one side is longer":   {Real{Predicted: one}, Real.Bias, "1 predicted and 0 actual"},
		"a constant side":      {Real{Predicted: []float64{1, 1}, Actual: []float64{1, 2}}, Real.Correlation, "all predicted or all actual"},
		"a weight that is NaN": {Real{Predicted: one, Actual: one, Weight: []float64{math.NaN()}}, Real.MAE, "weight NaN"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got, err := c.measure(c.rows); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, %v; want an error with %q", got, err, c.want)
			}
		})
	}
}
