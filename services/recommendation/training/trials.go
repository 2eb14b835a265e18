package training

import (
	"math"
	"slices"

	"github.com/freshet/freshet/services/recommendation/interaction"
	"github.com/freshet/freshet/services/recommendation/judge"
)

// The protocols.
const (
	nextItem   = "next-item"
	nextBasket = "next-basket"
	holdout    = "holdout"
)

// trial is one protocol: cases that lie behind all that was learnt from.
type trial struct {
	Protocol string
	// set judges; nil where nothing does.
	set *judge.Set
	// teaching are older cases, from which the ranker learns; none where no ranker does.
	teaching []judge.Case
	// list is how what would serve did, once it was asked.
	list *judge.Row
}

const (
	// mostCases is how many cases of a trial are asked at most.
	mostCases = 20_000
	// fewest is how many cases a comparison needs.
	fewest = 50
	// fewestGroups is how many visits or customers must judge: of fewer an interval says nothing.
	fewestGroups = 10
)

// cut is where what is learnt from ends: where the newest share begins, or where the champion's knowledge ends when that is later.
func (h *heap) cut(share float64, champion int64) (int64, error) {
	events := make([]interaction.Event, len(h.touches))
	for i, t := range h.touches {
		events[i].AtMs = t.at
	}
	at, err := interaction.CutAt(events, share)
	return max(at, champion), err
}

// middle is from when on cases judge: what lies between it and the cut teaches the ranker.
func (h *heap) middle(cutMs int64) int64 {
	from := h.end(cutMs)
	if from == len(h.touches) {
		return cutMs
	}
	return h.touches[from+(len(h.touches)-from)/2].at
}

// era is a span of time behind the cut, whose cases have one use.
type era struct {
	heap         *heap
	known        []bool // by item: somebody touched it before the cut
	fromMs, toMs int64
}

// trials are the protocols for which something judges. rank says that the older half of what lies behind the cut teaches a ranker.
func (h *heap) trials(cutMs int64, rank bool) []*trial {
	judgeMs := cutMs
	if rank {
		judgeMs = h.middle(cutMs)
	}
	known := make([]bool, h.items.Len())
	for i := range h.touches[:h.end(cutMs)] {
		known[h.touches[i].item] = true
	}
	teaches, judges := &era{h, known, cutMs, judgeMs}, &era{h, known, judgeMs, math.MaxInt64}
	all := h.before(math.MaxInt64)
	var out []*trial
	for _, make := range []func(*era) *judge.Set{
		func(e *era) *judge.Set { return e.nextItem(all, h.before(cutMs)) },
		func(e *era) *judge.Set { return e.nextBasket(all) },
		(*era).holdout,
	} {
		set := make(judges)
		if set == nil || groups(set.Cases) < fewestGroups {
			continue
		}
		set.Thin(mostCases)
		t := &trial{Protocol: set.Protocol, set: set}
		if rank {
			if older := make(teaches); older != nil {
				older.Thin(mostCases)
				t.teaching = older.Cases
			}
		}
		out = append(out, t)
	}
	return out
}

// groups is how many visits or customers cases are of.
func groups(cases []judge.Case) (n int) {
	for i := range cases {
		if i == 0 || cases[i].Group != cases[i-1].Group {
			n++
		}
	}
	return n
}

// nextItem asks in visits that lie in the era for each touch but the first.
func (e *era) nextItem(all, learnt *Groups) *judge.Set {
	var mine []Group
	for _, v := range all.Visits {
		if v.first() >= e.fromMs && v.last() < e.toMs && len(v.Items) > 1 {
			mine = append(mine, v)
		}
	}
	set := e.set(nextItem, eventsOf(learnt.Visits), eventsOf(mine))
	if set == nil {
		return nil
	}
	for i := range set.Cases {
		c := &set.Cases[i]
		left := len(c.History)
		for j, item := range mine[c.User].Items {
			if set.Counts[item] == 0 {
				continue
			}
			if c.Place = int(mine[c.User].Places[j]); left == 0 {
				break
			}
			left--
		}
	}
	return set
}

// eventsOf are the touches of groups, each group a user.
func eventsOf(groups []Group) []interaction.Event {
	out := []interaction.Event{} // not nil: nothing judges
	for user, g := range groups {
		for i, item := range g.Items {
			out = append(out, interaction.Event{User: int32(user), Item: item, AtMs: g.At[i], Value: 1})
		}
	}
	return out
}

// nextBasket asks customers who bought before for all that is in the first order of the era: what they bought before may be bought again.
func (e *era) nextBasket(all *Groups) *judge.Set {
	var events []interaction.Event
	for _, basket := range all.Baskets {
		for i, item := range basket.Items {
			if t := &e.heap.touches[basket.Places[i]]; !t.anonymous {
				events = append(events, interaction.Event{User: t.customer, Item: item, AtMs: basket.first(), Value: 1}) // one moment: one basket
			}
		}
	}
	return e.customers(nextBasket, events)
}

// holdout asks customers for what they touch in the era and never did before.
func (e *era) holdout() *judge.Set {
	var events []interaction.Event
	for i := range e.heap.touches {
		if t := &e.heap.touches[i]; !t.anonymous && t.kind.likes() {
			events = append(events, interaction.Event{User: t.customer, Item: t.item, AtMs: t.at, Value: 1})
		}
	}
	return e.customers(holdout, events)
}

// customers asks with all that was before the era.
func (e *era) customers(protocol string, events []interaction.Event) *judge.Set {
	before, behind := []interaction.Event{}, []interaction.Event{}
	for _, one := range events {
		switch {
		case one.AtMs < e.fromMs:
			before = append(before, one)
		case one.AtMs < e.toMs:
			behind = append(behind, one)
		}
	}
	set := e.set(protocol, before, behind)
	if set == nil {
		return nil
	}
	from := int32(e.heap.end(e.fromMs))
	kept := set.Cases[:0]
	for _, c := range set.Cases {
		was := len(c.Relevant)
		c.Relevant = slices.DeleteFunc(c.Relevant, func(item int32) bool { return !e.known[item] })
		set.Unknown += was - len(c.Relevant)
		set.Asked -= was - len(c.Relevant)
		mine := e.heap.by(c.User)
		at, _ := slices.BinarySearch(mine, from)
		if c.Place = int(mine[at]); len(c.Relevant) > 0 {
			kept = append(kept, c)
		}
	}
	if set.Cases = kept; len(kept) == 0 {
		return nil
	}
	return set
}

// set is nil where nothing is left to judge.
func (e *era) set(protocol string, learnt, later []interaction.Event) *judge.Set {
	set, err := judge.NewSet(&interaction.Log{Users: &interaction.Names{}, Items: &e.heap.items, Events: learnt, Timed: true}, later, judge.Plan{Protocol: protocol})
	if err != nil {
		return nil
	}
	return set
}
