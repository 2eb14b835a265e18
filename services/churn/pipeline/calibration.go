package pipeline

import (
	"errors"
	"fmt"
	"math"

	"github.com/freshet/freshet/pkg/calibrate"
	"github.com/freshet/freshet/pkg/evaluate"
)

// The kinds of calibration of probabilities.
const (
	asTheyAre = "none"
	platt     = "platt"
	isotonic  = "isotonic"
)

// isotonicFrom is from how many rows on the step function is tried: with fewer it learns their noise.
const isotonicFrom = 1000

// Calibration makes probabilities that mean what they say, and amounts that come to the right total. The zero value leaves them as they are.
type Calibration struct {
	Kind     string              `json:"kind"`
	Platt    *calibrate.Platt    `json:"platt,omitempty"`
	Isotonic *calibrate.Isotonic `json:"isotonic,omitempty"`
	Amount   *Amount             `json:"amount,omitempty"`
}

// Apply maps what a model gives: one probability, or one amount on the model's scale.
func (c *Calibration) Apply(p float64) float64 {
	switch {
	case c.Platt != nil:
		return c.Platt.Probability(logit(p))
	case c.Isotonic != nil:
		return c.Isotonic.Probability(p)
	case c.Amount != nil:
		return c.Amount.apply(c.Kind, p)
	}
	return p
}

// sound says why it cannot be applied.
func (c *Calibration) sound(kind Kind) error {
	binary := c.Amount == nil && kind == Binary
	amount := c.Amount != nil && kind == Real && c.Platt == nil && c.Isotonic == nil
	is := map[string]bool{
		asTheyAre: c.Platt == nil && c.Isotonic == nil && c.Amount == nil, platt: binary && c.Platt != nil && c.Isotonic == nil,
		isotonic: binary && c.Platt == nil && c.Isotonic != nil, ratio: amount, power: amount,
	}
	if !is[c.Kind] {
		return fmt.Errorf("it is %q and has other numbers, or those of another label", c.Kind)
	}
	if p := c.Platt; p != nil && (!finite(p.A, p.B) || p.A >= 0) {
		return fmt.Errorf("the line of Platt has A %v and B %v", p.A, p.B)
	}
	if i := c.Isotonic; i != nil {
		rising := len(i.At) > 0 && len(i.At) == len(i.Value) && finite(i.At...)
		for n := 1; rising && n < len(i.At); n++ {
			rising = i.At[n-1] < i.At[n] && i.Value[n-1] <= i.Value[n]
		}
		if !rising || !(i.Value[0] >= 0 && i.Value[len(i.Value)-1] <= 1) {
			return errors.New("its steps do not rise within 0 and 1")
		}
	}
	if c.Amount != nil {
		return c.Amount.sound()
	}
	return nil
}

func (c *Calibration) all(p []float64) []float64 {
	out := make([]float64, len(p))
	for i := range p {
		out[i] = c.Apply(p[i])
	}
	return out
}

func logit(p float64) float64 {
	p = min(max(p, 1e-12), 1-1e-12)
	return math.Log(p) - math.Log1p(-p)
}

// fitCalibration fits a kind to what a model said of rows it had not seen; scale is the model's, of amounts.
func fitCalibration(kind, scale string, y, p []float64) (Calibration, error) {
	c := Calibration{Kind: kind}
	var err error
	switch kind {
	case platt:
		margins := make([]float64, len(p))
		for i := range p {
			margins[i] = logit(p[i])
		}
		if c.Platt, err = calibrate.FitPlatt(margins, y, nil); err == nil && c.Platt.A >= 0 {
			err = fmt.Errorf("calibrate: the scores fall where they should rise")
		}
	case isotonic:
		c.Isotonic, err = calibrate.FitIsotonic(p, y, nil)
	case ratio, power:
		c.Amount, err = fitAmount(kind, scale, y, p)
	}
	return c, err
}

// gains is by how much log-loss, in nats, calibration must better what is: less is noise. Of amounts it is that part of the loss.
const gains = 1e-3

// plainest is the calibration that is kept unless another gains, and what else is tried.
func plainest(kind Kind, scale string, rows int) (string, []string) {
	switch {
	case kind == Real && scale == plain:
		return asTheyAre, nil
	case kind == Real:
		return ratio, []string{power}
	case rows < isotonicFrom:
		return asTheyAre, []string{platt}
	}
	return asTheyAre, []string{platt, isotonic}
}

// chooseCalibration fits the kind with the least loss on rows held out; the plainest unless one gains. t has the labels of what p is of. Where rows have
// times, a kind must gain on the newest of them what it learnt from older ones: base rates move, and what mends last spring's probabilities may bend this
// autumn's (TestCalibrationThatDoesNotHold). Where there are none, it is five folds.
func chooseCalibration(t *Table, scale string, p []float64, seed uint64) (Calibration, error) {
	best, others := plainest(t.Kind, scale, len(t.Y))
	if len(others) == 0 {
		return fitCalibration(best, scale, t.Y, p)
	}
	splits, err := calibrationSplits(t, seed)
	if err != nil {
		return Calibration{}, err
	}
	if len(splits) == 0 {
		return fitCalibration(best, scale, t.Y, p)
	}
	least, ok := heldOut(best, scale, t, p, splits)
	if !ok {
		return Calibration{}, fmt.Errorf("the predictions of %d rows cannot be calibrated: they are no numbers, or come to nothing", len(p))
	}
	if t.Kind == Binary {
		least -= gains
	} else {
		least *= 1 - gains
	}
	for _, kind := range others {
		if loss, ok := heldOut(kind, scale, t, p, splits); ok && loss < least {
			best, least = kind, loss
		}
	}
	return fitCalibration(best, scale, t.Y, p)
}

// calibrationSplits are what kinds of calibration are compared on; none where all rows are of one time, which nothing newer is known of.
func calibrationSplits(t *Table, seed uint64) ([]evaluate.Fold, error) {
	if t.Times == nil {
		return folds(t, min(5, len(t.Y)), seed)
	}
	cut, err := newest(t.Times, .4)
	if err != nil {
		return nil, nil //nolint:nilerr // One time only.
	}
	var f evaluate.Fold
	for i, at := range t.Times {
		if at.Before(cut) {
			f.Train = append(f.Train, i)
		} else {
			f.Test = append(f.Test, i)
		}
	}
	return []evaluate.Fold{f}, nil
}

// heldOut is the loss of a kind on rows that it was not fitted to.
func heldOut(kind, scale string, t *Table, p []float64, splits []evaluate.Fold) (float64, bool) {
	var y, held []float64
	for _, s := range splits {
		c, err := fitCalibration(kind, scale, pick(t.Y, s.Train), pick(p, s.Train))
		if err != nil {
			return 0, false
		}
		for _, r := range s.Test {
			y, held = append(y, t.Y[r]), append(held, c.Apply(p[r]))
		}
	}
	loss, err := lossOf(t.Kind, y, held)
	return loss, err == nil
}

func pick(list []float64, rows []int) []float64 {
	out := make([]float64, len(rows))
	for i, r := range rows {
		out[i] = list[r]
	}
	return out
}
