// Package ease is EASE^R: long-term taste as one matrix of item with item, found in closed form (Steck, "Embarrassingly Shallow Autoencoders for
// Sparse Data", WWW 2019). It is for catalogues of up to some 10,000 items: the cost is the cube of their number. Larger ones are for package als.
//
// With X the matrix of who took what (0 or 1):
//
//	P = (X'X + L2 * I)^-1,  B(i,j) = -P(i,j) / P(j,j), 0 on the diagonal,  score(j) = sum over the distinct i of the history of B(i,j)
//
// so that an event adds one row to a visitor's scores, and nothing is fitted again. Of each row the Row largest, up or down, are kept.
//
// Invariants: the matrix is the one of a plain Gauss-Jordan inversion (TestEqualToAPlainInversion); items beyond MaxItems are left out, the least
// taken first, and never proposed (TestTheMostTakenAreKept); a fit can be interrupted while it inverts (TestAnInversionCanBeInterrupted).
package ease

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/dense"
	"github.com/freshet/freshet/services/recommendation/interaction"
)

// Options of a fit. Start with Default.
type Options struct {
	// L2 holds the matrix small; more for few visitors or noisy data. The paper finds 200 to 1000. Above 0.
	L2 float64
	// Row is how many items of each row are kept. 1 or more.
	Row int
	// MaxItems is how many items are fitted, the most taken. Memory is 8 bytes times its square, time its cube: 10,000 are 800 MB and a minute of one processor.
	MaxItems int
	// Workers share the inversion; the result is the same. Zero means 1.
	Workers int
}

// Default suits a shop.
func Default() Options { return Options{L2: 300, Row: 500, MaxItems: 10_000} }

// Model is the matrix, by rows.
type Model struct {
	rows [][]entry // by item; nil for what was not fitted
	// Fitted and Left say how many items were fitted, and how many that somebody took were left out.
	Fitted, Left int
}

type entry struct {
	item  int32
	value float32
}

// Fit fits the histories of visitors; items is the size of the id space.
func Fit(ctx context.Context, histories [][]int32, items int, o Options) (*Model, error) {
	if !(o.L2 > 0) || math.IsInf(o.L2, 0) || o.Row < 1 || o.MaxItems < 1 {
		return nil, fmt.Errorf("ease: L2 %v, rows of %d, at most %d items: want all above 0", o.L2, o.Row, o.MaxItems)
	}
	kept, place, left := mostTaken(histories, items, o.MaxItems)
	m := &Model{rows: make([][]entry, items), Fitted: len(kept), Left: left}
	n := len(kept)
	if n == 0 {
		return m, nil
	}
	gram := make([]float64, n*n)
	for i, h := range histories {
		if i%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		count(gram, n, h, place)
	}
	for i := range n {
		gram[i*n+i] += o.L2
	}
	if err := dense.Invert(ctx, gram, n, o.Workers); err != nil {
		return nil, fmt.Errorf("ease: invert the matrix of %d items: %w", n, err)
	}
	var best candidate.Best
	diagonal := make([]float64, n)
	for i := range n {
		diagonal[i] = gram[i*n+i]
	}
	for i := range n {
		m.rows[kept[i]] = row(gram[i*n:(i+1)*n], diagonal, i, kept, o.Row, &best)
	}
	return m, nil
}

// mostTaken are the items that are fitted, by number, and of each item its place among them, -1 for none.
func mostTaken(histories [][]int32, items, most int) (kept, place []int32, left int) {
	counts := make([]int, items)
	for _, h := range histories {
		for _, item := range interaction.Distinct(h) {
			counts[item]++
		}
	}
	for item, c := range counts {
		if c > 0 {
			kept = append(kept, int32(item))
		}
	}
	if len(kept) > most {
		slices.SortFunc(kept, func(a, b int32) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
		left = len(kept) - most
		kept = kept[:most]
		slices.Sort(kept)
	}
	place = make([]int32, items)
	for i := range place {
		place[i] = -1
	}
	for i, item := range kept {
		place[item] = int32(i)
	}
	return kept, place, left
}

// count adds a history to the lower half of X'X.
func count(gram []float64, n int, history, place []int32) {
	var mine []int32
	for _, item := range interaction.Distinct(history) {
		if p := place[item]; p >= 0 {
			mine = append(mine, p)
		}
	}
	slices.Sort(mine)
	for i, a := range mine {
		line := gram[int(a)*n:]
		for _, b := range mine[:i+1] {
			line[b]++
		}
	}
}

// row is what row i of B keeps, given that of P and P's diagonal: all but 0 by item, or the largest, the largest first. best is used again.
func row(p, diagonal []float64, i int, kept []int32, most int, best *candidate.Best) []entry {
	n := len(p)
	value := func(j int) float32 { return float32(-p[j] / diagonal[j]) }
	if n-1 <= most {
		var all []entry
		for j := range n {
			if v := value(j); v != 0 && j != i {
				all = append(all, entry{kept[j], v})
			}
		}
		return all
	}
	best.Reset(most)
	for j := range n {
		if v := value(j); v != 0 && j != i {
			best.Offer(candidate.Candidate{Item: int32(j), Score: math.Abs(float64(v))})
		}
	}
	all := make([]entry, 0, most)
	for _, c := range best.Append(nil) {
		all = append(all, entry{kept[c.Item], value(int(c.Item))})
	}
	return all
}

// Candidates implements candidate.Source.
func (m *Model) Candidates(dst []candidate.Candidate, q *candidate.Query) []candidate.Candidate {
	if q.K <= 0 {
		return dst
	}
	board := candidate.GetBoard(len(m.rows))
	defer board.Put()
	for _, i := range interaction.Distinct(q.History) {
		if i < 0 || int(i) >= len(m.rows) {
			continue
		}
		for _, e := range m.rows[i] {
			board.Add(e.item, float64(e.value), i)
		}
	}
	return board.Append(dst, q, candidate.Taste)
}

var _ candidate.Source = (*Model)(nil)
