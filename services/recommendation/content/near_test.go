package content

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/catalogue"
)

// crowd is an index of items that are all somewhat alike: more of each than are kept.
func crowd(n int) *Index {
	shelf, r := catalogue.NewShelf("w", n), rand.New(rand.NewPCG(1, 1))
	for i := range n {
		var text []string
		for range 6 {
			text = append(text, fmt.Sprint("word", r.IntN(40)))
		}
		put(shelf, &recommendationv1.Item{ItemId: fmt.Sprint(i), Name: strings.Join(text, " "), Brand: fmt.Sprint(r.IntN(3))})
	}
	x := New(shelf, Options{})
	x.Refresh()
	return x
}

func TestWhatIsKeptIsTheAnswer(t *testing.T) {
	x := crowd(500)
	rapid.Check(t, func(t *rapid.T) {
		item, k := rapid.Int32Range(0, 499).Draw(t, "item"), rapid.IntRange(1, 90).Draw(t, "k")
		one := rapid.SampledFrom([]int32{1, 2, 20}).Draw(t, "one of so many may be shown")
		skip := func(n int32) bool { return n%one != 0 }
		b := x.now.Load()
		want := b.all(nil, []anchor{{item, 1}}, &candidate.Query{K: k, Skip: func(n int32) bool { return n == item || skip(n) }})
		got := x.Similar(nil, item, k, skip)
		if len(got) != len(want) {
			t.Fatalf("%d items, want %d", len(got), len(want))
		}
		for i := range want {
			if math.Abs(got[i].Score-want[i].Score) > 1e-6 || got[i].Item != want[i].Item && math.Abs(got[i].Score-want[i].Score) > 1e-9 && want[i].Score-want[min(i+1, len(want)-1)].Score > 1e-6 {
				t.Fatalf("place %d: %+v, want %+v", i, got[i], want[i])
			}
		}
	})
}

// A list that puts several items' nearest together is nearly that of comparing all, where a visit is about some shelves of a shop.
func TestTheNearestOfAVisitAreNearlyAll(t *testing.T) {
	const items, shelves = 4000, 40
	shelf, r := catalogue.NewShelf("w", items), rand.New(rand.NewPCG(1, 1))
	common, own := rand.NewZipf(r, 1.1, 20, 5000), rand.NewZipf(r, 1.1, 5, 200)
	for i := range items {
		at := i % shelves
		name := ""
		for range 4 {
			name += fmt.Sprintf("word%d of%dx%d ", common.Uint64(), at, own.Uint64())
		}
		put(shelf, &recommendationv1.Item{ItemId: fmt.Sprint(i), Name: name, Brand: fmt.Sprint(r.IntN(100)), Categories: []string{fmt.Sprintf("c%d > d%d", at/8, at)}})
	}
	x := New(shelf, Options{})
	x.Refresh()
	b := x.now.Load()
	same, lists, got, best := 0, 0, 0.0, 0.0
	for range 300 {
		var about []anchor
		at := r.IntN(shelves)
		for i := range mostAnchors {
			if r.IntN(4) == 0 {
				at = r.IntN(shelves)
			}
			about = append(about, anchor{int32(r.IntN(items/shelves)*shelves + at), math.Pow(fade, float64(i))})
		}
		mine := func(n int32) bool { return slices.ContainsFunc(about, func(a anchor) bool { return a.item == n }) }
		scores, top := map[int32]float64{}, map[int32]bool{}
		for i, c := range b.all(nil, about, &candidate.Query{K: items, Skip: mine}) {
			if scores[c.Item] = c.Score; i < 30 {
				top[c.Item] = true
				best += c.Score
			}
		}
		for _, c := range b.best(nil, about, 30, nil) {
			lists, got = lists+1, got+scores[c.Item]
			if top[c.Item] {
				same++
			}
		}
	}
	t.Logf("%d of %d are the same, with %.4f of the likeness", same, lists, got/best)
	if same < lists*17/20 || got < .98*best {
		t.Errorf("only %d of %d are the best of all, with %.4f of their likeness", same, lists, got/best)
	}
}
