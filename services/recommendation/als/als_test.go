package als

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"

	"github.com/freshet/freshet/services/recommendation/candidate"
)

const items = 8

func drawHistories(t *rapid.T) [][]int32 {
	return rapid.SliceOfN(rapid.SliceOfN(rapid.Int32Range(0, items-1), 0, 6), 1, 12).Draw(t, "histories")
}

func drawOptions(t *rapid.T) Options {
	return Options{Factors: rapid.IntRange(1, 4).Draw(t, "factors"), Epochs: rapid.IntRange(1, 4).Draw(t, "epochs"), L2: rapid.SampledFrom([]float64{.01, .3}).Draw(t, "l2"),
		Unobserved: rapid.SampledFrom([]float64{.1, 1}).Draw(t, "unobserved"), Seed: rapid.Uint64().Draw(t, "seed")}
}

// half solves every point of one side by dense normal equations over all pairs.
func half(o Options, links [][]bool, from [][]float64) [][]float64 {
	d := o.Factors
	out := make([][]float64, len(links))
	for i, link := range links {
		a, b := mat.NewDense(d, d, nil), mat.NewVecDense(d, nil)
		taken := 0.0
		for j, linked := range link {
			weight := o.Unobserved
			if linked {
				weight++
				taken++
			}
			for p := range d {
				for q := range d {
					a.Set(p, q, a.At(p, q)+weight*from[j][p]*from[j][q])
				}
				if linked {
					b.SetVec(p, b.AtVec(p)+from[j][p])
				}
			}
		}
		for p := range d {
			a.Set(p, p, a.At(p, p)+o.L2*(taken+o.Unobserved*float64(len(link))))
		}
		var x mat.VecDense
		if err := x.SolveVec(a, b); err != nil {
			panic(err)
		}
		out[i] = x.RawVector().Data
	}
	return out
}

// matrix of who took what, and its transpose.
func matrix(histories [][]int32) (users, byItem [][]bool) {
	byItem = make([][]bool, items)
	for i := range byItem {
		byItem[i] = make([]bool, len(histories))
	}
	for u, h := range histories {
		row := make([]bool, items)
		for _, i := range h {
			row[i], byItem[i][u] = true, true
		}
		users = append(users, row)
	}
	return users, byItem
}

// points are the items', in long numbers and without what pads them.
func points(m *Model) (out [][]float64) {
	for i := range m.known {
		p := make([]float64, m.o.Factors)
		widen(p, m.point(int32(i)))
		out = append(out, p)
	}
	return out
}

// before is the model with the points that training begins with: those of an epoch whose result nobody took.
func fit(t *rapid.T, histories [][]int32, o Options) *Model {
	m, err := Fit(context.Background(), histories, items, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// near says that points are alike, up to a part of their size.
func near(a, b [][]float64, most float64) bool {
	for i := range a {
		for p := range a[i] {
			if !(math.Abs(a[i][p]-b[i][p]) <= most*(1+math.Abs(b[i][p]))) {
				return false
			}
		}
	}
	return true
}

func TestEqualToDenseNormalEquations(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		histories, o := drawHistories(t), drawOptions(t)
		users, byItem := matrix(histories)
		now := fit(t, histories, o)
		o.Epochs++
		next := fit(t, histories, o)
		want := half(o, byItem, half(o, users, points(now)))
		if got := points(next); !near(got, want, 1e-5) {
			t.Fatalf("%v\nwant %v", got, want)
		}
	})
}

// loss is the package comment's, over all pairs.
func loss(o Options, users [][]bool, w, h [][]float64) float64 {
	norm := func(x []float64) float64 { return dot(x, x) }
	taken := make([]float64, items)
	sum := 0.0
	for u, row := range users {
		mine := 0.0
		for i, linked := range row {
			y := dot(w[u], h[i])
			sum += o.Unobserved * y * y
			if linked {
				sum += (y - 1) * (y - 1)
				mine++
				taken[i]++
			}
		}
		sum += o.L2 * (mine + o.Unobserved*items) * norm(w[u])
	}
	for i := range taken {
		sum += o.L2 * (taken[i] + o.Unobserved*float64(len(users))) * norm(h[i])
	}
	return sum
}

func dot(a, b []float64) (sum float64) {
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

func TestTheLossNeverRises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		histories, o := drawHistories(t), drawOptions(t)
		users, _ := matrix(histories)
		last := math.Inf(1)
		for o.Epochs = 1; o.Epochs < 6; o.Epochs++ {
			m := fit(t, histories, o)
			var w [][]float64
			for _, h := range histories {
				w = append(w, m.FoldIn(h))
			}
			now := loss(o, users, w, points(m))
			if now > last*(1+1e-6) {
				t.Fatalf("epoch %d: %v behind %v", o.Epochs, now, last)
			}
			last = now
		}
	})
}

func TestFoldInIsTheTrainingStep(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		histories, o := drawHistories(t), drawOptions(t)
		m := fit(t, histories, o)
		users, _ := matrix(histories)
		want := half(o, users, points(m))
		for u, h := range histories {
			got := m.FoldIn(append(slices.Clone(h), 99, -1)) // what nobody knows is passed over
			if !near([][]float64{got}, [][]float64{want[u]}, 1e-9) {
				t.Fatalf("%v: %v, want %v", h, got, want[u])
			}
			list := m.Candidates(nil, &candidate.Query{History: h, K: 3, Skip: func(item int32) bool { return item == 2 }})
			if !slices.IsSortedFunc(list, func(a, b candidate.Candidate) int {
				if candidate.Better(a, b) {
					return -1
				}
				return 1
			}) {
				t.Fatalf("%v is out of order", list)
			}
			better := 0
			for _, c := range list {
				if math.Abs(c.Score-dot(got, points(m)[c.Item])) > 1e-5 || c.Item == 2 || !slices.Contains(h, c.Reason.Because) {
					t.Fatalf("%v: %+v", h, c)
				}
			}
			for i := range m.known {
				if s := dot(got, points(m)[i]); i != 2 && len(list) > 0 && s > list[len(list)-1].Score+1e-5 {
					better++
				}
			}
			if better > max(0, len(list)-1) {
				t.Fatalf("%v: %d items are better than the last of %v", h, better, list)
			}
		}
	})
}

func TestAReasonIsItsShareOfTheScore(t *testing.T) {
	m, err := Fit(t.Context(), [][]int32{{0, 1}, {0, 1}, {0, 1}, {2, 3}, {2, 3}, {4}}, items, Options{Factors: 4, Epochs: 20, L2: .01, Unobserved: .1})
	if err != nil {
		t.Fatal(err)
	}
	skip := func(item int32) bool { return item == 0 || item == 2 }
	list := m.Candidates(nil, &candidate.Query{History: []int32{0, 2}, K: 2, Skip: skip})
	because := map[int32]int32{}
	for _, c := range list {
		because[c.Item] = c.Reason.Because
		if c.Reason.Share < .9 {
			t.Errorf("%+v: items of two worlds vouch for each other", c)
		}
	}
	if because[1] != 0 || because[3] != 2 {
		t.Errorf("%+v", list)
	}
}

func TestConjugateGradientsComeToTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		histories, o := drawHistories(t), drawOptions(t)
		exact := fit(t, histories, o)
		o.Steps = 4 * o.Factors // more than enough in exact arithmetic
		if got := fit(t, histories, o); !near(points(got), points(exact), 1e-3) {
			t.Fatalf("%v\nwant %v", points(got), points(exact))
		}
	})
}

func TestWorkersDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		histories, o := drawHistories(t), drawOptions(t)
		o.Steps = rapid.IntRange(0, 3).Draw(t, "steps")
		one := fit(t, histories, o)
		o.Workers = rapid.IntRange(2, 5).Draw(t, "workers")
		if many := fit(t, histories, o); !slices.Equal(one.items, many.items) {
			t.Fatal("the result depends on the workers")
		}
	})
}

func TestFitRefuses(t *testing.T) {
	for _, edit := range []func(*Options){func(o *Options) { o.Factors = 0 }, func(o *Options) { o.Epochs = 0 }, func(o *Options) { o.L2 = 0 },
		func(o *Options) { o.Unobserved = math.NaN() }, func(o *Options) { o.Workers = -1 }} {
		o := Default()
		edit(&o)
		if _, err := Fit(t.Context(), nil, 3, o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Fit(ctx, [][]int32{{0, 1}}, 2, Default()); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if m, err := Fit(t.Context(), nil, 3, Default()); err != nil || m.Candidates(nil, &candidate.Query{History: []int32{1}, K: 1}) != nil {
		t.Error("nothing teaches nothing", err)
	}
}
