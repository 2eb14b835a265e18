package loop

import (
	"cmp"
	"slices"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// Bounds of a record.
const (
	mostLists   = 50
	mostDeeds   = 100
	mostWaiting = 100
	mostPlaces  = 100
	minuteMs    = int64(60_000)
	dayMs       = 24 * 60 * minuteMs
	deedFor     = 60 * dayMs
	// slack is by how much a device's clock may be behind ours before its deed seems to come before the list.
	slack = int64(5_000)
)

// record is what is known of one customer.
type record struct {
	workspace string
	// goneTo is set on a tombstone.
	goneTo string
	// lists are by time, then id.
	lists []*list
	deeds []*deed
	// waiting are words whose list has not come.
	waiting []word
	// dueMs is when the timer is set to; 0: none.
	dueMs int64
}

// list is an answer and what became of it.
type list struct {
	id, scene, variant, model, context string
	atMs                               int64
	unseen                             bool
	places                             []place
	// dirty says that it must be written.
	dirty bool
}

// place is one item of a list. The times are when it first became so, 0 where it did not.
type place struct {
	item, source, category     string
	explored                   bool
	seenMs, clickMs, dismissMs int64
	// cartMs is when it was put in the cart by an event that names the list: it was chosen then.
	cartMs int64
	// told are the outcomes that were told, as bits 1 << kind.
	told byte
}

// chosenMs is when the place was chosen first.
func (p *place) chosenMs() int64 { return earlier(p.clickMs, p.cartMs) }

// earlier is the lesser of two times of which 0 is none.
func earlier(a, b int64) int64 {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// word is what somebody said of a list.
type word struct {
	list string
	kind recommendationv1.FeedbackKind
	item string // empty: all
	atMs int64
	// untilMs is how long it waits for its list.
	untilMs int64
}

// find gives a list, nil when it is not there.
func (r *record) find(id string) *list {
	for _, l := range r.lists {
		if l.id == id {
			return l
		}
	}
	return nil
}

// place gives where a list has an item, -1 where it has not.
func (l *list) place(item string) int {
	return slices.IndexFunc(l.places, func(p place) bool { return p.item == item })
}

// byTime is the order of lists.
func byTime(a, b *list) int { return cmp.Or(cmp.Compare(a.atMs, b.atMs), cmp.Compare(a.id, b.id)) }

// give takes a list in, unless it is there. The oldest beyond the bound come out in clean, once what became of them was told.
func (r *record) give(l *list) {
	if old := r.find(l.id); old != nil {
		old.join(l)
		return
	}
	if !l.unseen {
		for i := range l.places {
			l.places[i].seenMs = earlier(l.places[i].seenMs, l.atMs)
		}
	}
	at, _ := slices.BinarySearchFunc(r.lists, l, byTime)
	l.dirty = true
	r.lists = slices.Insert(r.lists, at, l)
	r.hearAgain()
}

// join adds what another copy of the list knows.
func (l *list) join(o *list) {
	for i := range min(len(l.places), len(o.places)) {
		p, q, was := &l.places[i], &o.places[i], l.places[i]
		p.seenMs, p.clickMs = earlier(p.seenMs, q.seenMs), earlier(p.clickMs, q.clickMs)
		p.cartMs, p.dismissMs = earlier(p.cartMs, q.cartMs), earlier(p.dismissMs, q.dismissMs)
		p.told |= q.told
		l.dirty = l.dirty || *p != was
	}
}

// hear applies a word to its list, or has it wait. A copy of one that waits is dropped.
func (r *record) hear(w word) {
	if l := r.find(w.list); l != nil {
		l.hear(w)
		return
	}
	for _, o := range r.waiting {
		if o.list == w.list && o.kind == w.kind && o.item == w.item && o.atMs == w.atMs {
			return
		}
	}
	r.waiting = append(r.waiting, w)
}

// hearAgain applies the words whose list has come.
func (r *record) hearAgain() {
	r.waiting = slices.DeleteFunc(r.waiting, func(w word) bool {
		l := r.find(w.list)
		if l != nil {
			l.hear(w)
		}
		return l != nil
	})
}

// hear notes what became of a list. Nothing became of it before it was given, whatever a device's clock says.
func (l *list) hear(w word) {
	w.atMs = max(w.atMs, l.atMs)
	for i := range l.places {
		p, was := &l.places[i], l.places[i]
		if w.item != "" && p.item != w.item {
			continue
		}
		switch w.kind {
		case kindClick:
			p.clickMs = earlier(p.clickMs, w.atMs)
		case kindCart:
			p.cartMs = earlier(p.cartMs, w.atMs)
		case kindDismiss:
			p.dismissMs = earlier(p.dismissMs, w.atMs)
		}
		// What was chosen or turned away was seen.
		p.seenMs = earlier(p.seenMs, w.atMs)
		l.dirty = l.dirty || *p != was
	}
}

// join adds another customer's facts. What has to be taken back of them is left in deeds that are void.
func (r *record) join(o *record) {
	for _, l := range o.lists {
		r.give(l)
	}
	for _, d := range o.deeds {
		r.joinDeed(d)
	}
	for _, w := range o.waiting {
		r.hear(w)
	}
	r.hearAgain()
}

// empty says that there is nothing to keep.
func (r *record) empty() bool {
	return r.goneTo == "" && len(r.lists)+len(r.deeds)+len(r.waiting) == 0
}
