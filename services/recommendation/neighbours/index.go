package neighbours

import (
	"fmt"
	"math"
	"math/bits"
	"sync"
	"sync/atomic"
	"time"

	"github.com/freshet/freshet/services/recommendation/candidate"
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
	// Nearest is how many neighbours of each item of the history give scores; many let popular items in. Zero means all.
	Nearest int
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
	case o.Nearest < 0:
		return fmt.Errorf("%d nearest: want 0 or more", o.Nearest)
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

// sum is one of x(u,i) x(u,j), as of the landmark. groups counts them, so that nothing is told of pairs that are gone but for rounding.
type sum struct {
	of     float64
	groups int32
}

type held struct {
	item int32
	atMs int64
}

// Index is the model. Many goroutines may ask while one observes.
type Index struct {
	o        Options
	mu       sync.RWMutex
	groups   map[string][]held
	pairs    []map[int32]sum // by item, both ways
	self     []sum
	landmark int64 // the time as of which sums are kept
	begun    bool
	newest   int64
	best     sync.Pool
	kept     sync.Map    // item to what nearest found since the last event; written under mu's read lock, emptied under its write lock
	keeping  atomic.Bool // kept is not empty
}

// New makes an empty index.
func New(o Options) (*Index, error) {
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("index of neighbours: %w", err)
	}
	return &Index{o: o, groups: map[string][]held{}, best: sync.Pool{New: func() any { return new(candidate.Best) }}}, nil
}

// Observe takes an event: a group took an item. Events may come in any order; a repeated one changes nothing.
func (x *Index) Observe(group string, item int32, atMs int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.begin(item, atMs)
	if x.keeping.Swap(false) {
		x.kept.Clear()
	}
	mine := x.groups[group]
	at := -1
	for i := range mine {
		if mine[i].item == item {
			at = i
		}
	}
	switch {
	case at >= 0 && mine[at].atMs >= atMs:
	case at >= 0:
		w := x.o.weight(len(mine))
		x.one(mine, at, w, -1)
		mine[at].atMs = atMs
		x.one(mine, at, w, 1)
	case len(mine) < x.o.Window:
		x.groups[group] = x.grow(mine, held{item, atMs})
	default:
		x.replace(mine, held{item, atMs})
	}
}

// begin makes room for an item and keeps exponents small.
func (x *Index) begin(item int32, atMs int64) {
	for int(item) >= len(x.pairs) {
		x.pairs, x.self = append(x.pairs, nil), append(x.self, sum{})
	}
	if !x.begun {
		x.begun, x.landmark, x.newest = true, atMs, atMs
	}
	x.newest = max(x.newest, atMs)
	if x.o.HalfLife == 0 || float64(atMs-x.landmark)/float64(x.o.HalfLife.Milliseconds()) < 200 {
		return
	}
	scale := x.faded(atMs)
	for i := range x.pairs {
		x.self[i].of *= scale
		for j, s := range x.pairs[i] {
			s.of *= scale
			x.pairs[i][j] = s
		}
	}
	x.landmark = atMs
}

// faded is what is left, at a time, of what is kept as of the landmark.
func (x *Index) faded(atMs int64) float64 {
	if x.o.HalfLife == 0 {
		return 1
	}
	return math.Exp2(-float64(atMs-x.landmark) / float64(x.o.HalfLife.Milliseconds()))
}

// half is the square root of what an event of a time counts, as of the landmark.
func (x *Index) half(atMs int64) float64 {
	if x.o.HalfLife == 0 {
		return 1
	}
	return math.Exp2(float64(atMs-x.landmark) / float64(x.o.HalfLife.Milliseconds()) / 2)
}

// grow adds an item to a group.
func (x *Index) grow(mine []held, h held) []held {
	before, now := x.o.weight(max(len(mine), 1)), x.o.weight(len(mine)+1)
	if before != now {
		x.all(mine, before, -1)
		x.all(mine, now, 1)
	}
	mine = append(mine, h)
	x.one(mine, len(mine)-1, now, 1)
	return mine
}

// replace puts an item in the place of a full group's oldest, unless it is older itself.
func (x *Index) replace(mine []held, h held) {
	oldest := 0
	for i := range mine {
		if older(mine[i], mine[oldest]) {
			oldest = i
		}
	}
	if older(h, mine[oldest]) {
		return
	}
	w := x.o.weight(len(mine))
	x.one(mine, oldest, w, -1)
	mine[oldest] = h
	x.one(mine, oldest, w, 1)
}

func older(a, b held) bool { return a.atMs < b.atMs || a.atMs == b.atMs && a.item < b.item }

// one adds (sign 1) or subtracts (-1) the pairs of one item of a group.
func (x *Index) one(mine []held, at int, w float64, sign int32) {
	h := mine[at]
	half := x.half(h.atMs)
	x.self[h.item].of += float64(sign) * w * w * half * half
	if x.self[h.item].groups += sign; x.self[h.item].groups == 0 {
		x.self[h.item].of = 0 // what is left is rounding
	}
	for i := range mine {
		if i != at {
			x.pair(h.item, mine[i].item, w*w*half*x.half(mine[i].atMs), sign)
		}
	}
}

// all adds or subtracts a whole group.
func (x *Index) all(mine []held, w float64, sign int32) {
	for i := range mine { // item i with those before it: each pair once
		x.one(mine[:i+1], i, w, sign)
	}
}

func (x *Index) pair(i, j int32, part float64, sign int32) {
	for range 2 {
		s := x.pairs[i][j]
		s.of += float64(sign) * part
		if s.groups += sign; s.groups == 0 {
			delete(x.pairs[i], j)
		} else {
			if x.pairs[i] == nil {
				x.pairs[i] = map[int32]sum{}
			}
			x.pairs[i][j] = s
		}
		i, j = j, i
	}
}

// Close forgets who took what in a group that has ended; its pairs stay. A later event of it begins a new one.
func (x *Index) Close(group string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.groups, group)
}
