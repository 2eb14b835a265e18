package tier

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"slices"

	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
)

// dayMs is how far a churn-risk limit lies at least above the longest recency when
// nobody exceeds it, so that not everybody falls over it a millisecond later.
const dayMs = 86_400_000

// Compute finds the cut points for the customers at nowMs. It sorts customers in place.
// ok is false with fewer than MinPopulation. The caller sets the workspace.
func Compute(customers []Customer, nowMs int64) (cuts *segmentationv1.CutPoints, ok bool) {
	n := len(customers)
	if n < MinPopulation {
		return nil, false
	}
	cuts = &segmentationv1.CutPoints{Customers: int64(n), ComputedMs: nowMs}
	slices.SortFunc(customers, func(a, b Customer) int { return cmp.Compare(a.LastSeenMs, b.LastSeenMs) })
	risk := boundary(n, Shares[ChurnRisk]*float64(n), func(i int) bool {
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
	high := boundary(len(rest), Shares[HighValue]*float64(n), apart)
	medium := boundary(len(rest), (Shares[HighValue]+Shares[Medium])*float64(n), apart)
	cuts.HighValueFrom, cuts.HighValueSeenFromMs = cutAt(rest, high)
	cuts.MediumFrom, cuts.MediumSeenFromMs = cutAt(rest, medium)
	cuts.Version = version(cuts)
	return cuts, true
}

// version hashes what the cut points mean: the first 48 bits of its SHA-256, never zero. A number that counts up would be given
// twice: by whoever computes now, and by who was asleep and does not know that it has been followed.
func version(c *segmentationv1.CutPoints) int64 {
	var b []byte
	for _, v := range []int64{c.GetChurnRiskRecencyMs(), c.GetHighValueFrom(), c.GetHighValueSeenFromMs(), c.GetMediumFrom(), c.GetMediumSeenFromMs()} {
		b = binary.BigEndian.AppendUint64(b, uint64(v))
	}
	sum := sha256.Sum256(b)
	return max(1, int64(binary.BigEndian.Uint64(sum[:8])>>16))
}

// boundary is the number of leading members, 0 to n, that is nearest to the target and
// parts no tie; the smaller of two that are as near. apart(i) says whether members i-1 and
// i (0 < i < n) may be parted.
func boundary(n int, target float64, apart func(i int) bool) int {
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
