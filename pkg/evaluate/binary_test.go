package evaluate

import (
	"errors"
	"math"
	"strings"
	"testing"
)

func TestExamplesOfTheDocumentation(t *testing.T) {
	b := Binary{Score: []float64{.1, .4, .35, .8}, Label: []float64{0, 0, 1, 1}}
	got, err := b.AUC()
	near(t, "AUC", got, err, 0.75, 1e-12)
	got, err = b.AveragePrecision()
	near(t, "average precision", got, err, 5.0/6, 1e-12)
	got, err = b.Lift(0.5) // the upper half holds one of the two yeses: as many as by chance
	near(t, "lift", got, err, 1, 1e-12)
	got, err = Binary{Score: []float64{.5, .5}, Label: []float64{0, 1}}.LogLoss()
	near(t, "log-loss of a coin", got, err, math.Ln2, 1e-12)
}

func TestWhatHasNoValueIsAnError(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	cases := map[string]struct {
		rows    Binary
		measure func(Binary) (float64, error)
		want    string
		is      error
	}{
		"AUC of nothing":                    {Binary{}, Binary.AUC, "AUC: there are no rows", ErrNoRows},
		"AUC of one class":                  {Binary{Score: []float64{1, 2}, Label: []float64{1, 1}}, Binary.AUC, "AUC: all rows have the same label", ErrOneClass},
		"average precision without a yes":   {Binary{Score: []float64{1, 2}, Label: []float64{0, 0}}, Binary.AveragePrecision, "same label", ErrOneClass},
		"lift of one class":                 {Binary{Score: []float64{1, 2}, Label: []float64{0, 0}}, every()["lift"], "same label", ErrOneClass},
		"the other class has no weight":     {Binary{Score: []float64{1, 2}, Label: []float64{0, 1}, Weight: []float64{0, 1}}, Binary.AUC, "same label", ErrOneClass},
		"log-loss without weight":           {Binary{Score: []float64{0}, Label: []float64{0}, Weight: []float64{0}}, Binary.LogLoss, "no rows", ErrNoRows},
		"ECE of nothing":                    {Binary{}, every()["ece"], "no rows", ErrNoRows},
		"base rate of nothing":              {Binary{}, Binary.BaseRate, "no rows", ErrNoRows},
		"a NaN among the scores":            {Binary{Score: []float64{1, nan}, Label: []float64{0, 1}}, Binary.AUC, "row 1 has score NaN", nil},
		"an infinite score":                 {Binary{Score: []float64{inf, 0}, Label: []float64{0, 1}}, Binary.AUC, "row 0 has score +Inf", nil},
		"a label that is no label":          {Binary{Score: []float64{1, 0}, Label: []float64{0, 2}}, Binary.Brier, "row 1 has label 2: want 0 or 1", nil},
		"a NaN as label":                    {Binary{Score: []float64{1, 0}, Label: []float64{0, nan}}, Binary.Brier, "row 1 has label NaN", nil},
		"a negative weight":                 {Binary{Score: []float64{1, 0}, Label: []float64{0, 1}, Weight: []float64{1, -1}}, Binary.AUC, "row 1 has weight -1", nil},
		"fewer labels than scores":          {Binary{Score: []float64{1, 0}, Label: []float64{0}}, Binary.AUC, "2 scores and 1 labels", nil},
		"fewer weights than rows":           {Binary{Score: []float64{1, 0}, Label: []float64{0, 1}, Weight: []float64{1}}, Binary.AUC, "1 weights for 2 rows", nil},
		"margins instead of probabilities":  {Binary{Score: []float64{3, -2}, Label: []float64{0, 1}}, Binary.LogLoss, "row 0 has score 3: this measure needs probabilities", nil},
		"a margin below 0":                  {Binary{Score: []float64{1, -2}, Label: []float64{0, 1}}, Binary.Brier, "row 1 has score -2", nil},
		"no bins":                           {Binary{}, func(b Binary) (float64, error) { return b.ECE(0) }, "0 bins: want 1 or more", nil},
		"the lift of nobody":                {Binary{}, func(b Binary) (float64, error) { return b.Lift(0) }, "share 0", nil},
		"the gain of more than all":         {Binary{}, func(b Binary) (float64, error) { return b.Gain(1.5) }, "share 1.5: want 0 to 1", nil},
		"the gain of a share that is a NaN": {Binary{}, func(b Binary) (float64, error) { return b.Gain(nan) }, "share NaN", nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := c.measure(c.rows)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, %v; want an error with %q", got, err, c.want)
			}
			if c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("%v is not %v", err, c.is)
			}
		})
	}
}

func TestProbabilitiesOfOneClassCanBeJudged(t *testing.T) {
	b := Binary{Score: []float64{.25, .25}, Label: []float64{0, 0}}
	got, err := b.Brier()
	near(t, "Brier", got, err, 1.0/16, 1e-12)
	got, err = b.ECE(10)
	near(t, "ECE", got, err, 0.25, 1e-12)
}

func TestASureAndWrongPredictionCostsMuchAndNotInfinitely(t *testing.T) {
	got, err := Binary{Score: []float64{0}, Label: []float64{1}}.LogLoss()
	near(t, "log-loss", got, err, 36.04365338911715, 1e-9)
}

// A constant predictor: all rows are one bin, and acting on any share of them is acting at random.
func TestAConstantModelIsACoin(t *testing.T) {
	b := Binary{Score: []float64{.3, .3, .3, .3}, Label: []float64{1, 0, 0, 0}}
	got, err := b.AUC()
	near(t, "AUC", got, err, 0.5, 1e-12)
	got, err = b.Lift(0.1)
	near(t, "lift", got, err, 1, 1e-12)
	table, err := b.Reliability(10)
	if err != nil || len(table) != 1 || table[0].Weight != 4 {
		t.Errorf("got %v, %v; want one bin of 4 rows", table, err)
	}
}

func TestBinsOfDistinctScoresAreOfEqualSize(t *testing.T) {
	var b Binary
	for i := range 1000 {
		b.Score, b.Label = append(b.Score, float64(i)/1000), append(b.Label, float64(i%2))
	}
	table, err := b.Reliability(10)
	if err != nil || len(table) != 10 {
		t.Fatalf("%d bins, %v", len(table), err)
	}
	for i, bin := range table {
		if bin.Weight != 100 || bin.Low != float64(i*100)/1000 || bin.High != float64(i*100+99)/1000 {
			t.Errorf("bin %d: %+v", i, bin)
		}
	}
}
