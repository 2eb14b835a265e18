package popular

import (
	"errors"
	"math"
	"time"

	"github.com/freshet/freshet/services/recommendation/candidate"
)

// Fading proposes what the visitor took before, newer touches counting more:
//
//	score(i) = sum over the touches of i of 2^(-(now - t) / HalfLife)
//
// and where times are not known, 2^(-(touches since) / 20).
type Fading struct{ halfLife float64 }

var _ candidate.Source = (*Fading)(nil)

// halfPlaces is the half-life in touches, where times are not known.
const halfPlaces = 20

// NewFading makes one. halfLife is above 0.
func NewFading(halfLife time.Duration) (*Fading, error) {
	if halfLife < time.Millisecond {
		return nil, errors.New("what was taken before: a half-life below a millisecond")
	}
	return &Fading{float64(halfLife.Milliseconds())}, nil
}

// Candidates implements candidate.Source.
func (f *Fading) Candidates(dst []candidate.Candidate, q *candidate.Query) []candidate.Candidate {
	if q.K <= 0 || len(q.History) == 0 {
		return dst
	}
	n := 0
	for _, item := range q.History {
		n = max(n, int(item)+1)
	}
	board := candidate.GetBoard(n)
	defer board.Put()
	for i, item := range q.History {
		board.Add(item, f.weight(q, i), item)
	}
	from := len(dst)
	dst = board.Append(dst, q, candidate.Again)
	for i := range dst[from:] {
		dst[from+i].Reason.Share = 1
	}
	return dst
}

// weight of the i-th touch. It never reaches 0: what was taken years ago still stands before what was not.
func (f *Fading) weight(q *candidate.Query, i int) float64 {
	halves := float64(len(q.History)-1-i) / halfPlaces
	if q.Times != nil {
		now := q.AtMs
		if now == 0 {
			now = q.Times[len(q.Times)-1]
		}
		halves = float64(now-q.Times[i]) / f.halfLife
	}
	return math.Exp2(-min(max(halves, 0), 500))
}
