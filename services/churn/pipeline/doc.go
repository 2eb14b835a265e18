// Package pipeline trains a model of a label of two values, or of an amount, and says what it is worth on rows it has not seen.
//
// What is promised:
//
//   - No row that is judged was learnt from, chosen by, or calibrated on (TestNothingLearnsFromWhatIsJudged, TestNoAmountIsLearntFromThatIsJudged). With times
//     the newest rows are judged, and within training each step is judged on what comes behind it: no row learns from a later one, nor from a label that was
//     not known yet (Gap, TestLabelsThatWereNotKnownYet). Without times it is folds, repeated; rows of one customer stay together (Groups,
//     TestCustomersAreNotRecognised), and intervals draw customers (TestIntervalsDrawCustomers).
//   - Labels that have nothing to do with the columns give an AUC of one half, whatever the number of columns and candidates (TestNoiseIsNoise), and amounts no
//     order (TestNoiseOfAmountsIsNoise).
//   - Amounts come to the right total (TestAmounts, TestAmountsComeToTheRightTotal).
//   - The same table, options and seed give the same report, for any number of workers (TestRepeatable, TestAmountsAreRepeatable).
//   - Baselines are told and never chosen (TestBaselines).
//   - A file that was read predicts what the model did, to the bit (TestFiles); what is damaged, foreign or unsound is refused (TestADamagedFileIsRefused,
//     TestAnUnsoundModelIsRefused, FuzzDecode). The hash tells damage, not malice.
//   - A row of cells is scored as the same row of a frame, to the bit (TestScoringIsPredicting), without an allocation (TestScoringAllocatesNothing); what its
//     columns add sums to what the model says (TestContributionsAddUp).
//   - One model is called better than another no oftener than 1 in 40 when it is not (TestLuckIsNotBetter).
//
// How: candidates (families with their settings) are compared by their loss on the inner splits of the training rows. The best is calibrated on the
// predictions it made there, of rows it had not seen, and is fitted again on all training rows. Rows of the test are never weighted, drawn or left out.
package pipeline

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/freshet/freshet/pkg/evaluate"
	"github.com/freshet/freshet/pkg/frame"
)

// Table is what is learnt from.
type Table struct {
	X *frame.Frame
	// Kind says what the labels are.
	Kind Kind
	// Y are labels of 0 and 1, or amounts.
	Y []float64
	// Times are when the rows were; nil when it is not known.
	Times []time.Time
	// Groups say which rows are of one customer, by any number of hers; nil when each row stands alone.
	Groups []int
}

// Take is some rows, in the order given.
func (t *Table) Take(rows []int) *Table {
	out := &Table{X: t.X.Take(rows), Kind: t.Kind, Y: make([]float64, len(rows))}
	for i, r := range rows {
		out.Y[i] = t.Y[r]
	}
	if t.Groups != nil {
		out.Groups = make([]int, len(rows))
		for i, r := range rows {
			out.Groups[i] = t.Groups[r]
		}
	}
	if t.Times != nil {
		out.Times = make([]time.Time, len(rows))
		for i, r := range rows {
			out.Times[i] = t.Times[r]
		}
	}
	return out
}

// Options are how a table is judged. Default has the usual ones.
type Options struct {
	// Folds and Repeats are of the outer judgement of a table without times.
	Folds, Repeats int
	// TestShare is how much of a table with times is judged: the newest rows.
	TestShare float64
	// Gap is how long after its time a row's label is known. What was not known yet when the first row of a test was made is not learnt from.
	Gap time.Duration
	// Inner is on how many splits candidates are compared.
	Inner int
	// Draws is how many draws an interval is made of, at a confidence of 95 %.
	Draws   int
	Seed    uint64
	Workers int
	// Baselines, where their columns are named, are judged beside the candidates.
	Baselines Baselines
	// Progress, when set, is told what is done, and how much of it.
	Progress func(what string, done, of int)
}

// Default are the usual options.
func Default() Options {
	return Options{Folds: 5, Repeats: 3, TestShare: .2, Inner: 4, Draws: 400, Seed: 1, Workers: 2}
}

func (o Options) tell(what string, done, of int) {
	if o.Progress != nil {
		o.Progress(what, done, of)
	}
}

// least is how many rows of each label there must be: fewer say nothing about a split.
const least = 30

// check says what cannot be judged, and what is missing.
func (t *Table) check(o Options) error {
	var faults []error
	if o.Folds < 2 || o.Repeats < 1 || o.Inner < 2 || o.Draws < 100 || !(o.TestShare > 0 && o.TestShare < 1) {
		faults = append(faults, errors.New("folds and inner splits: 2 or more; repeats: 1 or more; draws: 100 or more; share of the test: within 0 and 1"))
	}
	if t.Groups != nil && len(t.Groups) != len(t.Y) {
		faults = append(faults, fmt.Errorf("there are %d groups for %d rows: give each row its customer", len(t.Groups), len(t.Y)))
	}
	if err := t.checkLabels(); err != nil {
		faults = append(faults, err)
	}
	if len(t.X.Columns) == 0 {
		faults = append(faults, errors.New("no column is left to learn from"))
	}
	return errors.Join(faults...)
}

func (t *Table) checkLabels() error {
	ones := 0
	for i, y := range t.Y {
		switch {
		case t.Kind == Real && !finite(y):
			return fmt.Errorf("label %d is %v, no amount", i, y)
		case t.Kind == Binary && y != 0 && y != 1:
			return fmt.Errorf("label %d is %v, not 0 or 1", i, y)
		case y != 0:
			ones++
		}
	}
	switch n := min(ones, len(t.Y)-ones); {
	case t.Kind == Real && (ones < least || slices.Min(t.Y) == slices.Max(t.Y)):
		return fmt.Errorf("%d of %d rows have an amount other than 0, or all have one amount: a judgement needs %d, of different amounts", ones, len(t.Y), least)
	case t.Kind == Binary && n < least:
		return fmt.Errorf("%d of %d rows have the label 1: a judgement needs %d of each label or more", ones, len(t.Y), least)
	}
	return nil
}

// split judges the rows from cut to end, both among them, and learns from those whose label was known at the cut.
func (o Options) split(times []time.Time, cut, end time.Time) evaluate.Fold {
	var f evaluate.Fold
	for i, t := range times {
		switch {
		case !t.Before(cut):
			if !t.After(end) {
				f.Test = append(f.Test, i)
			}
		case !t.Add(o.Gap).After(cut):
			f.Train = append(f.Train, i)
		}
	}
	return f
}

// mean of labels: the share of ones, or the mean amount.
func mean(y []float64) float64 {
	sum := 0.0
	for _, v := range y {
		sum += v
	}
	return sum / math.Max(1, float64(len(y)))
}
