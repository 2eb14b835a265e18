package visitor

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
)

const (
	// MostTouches is how many touches that are no purchases are kept of one visitor; the newest.
	MostTouches = 500
	// MostBought is how many purchases and returns are kept: apart from the others, which are a hundred times as many and must not crowd them out.
	MostBought = 300
	// MostVisit is how many touches are kept, for the visit under way alone, of one who does not consent.
	MostVisit = 100
	// MostDismissed is how many dismissed items are kept.
	MostDismissed = 200
	// MostSegments bounds the segments that are known of one visitor; those with the latest transition stay.
	MostSegments = 500
)

// record is all that is kept of one customer id: a living visitor, or the tombstone of one who was merged away.
type record struct {
	workspace string
	// looks and bought are the profile: what the visitor allows to be kept.
	looks, bought touches
	// visit is what the visitor does not allow to be kept: it goes when it is Pause old, by the newest touch (see trim) and by the clock (see task.Timer).
	visit touches
	// newestMs is when the newest touch was, kept or not.
	newestMs int64
	// grantMs and denyMs are when the visitor allowed a profile last, and forbade one last; 0: never.
	grantMs, denyMs int64
	// pseudonym is what the visit is called in touches.v1; all zeros while there is none.
	pseudonym pseudonym
	dismissed map[string]int64
	segments  map[string]membership
	country   country
	// receivedMs is when the newest event was received.
	receivedMs int64
	// feeder says that the customer is one who feeds the catalogue: a shop's own programme.
	feeder bool
	// dueMs is when the timer is set to, 0 when there is none.
	dueMs int64
	// gone is set for a tombstone: nothing else is kept then but the workspace and the timer.
	gone *tombstone
}

// membership is what was told of a customer and a segment last.
type membership struct {
	seq int64
	in  bool
}

// country is where the newest event that says so came from.
type country struct {
	atMs int64
	code string
}

// pseudonym is a random number for one visit. It is kept as long as the visit, and nobody can work it out from the customer.
type pseudonym struct {
	number [16]byte
	lastMs int64
}

// tombstone says where a merged visitor went.
type tombstone struct {
	// handedTo got the record, and gets every straggler. It never changes, so that stragglers come in order behind the record.
	handedTo string
	// mergedInto is whom to ask for instead, after all merges known so far.
	mergedInto string
	// epoch is that of the mapping that said so.
	epoch int64
}

func newRecord(workspace string) *record {
	return &record{workspace: workspace, dismissed: map[string]int64{}, segments: map[string]membership{}}
}

// denied says whether the visitor forbade a profile, and has not allowed one since. Of both at one moment the denial holds.
func (r *record) denied() bool { return r.denyMs > 0 && r.denyMs >= r.grantMs }

// personal says whether a profile is allowed. byDefault is what holds of who said nothing.
func (r *record) personal(byDefault bool) bool {
	if r.grantMs == 0 && r.denyMs == 0 {
		return byDefault
	}
	return !r.denied()
}

// join takes in all that another record of the same visitor says. It is associative, commutative and idempotent. The tombstone and the timer are the id's own.
func (r *record) join(o *record) {
	r.grantMs, r.denyMs = max(r.grantMs, o.grantMs), max(r.denyMs, o.denyMs)
	r.newestMs, r.receivedMs = max(r.newestMs, o.newestMs), max(r.receivedMs, o.receivedMs)
	r.feeder = r.feeder || o.feeder
	r.country = later(r.country, o.country)
	if cmp.Or(cmp.Compare(r.pseudonym.lastMs, o.pseudonym.lastMs), bytes.Compare(r.pseudonym.number[:], o.pseudonym.number[:])) < 0 {
		r.pseudonym = o.pseudonym
	}
	r.looks.join(o.looks, MostTouches)
	r.bought.join(o.bought, MostBought)
	r.visit.join(o.visit, MostVisit)
	for item, at := range o.dismissed {
		r.dismiss(item, at)
	}
	for name, m := range o.segments {
		r.segment(name, m)
	}
	r.trim()
}

// trim takes out what must not be kept: of the profile, what rests on a consent that was withdrawn later, or on none at all where one was withdrawn ever;
// of the visit, what is a Pause older than the newest touch. Both only ever grow stricter, so that it does not matter when it is done.
func (r *record) trim() {
	if r.denyMs > 0 {
		withdrawn := func(k *kept) bool { return k.basis <= r.denyMs }
		r.looks.drop(withdrawn)
		r.bought.drop(withdrawn)
	}
	r.visit.drop(func(k *kept) bool { return k.AtMs <= r.newestMs-Pause })
}

func later(a, b country) country {
	if cmp.Or(cmp.Compare(a.atMs, b.atMs), cmp.Compare(a.code, b.code)) < 0 {
		return b
	}
	return a
}

// dismiss notes that an item is not wanted, at its latest time; false when that was known. The newest are kept.
func (r *record) dismiss(item string, at int64) bool {
	if was, ok := r.dismissed[item]; ok && was >= at {
		return false
	}
	r.dismissed[item] = at
	if len(r.dismissed) > MostDismissed {
		delete(r.dismissed, least(r.dismissed, func(a, b string) int {
			return cmp.Or(cmp.Compare(r.dismissed[a], r.dismissed[b]), cmp.Compare(a, b))
		}))
	}
	return true
}

// segment notes a transition; false when it, or a later one, was known.
func (r *record) segment(name string, m membership) bool {
	if was, ok := r.segments[name]; ok && (was.seq > m.seq || was.seq == m.seq && (was.in || was.in == m.in)) {
		return false
	}
	r.segments[name] = m
	if len(r.segments) > MostSegments {
		delete(r.segments, least(r.segments, func(a, b string) int {
			return cmp.Or(cmp.Compare(r.segments[a].seq, r.segments[b].seq), cmp.Compare(a, b))
		}))
	}
	return true
}

// least is the first key by an order.
func least[V any](m map[string]V, compare func(a, b string) int) string {
	return slices.MinFunc(slices.Collect(maps.Keys(m)), compare)
}
