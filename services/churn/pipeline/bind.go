package pipeline

import (
	"fmt"
	"math"

	"github.com/freshet/freshet/services/churn/row"
)

// Scorer predicts of rows of cells. It allocates nothing (TestScoringAllocatesNothing), and is for one goroutine: bind one for each.
type Scorer struct {
	of     *Trained
	width  int
	places []int
	codes  []map[string]int32 // by column of the model; nil for numbers
	rows   []float64
	phi    []float64
}

// together is how many rows are scored side by side: they stay in a near cache, and trees look at sixteen at a time.
const together = 64

// Bind makes a scorer for rows whose cells come in the order of columns. There may be more columns than the model takes. The error names those that the
// model takes and that are not there, or hold the other kind of values.
func (t *Trained) Bind(columns []row.Column) (*Scorer, error) {
	places, err := t.find(len(columns), func(i int) (string, bool) { return columns[i].Name, columns[i].Category })
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.Family, err)
	}
	s := &Scorer{of: t, width: len(columns), places: places, codes: make([]map[string]int32, len(places))}
	for i := range t.schema {
		if c := &t.schema[i]; c.Category {
			s.codes[i] = c.places()
		}
	}
	s.rows, s.phi = make([]float64, together*len(places)), make([]float64, len(places))
	return s, nil
}

// lay writes a row as the model takes it.
func (s *Scorer) lay(into []float64, cells []row.Cell) {
	for i, at := range s.places {
		cell := &cells[at]
		if s.codes[i] == nil {
			into[i] = s.of.schema[i].number(cell.Number)
		} else if code, known := s.codes[i][cell.Text]; known {
			into[i] = float64(code)
		} else {
			into[i] = math.NaN()
		}
	}
}

// Score is the prediction for a row: a calibrated probability, or an amount. It is what Predict gives of a frame, to the bit (TestScoringIsPredicting). A
// category that the model has never seen is missing. A row with fewer cells than there were columns panics.
func (s *Scorer) Score(cells []row.Cell) float64 {
	s.lay(s.rows[:len(s.places)], cells)
	return s.of.Calibration.Apply(s.of.one(s.rows[:len(s.places)]))
}

// Scores predicts for rows one after another into out, which has a place for each. It is several times faster than row after row.
func (s *Scorer) Scores(cells []row.Cell, out []float64) error {
	if len(cells) != len(out)*s.width {
		return fmt.Errorf("score %d cells into %d scores: each row has %d cells", len(cells), len(out), s.width)
	}
	for len(out) > 0 {
		n := min(together, len(out))
		for i := range n {
			s.lay(s.rows[i*len(s.places):(i+1)*len(s.places)], cells[i*s.width:])
		}
		s.of.many(s.rows[:n*len(s.places)], out[:n])
		for i := range n {
			out[i] = s.of.Calibration.Apply(out[i])
		}
		cells, out = cells[n*s.width:], out[n:]
	}
	return nil
}

// Contribution is what one column adds to a prediction.
type Contribution struct {
	Column string
	Cell   row.Cell
	// Phi is in log-odds, or in the amount's unit.
	Phi float64
}

// Explain is Score with what each column adds, in the model's order. Base and all contributions sum to the log-odds of the probability before it was
// calibrated, or to the amount (TestContributionsAddUp). The base is the same for every row: what the model says of an average one.
func (s *Scorer) Explain(cells []row.Cell) (score, base float64, list []Contribution) {
	score = s.Score(cells)
	base = s.of.reasons(s.rows[:len(s.places)], s.phi)
	list = make([]Contribution, len(s.places))
	for i, at := range s.places {
		list[i] = Contribution{Column: s.of.schema[i].Name, Cell: cells[at], Phi: s.phi[i]}
	}
	return score, base, list
}
