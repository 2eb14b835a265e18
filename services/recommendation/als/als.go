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
// Points are of 32 bits, and conjugate gradients count in them, as implicit does: half the memory to go through, and twice the numbers in a register (dense). Sums over all
// points, and every exact solution, are of 64 bits.
//
// Invariants, each with its test: factors are those of dense normal equations (TestEqualToDenseNormalEquations); no half step raises the loss
// (TestTheLossNeverRises); conjugate gradients come to the same points (TestConjugateGradientsComeToTheSame); fold-in is what training would give (TestFoldInIsTheTrainingStep);
// any number of workers gives the same bits (TestWorkersDoNotMatter); by itself a fit weighs what did not happen as the data want it (TestTheWeightFitsSparseData). Equal is as far as 32 bits go.
package als

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"github.com/freshet/freshet/services/recommendation/dense"
)

// Options of a fit. Start with Default.
type Options struct {
	// Factors is the size of the space. 1 to 1024. Time grows with its square to cube.
	Factors int
	// Epochs is how often visitors and items are solved. 1 or more.
	Epochs int
	// L2 holds the points small. Above 0.
	L2 float64
	// Unobserved is how much a pair that did not happen says against one that did. Zero: as much as fits how many pairs did happen, which is what to take where nothing
	// was tuned: too much, and points lose all length.
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

// Default suits shops and films, of any size.
func Default() Options { return Options{Factors: 64, Epochs: 10, L2: 0.003, Steps: 3} }

// Against is how much all that a visitor did not take says together, in what he took: what a fit takes where Options.Unobserved is 0. Where data are sparse a pair that did not happen
// says little: 37,000 items of which a visitor takes five want a weight of thousandths, films with a hundred ratings each a tenth or three (docs/recommendation-evaluation.md).
const Against = 16

// Unobserved is Options.Unobserved by which all that did not happen says so much together, for so many pairs of so many visitors and items.
func Unobserved(against float64, pairs, visitors, items int) float64 {
	return min(against*float64(max(pairs, 1))/(float64(max(visitors, 1))*float64(max(items, 1))), 1)
}

func (o *Options) check() error {
	if o.Factors < 1 || o.Factors > 1024 || o.Epochs < 1 || !(o.L2 > 0) || !(o.Unobserved >= 0) || o.Workers < 0 || o.Steps < 0 {
		return fmt.Errorf("als: %d factors, %d epochs, L2 %v, unobserved %v, %d workers, %d steps: want 1 to 1024 factors, 1 epoch, L2 above 0 and none below 0", o.Factors, o.Epochs, o.L2, o.Unobserved, o.Workers, o.Steps)
	}
	o.Workers = max(o.Workers, 1)
	return nil
}

// Model is the items' points. Many goroutines may ask at once.
type Model struct {
	o     Options
	items []float32 // by item, dense.Padded(Factors) each
	known []bool
	all   int       // how many items training knew of: what a pair that did not happen is one of
	gram  []float64 // Unobserved * sum of h h', Factors by Factors
	// order are the known items, the longest points first; lengths are theirs, by place in order.
	order   []int32
	lengths []float64
	glances *glances // by place in order
	work    sync.Pool
}

// Fit fits the histories of visitors; items is the size of the id space.
func Fit(ctx context.Context, histories [][]int32, items int, o Options) (*Model, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	took := linksOf(histories, items)
	if o.Unobserved == 0 {
		o.Unobserved = Unobserved(Against, len(took.list), len(histories), items)
	}
	by := took.turned(items)
	m := &Model{o: o, known: make([]bool, items), all: items}
	for i := range m.known {
		m.known[i] = len(by.of(i)) > 0
	}
	r := rand.New(rand.NewPCG(o.Seed, 0x2545f4914f6cdd1d))
	d, n := o.Factors, dense.Padded(o.Factors)
	m.items = make([]float32, items*n)
	for i, known := range m.known {
		for f := 0; known && f < d; f++ {
			m.items[i*n+f] = float32(r.NormFloat64() * 0.1 / math.Sqrt(float64(d)))
		}
	}
	users := make([]float32, len(histories)*n)
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
	_, m.gram = gram(m.items, o)
	m.arrange()
	return m, nil
}

// gram is Unobserved times the sum of the outer products of points: in short numbers and padded, and in long ones, Factors by Factors.
func gram(points []float32, o Options) (short []float32, long []float64) {
	d, n := o.Factors, dense.Padded(o.Factors)
	all := dense.Gram(points, n, o.Workers)
	short, long = make([]float32, n*n), make([]float64, 0, d*d)
	for i, v := range all {
		v *= o.Unobserved
		short[i] = float32(v)
		if i/n < d && i%n < d {
			long = append(long, v)
		}
	}
	return short, long
}

// share is how many points a worker takes at once.
const share = 256

// solveAll solves every point of to, with those of from fixed; linked are the numbers in from that each has, others how many from stands for.
func (m *Model) solveAll(ctx context.Context, to, from []float32, linked links, others int) error {
	short, long := gram(from, m.o)
	n, points := dense.Padded(m.o.Factors), linked.len()
	var all sync.WaitGroup
	var next atomic.Int64
	faults := make([]error, m.o.Workers)
	for w := range m.o.Workers {
		all.Go(func() {
			s := newSolver(m.o.Factors)
			for faults[w] == nil {
				first := int(next.Add(share)) - share
				if faults[w] = ctx.Err(); first >= points || faults[w] != nil {
					return
				}
				for i := first; i < min(first+share, points) && faults[w] == nil; i++ {
					mine := linked.of(i)
					ridge := m.o.ridge(len(mine), others)
					if m.o.Steps > 0 {
						s.approach(to[i*n:(i+1)*n], short, from, mine, float32(ridge), m.o.Steps)
					} else if faults[w] = s.solve(long, from, mine, ridge); faults[w] == nil {
						shorten(to[i*n:(i+1)*n], s.taste)
					}
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
