package popular

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/services/recommendation/candidate"
)

func TestFadingIsItsFormula(t *testing.T) {
	f, err := NewFading(10 * time.Second)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		q := &candidate.Query{History: rapid.SliceOfN(rapid.Int32Range(0, 5), 1, 30).Draw(t, "history"), K: 3, AtMs: 900_000, Skip: func(i int32) bool { return i == 2 }}
		if rapid.Bool().Draw(t, "timed") {
			for i := range q.History {
				q.Times = append(q.Times, int64(800_000+3000*i))
			}
		}
		want := map[int32]float64{}
		for i, item := range q.History {
			if q.Times == nil {
				want[item] += math.Pow(.5, float64(len(q.History)-1-i)/20)
			} else {
				want[item] += math.Pow(.5, float64(q.AtMs-q.Times[i])/10_000)
			}
		}
		delete(want, 2)
		got := f.Candidates(nil, q)
		if len(got) != min(3, len(want)) {
			t.Fatalf("%v, want %v", got, want)
		}
		for i, c := range got {
			if math.Abs(c.Score/want[c.Item]-1) > 1e-9 || c.Reason != (candidate.Reason{Kind: candidate.Again, Because: c.Item, Share: 1}) {
				t.Fatalf("%+v, want %v", c, want[c.Item])
			}
			better := 0
			for _, s := range want {
				if s > c.Score*(1+1e-9) {
					better++
				}
			}
			if better > i {
				t.Fatalf("%v: %d are better than place %d", got, better, i)
			}
		}
	})
	if got := f.Candidates(nil, &candidate.Query{History: []int32{1}, Times: []int64{1}, AtMs: math.MaxInt64, K: 1}); len(got) != 1 || got[0].Score <= 0 {
		t.Errorf("what was taken ages ago is forgotten: %v", got)
	}
	if _, err := NewFading(0); err == nil {
		t.Error("a half-life of 0 was taken")
	}
}
