package pipeline

import (
	"errors"
	"fmt"
	"math"

	"github.com/freshet/freshet/pkg/calibrate"
	"github.com/freshet/freshet/pkg/evaluate"
)

// The kinds of calibration.
const (
	asTheyAre = "none"
	platt     = "platt"
	isotonic  = "isotonic"
)

// isotonicFrom is from how many rows on the step function is tried: with fewer it learns their noise.
const isotonicFrom = 1000

// Calibration makes probabilities that mean what they say. The zero value leaves them as they are.
type Calibration struct {
	Kind     string              `json:"kind"`
	Platt    *calibrate.Platt    `json:"platt,omitempty"`
	Isotonic *calibrate.Isotonic `json:"isotonic,omitempty"`
}

// Apply maps one probability.
func (c *Calibration) Apply(p float64) float64 {
	switch {
	case c.Platt != nil:
		return c.Platt.Probability(logit(p))
	case c.Isotonic != nil:
		return c.Isotonic.Probability(p)
	}
	return p
}

// sound says why it cannot be applied.
func (c *Calibration) sound(kind Kind) error {
	is := map[string]bool{asTheyAre: c.Platt == nil && c.Isotonic == nil, platt: kind == Binary && c.Platt != nil && c.Isotonic == nil, isotonic: kind == Binary && c.Platt == nil && c.Isotonic != nil}
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

// fitCalibration fits a kind to what a model said of rows it had not seen.
func fitCalibration(kind string, y, p []float64) (Calibration, error) {
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
	}
	return c, err
}

// gains is by how much log-loss, in nats, calibration must better what is: less is noise.
const gains = 1e-3

// chooseCalibration fits the kind with the least log-loss on rows held out, in five folds; none unless one gains.
func chooseCalibration(y, p []float64, seed uint64) (Calibration, error) {
	splits, err := folds(y, min(5, len(y)), seed)
	if err != nil {
		return Calibration{}, err
	}
	none, err := evaluate.Binary{Score: p, Label: y}.LogLoss()
	if err != nil {
		return Calibration{}, err
	}
	kinds := []string{platt}
	if len(y) >= isotonicFrom {
		kinds = append(kinds, isotonic)
	}
	best, least := asTheyAre, none-gains
	for _, kind := range kinds {
		if loss, ok := heldOut(kind, y, p, splits); ok && loss < least {
			best, least = kind, loss
		}
	}
	return fitCalibration(best, y, p)
}

func heldOut(kind string, y, p []float64, splits []evaluate.Fold) (float64, bool) {
	held := make([]float64, len(y))
	for _, s := range splits {
		c, err := fitCalibration(kind, pick(y, s.Train), pick(p, s.Train))
		if err != nil {
			return 0, false
		}
		for _, r := range s.Test {
			held[r] = c.Apply(p[r])
		}
	}
	loss, err := evaluate.Binary{Score: held, Label: y}.LogLoss()
	return loss, err == nil
}

func pick(list []float64, rows []int) []float64 {
	out := make([]float64, len(rows))
	for i, r := range rows {
		out[i] = list[r]
	}
	return out
}
