package scene

import (
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/catalogue"
	"github.com/freshet/freshet/services/recommendation/loop/arms"
)

// Draw chooses one of some items, each as often as it may be the best: by a draw from what is known of its click rate, wide where little is known. See package arms.
type Draw interface {
	// Draw gives the place of the one that is chosen; below 0 for none.
	Draw(at arms.Slot, items []arms.Item, src rand.Source) int
}

// Similar compares items by what they are: 0 nothing in common, 1 the same.
type Similar interface {
	Similar(a, b int32) float64
}

// Parts are what a list is made with. All may be nil, and are then missing.
type Parts struct {
	// Source finds what proposes, by its name; nil: there is none.
	Source func(name string) ask.Source
	// Ranker orders; nil: Blend.
	Ranker Ranker
	// Draw explores; nil: slots are filled as others are.
	Draw Draw
	// Similar compares by content; nil: such a scene is not made diverse.
	Similar Similar
	// HideUntil is until when an item that was bought then is hidden by its own time to be bought again; 0: that is not known.
	HideUntil func(item int32, boughtMs int64) int64
	// Exclude and Filter are the request's own.
	Exclude []int32
	Filter  Filter
	// K is how many are wanted; 0: what the plan says. At most Most are given.
	K int
	// Seed of what is drawn.
	Seed uint64
}

// Entry is one place of a list.
type Entry struct {
	Item     int32
	Score    float64
	Reason   candidate.Reason
	Source   string
	Explored bool
	// Category is that of the item where the scene explores, down to the level of the scene's contexts.
	Category string
}

// List is an answer.
type List struct {
	Entries []Entry
	// Missing says in words what was missing; empty when nothing was.
	Missing []string
	// Candidates is how many items were proposed that may be shown.
	Candidates int
	// Context is what exploration tells the visitor apart by; it goes with the list, so that what becomes of it teaches the arms that it was drawn from. Empty: it does not.
	Context string
}

// Answer makes a list. a is not changed; its Skip, where it has one, refuses items beside what the plan refuses.
func (p *Plan) Answer(a *ask.Ask, parts Parts) List {
	r := newRun(p, a, &parts)
	defer r.end()
	r.gather()
	r.rank()
	r.fill()
	return List{Entries: r.out, Missing: r.missing(), Candidates: len(r.pool), Context: r.context}
}

// one is a candidate on its way into a list.
type one struct {
	Entry
	known *catalogue.Item
	kinds uint64 // the kinds of the sources that proposed it, as bits
	// like is the highest similarity to the first compared of the list's entries.
	like     float64
	compared int
	taken    bool
	capped   By // a cap kept it from a place
}

// run is one answer being made.
type run struct {
	plan    *Plan
	a       ask.Ask // with the guard as Skip
	parts   *Parts
	guard   *guard
	k       int
	src     rand.Source
	context string // List.Context

	*work
	absent []string
	pins   map[int]*one // by place
	pinned int
	stages int    // of the fallbacks that were asked
	filled []fill // what fallbacks came to
	have   []int  // by quota
	out    []Entry
	items  []*catalogue.Item // of out
}

// work is what an answer needs and leaves behind, used again.
type work struct {
	room []candidate.Candidate // of all lists in said
	said []Said
	pool []one // best first
	// ranked is what the ranker said; may and tried are those of the pool that are drawn for.
	ranked []Ranked
	may    []*one
	tried  []arms.Item
}

var works = sync.Pool{New: func() any { return new(work) }}

// end gives back what was taken. Nothing that the answer has is in it.
func (r *run) end() {
	r.guard.marks.put()
	r.room, r.said, r.pool = r.room[:0], r.said[:0], r.pool[:0]
	works.Put(r.work)
}

type fill struct {
	source string
	from   int
}

func newRun(p *Plan, a *ask.Ask, parts *Parts) *run {
	r := &run{work: works.Get().(*work), plan: p, a: *a, parts: parts, k: parts.K, have: make([]int, len(p.quotas))}
	if r.k <= 0 {
		r.k = p.Limit
	}
	r.k = min(r.k, Most)
	r.guard = newGuard(a, p, parts)
	r.a.Skip = r.guard.refused
	if p.Trend && a.Visitor != nil && !a.Visitor.Personal {
		r.a.History, r.a.Touches, r.a.Session = nil, nil, nil
	}
	r.context = p.explore.context(&r.a)
	if parts.Ranker == nil {
		parts.Ranker = Blend{}
	}
	return r
}

// gather asks all sources.
func (r *run) gather() {
	r.room, r.said = r.room[:0], r.said[:0]
	for _, w := range r.plan.Sources {
		name := w.Kind.String()
		s := r.source(name)
		if s == nil {
			r.absent = append(r.absent, name)
			continue
		}
		from := len(r.room)
		r.room = r.numbered(s.Candidates(r.room, &r.a, w.Take), from)
		r.room = r.room[:min(len(r.room), from+w.Take)]
		r.said = append(r.said, Said{Source: name, Kind: w.Kind, Weight: w.Weight, List: r.room[from:len(r.room):len(r.room)]})
	}
}

// numbered leaves out what is behind from and has no number of the shelf: no source is believed, and rankers index arrays by items.
func (r *run) numbered(list []candidate.Candidate, from int) []candidate.Candidate {
	kept := list[:from]
	for i := from; i < len(list); i++ {
		if item := list[i].Item; item >= 0 && item < r.guard.items {
			kept = append(kept, list[i])
		}
	}
	return kept
}

func (r *run) source(name string) ask.Source {
	if r.parts.Source == nil {
		return nil
	}
	return r.parts.Source(name)
}

// rank makes the pool: scores from 0.01 to 1, boosted.
func (r *run) rank() {
	r.ranked = r.parts.Ranker.Rank(r.ranked[:0], &r.a, r.said)
	ranked := r.ranked
	if len(ranked) == 0 {
		return
	}
	kinds := r.kinds(len(ranked))
	low, high := ranked[len(ranked)-1].Score, ranked[0].Score
	r.pool = slices.Grow(r.pool[:0], len(ranked))
	for _, x := range ranked {
		if r.guard.why(x.Item) != Allowed || r.guard.marks.has(x.Item) {
			continue // no source and no ranker is believed
		}
		r.guard.marks.add(x.Item)
		c := one{Entry: Entry{Item: x.Item, Score: 1, Reason: x.Reason, Source: x.Source}, known: r.a.Shelf.Item(x.Item), kinds: kinds[x.Item]}
		if high > low {
			c.Score = .01 + .99*(x.Score-low)/(high-low)
		}
		for _, b := range r.plan.boosts {
			if b.when.Match(c.known, r.a.NowMs) {
				c.Score *= b.by
			}
		}
		r.pool = append(r.pool, c)
	}
	slices.SortFunc(r.pool, func(a, b one) int { return order(a.Score, b.Score, a.Item, b.Item) })
}

// kinds says which sources proposed each item; nil where no quota asks.
func (r *run) kinds(n int) map[int32]uint64 {
	if !slices.ContainsFunc(r.plan.quotas, func(q quota) bool { return q.kind != 0 }) {
		return nil
	}
	out := make(map[int32]uint64, n)
	for i := range r.said {
		for _, c := range r.said[i].List {
			out[c.Item] |= 1 << r.said[i].Kind
		}
	}
	return out
}
