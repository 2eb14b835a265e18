package tier

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math"

	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
)

// dayMs is how far a churn-risk limit lies at least above the longest recency when
// nobody exceeds it, so that not everybody falls over it a millisecond later.
const dayMs = 86_400_000

// inMemory is how many customers a census holds: 16 MiB. Of more it keeps sorted runs in a file.
const inMemory = 1 << 20

// Census takes all customers of a workspace, one at a time and in any order, and finds the cut points for them: exactly, in memory that does
// not grow with them (TestAnyPopulationInLittleMemory). It keeps 16 bytes a customer in a file from the first 2^20 on. The caller must Close it.
type Census struct {
	nowMs   int64
	present *segmentationv1.CutPoints
	all     *sorter
	limit   int

	customers int
	sizes     map[string]int
}

// NewCensus begins one, as of nowMs. present are the cut points of now, nil when there are none; dir is where a file may be, empty
// meaning the system's folder for such.
func NewCensus(dir string, present *segmentationv1.CutPoints, nowMs int64) *Census {
	return newCensus(dir, inMemory, present, nowMs)
}

func newCensus(dir string, limit int, present *segmentationv1.CutPoints, nowMs int64) *Census {
	return &Census{
		nowMs: nowMs, present: present, limit: limit, sizes: map[string]int{},
		all: &sorter{dir: dir, limit: limit, compare: func(a, b Customer) int { return cmp.Compare(a.LastSeenMs, b.LastSeenMs) }},
	}
}

// Add takes a customer.
func (c *Census) Add(one Customer) error {
	c.customers++
	c.sizes[Of(one, c.present, c.nowMs)]++
	return c.all.add(one)
}

// Customers is how many there were.
func (c *Census) Customers() int { return c.customers }

// Drift is how far the sizes are from their shares under the present cut points: see the function Drift.
func (c *Census) Drift() float64 { return Drift(c.sizes, c.customers) }

// Close gives back what the census kept.
func (c *Census) Close() error { return c.all.close() }

// Compute finds the cut points. ok is false with fewer than MinPopulation. The caller sets the workspace.
func (c *Census) Compute() (cuts *segmentationv1.CutPoints, ok bool, err error) {
	n := c.customers
	if n < MinPopulation {
		return nil, false, nil
	}
	cuts = &segmentationv1.CutPoints{Customers: int64(n), ComputedMs: c.nowMs}
	risk := newBoundary(n, Shares[ChurnRisk]*float64(n))
	var first int64
	walk := walker{find: []*boundary{risk}, same: func(a, b Customer) bool { return a.LastSeenMs == b.LastSeenMs }}
	err = c.all.each(func(one Customer) error {
		if walk.at == 0 {
			first = one.LastSeenMs
		}
		walk.step(one)
		return nil
	})
	if err != nil {
		return nil, false, err
	}
	walk.end()
	atRisk := int64(math.MinInt64) // who was seen at this time or before
	if k, last := risk.best(); k > 0 {
		atRisk = last.LastSeenMs
		// Just below the shortest recency at risk: the next to fall over it has the longest way to go.
		cuts.ChurnRiskRecencyMs = c.nowMs - atRisk - 1
	} else {
		longest := max(0, c.nowMs-first)
		cuts.ChurnRiskRecencyMs = longest + max(longest, dayMs)
	}
	k, _ := risk.best()
	if err := c.byValue(cuts, k, atRisk); err != nil {
		return nil, false, err
	}
	cuts.Version = version(cuts)
	return cuts, true, nil
}

// byValue finds the cut points of value among those who are not at risk, of whom there are so many less than of all.
func (c *Census) byValue(cuts *segmentationv1.CutPoints, risk int, atRisk int64) (err error) {
	rest := &sorter{dir: c.all.dir, limit: c.limit, compare: func(a, b Customer) int {
		return cmp.Or(cmp.Compare(b.Value, a.Value), cmp.Compare(b.LastSeenMs, a.LastSeenMs))
	}}
	defer func() { err = errors.Join(err, rest.close()) }()
	err = c.all.each(func(one Customer) error {
		if risk > 0 && one.LastSeenMs <= atRisk {
			return nil
		}
		return rest.add(one)
	})
	if err != nil {
		return err
	}
	n := float64(c.customers)
	high := newBoundary(c.customers-risk, Shares[HighValue]*n)
	medium := newBoundary(c.customers-risk, (Shares[HighValue]+Shares[Medium])*n)
	walk := walker{find: []*boundary{high, medium}, same: func(a, b Customer) bool { return a == b }}
	if err := rest.each(func(one Customer) error { walk.step(one); return nil }); err != nil {
		return err
	}
	walk.end()
	cuts.HighValueFrom, cuts.HighValueSeenFromMs = high.cut()
	cuts.MediumFrom, cuts.MediumSeenFromMs = medium.cut()
	return nil
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
