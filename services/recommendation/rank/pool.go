package rank

import (
	"sync"

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
	at      map[int32]int32
	said    []said // by candidate, then by source
	lists   []candidate.Candidate
	touched []touched
	taste   taste
	rows    []float64
	scores  []float64
	columns []int
}

var pools = sync.Pool{New: func() any {
	return &Pool{at: map[int32]int32{}, taste: taste{categories: map[string]int32{}, brands: map[string]int32{}}}
}}

// NewPool gives an empty pool.
func NewPool(q Question) *Pool {
	p := pools.Get().(*Pool)
	p.Question = q
	return p
}

// Put empties the pool and gives it back. Nothing of it may be used then.
func (p *Pool) Put() {
	clear(p.at)
	clear(p.taste.categories)
	clear(p.taste.brands)
	p.Question = Question{}
	p.names, p.weights, p.best, p.spoke = p.names[:0], p.weights[:0], p.best[:0], p.spoke[:0]
	p.items, p.said, p.lists, p.touched = p.items[:0], p.said[:0], p.lists[:0], p.touched[:0]
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

// Add takes what a source proposes, best first. Once for each source.
func (p *Pool) Add(source int, list []candidate.Candidate) {
	p.spoke[source] = true
	n := len(p.names)
	for place, c := range list {
		at, ok := p.at[c.Item]
		if !ok {
			at = int32(len(p.items))
			p.at[c.Item], p.items = at, append(p.items, c.Item)
			for range n {
				p.said = append(p.said, said{})
			}
		}
		p.said[int(at)*n+source] = said{int32(place) + 1, c.Score, c.Reason}
		p.best[source] = max(p.best[source], c.Score)
	}
}

// Len is how many candidates there are.
func (p *Pool) Len() int { return len(p.items) }

// Item is the i-th candidate.
func (p *Pool) Item(i int) int32 { return p.items[i] }

// Find says which candidate an item is.
func (p *Pool) Find(item int32) (int, bool) {
	at, ok := p.at[item]
	return int(at), ok
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
