package als

import (
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/lapack64"

	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/interaction"
)

// FoldIn gives the point of somebody with a history. An unknown item is passed over; without a known one the point is 0.
func (m *Model) FoldIn(history []int32) []float64 {
	s := m.work.Get().(*solver)
	defer m.work.Put(s)
	out := make([]float64, m.o.Factors)
	if err := m.foldIn(s, out, m.taken(history)); err != nil {
		clear(out)
	}
	return out
}

func (m *Model) foldIn(s *solver, to []float64, taken []int32) error {
	return s.solve(to, m.gram, m.items, taken, m.o.ridge(len(taken), m.all))
}

// taken are the distinct known items of a history.
func (m *Model) taken(history []int32) []int32 {
	var out []int32
	for _, item := range interaction.Distinct(history) {
		if item >= 0 && int(item) < len(m.known) && m.known[item] {
			out = append(out, item)
		}
	}
	return out
}

func (m *Model) point(item int32) blas64.Vector {
	d := m.o.Factors
	return blas64.Vector{N: d, Inc: 1, Data: m.items[int(item)*d : (int(item)+1)*d]}
}

// Candidates implements candidate.Source. Every item is scored.
func (m *Model) Candidates(dst []candidate.Candidate, q *candidate.Query) []candidate.Candidate {
	taken := m.taken(q.History)
	if q.K <= 0 || len(taken) == 0 {
		return dst
	}
	s := m.work.Get().(*solver)
	defer m.work.Put(s)
	if err := m.foldIn(s, s.taste, taken); err != nil {
		return dst
	}
	taste := blas64.Vector{N: m.o.Factors, Inc: 1, Data: s.taste}
	var best candidate.Best
	best.Reset(q.K)
	for item := range int32(len(m.known)) {
		if !m.known[item] {
			continue
		}
		if score := blas64.Dot(taste, m.point(item)); score > 0 && best.Takes(item, score) && !q.Refused(item) {
			best.Offer(candidate.Candidate{Item: item, Score: score})
		}
	}
	from := len(dst)
	dst = best.Append(dst)
	for i := range dst[from:] {
		dst[from+i].Reason = m.reason(s, dst[from+i], taken)
	}
	return dst
}

// reason parts a score by the history: with A the matrix of the normal equations, score(j) = sum over the taken i of h(j)' A^-1 h(i) (Hu, Koren, Volinsky, section 5).
func (m *Model) reason(s *solver, c candidate.Candidate, taken []int32) candidate.Reason {
	copy(s.back, m.point(c.Item).Data)
	lapack64.Potrs(s.chol, blas64.General{Rows: s.d, Cols: 1, Stride: 1, Data: s.back})
	back := blas64.Vector{N: s.d, Inc: 1, Data: s.back}
	most, because := 0.0, candidate.Nothing
	for _, i := range taken {
		if part := blas64.Dot(back, m.point(i)); part > most {
			most, because = part, i
		}
	}
	return candidate.Reason{Kind: candidate.Taste, Because: because, Share: float32(min(most/c.Score, 1))}
}

var _ candidate.Source = (*Model)(nil)
