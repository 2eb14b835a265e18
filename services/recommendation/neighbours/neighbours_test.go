package neighbours

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/services/recommendation/candidate"
)

type event struct {
	group string
	item  int32
	atMs  int64
}

const items = 7

// batch computes every similarity from all events at once, by the package comment.
func batch(o Options, events []event, now int64) (sims [items][items]float64) {
	newest := map[string]map[int32]int64{}
	for _, e := range events {
		if newest[e.group] == nil {
			newest[e.group] = map[int32]int64{}
		}
		at, ok := newest[e.group][e.item]
		if !ok || e.atMs > at {
			newest[e.group][e.item] = e.atMs
		}
	}
	var products [items][items]float64
	for _, took := range newest {
		var kept []held
		for item, at := range took {
			kept = append(kept, held{item, at})
		}
		slices.SortFunc(kept, func(a, b held) int { return cmp.Or(cmp.Compare(b.atMs, a.atMs), cmp.Compare(b.item, a.item)) })
		kept = kept[:min(len(kept), o.Window)]
		x := map[int32]float64{}
		n := 1.0
		for n < float64(len(kept)) {
			n *= 2
		}
		for _, h := range kept {
			x[h.item] = map[Weighting]float64{Plain: 1, TFIDF: math.Log(1 + o.Reference/n), BM25: 2.2 / (1 + 1.2*(.25+.75*n/o.Mean))}[o.Weighting]
			if o.HalfLife > 0 {
				x[h.item] *= math.Pow(2, -float64(now-h.atMs)/float64(o.HalfLife.Milliseconds())/2)
			}
		}
		for i, a := range x {
			for j, b := range x {
				products[i][j] += a * b
			}
		}
	}
	for i := range items {
		for j := range items {
			if products[i][j] > 0 {
				sims[i][j] = products[i][j] / (math.Sqrt(products[i][i]*products[j][j]) + o.Shrink)
			}
		}
	}
	return sims
}

func drawOptions(t *rapid.T) Options {
	return Options{
		Weighting: Weighting(rapid.IntRange(0, 2).Draw(t, "weighting")), Reference: 20, Mean: 3,
		Shrink: rapid.SampledFrom([]float64{0, 1.5}).Draw(t, "shrink"), HalfLife: time.Duration(rapid.SampledFrom([]int{0, 1, 5}).Draw(t, "half-life")) * time.Second,
		Window: rapid.SampledFrom([]int{2, 3, 100}).Draw(t, "window"), Nearest: rapid.SampledFrom([]int{0, 2}).Draw(t, "nearest"),
		Fade: rapid.SampledFrom([]float64{1, .5}).Draw(t, "fade"), Self: rapid.Bool().Draw(t, "self"),
	}
}

func TestEqualToABatchInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := drawOptions(t)
		x, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		var events []event
		now := int64(1)
		for range rapid.IntRange(0, 50).Draw(t, "events") {
			e := event{rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "group"), rapid.Int32Range(0, items-1).Draw(t, "item"), rapid.Int64Range(1, 20_000).Draw(t, "at")}
			events = append(events, e)
			x.Observe(e.group, e.item, e.atMs)
			now = max(now, e.atMs)
			if ask := rapid.Int32Range(0, 3*items).Draw(t, "ask"); ask < items { // what was told must not be told again
				x.Candidates(nil, &candidate.Query{History: []int32{ask}, K: 1})
			}
		}
		if rapid.Bool().Draw(t, "later") {
			now += 3000
		}
		want := batch(o, events, now)
		for i := range int32(items) {
			got := x.Similar(nil, i, 100, now, nil)
			n := 0
			for j := range want[i] {
				if j != int(i) && want[i][j] > 0 {
					n++
				}
			}
			if len(got) != n {
				t.Fatalf("item %d has %v, want %v", i, got, want[i])
			}
			for _, c := range got {
				if math.Abs(c.Score-want[i][c.Item]) > 1e-9 {
					t.Fatalf("item %d with %d: %v, want %v", i, c.Item, c.Score, want[i][c.Item])
				}
			}
		}
		sameScores(t, o, x, want, now)
	})
}

// sameScores asks with a history and compares with sums over the similarities.
func sameScores(t *rapid.T, o Options, x *Index, sims [items][items]float64, now int64) {
	history := rapid.SliceOfN(rapid.Int32Range(0, items-1), 0, 6).Draw(t, "history")
	want := map[int32]float64{}
	seen := map[int32]bool{}
	for back := range history {
		j := history[len(history)-1-back]
		if seen[j] {
			continue
		}
		seen[j] = true
		w := math.Pow(o.Fade, float64(back))
		var row []candidate.Candidate
		for i, sim := range sims[j] {
			if i == int(j) {
				if o.Self {
					want[j] += w * sim * sim
				}
			} else if sim > 0 {
				row = append(row, candidate.Candidate{Item: int32(i), Score: sim})
			}
		}
		slices.SortFunc(row, func(a, b candidate.Candidate) int {
			return cmp.Or(-cmp.Compare(a.Score, b.Score), cmp.Compare(a.Item, b.Item))
		})
		if o.Nearest > 0 && len(row) > o.Nearest {
			if row[o.Nearest-1].Score-row[o.Nearest].Score < 1e-9 {
				return // which of two alike is nearer is rounding
			}
			row = row[:o.Nearest]
		}
		for _, c := range row {
			want[c.Item] += w * c.Score * c.Score
		}
	}
	got := x.Candidates(nil, &candidate.Query{History: history, K: 100, AtMs: now})
	for _, c := range got {
		if math.Abs(c.Score-want[c.Item]) > 1e-9 || !seen[c.Reason.Because] {
			t.Fatalf("history %v: %+v, want %v", history, c, want)
		}
		delete(want, c.Item)
	}
	for item, score := range want {
		if score > 1e-12 {
			t.Fatalf("history %v: item %d with %v is missing", history, item, score)
		}
	}
}

func plain(t *testing.T, halfLife time.Duration) *Index {
	t.Helper()
	x, err := New(Options{Window: 10, Fade: 1, HalfLife: halfLife})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestAnEventCountsAtOnce(t *testing.T) {
	x := plain(t, 0)
	x.Observe("a", 1, 1)
	if got := x.Similar(nil, 1, 5, 0, nil); got != nil {
		t.Errorf("one item goes with %v", got)
	}
	x.Observe("a", 2, 2)
	got := x.Similar(nil, 1, 5, 0, nil)
	if len(got) != 1 || got[0].Item != 2 || got[0].Score != 1 || got[0].Reason != (candidate.Reason{Kind: candidate.Neighbour, Because: 1, Share: 1}) {
		t.Errorf("%+v", got)
	}
	if got := x.Similar(nil, 1, 5, 0, func(item int32) bool { return item == 2 }); got != nil {
		t.Errorf("refused: %v", got)
	}
}

func TestAClosedGroupKeepsItsPairs(t *testing.T) {
	x := plain(t, 0)
	x.Observe("a", 1, 1)
	x.Observe("a", 2, 2)
	x.Close("a")
	if x.groups.size() != 0 {
		t.Errorf("%v", x.groups)
	}
	x.Observe("a", 3, 3)
	if len(x.Similar(nil, 1, 5, 0, nil)) != 1 || x.Similar(nil, 3, 5, 0, nil) != nil {
		t.Error("a closed group lost its pairs or took a new item")
	}
}

func TestManyHalfLives(t *testing.T) {
	x := plain(t, time.Second)
	for i := range 2000 { // 2000 half-lives lie between the first and the last
		at := int64(i) * 1000
		x.Observe(fmt.Sprint(i), 1, at)
		x.Observe(fmt.Sprint(i), int32(2+i%2), at)
	}
	got := x.Similar(nil, 1, 5, 0, nil)
	if len(got) != 2 || got[0].Item != 3 || math.Abs(got[0].Score-2/math.Sqrt(6)) > 1e-9 || math.Abs(got[1].Score-1/math.Sqrt(3)) > 1e-9 {
		t.Errorf("%+v", got) // of 2 (4/3 + ...): 4/3 of 2 for the newer, 2/3 of 2 for the older
	}
}

func TestReadersAndAWriter(t *testing.T) {
	o := Default()
	o.Nearest = 5
	x, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for w := range 3 {
		all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(w), 1))
			for i := range 2000 {
				item := int32(r.IntN(40))
				if w == 0 {
					x.Observe(fmt.Sprint(r.IntN(50)), item, int64(i))
				} else if got := x.Candidates(nil, &candidate.Query{History: []int32{item, int32(r.IntN(40))}, K: 10}); len(got) > 10 {
					t.Errorf("%d candidates", len(got))
				}
			}
		})
	}
	all.Wait()
	fresh, err := New(o) // what was kept while others wrote must not be told now
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(0, 1))
	for i := range 2000 {
		item := int32(r.IntN(40))
		fresh.Observe(fmt.Sprint(r.IntN(50)), item, int64(i))
	}
	for item := range int32(40) {
		q := &candidate.Query{History: []int32{item}, K: 10}
		if got, want := x.Candidates(nil, q), fresh.Candidates(nil, q); !slices.Equal(got, want) {
			t.Errorf("item %d: %v, want %v", item, got, want)
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for want, edit := range map[string]func(*Options){
		"weighting 9":          func(o *Options) { o.Weighting = 9 },
		"reference 0":          func(o *Options) { o.Reference = 0 },
		"shrink -1":            func(o *Options) { o.Shrink = -1 },
		"half-life of 1ms":     func(o *Options) { o.HalfLife = time.Millisecond },
		"a window of 1":        func(o *Options) { o.Window = 1 },
		"-1 nearest":           func(o *Options) { o.Nearest = -1 },
		"fade 0":               func(o *Options) { o.Fade = 0 },
		"reference 10, mean 0": func(o *Options) { o.Weighting, o.Reference, o.Mean = BM25, 10, 0 },
	} {
		o := Default()
		edit(&o)
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
