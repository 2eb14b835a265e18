package als

import (
	"testing"

	"github.com/freshet/freshet/pkg/wire/wiretest"
	"github.com/freshet/freshet/services/recommendation/dense"
)

// What was written once is read for ever, and written alike.
func TestGoldenFile(t *testing.T) {
	m := &Model{
		o: Options{Factors: 2, Epochs: 3, L2: 0.5, Unobserved: 0.25}, all: 3, gram: []float64{1, 0.5, 0.5, 2},
		known: []bool{true, false, true}, items: make([]float32, 3*dense.Lane),
	}
	copy(m.point(0), []float32{1, -1})
	copy(m.point(2), []float32{0.75, 1e-9})
	wiretest.Golden(t, wiretest.Layout[*Model]{Name: "recommendation-als", Version: 2, Write: (*Model).Encode, Examples: map[string]*Model{"a model": m}})
}
