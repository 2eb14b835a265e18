package session

import (
	"fmt"
	"math"
	"sync"

	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/interaction"
)

// Options of the index; package comment has the formulas. Start with Default.
type Options struct {
	// Neighbours is k, how many sessions give scores. 1 to Sample.
	Neighbours int
	// Sample is m, how many of the newest sessions an item remembers, and among how many the nearest are searched. 1 to 65,536. Memory and time grow with it.
	Sample int
	// Look is how many of the last touches of a session are looked at. 1 to 1000.
	Look int
	// Longest is how many distinct items of a past session are kept, its last ones. 1 to 1000.
	Longest int
	// IDF is how much rare items are preferred. Zero means not at all.
	IDF float64
}

// Default is what Serenade runs with at about that size.
func Default() Options { return Options{Neighbours: 100, Sample: 500, Look: 20, Longest: 100, IDF: 1} }

func (o Options) check() error {
	switch {
	case o.Sample < 1 || o.Sample > 1<<16:
		return fmt.Errorf("a sample of %d sessions: want 1 to %d", o.Sample, 1<<16)
	case o.Neighbours < 1 || o.Neighbours > o.Sample:
		return fmt.Errorf("%d neighbours: want 1 to the sample of %d", o.Neighbours, o.Sample)
	case o.Look < 1 || o.Look > 1000:
		return fmt.Errorf("a look at %d touches: want 1 to 1000", o.Look)
	case o.Longest < 1 || o.Longest > 1000:
		return fmt.Errorf("sessions of up to %d items: want 1 to 1000", o.Longest)
	case !(o.IDF >= 0) || math.IsInf(o.IDF, 0):
		return fmt.Errorf("an IDF weight of %v: want 0 or more", o.IDF)
	}
	return nil
}

// past is a session that has ended. Its place in Index.past is used again when no ring holds it.
type past struct {
	items []int32
	held  int // how many rings hold it
}

// ring holds an item's newest sessions, the oldest at next once it is full.
type ring struct {
	at   []int32
	next int
	all  int64 // sessions ever added that have the item
}

// Index is the model. Many goroutines may ask while one adds.
type Index struct {
	o    Options
	mu   sync.RWMutex
	past []past
	ages []int64 // by place, counts sessions: the newest has the highest. Answers look at many
	free []int32
	item []ring
	all  int64 // sessions ever added
	work sync.Pool
}

// New makes an empty index.
func New(o Options) (*Index, error) {
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("session index: %w", err)
	}
	return &Index{o: o, work: sync.Pool{New: func() any { return new(scratch) }}}, nil
}

// Add makes a session that has ended the newest of the index. Items are its touches, oldest first; they are copied.
func (x *Index) Add(items []int32) {
	items = interaction.Distinct(items)
	if len(items) == 0 {
		return
	}
	items = items[max(0, len(items)-x.o.Longest):]
	x.mu.Lock()
	defer x.mu.Unlock()
	x.all++
	x.put(items, x.all)
}

// put puts a session into the rings of its items; mu is held.
func (x *Index) put(items []int32, age int64) {
	place := x.place()
	x.past[place], x.ages[place] = past{items: items, held: len(items)}, age
	for _, item := range items {
		x.hold(item, place)
	}
}

// place is a free place for a session.
func (x *Index) place() int32 {
	if n := len(x.free); n > 0 {
		p := x.free[n-1]
		x.free = x.free[:n-1]
		return p
	}
	x.past, x.ages = append(x.past, past{}), append(x.ages, 0)
	return int32(len(x.past) - 1)
}

// hold puts a session into an item's ring, in the place of the oldest when it is full.
func (x *Index) hold(item, place int32) {
	for int(item) >= len(x.item) {
		x.item = append(x.item, ring{})
	}
	r := &x.item[item]
	r.all++
	if len(r.at) < x.o.Sample {
		r.at = append(r.at, place)
		return
	}
	old := r.at[r.next]
	r.at[r.next] = place
	r.next = (r.next + 1) % x.o.Sample
	if x.past[old].held--; x.past[old].held == 0 {
		x.past[old] = past{}
		x.free = append(x.free, old)
	}
}

// Size says what the index holds.
func (x *Index) Size() (sessions, items int) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return len(x.past) - len(x.free), len(x.item)
}

var _ candidate.Source = (*Index)(nil)
