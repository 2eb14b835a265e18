package neighbours

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/services/recommendation/candidate"
)

// Inverse is a plain sum, over the items of the history that are among the Nearest of what is proposed.
func TestInverseIsItsFormula(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := Default()
		o.Inverse, o.Nearest = true, rapid.IntRange(1, 6).Draw(t, "nearest")
		x, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		const items = 8
		for range rapid.IntRange(1, 12).Draw(t, "groups") {
			x.Take("", rapid.SliceOfN(rapid.Int32Range(0, items-1), 1, 6).Draw(t, "group"), nil)
			x.Close("")
		}
		history := rapid.SliceOfNDistinct(rapid.Int32Range(0, items-1), 1, 4, rapid.ID).Draw(t, "history")
		sim := func(i, j int32) float64 {
			for _, c := range x.Similar(nil, i, items, 0, nil) {
				if c.Item == j {
					return c.Score
				}
			}
			return 0
		}
		want := map[int32]float64{}
		for i := range int32(items) {
			var all []float64
			for j := range int32(items) {
				if s := sim(i, j); j != i && s > 0 {
					all = append(all, s)
				}
			}
			slices.Sort(all)
			least := 0.0
			if len(all) >= o.Nearest {
				least = all[len(all)-o.Nearest]
			}
			for _, j := range history {
				if s := sim(j, i); j != i && s > 0 && s >= least {
					want[i] += s
				}
			}
		}
		got := x.Candidates(nil, &candidate.Query{History: history, K: items})
		for _, c := range got {
			if math.Abs(c.Score-want[c.Item]) > 1e-9 {
				t.Fatalf("item %d has %v, want %v", c.Item, c.Score, want[c.Item])
			}
			delete(want, c.Item)
		}
		for item, score := range want {
			if score > 0 {
				t.Fatalf("item %d with %v is missing in %v", item, score, got)
			}
		}
	})
}

func TestInverseNeedsSomeNearest(t *testing.T) {
	o := Default()
	o.Inverse, o.Nearest = true, 0
	if _, err := New(o); err == nil || !strings.Contains(err.Error(), "want some nearest") {
		t.Error(err)
	}
}
