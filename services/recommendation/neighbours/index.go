package neighbours

import (
	"fmt"
	"math"
	"sync"
	"sync/atomic"

	"github.com/cespare/xxhash/v2"

	"github.com/freshet/freshet/services/recommendation/candidate"
)

// Index is the model. Many goroutines may ask while one observes.
type Index struct {
	o        Options
	mu       sync.RWMutex
	groups   groups
	pairs    []row // by item, both ways
	self     []sum
	landmark int64 // the time as of which sums are kept
	begun    bool
	newest   int64
	halves   []float64 // what one needs of a group, used again
	best     sync.Pool
	seen     sync.Pool
	kept     []atomic.Pointer[found] // by item; read and written under mu's read lock, made longer under its write lock
	changes  int64                   // how often anything changed
}

// sum is that of x(u,i)^2, as of the landmark, and of how many groups it is.
type sum struct {
	of     float64
	groups int32
}

// New makes an empty index.
func New(o Options) (*Index, error) {
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("index of neighbours: %w", err)
	}
	return &Index{o: o, groups: newGroups(o.Groups), best: sync.Pool{New: func() any { return new(candidate.Best) }},
		seen: sync.Pool{New: func() any { return new([]int32) }}}, nil
}

// Observe takes an event: a group took an item. Events may come in any order; a repeated one changes nothing.
func (x *Index) Observe(group string, item int32, atMs int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.observe(xxhash.Sum64String(group), held{item, atMs})
}

func (x *Index) observe(group uint64, h held) {
	x.begin(h.item, h.atMs)
	x.changed()
	mine := x.groups.get(group)
	at := find(mine, h.item)
	switch {
	case at >= 0 && mine[at].atMs >= h.atMs:
	case at >= 0:
		w := x.o.weight(len(mine))
		x.one(mine, at, w, -1)
		mine[at].atMs = h.atMs
		x.one(mine, at, w, 1)
	case len(mine) < x.o.Window:
		x.groups.put(group, x.grow(mine, h))
	default:
		x.replace(mine, h)
	}
}

func find(mine []held, item int32) int {
	for i := range mine {
		if mine[i].item == item {
			return i
		}
	}
	return -1
}

// changed makes what was found before an event old.
func (x *Index) changed() {
	if x.changes++; x.changes%forget == 0 {
		x.kept = nil
	}
	x.makeRoom()
}

// forget is after how many changes the memory of what was found before is let go.
const forget = 1 << 14

// makeRoom makes room for what is found of each item.
func (x *Index) makeRoom() {
	if n := len(x.pairs); len(x.kept) < n {
		x.kept = make([]atomic.Pointer[found], n+n/8) // what was found is old in any case
	}
}

// Take takes all that a group took, which is what Observe of each gives (TestTakingAGroupAtOnceIsTheSame) at a quarter of the cost: no weight is changed on the
// way. atMs has the time of each item; nil means that their order is all that is known of time, which is for groups that are closed at once and where nothing fades.
func (x *Index) Take(group string, items []int32, atMs []int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	key := xxhash.Sum64String(group)
	whole := len(x.groups.get(key)) == 0
	var mine []held
	at := make(map[int32]int, len(items))
	for i, item := range items {
		h := held{item, int64(i)}
		if atMs != nil {
			h.atMs = atMs[i]
		}
		if !whole {
			x.observe(key, h)
			continue
		}
		x.begin(item, h.atMs)
		if j, ok := at[item]; ok {
			mine[j].atMs = max(mine[j].atMs, h.atMs)
			continue
		}
		at[item] = len(mine)
		mine = append(mine, h)
	}
	if len(mine) == 0 {
		return
	}
	x.changed()
	mine = newestOf(mine, x.o.Window)
	w := x.o.weight(len(mine))
	x.all(mine, w*w, 1)
	x.groups.put(key, mine)
}

// begin makes room for an item and keeps exponents small.
func (x *Index) begin(item int32, atMs int64) {
	for int(item) >= len(x.pairs) {
		x.pairs, x.self = append(x.pairs, row{}), append(x.self, sum{})
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
		for j := range x.pairs[i].cells {
			x.pairs[i].cells[j].of *= scale
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
	x.all(mine, now*now-before*before, 0)
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
	half := float64(sign) * w * w * x.half(h.atMs)
	x.alone(h.item, half*x.half(h.atMs), sign)
	for i := range mine {
		if i != at {
			part := half * x.half(mine[i].atMs)
			x.pairs[h.item].add(mine[i].item, part, sign)
			x.pairs[mine[i].item].add(h.item, part, sign)
			x.bound(mine[i].item)
		}
	}
	x.bound(h.item)
}

// alone adds a part to an item's own sum, of so many groups more.
func (x *Index) alone(item int32, part float64, others int32) {
	s := &x.self[item]
	s.of += part
	if s.groups += others; s.groups == 0 {
		s.of = 0 // what is left is rounding
	}
}

// all adds times the pairs of a whole group, which is of so many groups more: one row after the other, which is kind to the processor's caches.
func (x *Index) all(mine []held, times float64, others int32) {
	if times == 0 {
		return
	}
	halves := x.halves[:0]
	for i := range mine {
		halves = append(halves, x.half(mine[i].atMs))
	}
	x.halves = halves
	for i := range mine {
		half := times * halves[i]
		x.alone(mine[i].item, half*halves[i], others)
		r := &x.pairs[mine[i].item]
		for j := range mine {
			if j != i {
				r.add(mine[j].item, half*halves[j], others)
			}
		}
	}
	for i := range mine {
		x.bound(mine[i].item)
	}
}

// bound forgets the weaker half of a row that is too long. What it costs is paid by the events that made it so long.
func (x *Index) bound(i int32) {
	if r := &x.pairs[i]; x.o.Row > 0 && r.n > x.o.Row {
		scale := x.scale(0)
		r.trim(x.o.Row, func(c *cell) float64 { return x.sim(i, c.item, c.of, scale) })
	}
}

// Drop takes an item back from a group, as if the group had never taken it: an order that was undone. One that the group does not
// hold is none; what fell out of the window does not come back.
func (x *Index) Drop(group string, item int32) {
	x.mu.Lock()
	defer x.mu.Unlock()
	key := xxhash.Sum64String(group)
	mine := x.groups.get(key)
	at := find(mine, item)
	if at < 0 {
		return
	}
	x.changed()
	before, now := x.o.weight(len(mine)), x.o.weight(max(len(mine)-1, 1))
	x.one(mine, at, before, -1)
	mine[at] = mine[len(mine)-1]
	mine = mine[:len(mine)-1]
	x.all(mine, now*now-before*before, 0)
	x.groups.put(key, mine)
}

// Close forgets who took what in a group that has ended; its pairs stay. A later event of it begins a new one.
func (x *Index) Close(group string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.groups.drop(xxhash.Sum64String(group))
}

// CloseAll closes every group.
func (x *Index) CloseAll() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.groups = newGroups(x.o.Groups)
}

// Size says what the index holds: pairs count both ways.
func (x *Index) Size() (items, pairs, groups int) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	for i := range x.pairs {
		pairs += x.pairs[i].n
	}
	return len(x.pairs), pairs, x.groups.size()
}
