package catalog

import (
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestGapsAsBefore(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 50_000 {
		at := make([]int64, 2+rnd.IntN(63))
		for i := range at {
			at[i] = rnd.Int64N([]int64{1000, 9e12}[rnd.IntN(2)])
		}
		slices.Sort(at)
		n, sum, squares := big.NewInt(int64(len(at)-1)), new(big.Int), new(big.Int)
		for i := range at[1:] {
			b := big.NewInt(at[i+1] - at[i])
			sum.Add(sum, b)
			squares.Add(squares, b.Mul(b, b))
		}
		squares.Mul(squares, n).Sub(squares, new(big.Int).Mul(sum, sum))
		want := squares.Sqrt(squares).Quo(squares, n).Int64()
		if got, _ := deviation(at); got != want {
			t.Fatal(got, want)
		}
		x := big.NewInt(want)
		x.Mul(x, big.NewInt(1_000_000)).Mul(x, n)
		if got := finishGapCV(nil, []*Reading{{Times: at}}, nil, 0); sum.Sign() > 0 && got.Int != clampBig(x.Quo(x, sum)) {
			t.Fatal(got)
		}
	}
}
