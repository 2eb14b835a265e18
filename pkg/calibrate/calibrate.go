// Package calibrate makes probabilities of scores, on rows that the model has not learnt from.
//
// Platt fits a line on the logit, with Platt's targets that keep it from certainty (Platt 1999); it needs few rows. Isotonic fits the rising step function
// with the least squared error (pool adjacent violators), read by straight lines between its steps; it needs about a thousand. Choose compares them, and
// leaving scores as they are, by log-loss on rows held out (TestChoose). What comes out is between 0 and 1, and rises with the score (TestRises).
package calibrate

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/freshet/freshet/pkg/evaluate"
)

// Kind is how scores are mapped.
type Kind string

// The kinds.
const (
	None     Kind = "none"
	Platt    Kind = "platt"
	Isotonic Kind = "isotonic"
)

// Map makes probabilities of probabilities. The zero Map leaves them as they are.
type Map struct {
	Kind Kind `json:"kind"`
	// Slope and Offset are Platt's, of the logit.
	Slope  float64 `json:"slope,omitempty"`
	Offset float64 `json:"offset,omitempty"`
	// From and To are the corners of Isotonic, both rising.
	From []float64 `json:"from,omitempty"`
	To   []float64 `json:"to,omitempty"`
}

// Apply maps one probability.
func (m *Map) Apply(p float64) float64 {
	switch m.Kind {
	case Platt:
		return 1 / (1 + math.Exp(-(m.Slope*logit(p) + m.Offset)))
	case Isotonic:
		return m.between(p)
	default:
		return p
	}
}

// All maps a list, into a new one.
func (m *Map) All(p []float64) []float64 {
	out := make([]float64, len(p))
	for i := range p {
		out[i] = m.Apply(p[i])
	}
	return out
}

func (m *Map) between(p float64) float64 {
	i, found := slices.BinarySearch(m.From, p)
	switch {
	case found:
		return m.To[i]
	case i == 0:
		return m.To[0]
	case i == len(m.From):
		return m.To[i-1]
	}
	share := (p - m.From[i-1]) / (m.From[i] - m.From[i-1])
	return m.To[i-1] + share*(m.To[i]-m.To[i-1])
}

func logit(p float64) float64 {
	p = min(max(p, 1e-12), 1-1e-12)
	return math.Log(p) - math.Log1p(-p)
}

// Fit fits a map to labels of 0 and 1, and the probabilities that a model gave for them.
func Fit(k Kind, y, p []float64) (Map, error) {
	if _, err := evaluate.Brier(y, p, nil); err != nil {
		return Map{}, fmt.Errorf("calibrate: %w", err)
	}
	switch k {
	case None:
		return Map{Kind: None}, nil
	case Platt:
		return fitPlatt(y, p)
	case Isotonic:
		return fitIsotonic(y, p), nil
	}
	return Map{}, fmt.Errorf("calibrate: there is no kind %q", k)
}

// fitPlatt minimises the log-loss by Newton's method with halved steps (Lin, Lin, Weng 2007).
func fitPlatt(y, p []float64) (Map, error) {
	positive := 0.0
	for _, v := range y {
		positive += v
	}
	negative := float64(len(y)) - positive
	if positive == 0 || negative == 0 {
		return Map{}, evaluate.ErrOneClass
	}
	high, low := (positive+1)/(positive+2), 1/(negative+2)
	x := make([]float64, len(p))
	for i := range p {
		x[i] = logit(p[i])
	}
	loss := func(a, b float64) float64 {
		sum := 0.0
		for i, v := range x {
			t := low
			if y[i] == 1 {
				t = high
			}
			s := a*v + b
			sum += max(s, 0) - t*s + math.Log1p(math.Exp(-math.Abs(s)))
		}
		return sum
	}
	a, b := 1.0, 0.0
	for range 100 {
		var ga, gb, haa, hab, hbb float64
		for i, v := range x {
			t := low
			if y[i] == 1 {
				t = high
			}
			q := 1 / (1 + math.Exp(-(a*v + b)))
			d, h := q-t, q*(1-q)
			ga, gb = ga+d*v, gb+d
			haa, hab, hbb = haa+h*v*v, hab+h*v, hbb+h
		}
		if math.Abs(ga) < 1e-9*float64(len(y)) && math.Abs(gb) < 1e-9*float64(len(y)) {
			break
		}
		haa, hbb = haa+1e-12, hbb+1e-12
		det := haa*hbb - hab*hab
		if det <= 0 {
			break
		}
		da, db := (hbb*ga-hab*gb)/det, (haa*gb-hab*ga)/det
		was, step := loss(a, b), 1.0
		for step > 1e-10 && loss(a-step*da, b-step*db) > was {
			step /= 2
		}
		a, b = a-step*da, b-step*db
	}
	if !(a > 0) {
		return Map{}, errors.New("calibrate: the scores fall where they should rise")
	}
	return Map{Kind: Platt, Slope: a, Offset: b}, nil
}

// pool is neighbouring rows that have one value.
type pool struct{ low, high, sum, rows float64 }

func fitIsotonic(y, p []float64) Map {
	rows := make([]int, len(y))
	for i := range rows {
		rows[i] = i
	}
	slices.SortStableFunc(rows, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	var pools []pool
	for _, r := range rows {
		if n := len(pools); n > 0 && pools[n-1].high == p[r] && pools[n-1].low == p[r] { // equal scores have one value
			pools[n-1].sum += y[r]
			pools[n-1].rows++
		} else {
			pools = append(pools, pool{p[r], p[r], y[r], 1})
		}
	}
	var merged []pool
	for _, next := range pools {
		for len(merged) > 0 {
			last := merged[len(merged)-1]
			if last.sum*next.rows < next.sum*last.rows {
				break
			}
			next = pool{last.low, next.high, last.sum + next.sum, last.rows + next.rows}
			merged = merged[:len(merged)-1]
		}
		merged = append(merged, next)
	}
	m := Map{Kind: Isotonic}
	for _, b := range merged {
		m.From, m.To = append(m.From, b.low), append(m.To, b.sum/b.rows)
		if b.high > b.low {
			m.From, m.To = append(m.From, b.high), append(m.To, b.sum/b.rows)
		}
	}
	return m
}

// isotonicFrom is from how many rows on Isotonic is tried: scikit-learn's documentation advises against it below.
const isotonicFrom = 1000

// Choose fits the kind with the least log-loss on rows held out (five folds, seeded), and nothing unless it betters leaving the scores as they are by more
// than noise: a thousandth of a nat.
func Choose(y, p []float64, seed uint64) (Map, error) {
	folds, err := evaluate.Folds(y, min(5, len(y)), seed)
	if err != nil {
		return Map{}, fmt.Errorf("calibrate: %w", err)
	}
	kinds := []Kind{Platt}
	if len(y) >= isotonicFrom {
		kinds = append(kinds, Isotonic)
	}
	none, err := evaluate.LogLoss(y, p, nil)
	if err != nil {
		return Map{}, fmt.Errorf("calibrate: %w", err)
	}
	best, least := None, none-1e-3
	for _, k := range kinds {
		if loss, ok := heldOut(k, y, p, folds); ok && loss < least {
			best, least = k, loss
		}
	}
	return Fit(best, y, p)
}

func heldOut(k Kind, y, p []float64, folds []evaluate.Split) (float64, bool) {
	sum := 0.0
	for _, f := range folds {
		m, err := Fit(k, pick(y, f.Train), pick(p, f.Train))
		if err != nil {
			return 0, false
		}
		loss, err := evaluate.LogLoss(pick(y, f.Test), m.All(pick(p, f.Test)), nil)
		if err != nil {
			return 0, false
		}
		sum += loss * float64(len(f.Test))
	}
	return sum / float64(len(y)), true
}

func pick(list []float64, rows []int) []float64 {
	out := make([]float64, len(rows))
	for i, r := range rows {
		out[i] = list[r]
	}
	return out
}
