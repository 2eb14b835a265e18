package alike

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cespare/xxhash/v2"
	"pgregory.net/rapid"

	"github.com/freshet/freshet/services/recommendation/candidate"
)

const items = 12

func must(t rapid.TB, o Options) *Index {
	x, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestScoresAreTheFormulas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := must(t, Options{Visitors: 100, Items: 100, Sample: 100, Look: 3, Near: 100})
		took := map[string]map[int32]bool{}
		for range rapid.IntRange(0, 60).Draw(t, "touches") {
			v, item := rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}).Draw(t, "visitor"), rapid.Int32Range(0, items-1).Draw(t, "item")
			if took[v] == nil {
				took[v] = map[int32]bool{}
			}
			took[v][item] = true
			x.Touch(v, item)
		}
		history := rapid.SliceOfNDistinct(rapid.Int32Range(0, items), 0, 5, rapid.ID).Draw(t, "history")
		want := map[int32]float64{}
		for v, mine := range took {
			alike := 0.0
			for _, j := range history[max(0, len(history)-3):] {
				n := 0
				for _, theirs := range took {
					if theirs[j] {
						n++
					}
				}
				if mine[j] {
					alike += 1 / math.Log(math.E+float64(n)) / math.Sqrt(float64(len(mine)))
				}
			}
			for item := range mine {
				if v != "a" && alike > 0 {
					want[item] += alike
				}
			}
		}
		delete(want, 2)
		got := x.Candidates(nil, "a", history, 100, func(item int32) bool { return item == 2 })
		if len(got) != len(want) {
			t.Fatalf("%v, want %v", got, want)
		}
		for _, c := range got {
			if math.Abs(c.Score-want[c.Item]) > 1e-9 || c.Reason.Kind != candidate.Alike {
				t.Fatalf("%+v, want %v", c, want[c.Item])
			}
		}
	})
}

// Places of visitors who left are given to others, who are not taken for them.
func TestMemoryIsBounded(t *testing.T) {
	o := Options{Visitors: 20, Items: 4, Sample: 5, Look: 3, Near: 10}
	x := must(t, o)
	last := map[string][]int32{}
	r := rand.New(rand.NewPCG(1, 1))
	for range 20_000 {
		v, item := fmt.Sprint(r.IntN(100)), int32(r.IntN(items))
		_, there := x.at[xxhash.Sum64String(v)]
		if x.Touch(v, item); !there {
			last[v] = nil
		}
		mine := slices.DeleteFunc(last[v], func(i int32) bool { return i == item })
		last[v] = append(mine, item)
		last[v] = last[v][max(0, len(last[v])-o.Items):]
		if p := x.persons[x.at[xxhash.Sum64String(v)]]; !slices.Equal(p.items, last[v]) {
			t.Fatalf("%s has %v, want %v", v, p.items, last[v])
		}
	}
	if len(x.persons) != o.Visitors || len(x.at) != o.Visitors {
		t.Errorf("%d visitors, %d places", len(x.at), len(x.persons))
	}
	for i := range x.items {
		if len(x.items[i].refs) > o.Sample {
			t.Errorf("item %d has %d visitors", i, len(x.items[i].refs))
		}
	}
	if _, err := New(Options{}); err == nil {
		t.Error("no bounds are taken")
	}
}

func BenchmarkCandidates(b *testing.B) {
	x, r := must(b, Default()), rand.New(rand.NewPCG(1, 1))
	item := func() int32 { return int32(100_000 * math.Pow(r.Float64(), 3)) }
	for range 1_000_000 {
		x.Touch(fmt.Sprint(r.IntN(200_000)), item())
	}
	history := make([]int32, 10)
	for b.Loop() {
		for i := range history {
			history[i] = item()
		}
		x.Candidates(nil, "a", history, 50, nil)
	}
}

// Who had to leave an item out for newer ones does not have it any more, and who took it again has it once.
func TestWhatWasLeftOutDoesNotCount(t *testing.T) {
	x := must(t, Options{Visitors: 10, Items: 2, Sample: 10, Look: 3, Near: 10})
	for _, item := range []int32{1, 2, 3} {
		x.Touch("lost", item) // has 2 and 3
	}
	for _, item := range []int32{1, 2, 3, 1} {
		x.Touch("again", item) // has 3 and 1, and is twice in the ring of 1
	}
	says := 1 / math.Log(math.E+float64(3)) / math.Sqrt(2) // three times 1 was taken
	want := map[int32]float64{1: says, 3: says}
	for _, c := range x.Candidates(nil, "a", []int32{1}, 10, nil) {
		if math.Abs(c.Score-want[c.Item]) > 1e-9 {
			t.Errorf("item %d: %v, want %v", c.Item, c.Score, want[c.Item])
		}
		delete(want, c.Item)
	}
	if len(want) > 0 {
		t.Errorf("%v are missing", want)
	}
}

func TestTheFirstAreThoseOfSorting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := make([]near, rapid.IntRange(0, 60).Draw(t, "n"))
		for i := range list {
			list[i] = near{at: int32(i), alike: float64(rapid.IntRange(0, 5).Draw(t, "alike"))} // ties on purpose
		}
		k := rapid.IntRange(1, 20).Draw(t, "k")
		want := slices.SortedFunc(slices.Values(list), order)
		if got := first(list, k); !slices.Equal(got, want[:min(k, len(want))]) {
			t.Fatalf("%v, want %v", got, want)
		}
	})
}
