package model

import (
	"cmp"
	"errors"
	"math"
	"slices"
)

// Tally counts live values into the bins of a profile. For one goroutine: each has its own, and they are merged.
//
// Count every customer once, as training does: in the nightly sweep, not at every event, or the tally is of the busiest customers, and drifts from the first
// day on.
type Tally struct {
	profile *Profile
	columns [][]int64
	scores  []int64
}

// ErrOtherBins says that two tallies were not counted into the same bins.
var ErrOtherBins = errors.New("the tallies are of different profiles")

// Tally is an empty one. The profile must not change any more.
func (p *Profile) Tally() *Tally {
	t := &Tally{profile: p, columns: make([][]int64, len(p.Columns)), scores: make([]int64, p.Scores.size())}
	for i := range p.Columns {
		t.columns[i] = make([]int64, p.Columns[i].size())
	}
	return t
}

// Number counts a value of the column at this place of Profile.Columns, one of numbers.
func (t *Tally) Number(column int, x float64) {
	t.columns[column][t.profile.Columns[column].number(x)]++
}

// Text counts a value of the column at this place of Profile.Columns, a category.
func (t *Tally) Text(column int, s string) { t.columns[column][t.profile.Columns[column].text(s)]++ }

// Score counts a score.
func (t *Tally) Score(x float64) { t.scores[t.profile.Scores.number(x)]++ }

// Merge adds what another tally of the same profile has counted.
func (t *Tally) Merge(other *Tally) error {
	if t.profile != other.profile {
		return ErrOtherBins
	}
	for i, counts := range other.columns {
		add(t.columns[i], counts)
	}
	add(t.scores, other.scores)
	return nil
}

func add(to, counts []int64) {
	for i, n := range counts {
		to[i] += n
	}
}

// Drift is how far live values of a column are from those of training.
type Drift struct {
	// Name is the column's; empty for the scores.
	Name string
	// PSI is the index, NaN where nothing was counted. Chance is what it may be by chance alone: see the function of that name.
	PSI, Chance float64
	// Rows are the live values.
	Rows int64
}

// Acts says that there is drift to act on: above the conventional limit, and more than chance.
func (d Drift) Acts() bool { return d.PSI >= DriftActs && d.PSI > d.Chance }

// Drift compares what was counted with training: the scores first, then the columns, those that drift most first.
func (t *Tally) Drift() []Drift {
	out := []Drift{t.profile.Scores.drift(t.scores)}
	for i := range t.columns {
		out = append(out, t.profile.Columns[i].drift(t.columns[i]))
	}
	slices.SortStableFunc(out[1:], func(a, b Drift) int {
		return cmp.Or(-cmp.Compare(a.PSI, b.PSI), cmp.Compare(a.Name, b.Name)) // a NaN is below every number
	})
	return out
}

// drift compares live counts with those of training.
func (b *Bins) drift(live []int64) Drift {
	was, is := make([]float64, len(live)), make([]float64, len(live))
	used := 0
	var before, rows int64
	for i := range live {
		was[i], is[i] = float64(b.Counts[i]), float64(live[i])
		before, rows = before+b.Counts[i], rows+live[i]
		if b.Counts[i]+live[i] > 0 {
			used++
		}
	}
	return Drift{Name: b.Name, PSI: PSI(was, is), Chance: Chance(used, before, rows), Rows: rows}
}

// Worst is the index of the column, or of the scores, that drifts most, of those that Acts may judge: 0 where none is more than chance.
func Worst(all []Drift) float64 {
	worst := 0.0
	for _, d := range all {
		if !math.IsNaN(d.PSI) && d.PSI > d.Chance {
			worst = max(worst, d.PSI)
		}
	}
	return worst
}
