package content

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/catalogue"
)

// Options of an index. The zero value is good.
type Options struct {
	// MostPostings is of how many items a word may be to count. More finds more and costs more. Zero means 1,000.
	MostPostings int
	// Every is how often the shelf is looked at for changes; building takes a tenth of one core at most, whatever it says. Zero means 1 s.
	Every time.Duration
}

// Index finds items of one shelf that are described alike. Many goroutines may use it.
type Index struct {
	shelf *catalogue.Shelf
	o     Options
	now   atomic.Pointer[built]

	mu     sync.Mutex // who builds
	seen   []*catalogue.Item
	docs   []*document
	looked int64 // the version of the shelf
	builds int
}

// New makes an index of a shelf, without items until Refresh or Run.
func New(shelf *catalogue.Shelf, o Options) *Index {
	if o.MostPostings == 0 {
		o.MostPostings = 1000
	}
	if o.Every == 0 {
		o.Every = time.Second
	}
	x := &Index{shelf: shelf, o: o, looked: -1}
	x.now.Store(build(nil, 0))
	return x
}

// Source is what proposes.
func (x *Index) Source() ask.Source { return x }

// Run follows the shelf until ctx ends.
func (x *Index) Run(ctx context.Context) error {
	for wait := time.Duration(0); ; {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		begun := time.Now()
		x.Refresh()
		wait = max(x.o.Every, 9*time.Since(begun))
	}
}

// Refresh looks at the items that are another since the last time, and builds the index anew if any of them is described otherwise.
func (x *Index) Refresh() {
	x.mu.Lock()
	defer x.mu.Unlock()
	version := x.shelf.Version()
	if version == x.looked {
		return
	}
	n, changed := x.shelf.Len(), false
	x.seen = append(x.seen, make([]*catalogue.Item, n-len(x.seen))...)
	x.docs = append(x.docs, make([]*document, n-len(x.docs))...)
	for i := range n {
		item := x.shelf.Item(int32(i))
		if item == x.seen[i] {
			continue
		}
		x.seen[i] = item
		if item.Proto == nil {
			continue
		}
		if d := describe(item.Proto); !d.equal(x.docs[i]) {
			x.docs[i], changed = d, true
		}
	}
	x.looked = version
	if changed {
		x.now.Store(build(slices.Clone(x.docs), x.o.MostPostings))
		x.builds++
	}
}

// Similar appends the k items that are most like one, best first; none where the item is not described yet.
func (x *Index) Similar(dst []candidate.Candidate, item int32, k int, skip func(int32) bool) []candidate.Candidate {
	return x.now.Load().best(dst, []anchor{{item, 1}}, k, skip)
}

// anchor is an item of the question, and how much it counts.
type anchor struct {
	item   int32
	weight float64
}

const (
	// mostAnchors is how many items of a question count.
	mostAnchors = 5
	// fade is how much less an earlier touch counts than the one after it, past how much less what was touched before this visit.
	fade, past = 0.7, 0.35
)

// anchors are the items of a question: those of the page, then those of the visit, the newest first, then those of the past where that may be used.
func anchors(a *ask.Ask) []anchor {
	var out []anchor
	add := func(item int32, weight float64) {
		if len(out) < mostAnchors && !slices.ContainsFunc(out, func(o anchor) bool { return o.item == item }) {
			out = append(out, anchor{item, weight})
		}
	}
	for _, item := range a.Context {
		add(item, 1)
	}
	newest := func(list []int32, weight float64) {
		for i := len(list) - 1; i >= 0 && len(out) < mostAnchors; i, weight = i-1, weight*fade {
			add(list[i], weight)
		}
	}
	newest(a.Session, 1)
	if a.Personal() {
		newest(a.History, past)
	}
	return out
}

// Candidates implements ask.Source. Because is the item of the question that a candidate resembles most.
func (x *Index) Candidates(dst []candidate.Candidate, a *ask.Ask, k int) []candidate.Candidate {
	return x.now.Load().best(dst, anchors(a), k, a.Skip)
}

// best appends the k items that are most like the anchors, none of them itself.
func (b *built) best(dst []candidate.Candidate, anchors []anchor, k int, skip func(int32) bool) []candidate.Candidate {
	if k <= 0 || len(anchors) == 0 {
		return dst
	}
	q := &candidate.Query{K: k, Skip: func(item int32) bool {
		return slices.ContainsFunc(anchors, func(a anchor) bool { return a.item == item }) || skip != nil && skip(item)
	}}
	if k > mostNear*len(anchors) {
		return b.all(dst, anchors, q)
	}
	board := candidate.GetBoard(len(b.docs))
	defer board.Put()
	from, cut := len(dst), false
	for _, a := range anchors {
		if a.item < 0 || int(a.item) >= len(b.docs) || b.docs[a.item] == nil {
			continue
		}
		list := b.nearest(a.item)
		cut = cut || len(list) == mostNear
		for _, n := range list {
			board.Add(n.item, a.weight*float64(n.score), a.item)
		}
	}
	if dst = board.Append(dst, q, candidate.Content); len(dst)-from == k || !cut {
		return dst
	}
	return b.all(dst[:from], anchors, q)
}

// all is best by all items instead of by those that are nearest to each anchor: for long lists, and where most of the nearest are refused.
func (b *built) all(dst []candidate.Candidate, anchors []anchor, q *candidate.Query) []candidate.Candidate {
	board := candidate.GetBoard(len(b.docs))
	defer board.Put()
	for _, a := range anchors {
		if a.item >= 0 && int(a.item) < len(b.docs) && b.docs[a.item] != nil {
			s := b.sums(a.item)
			own := &b.sides[a.item]
			for _, j := range s.touched {
				board.Add(j, a.weight*float64(s.of[j])*fit(own, &b.sides[j]), a.item)
			}
			s.put()
		}
	}
	return board.Append(dst, q, candidate.Content)
}

// sums are cosines of one item with others.
type sums struct {
	of      []float32
	touched []int32
	words   []int32
	best    []near
}

// put gives the sums back.
func (s *sums) put() {
	for _, j := range s.touched {
		s.of[j] = 0
	}
	s.touched = s.touched[:0]
	pool.Put(s)
}

// mostRead is behind how many postings no further word of an item is looked at. What is missed by then are the item's most common words, which tell least.
const mostRead = 3000

// rarest are the places of an item's words, the rarest first, as far as they are looked at.
func (b *built) rarest(s *sums, item int32) []int32 {
	s.words = s.words[:0]
	for at := b.from[item]; at < b.from[item+1]; at++ {
		s.words = append(s.words, at)
	}
	slices.SortFunc(s.words, func(x, y int32) int { return cmp.Or(cmp.Compare(b.postings(x), b.postings(y)), cmp.Compare(x, y)) })
	read := int32(0)
	for i, at := range s.words {
		if read += b.postings(at); read >= mostRead {
			return s.words[:i+1]
		}
	}
	return s.words
}

// postings is how many items have the word at a place.
func (b *built) postings(at int32) int32 {
	w := b.words[at]
	return b.first[w+1] - b.first[w]
}

var pool = sync.Pool{New: func() any { return new(sums) }}

// sums finds what has words in common with an item, and their cosines. Put them back.
func (b *built) sums(item int32) *sums {
	s := pool.Get().(*sums)
	if len(s.of) < len(b.docs) {
		s.of = make([]float32, len(b.docs)+len(b.docs)/8)
	}
	for _, at := range b.rarest(s, item) {
		w, weight := b.words[at], b.weights[at]
		parts := b.parts[b.first[w]:b.first[w+1]]
		for p, j := range b.items[b.first[w]:b.first[w+1]] {
			if s.of[j] == 0 {
				s.touched = append(s.touched, j)
			}
			s.of[j] += weight * parts[p]
		}
	}
	return s
}

var _ ask.Source = (*Index)(nil)
