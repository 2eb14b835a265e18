package evaluate

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
)

// Interval is a figure with the range that a new sample of the same size would put it in.
type Interval struct {
	Value     float64 // of the rows as they are
	Low, High float64 // percentiles of the resamples
	Level     float64 // of the range: 0.95 means that 19 in 20 lie in it
}

// Excludes says that x lies outside the range.
func (i Interval) Excludes(x float64) bool { return x < i.Low || x > i.High }

// Resample says how an interval is found. The same Resample gives the same interval.
type Resample struct {
	// Times that rows are drawn anew. Zero means 1000; below 100 the ends of the range are guesses, so it is an error.
	Times int
	// Level of the range, above 0 and below 1. Zero means 0.95.
	Level float64
	// Seed of the draws. Zero is a seed like any other.
	Seed uint64
	// Group of each row: the rows of one group are drawn together. Give the customer here when customers have several rows
	// (several snapshot dates): their rows tell the same story, and drawn one by one they make the range too narrow. Nil
	// means that each row stands alone.
	Group []int
}

// maxUndefined is the share of resamples that may have no value (one class, say) before there is no interval.
const maxUndefined = 0.05

// Bootstrap finds the interval of any figure of rows. metric gets how often each row was drawn, to be used as a weight;
// it is called with all ones first. Resamples whose figure has no value are left out; when they are more than one in
// twenty, there is no interval and the error says so. Source: Efron (1979), percentile method.
func Bootstrap(rows int, r Resample, metric func(drawn []float64) (float64, error)) (Interval, error) {
	r, groups, err := r.check(rows)
	if err != nil {
		return Interval{}, fmt.Errorf("bootstrap: %w", err)
	}
	ones := make([]float64, rows)
	for i := range ones {
		ones[i] = 1
	}
	value, err := metric(ones)
	if err != nil {
		return Interval{}, err
	}
	random := rand.New(rand.NewPCG(r.Seed, 0x9e3779b97f4a7c15))
	var values []float64
	var last error
	for range r.Times {
		v, err := metric(draw(random, groups, rows))
		if err != nil {
			last = err
			continue
		}
		values = append(values, v)
	}
	if missing := r.Times - len(values); float64(missing) > maxUndefined*float64(r.Times) {
		return Interval{}, fmt.Errorf("bootstrap: %d of %d resamples have no value, so there are too few rows for an interval: %w", missing, r.Times, last)
	}
	slices.Sort(values)
	tail := (1 - r.Level) / 2
	return Interval{Value: value, Low: quantile(values, tail), High: quantile(values, 1-tail), Level: r.Level}, nil
}

func (r Resample) check(rows int) (Resample, [][]int, error) {
	if r.Times == 0 {
		r.Times = 1000
	}
	if r.Level == 0 {
		r.Level = 0.95
	}
	switch {
	case rows == 0:
		return r, nil, ErrNoRows
	case r.Times < 100:
		return r, nil, fmt.Errorf("%d resamples: want 100 or more", r.Times)
	case !(r.Level > 0 && r.Level < 1):
		return r, nil, fmt.Errorf("level %v: want above 0 and below 1", r.Level)
	case r.Group != nil && len(r.Group) != rows:
		return r, nil, fmt.Errorf("there are %d groups for %d rows: give each row its group", len(r.Group), rows)
	}
	groups := r.groups()
	if len(groups) == 1 {
		return r, nil, errors.New("all rows are one group, so nothing can be drawn")
	}
	return r, groups, nil
}

// groups lists the rows of each group, in the order in which the groups appear. None when each row stands alone.
func (r Resample) groups() [][]int {
	var groups [][]int
	at := map[int]int{}
	for row, g := range r.Group {
		i, ok := at[g]
		if !ok {
			i, at[g] = len(groups), len(groups)
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], row)
	}
	return groups
}

// draw draws with replacement, rows or whole groups, and counts how often each row came.
func draw(random *rand.Rand, groups [][]int, rows int) []float64 {
	drawn := make([]float64, rows)
	if groups == nil {
		for range rows {
			drawn[random.IntN(rows)]++
		}
		return drawn
	}
	for range groups {
		for _, row := range groups[random.IntN(len(groups))] {
			drawn[row]++
		}
	}
	return drawn
}

// quantile of sorted values, linear between them (type 7 of Hyndman and Fan).
func quantile(sorted []float64, q float64) float64 {
	place := q * float64(len(sorted)-1)
	i := min(int(place), len(sorted)-1)
	j := min(i+1, len(sorted)-1)
	return sorted[i] + (place-float64(i))*(sorted[j]-sorted[i])
}

// Interval is the bootstrap interval of a measure, for example b.Interval(Binary.AUC, Resample{}).
func (b Binary) Interval(metric func(Binary) (float64, error), r Resample) (Interval, error) {
	b, err := b.sorted()
	if err != nil {
		return Interval{}, err
	}
	return Bootstrap(len(b.Score), r, func(drawn []float64) (float64, error) { return metric(b.times(drawn)) })
}

// Difference is the interval of metric(b) - metric(other), both judged on the same draws: far narrower than two
// intervals beside each other, because luck with the rows strikes both models alike. Labels and weights of both must be
// the same rows in the same order. The first is better for sure enough when the range lies above 0 (below, for a loss).
func (b Binary) Difference(other Binary, metric func(Binary) (float64, error), r Resample) (Interval, error) {
	if !slices.Equal(b.Label, other.Label) || !slices.Equal(b.Weight, other.Weight) {
		return Interval{}, errors.New("difference of two models: their labels or weights differ, so they were not judged on the same rows")
	}
	b, err := b.sorted()
	if err != nil {
		return Interval{}, err
	}
	if other, err = other.sorted(); err != nil {
		return Interval{}, err
	}
	return Bootstrap(len(b.Score), r, func(drawn []float64) (float64, error) {
		mine, err := metric(b.times(drawn))
		if err != nil {
			return 0, err
		}
		theirs, err := metric(other.times(drawn))
		return mine - theirs, err
	})
}

// Interval is the bootstrap interval of a measure, for example r.Interval(Real.MAE, Resample{}).
func (r Real) Interval(metric func(Real) (float64, error), how Resample) (Interval, error) {
	r, err := r.sorted()
	if err != nil {
		return Interval{}, err
	}
	return Bootstrap(len(r.Predicted), how, func(drawn []float64) (float64, error) { return metric(r.times(drawn)) })
}

// Difference is the interval of metric(r) - metric(other), both judged on the same draws, as Binary.Difference.
func (r Real) Difference(other Real, metric func(Real) (float64, error), how Resample) (Interval, error) {
	if !slices.Equal(r.Actual, other.Actual) || !slices.Equal(r.Weight, other.Weight) {
		return Interval{}, errors.New("difference of two models: their amounts or weights differ, so they were not judged on the same rows")
	}
	r, err := r.sorted()
	if err != nil {
		return Interval{}, err
	}
	if other, err = other.sorted(); err != nil {
		return Interval{}, err
	}
	return Bootstrap(len(r.Actual), how, func(drawn []float64) (float64, error) {
		mine, err := metric(r.times(drawn))
		if err != nil {
			return 0, err
		}
		theirs, err := metric(other.times(drawn))
		return mine - theirs, err
	})
}

// MeanInterval is the bootstrap interval of a mean, for the figures of Each. For two models on the same lists, give
// the differences list by list.
func MeanInterval(values []float64, r Resample) (Interval, error) {
	return Real{Predicted: values, Actual: make([]float64, len(values))}.Interval(Real.Bias, r)
}
