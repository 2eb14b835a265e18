package scene

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/services/recommendation/candidate"
)

// A blend is in the order of its scores, whose last bits count, and equal ones in that of the items; each item has the sum of its parts and the reason of the largest.
func TestABlendIsTheSumInItsOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var said []Said
		sums, most, why := map[int32]float64{}, map[int32]float64{}, map[int32]string{}
		for i := range rapid.IntRange(0, 4).Draw(t, "sources") {
			s := Said{Source: string(rune('a' + i)), Weight: rapid.SampledFrom([]float64{1, math.Nextafter(1, 2), 1 + 1e-13, 2}).Draw(t, "weight")}
			for place, item := range rapid.SliceOfDistinct(rapid.Int32Range(0, 40), rapid.ID).Draw(t, "items") {
				s.List = append(s.List, candidate.Candidate{Item: item})
				part := s.Weight / float64(61+place)
				if sums[item] += part; part > most[item] {
					most[item], why[item] = part, s.Source
				}
			}
			said = append(said, s)
		}
		got := Blend{}.Rank(nil, nil, said)
		if !slices.IsSortedFunc(got, compare) || len(got) != len(sums) {
			t.Fatalf("%v are not %v in their order", got, sums)
		}
		for _, x := range got {
			if x.Score != sums[x.Item] || x.Source != why[x.Item] {
				t.Fatalf("%+v, want %v of %s", x, sums[x.Item], why[x.Item])
			}
		}
	})
}
