package als

import (
	"testing"

	"github.com/freshet/freshet/pkg/wire/wiretest"
)

// What was written once is read for ever, and written alike.
func TestGoldenFile(t *testing.T) {
	m := &Model{
		o: Options{Factors: 2, Epochs: 3, L2: 0.5, Unobserved: 0.25}, all: 3, gram: []float64{1, 0.5, 0.5, 2},
		known: []bool{true, false, true}, items: []float64{1, -1, 0, 0, 0.75, 1e-9},
	}
	wiretest.Golden(t, wiretest.Layout[*Model]{Name: "recommendation-als", Version: 1, Write: (*Model).Encode, Examples: map[string]*Model{"a model": m}})
}
