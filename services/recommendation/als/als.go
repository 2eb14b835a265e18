// Package als is implicit alternating least squares: long-term taste as a point in a small space, for catalogues of any size (Hu, Koren, Volinsky,
// "Collaborative Filtering for Implicit Feedback Datasets", ICDM 2008; weights and regularisation as in Rendle, Krichene, Zhang, Koren, "Revisiting the
// Performance of iALS on Item Recommendation Benchmarks", RecSys 2022).
//
// With S who took what, w a visitor's and h an item's point, of Factors numbers:
//
//	loss = sum over S of (w.h - 1)^2 + Unobserved * sum over all pairs of (w.h)^2
//	     + L2 * sum over visitors of (taken + Unobserved * items) |w|^2, and over items likewise
//
// A visitor's point is one least-squares solution with the items fixed (fold-in): an event is known at once, and visitors of whom training knew nothing are
// served as any. Items of which it knew nothing are not proposed until the next fit.
//
// Invariants, each with its test: factors are those of dense normal equations (TestEqualToDenseNormalEquations); no half step raises the loss
// (TestTheLossNeverRises); conjugate gradients come to the same points (TestConjugateGradientsComeToTheSame); fold-in is what training would give (TestFoldInIsTheTrainingStep); any number of workers gives the same bits (TestWorkersDoNotMatter).
package als

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/lapack64"

	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/interaction"
)

// Options of a fit. Start with Default.
type Options struct {
	// Factors is the size of the space. 1 to 1024. Time grows with its square to cube.
	Factors int
	// Epochs is how often visitors and items are solved. 1 or more.
	Epochs int
	// L2 holds the points small. Above 0.
	L2 float64
	// Unobserved is how much a pair that did not happen says against one that did. Above 0.
	Unobserved float64
	// Steps of conjugate gradients that a point is solved by in training, from the point of the epoch before (Takacs, Pilaszy, Tikk, "Applications of the
	// conjugate gradient method for implicit feedback collaborative filtering", RecSys 2011). Zero: exactly, by Cholesky. Fold-in always is exact.
	Steps int
	// Workers share the work; the result is the same. Zero means 1.
	Workers int
	// Seed of the first points.
	Seed uint64
	// Progress is told of epochs; nil tells nobody.
	Progress func(done, of int)
}

// Default suits a shop.
func Default() Options { return Options{Factors: 64, Epochs: 10, L2: 0.003, Unobserved: 0.1, Steps: 3} }

func (o *Options) check() error {
	if o.Factors < 1 || o.Factors > 1024 || o.Epochs < 1 || !(o.L2 > 0) || !(o.Unobserved > 0) || o.Workers < 0 || o.Steps < 0 {
		return fmt.Errorf("als: %d factors, %d epochs, L2 %v, unobserved %v, %d workers, %d steps: want 1 to 1024 factors and all above 0", o.Factors, o.Epochs, o.L2, o.Unobserved, o.Workers, o.Steps)
	}
	o.Workers = max(o.Workers, 1)
	return nil
}

// Model is the items' points. Many goroutines may ask at once.
type Model struct {
	o     Options
	items []float64 // by item, Factors each
	known []bool
	all   int       // how many items training knew of: what a pair that did not happen is one of
	gram  []float64 // Unobserved * sum of h h'
	// order are the known items, the longest points first; lengths are theirs, by place in order.
	order   []int32
	lengths []float64
	work    sync.Pool
}

// Fit fits the histories of visitors; items is the size of the id space.
func Fit(ctx context.Context, histories [][]int32, items int, o Options) (*Model, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	m := &Model{o: o, known: make([]bool, items), all: items}
	took := make([][]int32, len(histories))
	by := make([][]int32, items)
	for u, h := range histories {
		took[u] = interaction.Distinct(h)
		for _, item := range took[u] {
			by[item] = append(by[item], int32(u))
			m.known[item] = true
		}
	}
	r := rand.New(rand.NewPCG(o.Seed, 0x2545f4914f6cdd1d))
	m.items = make([]float64, items*o.Factors)
	for i := range m.items {
		if m.known[i/o.Factors] {
			m.items[i] = r.NormFloat64() * 0.1 / math.Sqrt(float64(o.Factors))
		}
	}
	users := make([]float64, len(histories)*o.Factors)
	for epoch := range o.Epochs {
		if err := m.solveAll(ctx, users, m.items, took, items); err != nil {
			return nil, err
		}
		if err := m.solveAll(ctx, m.items, users, by, len(histories)); err != nil {
			return nil, err
		}
		if o.Progress != nil {
			o.Progress(epoch+1, o.Epochs)
		}
	}
	m.gram = gram(m.items, o)
	m.arrange()
	return m, nil
}

// gram is Unobserved times the sum of the outer products of points.
func gram(points []float64, o Options) []float64 {
	d := o.Factors
	out := make([]float64, d*d)
	if n := len(points) / d; n > 0 {
		blas64.Syrk(blas.Trans, o.Unobserved, blas64.General{Rows: n, Cols: d, Stride: d, Data: points}, 0,
			blas64.Symmetric{N: d, Stride: d, Data: out, Uplo: blas.Upper})
	}
	for i := range d {
		for j := range i {
			out[i*d+j] = out[j*d+i]
		}
	}
	return out
}

// solveAll solves every point of to, with those of from fixed; linked are the numbers in from that each has, others how many from stands for.
func (m *Model) solveAll(ctx context.Context, to, from []float64, linked [][]int32, others int) error {
	g := gram(from, m.o)
	d := m.o.Factors
	var all sync.WaitGroup
	faults := make([]error, m.o.Workers)
	for w := range m.o.Workers {
		all.Go(func() {
			s := newSolver(d)
			for i := w; i < len(linked); i += m.o.Workers {
				if i%1024 < m.o.Workers && ctx.Err() != nil {
					faults[w] = ctx.Err()
					return
				}
				ridge := m.o.ridge(len(linked[i]), others)
				if m.o.Steps > 0 {
					s.approach(to[i*d:(i+1)*d], g, from, linked[i], ridge, m.o.Steps)
				} else if faults[w] = s.solve(to[i*d:(i+1)*d], g, from, linked[i], ridge); faults[w] != nil {
					return
				}
			}
		})
	}
	all.Wait()
	return errors.Join(faults...)
}

// ridge is what is added to the diagonal.
func (o *Options) ridge(taken, others int) float64 {
	return o.L2 * (float64(taken) + o.Unobserved*float64(others))
}

// solver is the memory of one solution.
type solver struct {
	d     int
	a     []float64
	chol  blas64.Triangular
	taste []float64
	back  []float64 // the solutions for what was taken, one a column
	parts []float64 // of a score, by what was taken
	best  candidate.Best
}

func newSolver(d int) *solver {
	return &solver{d: d, a: make([]float64, d*d), taste: make([]float64, d), back: make([]float64, d)}
}

// solve gives the point whose links are given; without any it is 0. The factor stays in s.chol.
func (s *solver) solve(to, gram, from []float64, linked []int32, ridge float64) error {
	d := s.d
	copy(s.a, gram)
	clear(to)
	if len(linked) == 0 {
		return nil
	}
	a := blas64.Symmetric{N: d, Stride: d, Data: s.a, Uplo: blas.Upper}
	for _, j := range linked {
		h := blas64.Vector{N: d, Inc: 1, Data: from[int(j)*d : (int(j)+1)*d]}
		blas64.Syr(1, h, a)
		blas64.Axpy(1, h, blas64.Vector{N: d, Inc: 1, Data: to})
	}
	for i := range d {
		s.a[i*d+i] += ridge
	}
	var ok bool
	if s.chol, ok = lapack64.Potrf(a); !ok {
		return errors.New("als: a least-squares problem has no solution: raise L2")
	}
	lapack64.Potrs(s.chol, blas64.General{Rows: d, Cols: 1, Stride: 1, Data: to})
	return nil
}
