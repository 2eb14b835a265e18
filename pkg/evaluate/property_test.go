package evaluate

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// drawBinary draws rows of both classes with many ties and small whole weights.
func drawBinary(t *rapid.T) Binary {
	n := rapid.IntRange(2, 40).Draw(t, "rows")
	b := Binary{Score: make([]float64, n), Label: make([]float64, n), Weight: make([]float64, n)}
	for i := range n {
		b.Score[i] = float64(rapid.IntRange(0, 12).Draw(t, "score")) / 12
		b.Label[i] = float64(rapid.IntRange(0, 1).Draw(t, "label"))
		b.Weight[i] = float64(rapid.IntRange(0, 3).Draw(t, "weight"))
	}
	b.Label[0], b.Label[1], b.Weight[0], b.Weight[1] = 0, 1, 1, 1
	return b
}

// every is each measure, those with a parameter at two places.
func every() map[string]func(Binary) (float64, error) {
	all := map[string]func(Binary) (float64, error){
		"lift":      func(b Binary) (float64, error) { return b.Lift(0.1) },
		"gain":      func(b Binary) (float64, error) { return b.Gain(0.37) },
		"precision": func(b Binary) (float64, error) { return b.Precision(0.25) },
		"base rate": Binary.BaseRate,
	}
	for name, m := range measures {
		all[name] = m
	}
	return all
}

func same(t *rapid.T, name string, a, b Binary, measure func(Binary) (float64, error)) {
	x, err := measure(a)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	y, err := measure(b)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if math.Abs(x-y) > 1e-9 {
		t.Fatalf("%s: %v and %v", name, x, y)
	}
}

func TestAWeightIsThatManyRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawBinary(t)
		var rows Binary
		for i, w := range b.Weight {
			for range int(w) {
				rows.Score, rows.Label = append(rows.Score, b.Score[i]), append(rows.Label, b.Label[i])
			}
		}
		for name, m := range every() {
			same(t, name, b, rows, m)
		}
	})
}

func TestOrderOfRowsDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawBinary(t)
		other := Binary{Score: append([]float64{}, b.Score...), Label: append([]float64{}, b.Label...), Weight: append([]float64{}, b.Weight...)}
		rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)).Shuffle(len(b.Score), func(i, j int) {
			for _, s := range [][]float64{other.Score, other.Label, other.Weight} {
				s[i], s[j] = s[j], s[i]
			}
		})
		for name, m := range every() {
			same(t, name, b, other, m)
		}
	})
}

func TestRankMeasuresSeeOnlyTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawBinary(t)
		other := b
		other.Score = make([]float64, len(b.Score))
		for i, s := range b.Score {
			other.Score[i] = math.Exp(5*s) - 300
		}
		all := every()
		for _, name := range []string{"auc", "average_precision", "lift", "gain", "precision"} {
			same(t, name, b, other, all[name])
		}
	})
}

// The definition of AUC itself, pair by pair.
func TestAUCIsTheChanceThatAYesStandsAboveANo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawBinary(t)
		wins, pairs := 0.0, 0.0
		for i := range b.Score {
			for j := range b.Score {
				if b.Label[i] == 1 && b.Label[j] == 0 {
					w := b.Weight[i] * b.Weight[j]
					pairs += w
					switch {
					case b.Score[i] > b.Score[j]:
						wins += w
					case b.Score[i] == b.Score[j]:
						wins += w / 2
					}
				}
			}
		}
		if got, err := b.AUC(); err != nil || math.Abs(got-wins/pairs) > 1e-12 {
			t.Fatalf("got %v, %v, want %v", got, err, wins/pairs)
		}
	})
}

func TestTheGainCurveRisesFromNothingToAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawBinary(t)
		curve, err := b.GainCurve(20)
		if err != nil || len(curve) != 21 {
			t.Fatalf("%d points, %v", len(curve), err)
		}
		if curve[0].Gain != 0 || math.Abs(curve[20].Gain-1) > 1e-12 {
			t.Fatalf("from %v to %v", curve[0].Gain, curve[20].Gain)
		}
		for i, p := range curve {
			one, err := b.Gain(p.Share)
			if err != nil || math.Abs(one-p.Gain) > 1e-12 {
				t.Fatalf("Gain(%v) = %v, %v; the curve has %v", p.Share, one, err, p.Gain)
			}
			if i > 0 && p.Gain < curve[i-1].Gain-1e-12 {
				t.Fatalf("the curve falls at %v", p.Share)
			}
		}
	})
}
