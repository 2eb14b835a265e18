package neighbours

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestBuildingIsTakingEach(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := Default()
		o.Weighting, o.Window = Weighting(rapid.IntRange(0, 2).Draw(t, "weighting")), rapid.IntRange(2, 6).Draw(t, "window")
		built, taken := mustNew(t, o), mustNew(t, o)
		groups := rapid.SliceOf(rapid.SliceOfN(rapid.Int32Range(0, 9), 0, 9)).Draw(t, "groups")
		if err := built.Build(t.Context(), groups); err != nil {
			t.Fatal(err)
		}
		for _, g := range groups {
			taken.Take("", g, nil)
			taken.Close("")
		}
		for i := range int32(10) {
			a, b := built.Similar(nil, i, 20, 0, nil), taken.Similar(nil, i, 20, 0, nil)
			if len(a) != len(b) {
				t.Fatalf("item %d has %v, want %v", i, a, b)
			}
			for at := range a {
				if math.Abs(a[at].Score-b[at].Score) > 1e-12 {
					t.Fatalf("item %d has %v, want %v", i, a, b)
				}
			}
		}
		more := []int32{1, 2, 3} // and it goes on learning
		for _, x := range []*Index{built, taken} {
			x.Take("", more, nil)
			x.Close("")
		}
		if a, b := built.Similar(nil, 3, 1, 0, nil), taken.Similar(nil, 3, 1, 0, nil); math.Abs(a[0].Score-b[0].Score) > 1e-12 {
			t.Fatalf("%v, want %v", a, b)
		}
	})
}

func mustNew(t *rapid.T, o Options) *Index {
	x, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestBuildingKeepsTheStrongestOfALongRow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := Default()
		whole := mustNew(t, o)
		o.Row = 3
		x := mustNew(t, o)
		groups := rapid.SliceOfN(rapid.SliceOfN(rapid.Int32Range(0, 9), 2, 9), 1, 9).Draw(t, "groups")
		if err := errors.Join(x.Build(t.Context(), groups), whole.Build(t.Context(), groups)); err != nil {
			t.Fatal(err)
		}
		for i := range int32(10) {
			if a, b := x.Similar(nil, i, 3, 0, nil), whole.Similar(nil, i, 3, 0, nil); !slices.Equal(a, b) {
				t.Fatalf("item %d has %v, want %v", i, a, b)
			}
			if n := len(x.Similar(nil, i, 9, 0, nil)); n > 3 {
				t.Fatalf("item %d has %d pairs", i, n)
			}
		}
	})
}

func TestOnlyAnEmptyIndexIsBuilt(t *testing.T) {
	x, err := New(Default())
	if err != nil {
		t.Fatal(err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := x.Build(over, [][]int32{{1, 2}}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := x.Build(t.Context(), [][]int32{{1, 2}}); err == nil {
		t.Error("what holds something was built")
	}
}
