package scene

import (
	"math"
	"slices"
	"sync"

	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/candidate"
)

// Said is what one source proposed, best first.
type Said struct {
	Source string
	Kind   candidate.Kind
	Weight float64
	List   []candidate.Candidate
}

// Ranked is a candidate in its place.
type Ranked struct {
	Item   int32
	Score  float64
	Reason candidate.Reason
	// Source named the reason.
	Source string
}

// Ranker puts what all sources proposed in one order, best first, each item once. Many goroutines may use it.
type Ranker interface {
	// Rank appends to dst.
	Rank(dst []Ranked, a *ask.Ask, said []Said) []Ranked
}

// Part is what one feature did for an item's score; a ranker may be able to tell.
type Part struct {
	Feature string
	Value   float64 // NaN: not known
	Gives   float64
}

// Explainer is a Ranker that says why, the strongest first.
type Explainer interface {
	Explain(a *ask.Ask, said []Said, item int32) []Part
}

// Blend ranks without a model: the sum over the sources of weight / (60 + place), so that nobody's first place outweighs all others. Source: Cormack, Clarke,
// Buettcher, "Reciprocal Rank Fusion" (SIGIR 2009). An item in first place of two sources of weight 1 has 2/61.
type Blend struct{}

// blending is what one blend needs, used again.
type blending struct {
	at   []int32 // by item: 1 + where it is in sum, 0 when not there
	sum  []Ranked
	most []float64
	keys []uint64
}

var blendings = sync.Pool{New: func() any { return new(blending) }}

// Rank implements Ranker. The reason is that of the source that gave most. Items are numbers of a shelf.
func (Blend) Rank(dst []Ranked, _ *ask.Ask, said []Said) []Ranked {
	b := blendings.Get().(*blending)
	defer blendings.Put(b)
	b.room(said)
	for i := range said {
		s := &said[i]
		for place := range s.List {
			b.add(s, &s.List[place], s.Weight/float64(61+place))
		}
	}
	for i := range b.sum {
		b.at[b.sum[i].Item] = 0
	}
	return b.sorted(dst)
}

// room empties it for the items of all lists.
func (b *blending) room(said []Said) {
	highest := int32(-1)
	for i := range said {
		for j := range said[i].List {
			highest = max(highest, said[i].List[j].Item)
		}
	}
	if len(b.at) <= int(highest) {
		b.at = make([]int32, int(highest)+1+int(highest)/8)
	}
	b.sum, b.most = b.sum[:0], b.most[:0]
}

// add adds a part to an item's score.
func (b *blending) add(s *Said, c *candidate.Candidate, part float64) {
	j := b.at[c.Item] - 1
	if j < 0 {
		j = int32(len(b.sum))
		b.at[c.Item] = j + 1
		b.sum, b.most = append(b.sum, Ranked{Item: c.Item}), append(b.most, 0)
	}
	x := &b.sum[j]
	x.Score += part
	if part > b.most[j] {
		b.most[j], x.Reason, x.Source = part, c.Reason, s.Source
	}
}

// places is how many items sorted can number in the last bits of a score.
const places = 1 << 12

// sorted appends the sum in its order. Numbers are sorted faster than what they stand for: each is a score, which is not below 0, that has the item's place instead of its last
// bits, all bits turned for the highest to come first. What is put in the wrong order by that stands side by side, and is put right.
func (b *blending) sorted(dst []Ranked) []Ranked {
	dst = append(dst, b.sum...)
	out := dst[len(dst)-len(b.sum):]
	if len(out) > places {
		slices.SortFunc(out, compare)
		return dst
	}
	b.keys = b.keys[:0]
	for i := range b.sum {
		b.keys = append(b.keys, ^math.Float64bits(b.sum[i].Score)&^(places-1)|uint64(i))
	}
	slices.Sort(b.keys)
	for i, key := range b.keys {
		out[i] = b.sum[key&(places-1)]
		for j := i; j > 0 && compare(out[j], out[j-1]) < 0; j-- {
			out[j], out[j-1] = out[j-1], out[j]
		}
	}
	return dst
}

func compare(a, b Ranked) int { return order(a.Score, b.Score, a.Item, b.Item) }

// order is by score, the higher first, then by item.
func order(a, b float64, i, j int32) int {
	switch {
	case a > b:
		return -1
	case a < b:
		return 1
	}
	return int(i) - int(j)
}

var _ Ranker = Blend{}
