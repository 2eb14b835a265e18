package ease

import (
	"context"
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/services/recommendation/candidate"
)

// inverse is Gauss-Jordan with pivots.
func inverse(a [][]float64) [][]float64 {
	n := len(a)
	inv := make([][]float64, n)
	for i := range inv {
		inv[i] = make([]float64, n)
		inv[i][i] = 1
	}
	for c := range n {
		p := c
		for r := c; r < n; r++ {
			if math.Abs(a[r][c]) > math.Abs(a[p][c]) {
				p = r
			}
		}
		a[c], a[p], inv[c], inv[p] = a[p], a[c], inv[p], inv[c]
		by := a[c][c]
		for k := range n {
			a[c][k] /= by
			inv[c][k] /= by
		}
		for r := range n {
			if f := a[r][c]; r != c {
				for k := range n {
					a[r][k] -= f * a[c][k]
					inv[r][k] -= f * inv[c][k]
				}
			}
		}
	}
	return inv
}

// plain is B by the formula, dense.
func plain(histories [][]int32, n int, l2 float64) [][]float64 {
	g := make([][]float64, n)
	for i := range g {
		g[i] = make([]float64, n)
		g[i][i] = l2
	}
	for _, h := range histories {
		x := make([]float64, n)
		for _, item := range h {
			x[item] = 1
		}
		for i := range n {
			for j := range n {
				g[i][j] += x[i] * x[j]
			}
		}
	}
	p := inverse(g)
	b := make([][]float64, n)
	for i := range n {
		b[i] = make([]float64, n)
		for j := range n {
			if i != j {
				b[i][j] = -p[i][j] / p[j][j]
			}
		}
	}
	return b
}

func TestEqualToAPlainInversion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const n = 9
		histories := rapid.SliceOfN(rapid.SliceOfN(rapid.Int32Range(0, n-1), 0, 8), 0, 20).Draw(t, "histories")
		o := Options{L2: rapid.SampledFrom([]float64{.5, 3, 100}).Draw(t, "l2"), Row: rapid.SampledFrom([]int{2, 100}).Draw(t, "row"), MaxItems: 100}
		m, err := Fit(context.Background(), histories, n, o)
		if err != nil {
			t.Fatal(err)
		}
		b := plain(histories, n, o.L2)
		history := rapid.SliceOfN(rapid.Int32Range(0, n-1), 0, 5).Draw(t, "history")
		want, seen := map[int32]float64{}, map[int32]bool{}
		for _, i := range history {
			if seen[i] {
				continue
			}
			seen[i] = true
			for j, v := range b[i] {
				larger, alike := 0, 0
				for _, w := range b[i] {
					if d := math.Abs(w) - math.Abs(v); d > 1e-7 {
						larger++
					} else if d > -1e-7 {
						alike++
					}
				}
				if larger < o.Row && larger+alike > o.Row && math.Abs(v) > 1e-9 {
					return // which of two alike is kept is rounding
				}
				if larger < o.Row {
					want[int32(j)] += v
				}
			}
		}
		for _, c := range m.Candidates(nil, &candidate.Query{History: history, K: 100}) {
			if math.Abs(c.Score-want[c.Item]) > 1e-6 || !seen[c.Reason.Because] || c.Reason.Kind != candidate.Taste {
				t.Fatalf("%+v, want %v", c, want)
			}
			delete(want, c.Item)
		}
		for item, score := range want {
			if score > 1e-6 {
				t.Fatalf("item %d with %v is missing", item, score)
			}
		}
	})
}

func TestTheMostTakenAreKept(t *testing.T) {
	histories := [][]int32{{0, 1}, {1, 2}, {1, 2, 2, 2}, {3, 3, 3}}
	m, err := Fit(t.Context(), histories, 6, Options{L2: 1, Row: 10, MaxItems: 3})
	if err != nil || m.Fitted != 3 || m.Left != 1 {
		t.Fatalf("%+v %v", m, err)
	}
	for _, c := range m.Candidates(nil, &candidate.Query{History: []int32{0, 1, 2, 3, -1, 99}, K: 10}) {
		if c.Item == 3 || c.Item > 3 { // 0 and 3 are taken once; of those the lower number is kept
			t.Errorf("%+v was not fitted", c)
		}
	}
	if got := m.Candidates(nil, &candidate.Query{History: []int32{1}, K: 1}); len(got) != 1 || got[0].Item != 2 {
		t.Errorf("%+v", got)
	}
}

func TestFitRefuses(t *testing.T) {
	for _, o := range []Options{{L2: 0, Row: 1, MaxItems: 1}, {L2: 1, Row: 0, MaxItems: 1}, {L2: 1, Row: 1}, {L2: math.NaN(), Row: 1, MaxItems: 1}} {
		if _, err := Fit(t.Context(), nil, 3, o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Fit(ctx, [][]int32{{0, 1}}, 2, Default()); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if m, err := Fit(t.Context(), nil, 3, Default()); err != nil || m.Candidates(nil, &candidate.Query{History: []int32{1}, K: 1}) != nil {
		t.Error("nothing teaches nothing", err)
	}
}
