package als

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/freshet/freshet/services/recommendation/candidate"
)

// Where visitors take a few of thousands of items, a weight that suits films leaves points of no length. What a fit takes by itself fits.
func TestTheWeightFitsSparseData(t *testing.T) {
	const worlds, size, visitors, each = 500, 10, 2500, 4
	r := rand.New(rand.NewPCG(1, 2))
	histories := make([][]int32, visitors)
	for u := range histories {
		for _, i := range r.Perm(size)[:each] {
			histories[u] = append(histories[u], int32(u%worlds*size+i))
		}
	}
	found := func(unobserved float64) float64 {
		o := Default()
		o.Factors, o.Epochs, o.Unobserved = 32, 6, unobserved
		m, err := Fit(t.Context(), histories, worlds*size, o)
		if err != nil {
			t.Fatal(err)
		}
		hits, asked := 0, 0
		for u := 0; u < visitors; u += 25 {
			h := histories[u]
			list := m.Candidates(nil, &candidate.Query{History: h[:each-1], K: size, Skip: func(item int32) bool { return item == h[0] || item == h[1] || item == h[2] }})
			for _, c := range list {
				if c.Item == h[each-1] {
					hits++
				}
			}
			asked++
		}
		return float64(hits) / float64(asked)
	}
	fits, much := found(0), found(1)
	t.Logf("found %.2f by what fits, %.2f by a weight of 1", fits, much)
	if fits < 0.5 || fits < much+0.2 {
		t.Errorf("found %.2f by what fits, %.2f by a weight of 1", fits, much)
	}
}

func TestFitting(t *testing.T) {
	for _, c := range []struct {
		pairs, visitors, items int
		want                   float64
	}{
		{10_000_000, 138_000, 20_000, 0.058}, // MovieLens 20M, where papers tuned .1
		{33_600_000, 571_000, 41_000, 0.023}, // the Million Song Dataset, .02
		{100, 10, 10, 1},                     // everybody took everything
		{0, 0, 0, 1},
	} {
		if got := Unobserved(Against, c.pairs, c.visitors, c.items); math.Abs(got-c.want) > 0.05*c.want {
			t.Errorf("%d pairs of %d and %d: %v, want about %v", c.pairs, c.visitors, c.items, got, c.want)
		}
	}
}
