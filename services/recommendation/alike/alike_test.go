package alike

import (
	"math"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/interaction"
)

const items = 8

// plain is a search through all that was ever taken.
type plain struct {
	o        Options
	visitors [][]int32
	took     [][]int32 // by item, all who took it in order
}

func (p *plain) take(v int, item int32) {
	if slices.Contains(p.visitors[v], item) {
		return
	}
	mine := append(p.visitors[v], item)
	p.visitors[v] = mine[max(0, len(mine)-p.o.Longest):]
	p.took[item] = append(p.took[item], int32(v))
}

func (p *plain) scores(history []int32) map[int32]float64 {
	idf := func(i int32) float64 { return math.Log(1 + float64(len(p.visitors))/float64(len(p.took[i]))) }
	norm := func(of []int32) (sum float64) {
		for _, i := range of {
			sum += idf(i) * idf(i)
		}
		return sum
	}
	var known []int32
	all := interaction.Distinct(history)
	for _, i := range all[max(0, len(all)-p.o.Look):] {
		if len(p.took[i]) > 0 {
			known = append(known, i)
		}
	}
	type one struct {
		v   int
		sim float64
	}
	var near []one
	for v, mine := range p.visitors {
		sim := 0.0
		for _, i := range known {
			if by := p.took[i]; slices.Contains(by[max(0, len(by)-p.o.Sample):], int32(v)) {
				sim += idf(i) * idf(i)
			}
		}
		if sim > 0 {
			near = append(near, one{v, sim / (math.Sqrt(norm(known)*norm(mine)) + p.o.Shrink)})
		}
	}
	slices.SortFunc(near, func(a, b one) int {
		if math.Abs(a.sim-b.sim) > 1e-12 {
			if a.sim > b.sim {
				return -1
			}
			return 1
		}
		return b.v - a.v
	})
	out := map[int32]float64{}
	for _, n := range near[:min(len(near), p.o.Neighbours)] {
		for _, i := range p.visitors[n.v] {
			out[i] += n.sim
		}
	}
	return out
}

func TestEqualToAPlainSearch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := Options{Neighbours: rapid.SampledFrom([]int{1, 50}).Draw(t, "neighbours"), Sample: rapid.IntRange(1, 9).Draw(t, "sample"), Look: rapid.IntRange(1, 4).Draw(t, "look"),
			Longest: rapid.SampledFrom([]int{3, 50}).Draw(t, "longest"), Shrink: 1}
		x, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		p := &plain{o: o, took: make([][]int32, items)}
		draw := func(name string) []int32 {
			return rapid.SliceOfN(rapid.Int32Range(0, items-1), 0, 6).Draw(t, name)
		}
		for range rapid.IntRange(1, 15).Draw(t, "visitors") {
			mine := draw("mine")
			x.Add(mine)
			p.visitors = append(p.visitors, nil)
			for _, item := range interaction.Distinct(mine) {
				p.take(len(p.visitors)-1, item)
			}
			if rapid.Bool().Draw(t, "more") {
				v, item := rapid.IntRange(0, len(p.visitors)-1).Draw(t, "v"), rapid.Int32Range(0, items-1).Draw(t, "item")
				x.Take(int32(v), item)
				p.take(v, item)
			}
		}
		for v, mine := range x.visitors { // what is kept between two censuses is what it stands for
			want := 0.0
			for _, item := range mine {
				want += x.items[item].idf * x.items[item].idf
			}
			if math.Abs(x.norms[v]-want) > 1e-9 {
				t.Fatalf("visitor %d with %v has a norm of %v, want %v", v, mine, x.norms[v], want)
			}
		}
		x.Census()
		history := append(draw("history"), 99)
		history = history[:len(history)-1] // 99 is for the model alone: nobody knows it
		want := p.scores(history)
		got := x.Candidates(nil, &candidate.Query{History: append([]int32{-1}, history...), K: 100})
		if o.Look < len(interaction.Distinct(history))+1 && len(got) == 0 && len(want) == 0 {
			return
		}
		if o.Neighbours == 1 && len(got) > 0 && want[got[0].Item] == 0 {
			return // two are equally near but for a last bit: either is right
		}
		if len(got) != len(want) {
			t.Fatalf("%v: %v, want %v", history, got, want)
		}
		for _, c := range got {
			if math.Abs(c.Score-want[c.Item]) > 1e-9 || c.Reason.Kind != candidate.Alike || !slices.Contains(history, c.Reason.Because) {
				t.Fatalf("%v: %+v, want %v", history, c, want[c.Item])
			}
		}
	})
}

func TestATakeCountsAtOnce(t *testing.T) {
	x, err := New(Default())
	if err != nil {
		t.Fatal(err)
	}
	v := x.Add([]int32{1, 2})
	x.Add([]int32{4})
	ask := func() []candidate.Candidate {
		return x.Candidates(nil, &candidate.Query{History: []int32{1}, K: 5, Skip: func(i int32) bool { return i == 1 }})
	}
	if got := ask(); len(got) != 1 || got[0].Item != 2 {
		t.Errorf("%+v", got)
	}
	x.Take(v, 3)
	x.Take(v, 3)
	x.Take(99, 3)
	if got := ask(); len(got) != 2 || got[1].Item != 3 || got[1].Score != got[0].Score {
		t.Errorf("%+v", got)
	}
}

func TestReadersAndAWriter(t *testing.T) {
	x, _ := New(Options{Neighbours: 3, Sample: 5, Look: 5, Longest: 5})
	var all sync.WaitGroup
	for w := range 4 {
		all.Go(func() {
			for i := range int32(500) {
				if w == 0 {
					x.Take(x.Add([]int32{i % 7, i % 5}), i%11)
					continue
				}
				x.Candidates(nil, &candidate.Query{History: []int32{i % 7, 3}, K: 5})
			}
		})
	}
	all.Wait()
}

func TestNewRefuses(t *testing.T) {
	for _, edit := range []func(*Options){func(o *Options) { o.Neighbours = 0 }, func(o *Options) { o.Sample = 0 }, func(o *Options) { o.Look = 0 },
		func(o *Options) { o.Longest = 0 }, func(o *Options) { o.Shrink = math.NaN() }} {
		o := Default()
		edit(&o)
		if _, err := New(o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}
