package popular

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/packed"
)

func TestLiveIsMostAtAnyTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SampledFrom([]int{5, 3 * near}).Draw(t, "items")
		counts := make([]int64, n)
		for i := range counts {
			counts[i] = int64(i * 7919 % 50)
		}
		l := NewLive(slices.Clone(counts))
		for range 20 {
			item := rapid.IntRange(0, n-1).Draw(t, "item")
			by := rapid.Int64Range(-20, 60).Draw(t, "by")
			counts[item] += by
			l.Add(int32(item), by)
			q := &candidate.Query{K: 30, Skip: func(i int32) bool { return i == 3 }}
			if got, want := l.Candidates(nil, q), New(counts).Candidates(nil, q); !slices.Equal(got, want) {
				t.Fatalf("%v, want %v", got, want)
			}
		}
		if len(l.top) > 2*near || !slices.Equal(l.Counts(), counts) {
			t.Fatalf("%d at hand", len(l.top))
		}
	})
}

func TestCountsAreReadAsTheyWereWritten(t *testing.T) {
	got, err := Decode(Encode([]int64{3, 0, 5}), packed.Places{2, packed.None, 0})
	if err != nil || !slices.Equal(got, []int64{5, 0, 3}) {
		t.Errorf("%v, %v", got, err)
	}
}
