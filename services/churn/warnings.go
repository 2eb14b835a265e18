package churn

import (
	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/services/churn/warning"
)

// Warnings looks for the early-warning rules that hold. Many goroutines may ask.
type Warnings interface {
	// Look gives those that hold now, in the order of the file, with their evidence.
	Look(v catalog.Vector, nowMs int64) []Found
	// Next is the first moment after now at which time alone changes the answer; false when it never does.
	Next(v catalog.Vector, nowMs int64) (ms int64, ok bool)
}

// Found is a warning that holds.
type Found = warning.Found

// Evidence is a value that it looked at.
type Evidence = warning.Evidence
