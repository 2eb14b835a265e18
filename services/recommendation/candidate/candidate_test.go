package candidate

import (
	"cmp"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestBestKeepsWhatSortingWould(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 60).Draw(t, "n")
		k := rapid.IntRange(-1, 20).Draw(t, "k")
		all := make([]Candidate, n)
		for i, item := range rapid.Permutation(slices.Collect(func(yield func(int32) bool) {
			for i := range n {
				if !yield(int32(i)) {
					return
				}
			}
		})).Draw(t, "order") {
			all[i] = Candidate{Item: item, Score: float64(rapid.IntRange(0, 5).Draw(t, "score"))} // ties on purpose
		}
		var b Best
		b.Reset(3) // what was there before must not be seen
		b.Offer(Candidate{Item: 99, Score: 99})
		b.Reset(k)
		for _, c := range all {
			b.Offer(c)
		}
		got := b.Append(nil)
		slices.SortFunc(all, func(a, b Candidate) int { return cmp.Or(-cmp.Compare(a.Score, b.Score), cmp.Compare(a.Item, b.Item)) })
		want := all[:min(max(k, 0), n)]
		if len(got) != len(want) || len(got) > 0 && !slices.Equal(got, want) {
			t.Fatalf("best %d: %s", k, gocmp.Diff(want, got))
		}
	})
}

func TestBoardAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type part struct {
			Item, Because int32
			Part          float64
		}
		for range 2 { // the second answer must not see the first
			b := GetBoard(8)
			sums, most, because := map[int32]float64{}, map[int32]float64{}, map[int32]int32{}
			for range rapid.IntRange(0, 30).Draw(t, "parts") {
				p := part{int32(rapid.IntRange(0, 7).Draw(t, "item")), int32(rapid.IntRange(0, 3).Draw(t, "because")), float64(rapid.IntRange(-2, 4).Draw(t, "part"))}
				b.Add(p.Item, p.Part, p.Because)
				sums[p.Item] += p.Part
				if p.Part > most[p.Item] {
					most[p.Item], because[p.Item] = p.Part, p.Because
				}
			}
			q := &Query{K: 5, Skip: func(item int32) bool { return item == 3 }}
			var want []Candidate
			for item, s := range sums {
				if s > 0 && item != 3 {
					want = append(want, Candidate{item, s, Reason{Taste, because[item], float32(min(most[item]/s, 1))}})
				}
			}
			slices.SortFunc(want, compare)
			want = want[:min(5, len(want))]
			if got := b.Append(nil, q, Taste); !slices.Equal(got, want) {
				t.Fatal(gocmp.Diff(want, got))
			}
			b.Put()
		}
	})
}

func TestKindsHaveNames(t *testing.T) {
	for k := Popular; int(k) <= Kinds; k++ {
		if k.String() == "unknown" {
			t.Errorf("kind %d has no name", k)
		}
	}
	if Kind(0).String() != "unknown" || Kind(99).String() != "unknown" {
		t.Error("what is no kind has a name")
	}
}

// compare sorts candidates in tests, the better first.
func compare(a, b Candidate) int {
	return cmp.Or(-cmp.Compare(a.Score, b.Score), cmp.Compare(a.Item, b.Item))
}
