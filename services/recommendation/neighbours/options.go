package neighbours

import (
	"fmt"
	"math"
	"math/bits"
	"time"
)

// Weighting is how much a group counts by its size.
type Weighting uint8

// The package comment has the formulas.
const (
	Plain Weighting = iota
	TFIDF
	BM25
)

// Options of an index. Start with Default.
type Options struct {
	Weighting Weighting
	// Reference of TFIDF: about how many items there are. Above 0.
	Reference float64
	// Mean of BM25: about how many items a group has. Above 0.
	Mean float64
	// Shrink is added below the fraction. Zero or more; 10 is much for rare items.
	Shrink float64
	// HalfLife is how long an event counts half. Zero means that nothing fades.
	HalfLife time.Duration
	// Window is how many items of a group count, its newest. 2 to 10,000.
	Window int
	// Row is how many pairs of an item are held at most: beyond it the weaker half is forgotten, see the package comment. 2 or more; zero means no bound.
	Row int
	// Groups is how many groups are held at most: beyond it those that took nothing for the longest are closed. 2 or more; zero means no bound.
	Groups int
	// Nearest is how many neighbours of each item of the history give scores; many let popular items in. Zero means all.
	Nearest int
	// Inverse takes, in place of the Nearest of each item of the history, the items of the history that are among the Nearest of each candidate, as most published item-kNN do: popular
	// items, which are near to all, gain less. A question behind an event then searches the Nearest of all candidates: it is for an index that is complete, and not where events fade.
	Inverse bool
	// Fade is how much an item of the history counts against the one behind it: 1 all alike, 0.5 by half at each place. Above 0, at most 1.
	Fade float64
	// Self counts an item as its own neighbour: visitors come back.
	Self bool
}

// Default suits customers of a shop.
func Default() Options {
	return Options{Weighting: TFIDF, Reference: 10_000, Mean: 10, Shrink: 10, Window: 500, Nearest: 50, Fade: 1}
}

func (o Options) check() error {
	switch {
	case o.Weighting > BM25:
		return fmt.Errorf("weighting %d: want Plain, TFIDF or BM25", o.Weighting)
	case o.Weighting == TFIDF && !(o.Reference > 0), o.Weighting == BM25 && !(o.Mean > 0):
		return fmt.Errorf("reference %v, mean %v: want above 0", o.Reference, o.Mean)
	case !(o.Shrink >= 0) || math.IsInf(o.Shrink, 0):
		return fmt.Errorf("shrink %v: want 0 or more", o.Shrink)
	case o.HalfLife < 0 || o.HalfLife > 0 && o.HalfLife < time.Second:
		return fmt.Errorf("a half-life of %v: want 0, or a second or more", o.HalfLife)
	case o.Window < 2 || o.Window > 10_000:
		return fmt.Errorf("a window of %d items: want 2 to 10000", o.Window)
	case o.Row < 0 || o.Row == 1 || o.Groups < 0 || o.Groups == 1:
		return fmt.Errorf("rows of %d pairs, %d groups: want 0, or 2 or more", o.Row, o.Groups)
	case o.Nearest < 0:
		return fmt.Errorf("%d nearest: want 0 or more", o.Nearest)
	case o.Inverse && (o.Nearest == 0 || o.HalfLife > 0):
		return fmt.Errorf("inverse with %d nearest and a half-life of %v: want some nearest and no half-life", o.Nearest, o.HalfLife)
	case !(o.Fade > 0 && o.Fade <= 1):
		return fmt.Errorf("fade %v: want above 0, at most 1", o.Fade)
	}
	return nil
}

// weight is w of a group of so many items.
func (o *Options) weight(items int) float64 {
	n := 1 << bits.Len(uint(items-1)) // rounded up to a power of two
	switch o.Weighting {
	case TFIDF:
		return math.Log1p(o.Reference / float64(n))
	case BM25:
		const k1, b = 1.2, 0.75
		return (k1 + 1) / (1 + k1*(1-b+b*float64(n)/o.Mean))
	}
	return 1
}
