package catalog

import (
	"math/big"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func oldTop(f *Feature, r *Reading, asOf int64, keep int) (out []Entry) {
	type pair struct {
		k string
		w *big.Int
	}
	var all []pair
	total := new(big.Int)
	for _, k := range r.Keys {
		w := k.Sum.Big()
		if f.halfLife > 0 {
			w = decayed(k.Spans, asOf, f.halfLife)
		}
		if w.Sign() <= 0 {
			continue
		}
		total.Add(total, w)
		if k.Key != "" {
			all = append(all, pair{k.Key, w})
		}
	}
	slices.SortFunc(all, func(a, b pair) int {
		if c := b.w.Cmp(a.w); c != 0 {
			return c
		}
		return strings.Compare(a.k, b.k)
	})
	for _, p := range all[:min(len(all), keep)] {
		out = append(out, Entry{Key: p.k, Int: shareBig(p.w, total)})
	}
	return
}

func TestSameAsBefore(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	sum := func() Sum {
		x := SumOf(rnd.Int64N(4) - 1)
		switch rnd.IntN(4) {
		case 0:
			x = SumOf(rnd.Int64N(1e10))
		case 1:
			x = SumOf(int64(rnd.Uint64()))
		case 2:
			x = SumOf(rnd.Int64()).shifted(uint(rnd.IntN(56)))
		}
		return x
	}
	for range 200_000 {
		f := &Feature{Definition: &Definition{Keep: 1 + rnd.IntN(30)}}
		h := []time.Duration{0, 8 * time.Hour, 7 * day}[rnd.IntN(3)]
		f.halfLife = h
		asOf := rnd.Int64N(2e12)
		var r Reading
		for i := range rnd.IntN(8) {
			k := Keyed{Key: []string{"", "b", "c", "a", "d", "e", "f", "g"}[i], Sum: sum()}
			if h > 0 {
				now, _ := SpanOf(asOf, h)
				for e := now - 12; e <= now; e++ {
					if rnd.IntN(3) == 0 {
						k.Spans = append(k.Spans, Span{e, sum()})
					}
				}
			}
			r.Keys = append(r.Keys, k)
		}
		if a, b := best(f, &r, asOf, f.Keep, nil), oldTop(f, &r, asOf, f.Keep); !reflect.DeepEqual(a, b) {
			t.Fatalf("%v %v\n%+v", a, b, r)
		}
		if h > 0 && len(r.Keys) > 0 {
			s := r.Keys[0].Spans
			_, step := SpanOf(asOf, h)
			total := decayed(s, asOf, h)
			want := clampBig(total.Quo(total, new(big.Int).Lsh(big.NewInt(weights[step]), SpansKept)))
			if got := decayedValue(s, asOf, h); got != want {
				t.Fatal(got, want)
			}
		}
		// ratio
		fr := &Feature{Definition: &Definition{Complement: rnd.IntN(2) == 0}, scales: [][]int64{{1, 1}, {1_000_000, 1}, {1, 1_000_000}, {1_000_000, 1_000_000}}[rnd.IntN(4)]}
		a, b := sum().Clamp(), sum().Clamp()
		got := finishRatio(fr, nil, []Value{number(a), number(b)}, 0)
		var want Value
		if b > 0 {
			n, d := big.NewInt(a), big.NewInt(b)
			n.Mul(n, big.NewInt(1_000_000)).Mul(n, big.NewInt(fr.scales[0]))
			n.Quo(n, d.Mul(d, big.NewInt(fr.scales[1])))
			x := clampBig(n)
			if fr.Complement {
				x = max(0, min(1_000_000, 1_000_000-max(x, -1_000_000)))
			}
			want = number(x)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%d %d %v %+v %+v", a, b, fr.scales, got, want)
		}
		// average
		s, c := sum(), rnd.Int64N(1000)+1
		av := finishAverage(nil, []*Reading{{Sum: s}, {Sum: SumOf(c)}}, nil, 0)
		n := s.Big()
		if w := clampBig(n.Quo(n, big.NewInt(c))); av.Int != w {
			t.Fatal(av, w)
		}
	}
}
