package calibrate

import (
	"fmt"
	"sort"
)

// Isotonic is a rising curve of steps, straight between them and level beyond its ends.
type Isotonic struct {
	At    []float64 `json:"at"`    // scores, rising
	Value []float64 `json:"value"` // the probability at each, never falling
}

// FitIsotonic finds the never-falling curve with the least squared error (pool adjacent violators). weight may be nil.
// Scores that all mean the opposite give a level line at the base rate. Sources: Barlow and others (1972); Zadrozny and Elkan (2002).
func FitIsotonic(score, label, weight []float64) (*Isotonic, error) {
	all, err := points(score, label, weight)
	if err != nil {
		return nil, fmt.Errorf("fit isotonic calibration: %w", err)
	}
	m := &Isotonic{}
	for _, b := range pool(all) {
		m.add(all[b.first].score, b.yes/b.weight)
		if b.last > b.first {
			m.add(all[b.last].score, b.yes/b.weight)
		}
	}
	return m, nil
}

func (m *Isotonic) add(at, value float64) {
	m.At, m.Value = append(m.At, at), append(m.Value, value)
}

// block is neighbouring points that share one value.
type block struct {
	first, last int
	weight, yes float64
}

// pool joins neighbours until no block's rate is above the next one's.
func pool(all []point) []block {
	var blocks []block
	for i, p := range all {
		b := block{i, i, p.weight, p.yes}
		for n := len(blocks); n > 0 && blocks[n-1].yes*b.weight >= b.yes*blocks[n-1].weight; n-- {
			before := blocks[n-1]
			b = block{before.first, i, before.weight + b.weight, before.yes + b.yes}
			blocks = blocks[:n-1]
		}
		blocks = append(blocks, b)
	}
	return blocks
}

// Probability of a score. A NaN gives a NaN.
func (m *Isotonic) Probability(score float64) float64 {
	last := len(m.At) - 1
	switch {
	case score != score:
		return score
	case score <= m.At[0]:
		return m.Value[0]
	case score >= m.At[last]:
		return m.Value[last]
	}
	j := sort.SearchFloat64s(m.At, score)
	x, y := m.At[j-1], m.Value[j-1]
	// Halves, because the distance of two finite scores may be infinite.
	part := (score/2 - x/2) / (m.At[j]/2 - x/2)
	return min(y+part*(m.Value[j]-y), m.Value[j]) // rounding may overstep the end of the step
}
