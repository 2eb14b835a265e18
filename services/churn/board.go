package churn

import (
	"github.com/freshet/freshet/services/churn/pipeline"
	"github.com/freshet/freshet/services/churn/row"
)

// Models says which models serve. Many goroutines may ask.
type Models interface {
	// Board is the present board of a workspace, never nil, one that has a seat for each target, in their order. It answers at once, or loads what it needs
	// within a bounded time when the workspace is new to it.
	Board(workspace string) *Board
}

// Board says which models serve one workspace. It does not change: another state of things is another board.
type Board struct {
	// Mark names what serves: boards with one mark give one customer the same scores, bands included.
	Mark uint64
	// Seats are the targets', in their order.
	Seats []Seat
}

// Seat is one target's place on a board.
type Seat struct {
	// Champion is the model that serves; nil where none does. Missing says why, in words, or why an older one serves.
	Champion *Bound
	Missing  string
	// Held says that there is a champion that cannot be loaded: what was told last stays told.
	Held bool
	// Challengers are scored beside it.
	Challengers []*Bound
}

// Bound is a version of a model, ready to serve the catalogue's columns.
type Bound struct {
	// Version is its id.
	Version string
	// High and Medium are where these bands begin; both 0 for a target without bands.
	High, Medium float64
	// Model makes scorers.
	Model Model
	// NewTally makes an empty count of what live customers look like to it; nil counts nothing.
	NewTally func() Tally

	id modelID
	// kept are the names of the copies of its files.
	kept []string
}

// Model is a trained model. Many goroutines may bind it.
type Model interface {
	// Bind makes a scorer for rows of these columns. An error names those that the model needs and that are not there.
	Bind(columns []row.Column) (Scorer, error)
}

// Scorer scores rows. It is for one goroutine.
type Scorer interface {
	// Score is calibrated: a probability or an amount.
	Score(cells []row.Cell) float64
	// Explain is the score, what the model says of an average customer, and what each column adds, in the unit of the model before calibration.
	Explain(cells []row.Cell) (score, base float64, list []Contribution)
}

// Contribution is what a column adds to a score.
type Contribution = pipeline.Contribution

// NewBound is a version with its model.
func NewBound(version string, high, medium float64, m Model) *Bound {
	return &Bound{Version: version, High: high, Medium: medium, Model: m, id: parseModel(version)}
}
