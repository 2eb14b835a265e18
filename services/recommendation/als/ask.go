package als

import (
	"cmp"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/lapack/lapack64"

	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/dense"
	"github.com/freshet/freshet/services/recommendation/interaction"
)

// FoldIn gives the point of somebody with a history. An unknown item is passed over; without a known one the point is 0.
func (m *Model) FoldIn(history []int32) []float64 {
	s := m.work.Get().(*solver)
	defer m.work.Put(s)
	if err := m.foldIn(s, m.taken(history)); err != nil {
		clear(s.taste)
	}
	return slices.Clone(s.taste)
}

func (m *Model) foldIn(s *solver, taken []int32) error {
	return s.solve(m.gram, m.items, taken, m.o.ridge(len(taken), m.all))
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

// point is an item's, padded.
func (m *Model) point(item int32) []float32 {
	n := dense.Padded(m.o.Factors)
	return m.items[int(item)*n : (int(item)+1)*n]
}

// arrange makes a model ready to be asked.
func (m *Model) arrange() {
	m.work.New = func() any { return newSolver(m.o.Factors) }
	length := make([]float64, len(m.known))
	long := make([]float64, m.o.Factors)
	for item, known := range m.known {
		if known {
			m.order = append(m.order, int32(item))
			widen(long, m.point(int32(item)))
			length[item] = floats.Norm(long, 2)
		}
	}
	slices.SortFunc(m.order, func(a, b int32) int { return cmp.Or(cmp.Compare(length[b], length[a]), cmp.Compare(a, b)) })
	m.lengths = make([]float64, len(m.order))
	for i, item := range m.order {
		m.lengths[i] = length[item]
	}
	m.glances = glancesAt(len(m.order), m.o.Factors, func(i int) []float32 { return m.point(m.order[i]) })
}

// slack is more than what rounding adds to a product, of 1024 short numbers too.
const slack = 1 + 1e-4

// Candidates implements candidate.Source. No score is above the product of the lengths (Cauchy, Schwarz), so the walk over the items, the longest first, ends where none
// can come in any more, and of the items before that only those are scored that a glance lets pass: the answer is that of scoring every item (TestTheWalkMissesNothing).
func (m *Model) Candidates(dst []candidate.Candidate, q *candidate.Query) []candidate.Candidate {
	taken := m.taken(q.History)
	if q.K <= 0 || len(taken) == 0 {
		return dst
	}
	s := m.work.Get().(*solver)
	defer m.work.Put(s)
	if err := m.foldIn(s, taken); err != nil {
		return dst
	}
	shorten(s.rest, s.taste)
	length := floats.Norm(s.taste, 2) * slack
	best := &s.best
	best.Reset(q.K)
	m.glances.ask(&s.asker, s.taste)
	var products [together]uint32
	for i, item := range m.order {
		if i%together == 0 {
			if !best.Takes(-1, length*m.lengths[i]) {
				break
			}
			m.glances.products(&s.asker, i, &products)
		}
		if !best.Takes(-1, m.glances.bound(&s.asker, i, products[i%together], m.lengths[i])) {
			continue
		}
		if score := float64(dense.Dot(s.rest, m.point(item))); score > 0 && best.Takes(item, score) && !q.Refused(item) {
			best.Offer(candidate.Candidate{Item: item, Score: score})
		}
	}
	from := len(dst)
	dst = best.Append(dst)
	m.reasons(s, dst[from:], taken)
	return dst
}

// reasons part scores by the history: with A the matrix of the normal equations, score(j) = sum over the taken i of h(j)' A^-1 h(i) (Hu, Koren, Volinsky, section 5). All
// A^-1 h(i) are solved for at once; where that is too much, of the newest that were taken.
func (m *Model) reasons(s *solver, list []candidate.Candidate, taken []int32) {
	taken = taken[max(0, len(taken)-mostReasons):]
	d, n := s.d, len(taken)
	s.back = slices.Grow(s.back[:0], d*n)[:d*n]
	for c, item := range taken {
		for f, v := range m.point(item)[:d] {
			s.back[f*n+c] = float64(v)
		}
	}
	lapack64.Potrs(s.chol, blas64.General{Rows: d, Cols: n, Stride: n, Data: s.back})
	s.parts = slices.Grow(s.parts[:0], n)[:n]
	for j := range list {
		widen(s.long, m.point(list[j].Item))
		blas64.Gemv(blas.Trans, 1, blas64.General{Rows: d, Cols: n, Stride: n, Data: s.back}, blas64.Vector{N: d, Inc: 1, Data: s.long}, 0, blas64.Vector{N: n, Inc: 1, Data: s.parts})
		most, because := 0.0, candidate.Nothing
		for i, part := range s.parts {
			if part > most {
				most, because = part, taken[i]
			}
		}
		list[j].Reason = candidate.Reason{Kind: candidate.Taste, Because: because, Share: float32(min(most/list[j].Score, 1))}
	}
}

// mostReasons is how many of the newest items of a history are looked at for the reason of a score, not for the score.
const mostReasons = 100

var _ candidate.Source = (*Model)(nil)
