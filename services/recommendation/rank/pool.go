package rank

import (
	"slices"
	"sync"
	"unique"

	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/candidate"
)

// Named is a source, by the name that a ranker knows it by.
type Named struct {
	Name   string
	Source ask.Source
	// Weight of its places in Blend. Zero or less: it does not count there.
	Weight float64
}

// said is what one source said of one item. Place counts from 1; 0: nothing.
type said struct {
	place  int32
	score  float64
	reason candidate.Reason
}

// Pool is one question with its candidates. It is for one goroutine. Give it back with Put.
type Pool struct {
	Question
	names   []string
	weights []float64
	best    []float64 // by source: the highest score, or none
	spoke   []bool
	items   []int32
	at      []int32 // by item: 1 + which candidate it is, 0 for none
	said    []said  // by candidate, then by source
	lists   []candidate.Candidate
	touched []touched
	kinds   []kind // by candidate
	taste   taste
	rows    []float64
	scores  []float64
	columns []int
}

var pools = sync.Pool{New: func() any {
	return &Pool{taste: taste{categories: map[unique.Handle[string]]int32{}, brands: map[unique.Handle[string]]int32{}}}
}}

// NewPool gives an empty pool.
func NewPool(q Question) *Pool {
	p := pools.Get().(*Pool)
	p.Question = q
	return p
}

// Put empties the pool and gives it back. Nothing of it may be used then.
func (p *Pool) Put() {
	for _, item := range p.items {
		p.at[item] = 0
	}
	clear(p.kinds) // nothing of the catalogue is held
	clear(p.taste.categories)
	clear(p.taste.brands)
	p.Question = Question{}
	p.names, p.weights, p.best, p.spoke = p.names[:0], p.weights[:0], p.best[:0], p.spoke[:0]
	p.items, p.said, p.lists, p.touched, p.kinds = p.items[:0], p.said[:0], p.lists[:0], p.touched[:0], p.kinds[:0]
	pools.Put(p)
}

// Gather asks every source for k candidates at most. Facts may be set in the pool before it is ranked.
func Gather(a *ask.Ask, sources []Named, k int) *Pool {
	p := NewPool(FromAsk(a))
	for _, s := range sources {
		p.Name(s.Name, s.Weight)
	}
	for i, s := range sources {
		p.lists = s.Source.Candidates(p.lists[:0], a, k)
		p.Add(i, p.lists)
	}
	return p
}

// Name announces a source, before the first Add, and gives its number.
func (p *Pool) Name(name string, weight float64) int {
	p.names, p.weights, p.best, p.spoke = append(p.names, name), append(p.weights, weight), append(p.best, 0), append(p.spoke, false)
	return len(p.names) - 1
}

// Add takes what a source proposes, best first. Once for each source. Items are dense numbers from 0.
func (p *Pool) Add(source int, list []candidate.Candidate) {
	p.spoke[source] = true
	n := len(p.names)
	for place := range list {
		c := &list[place]
		at, ok := p.Find(c.Item)
		if !ok {
			at = len(p.items)
			p.items = append(p.items, c.Item)
			p.place(c.Item, at)
			p.said = slices.Grow(p.said, n)[:len(p.said)+n]
			clear(p.said[at*n:])
		}
		p.said[at*n+source] = said{int32(place) + 1, c.Score, c.Reason}
		p.best[source] = max(p.best[source], c.Score)
	}
}

// place notes which candidate an item is.
func (p *Pool) place(item int32, at int) {
	if int(item) >= len(p.at) {
		p.at = append(p.at, make([]int32, int(item)+1+int(item)/8-len(p.at))...)
	}
	p.at[item] = int32(at) + 1
}

// Len is how many candidates there are.
func (p *Pool) Len() int { return len(p.items) }

// Item is the i-th candidate.
func (p *Pool) Item(i int) int32 { return p.items[i] }

// Find says which candidate an item is.
func (p *Pool) Find(item int32) (int, bool) {
	if int(item) >= len(p.at) || item < 0 {
		return 0, false
	}
	at := int(p.at[item]) - 1
	return at, at >= 0
}

// of is what the sources said of a candidate.
func (p *Pool) of(i int) []said {
	n := len(p.names)
	return p.said[i*n : (i+1)*n]
}

// Reason is that of the source which puts the candidate highest, of equal places the first source; and which source it is.
func (p *Pool) Reason(i int) (candidate.Reason, int) {
	best := -1
	all := p.of(i)
	for s := range all {
		if all[s].place > 0 && (best < 0 || all[s].place < all[best].place) {
			best = s
		}
	}
	return all[best].reason, best
}
