package tier

import (
	"cmp"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
)

// computeAtOnce is the oracle: it finds the cut points for the customers at nowMs. It sorts customers in place.
// ok is false with fewer than MinPopulation. The caller sets the workspace.
func computeAtOnce(customers []Customer, nowMs int64) (cuts *segmentationv1.CutPoints, ok bool) {
	n := len(customers)
	if n < MinPopulation {
		return nil, false
	}
	cuts = &segmentationv1.CutPoints{Customers: int64(n), ComputedMs: nowMs}
	slices.SortFunc(customers, func(a, b Customer) int { return cmp.Compare(a.LastSeenMs, b.LastSeenMs) })
	risk := boundaryOf(n, Shares[ChurnRisk]*float64(n), func(i int) bool {
		return customers[i-1].LastSeenMs != customers[i].LastSeenMs
	})
	if risk > 0 {
		// Just below the shortest recency at risk: the next to fall over it has the longest way to go.
		cuts.ChurnRiskRecencyMs = nowMs - customers[risk-1].LastSeenMs - 1
	} else {
		longest := max(0, nowMs-customers[0].LastSeenMs)
		cuts.ChurnRiskRecencyMs = longest + max(longest, dayMs)
	}
	rest := customers[risk:]
	slices.SortFunc(rest, func(a, b Customer) int {
		return cmp.Or(cmp.Compare(b.Value, a.Value), cmp.Compare(b.LastSeenMs, a.LastSeenMs))
	})
	apart := func(i int) bool { return rest[i-1] != rest[i] }
	high := boundaryOf(len(rest), Shares[HighValue]*float64(n), apart)
	medium := boundaryOf(len(rest), (Shares[HighValue]+Shares[Medium])*float64(n), apart)
	cuts.HighValueFrom, cuts.HighValueSeenFromMs = cutAt(rest, high)
	cuts.MediumFrom, cuts.MediumSeenFromMs = cutAt(rest, medium)
	cuts.Version = version(cuts)
	return cuts, true
}

// boundaryOf is the number of leading members, 0 to n, that is nearest to the target and
// parts no tie; the smaller of two that are as near. apart(i) says whether members i-1 and
// i (0 < i < n) may be parted.
func boundaryOf(n int, target float64, apart func(i int) bool) int {
	free := func(i int) bool { return i <= 0 || i >= n || apart(i) }
	low := min(n, int(math.Floor(target)))
	high := min(n, low+1)
	for !free(low) {
		low--
	}
	for !free(high) {
		high++
	}
	if float64(high)-target < target-float64(low) {
		return high
	}
	return low
}

// cutAt is the value and time of the last of the first k in descending order: what
// reaches it is in. With k = 0 nobody is.
func cutAt(sorted []Customer, k int) (value, seenMs int64) {
	if k == 0 {
		return math.MaxInt64, math.MaxInt64
	}
	return sorted[k-1].Value, sorted[k-1].LastSeenMs
}

// Sizes counts the customers of each tier at nowMs.
func Sizes(customers []Customer, cuts *segmentationv1.CutPoints, nowMs int64) map[string]int {
	sizes := map[string]int{}
	for _, c := range customers {
		sizes[Of(c, cuts, nowMs)]++
	}
	return sizes
}

// compute is a census of customers that are at hand.
func compute(t testing.TB, customers []Customer, nowMs int64) (*segmentationv1.CutPoints, bool) {
	t.Helper()
	c := NewCensus(t.TempDir(), nil, nowMs)
	for _, one := range customers {
		if err := c.Add(one); err != nil {
			t.Fatal(err)
		}
	}
	cuts, ok, err := c.Compute()
	if err := cmp.Or(err, c.Close()); err != nil {
		t.Fatal(err)
	}
	return cuts, ok
}

// TestAnyPopulationInLittleMemory: a census that holds a handful of customers finds what sorting all of them at once finds, and leaves no file.
func TestAnyPopulationInLittleMemory(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.SampledFrom([]*rapid.Generator[int64]{rapid.Int64Range(0, 3), rapid.Int64Range(-50, 50), rapid.Int64()}).Draw(t, "values")
		seen := rapid.SampledFrom([]*rapid.Generator[int64]{rapid.Int64Range(now-2, now), rapid.Int64Range(now-90, now+5), rapid.Int64Range(0, now)}).Draw(t, "times")
		all := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Customer {
			return Customer{Value: value.Draw(t, "value"), LastSeenMs: seen.Draw(t, "seen")}
		}), 0, 300).Draw(t, "customers")
		present := &segmentationv1.CutPoints{ChurnRiskRecencyMs: 20, HighValueFrom: 2, MediumFrom: 1}
		c := newCensus(dir, rapid.IntRange(1, 40).Draw(t, "held"), present, now)
		for _, one := range all {
			if err := c.Add(one); err != nil {
				t.Fatal(err)
			}
		}
		got, ok, err := c.Compute()
		if err != nil {
			t.Fatal(err)
		}
		want, wantOK := computeAtOnce(slices.Clone(all), now)
		if want != nil {
			want.Version = version(want)
		}
		if ok != wantOK || !proto.Equal(got, want) {
			t.Fatalf("%v %v, want %v %v", got, ok, want, wantOK)
		}
		if got, want := c.Drift(), Drift(Sizes(all, present, now), len(all)); c.Customers() != len(all) || got != want {
			t.Fatalf("%d customers drift by %v, want %d and %v", c.Customers(), got, len(all), want)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
			t.Fatalf("left behind: %v, %v", files, err)
		}
	})
}

// BenchmarkCensus is ten million customers: "go test -bench Census -benchtime 1x ./services/segmentation/tier".
func BenchmarkCensus(b *testing.B) {
	for b.Loop() {
		r := rand.New(rand.NewPCG(1, 2))
		c := NewCensus(b.TempDir(), nil, now)
		for range 10_000_000 {
			if err := c.Add(Customer{Value: r.Int64N(1e9), LastSeenMs: now - r.Int64N(1e10)}); err != nil {
				b.Fatal(err)
			}
		}
		if _, ok, err := c.Compute(); !ok || err != nil {
			b.Fatal(ok, err)
		}
		_ = c.Close()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.Sys>>20), "MiB")
}
