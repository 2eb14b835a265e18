package pipeline

import (
	"math"
	"math/rand/v2"

	"github.com/freshet/freshet/pkg/frame"
)

// Driver is what a column does to the prediction.
type Driver struct {
	Name string `json:"name"`
	// Share is its part of all that columns add or take: in absolute logits, or amounts.
	Share float64 `json:"share"`
	// Direction says in words which values raise the prediction.
	Direction string `json:"direction"`
}

// explained is how many rows drivers are found in.
const explained = 2000

// sampleOf draws rows, seeded; all when there are few.
func sampleOf(rows int, seed uint64) []int {
	out := rand.New(rand.NewPCG(seed, 3)).Perm(rows) //nolint:gosec // Statistics, no secret.
	return out[:min(rows, explained)]
}

// drivers finds what moves the predictions, the strongest first.
func drivers(m *Trained, x *frame.Frame, seed uint64) ([]Driver, error) {
	x = x.Take(sampleOf(x.Rows, seed))
	rows, err := m.rows(x)
	if err != nil {
		return nil, err
	}
	phi := make([]float64, len(rows))
	n := len(m.schema)
	for i := range x.Rows {
		m.reasons(rows[i*n:i*n+n], phi[i*n:i*n+n])
	}
	var out []Driver
	all := 0.0
	for j, column := range m.schema {
		of, sum := make([]float64, x.Rows), 0.0
		for i := range of {
			of[i] = phi[i*n+j]
			sum += math.Abs(of[i])
		}
		all += sum
		out = append(out, Driver{Name: column.Name, Share: sum, Direction: direction(x.Find(column.Name), of)})
	}
	for i := range out {
		if all > 0 {
			out[i].Share /= all
		}
	}
	sortDrivers(out)
	return out, nil
}
