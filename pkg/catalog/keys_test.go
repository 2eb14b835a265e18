package catalog

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// Evict does to a list that grew by one what Bounded does to any.
func TestEvictIsBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(MaxKeys-1, MaxKeys+3).Draw(t, "keys")
		numbers := rapid.SliceOfNDistinct(rapid.IntRange(0, 400), n, n, rapid.ID).Draw(t, "numbers")
		sum := func() Keyed {
			k := Keyed{Sum: SumOf(rapid.Int64Range(-2, 2).Draw(t, "sum"))}
			if rapid.IntRange(0, 3).Draw(t, "decays") == 0 {
				k.Spans = []Span{{Index: rapid.Int64Range(0, 3).Draw(t, "span"), Sum: SumOf(rapid.Int64Range(1, 5).Draw(t, "weight"))}}
			}
			return k
		}
		var keys []Keyed
		for _, x := range numbers {
			k := sum()
			k.Key = fmt.Sprint("key ", x)
			keys = append(keys, k)
		}
		if rapid.Bool().Draw(t, "others") {
			keys = append(keys, sum())
		}
		slices.SortFunc(keys, func(a, b Keyed) int { return strings.Compare(a.Key, b.Key) })
		want := Bounded(slices.Clone(keys))
		if d := cmp.Diff(want, Evict(slices.Clone(keys)), cmp.AllowUnexported(Sum{})); d != "" {
			t.Fatalf("(-bounded +evict)\n%s", d)
		}
	})
}
