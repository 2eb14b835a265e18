package scene

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/loop/arms"
)

// fill gives the places, one after the other.
func (r *run) fill() {
	r.out = make([]Entry, 0, min(r.k, len(r.pool)+len(r.plan.list)+r.k))
	r.pin()
	for place := 1; place <= r.k; place++ {
		if c := r.pins[place]; c != nil {
			r.take(c, place)
			continue
		}
		c := r.choose(place)
		for c == nil && r.fallback() {
			c = r.choose(place)
		}
		if c == nil {
			break
		}
		r.take(c, place)
	}
	for place := len(r.out) + 1; place <= r.k && r.pinned > 0; place++ { // a list that is too short for its pins ends with them
		if c := r.pins[place]; c != nil {
			r.take(c, len(r.out)+1)
		}
	}
}

// pin finds the pins that hold now. Of two for one place the first of the file has it, the other one the next free place.
func (r *run) pin() {
	for i := range r.plan.pins {
		y := &r.plan.pins[i]
		if !within(r.a.NowMs, y.From, y.Until) || len(y.Segments) > 0 && (!r.a.Personal() || !meet(y.Segments, r.a.Visitor.Segments)) {
			continue
		}
		item, ok := r.a.Shelf.Number(y.Item)
		if !ok || r.guard.why(item) != Allowed {
			continue
		}
		place := y.Position
		for r.pins[place] != nil {
			place++
		}
		if place > r.k || r.isPinned(item) {
			continue
		}
		if r.pins == nil {
			r.pins = map[int]*one{}
		}
		c := &one{Entry: Entry{Item: item, Score: 1, Reason: candidate.Reason{Kind: candidate.Pinned, Because: candidate.Nothing}, Source: candidate.Pinned.String()}, known: r.a.Shelf.Item(item)}
		r.pins[place] = c
		r.pinned++
		for j := range r.pool { // it is not there twice
			r.pool[j].taken = r.pool[j].taken || r.pool[j].Item == item
		}
		r.guard.marks.add(item)
		r.count(c)
	}
}

func (r *run) isPinned(item int32) bool {
	for _, c := range r.pins {
		if c.Item == item {
			return true
		}
	}
	return false
}

// count counts an item for the quotas that it fills.
func (r *run) count(c *one) {
	for i := range r.plan.quotas {
		if r.plan.quotas[i].filledBy(c, r.a.NowMs) {
			r.have[i]++
		}
	}
}

func (q *quota) filledBy(c *one, nowMs int64) bool {
	if q.when != nil {
		return q.when.Match(c.known, nowMs)
	}
	return c.kinds>>q.kind&1 == 1
}

// take gives an item its place.
func (r *run) take(c *one, place int) {
	if r.pins[place] == c {
		delete(r.pins, place)
		r.pinned--
	} else {
		r.count(c)
	}
	c.taken = true
	c.Category = r.plan.explore.categoryOf(c.known)
	r.out = append(r.out, c.Entry)
	r.items = append(r.items, c.known)
}

// choose finds the item for a place: the best by MMR of those that caps allow, or by a draw in a slot of exploration; only those that fill a quota when the places that
// are left are needed for that. nil: there is none.
func (r *run) choose(place int) *one {
	if r.short(place) {
		if c := r.best(place, true); c != nil {
			return c
		}
	} else if e := r.plan.explore; e != nil && r.parts.Draw != nil && slices.Contains(e.Slots, place) {
		if c := r.draw(place); c != nil {
			c.Explored = true
			return c
		}
	}
	return r.best(place, false)
}

// short says that all places which are left are needed for quotas.
func (r *run) short(place int) bool {
	if len(r.plan.quotas) == 0 {
		return false
	}
	need := 0
	for i := range r.plan.quotas {
		need += max(r.plan.quotas[i].least-r.have[i], 0)
	}
	return need > 0 && need >= r.k-place+1-r.pinned
}

// fills says that an item fills a quota that is not full.
func (r *run) fills(c *one) bool {
	for i := range r.plan.quotas {
		if r.have[i] < r.plan.quotas[i].least && r.plan.quotas[i].filledBy(c, r.a.NowMs) {
			return true
		}
	}
	return false
}

// best is the best by MMR: lambda * score - (1 - lambda) * the highest similarity to what stands in the list. Source: Carbonell, Goldstein, "The Use of MMR" (SIGIR
// 1998). The pool is sorted by score, and no similarity is below 0: the walk ends where no later one can be better.
func (r *run) best(place int, filling bool) *one {
	var best *one
	worth := 0.0
	lambda := r.plan.lambda
	for i := range r.pool {
		c := &r.pool[i]
		if best != nil && lambda*c.Score <= worth {
			break
		}
		if c.taken || filling && !r.fills(c) || !r.allowed(c, place) {
			continue
		}
		w := lambda * c.Score
		if lambda < 1 {
			w -= (1 - lambda) * r.likeness(c)
		}
		if best == nil || w > worth {
			best, worth = c, w
		}
	}
	return best
}

// likeness is how much an item resembles the one of the list that it resembles most.
func (r *run) likeness(c *one) float64 {
	for ; c.compared < len(r.items); c.compared++ {
		var like float64
		switch by := r.plan.alike; {
		case by == Content && r.parts.Similar != nil:
			like = r.parts.Similar.Similar(c.Item, r.out[c.compared].Item)
		case by != Content:
			if key := by.of(c.known); key != "" && key == by.of(r.items[c.compared]) {
				like = 1
			}
		}
		c.like = max(c.like, like)
	}
	return c.like
}

// allowed says that an item breaks no cap in a place.
func (r *run) allowed(c *one, place int) bool {
	for _, y := range r.plan.caps {
		by := By(y.By)
		key := by.of(c.known)
		if key == "" {
			continue
		}
		n, from, to := 0, 1, r.k
		if y.In > 0 {
			from, to = place-y.In+1, place+y.In-1
		}
		for i := max(from, 1); i <= len(r.items); i++ {
			if by.of(r.items[i-1]) == key {
				n++
			}
		}
		for at, pin := range r.pins {
			if at <= to && by.of(pin.known) == key {
				n++
			}
		}
		if n >= y.Most {
			c.capped = by
			return false
		}
	}
	return true
}

// draw chooses among the first of the pool by a draw for each (Thompson sampling).
func (r *run) draw(place int) *one {
	if r.src == nil {
		r.src = rand.NewPCG(r.parts.Seed, 0)
	}
	most := r.plan.explore.Pool
	if most == 0 {
		most = usualPool
	}
	r.may, r.tried = r.may[:0], r.tried[:0]
	for i := 0; i < len(r.pool) && len(r.may) < most; i++ {
		if c := &r.pool[i]; !c.taken && r.allowed(c, place) {
			r.may, r.tried = append(r.may, c), append(r.tried, arms.Item{ID: c.known.ID, Category: r.plan.explore.categoryOf(c.known)})
		}
	}
	i := r.parts.Draw.Draw(arms.Slot{Workspace: r.a.Workspace, Scene: r.plan.Scene, Context: r.context}, r.tried, r.src)
	if i < 0 || i >= len(r.may) {
		return nil
	}
	return r.may[i]
}

// fallback adds the next of the fallbacks, and then the scene's own list, behind the pool. False: all were asked.
func (r *run) fallback() bool {
	stage := r.stages
	r.stages++
	switch {
	case stage < len(r.plan.fallback):
		kind := r.plan.fallback[stage]
		s := r.source(kind.String())
		if s == nil {
			return true
		}
		in := r.a // not what is a candidate already
		in.Skip = func(item int32) bool { return r.guard.refused(item) || r.guard.marks.has(item) }
		list := s.Candidates(nil, &in, 2*r.k+20) // caps may hold some back
		r.behind(kind, list)
	case stage == len(r.plan.fallback):
		var list []candidate.Candidate
		for _, id := range r.plan.list {
			if item, ok := r.a.Shelf.Number(id); ok {
				list = append(list, candidate.Candidate{Item: item, Reason: candidate.Reason{Kind: candidate.Listed, Because: candidate.Nothing}})
			}
		}
		r.behind(candidate.Listed, list)
	default:
		return false
	}
	return true
}

// behind adds candidates behind the pool, in their order: each has a lower score than all before it.
func (r *run) behind(kind candidate.Kind, list []candidate.Candidate) {
	score := .01
	if n := len(r.pool); n > 0 {
		score = r.pool[n-1].Score
	}
	added := false
	for _, c := range list {
		if r.guard.why(c.Item) != Allowed || r.guard.marks.has(c.Item) {
			continue
		}
		r.guard.marks.add(c.Item)
		score *= .99
		added = true
		r.pool = append(r.pool, one{Entry: Entry{Item: c.Item, Score: score, Reason: c.Reason, Source: kind.String()}, known: r.a.Shelf.Item(c.Item), kinds: 1 << kind})
	}
	if added {
		r.filled = append(r.filled, fill{kind.String(), len(r.out) + 1})
	}
}

// missing says in words what was.
func (r *run) missing() []string {
	var out []string
	if len(r.absent) > 0 {
		out = append(out, "not there yet: "+strings.Join(r.absent, ", "))
	}
	for _, f := range r.filled {
		out = append(out, fmt.Sprintf("too few candidates: from place %d on with %s", f.from, f.source))
	}
	for i, q := range r.plan.quotas {
		if r.have[i] < q.least {
			out = append(out, fmt.Sprintf("quota %s: %d of %d", clip(q.text), r.have[i], q.least))
		}
	}
	if n := len(r.out); n < r.k {
		out = append(out, r.tooFew(n))
	}
	if r.guard.left <= 0 {
		out = append(out, fmt.Sprintf("of a large catalogue %d items were looked at: hardly any may be shown", budget))
	}
	return out
}

func (r *run) tooFew(n int) string {
	switch {
	case r.a.Shelf.Len() == 0:
		return "the catalogue is empty: no item was upserted, imported or named by an event"
	case r.parts.Filter != nil:
		return fmt.Sprintf("%d of %d places: no more that passes the request's filter and may be shown", n, r.k)
	case r.plan.filter != nil:
		return fmt.Sprintf("%d of %d places: no more that passes the scene's filter and may be shown", n, r.k)
	}
	return fmt.Sprintf("%d of %d places: no more that may be shown", n, r.k)
}
