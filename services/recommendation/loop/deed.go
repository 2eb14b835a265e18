package loop

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/freshet/freshet/pkg/wire"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// Short names of kinds.
const (
	kindImpression = recommendationv1.FeedbackKind_FEEDBACK_KIND_IMPRESSION
	kindClick      = recommendationv1.FeedbackKind_FEEDBACK_KIND_CLICK
	kindDismiss    = recommendationv1.FeedbackKind_FEEDBACK_KIND_DISMISS
	kindCart       = recommendationv1.FeedbackKind_FEEDBACK_KIND_CART
	kindPurchase   = recommendationv1.FeedbackKind_FEEDBACK_KIND_PURCHASE
)

// deed is an item put in the cart, or a line of an order.
type deed struct {
	kind recommendationv1.FeedbackKind
	// event is a hash of the event or the feedback that told of it first, line its place there.
	event uint64
	line  int32
	item  string
	order string
	atMs  int64
	// value in millionths; valued says that it is known.
	value  int64
	valued bool
	// named is the list that it says it came from.
	named string
	// back is what was given back of it.
	back []back
	// undone says that the order was undone: for ever.
	undone bool
	// void says that it is a second word of a deed that is here: it is taken back and dropped.
	void bool
	// base tells the deed from all others: a hash of it and of the customer it was first of. times counts what was told of it.
	base  uint64
	times int32
	told  *told
	// untilMs is how long it waits for a list.
	untilMs int64
}

// back is something that was given back.
type back struct {
	event  uint64
	line   int32
	value  int64
	valued bool
}

// told is what was told of a deed last, whole: its list may be gone when it is taken back.
type told struct {
	strength                    byte
	list, scene, variant, model string
	context, source, category   string
	explored                    bool
	position                    int32
	answeredMs, value           int64
	valued                      bool
}

// rank says how well a list fits a deed: named before chosen before seen, then the later one. The higher is the better; a list without a fit has strength 0.
type rank struct {
	strength byte
	atMs     int64
	list     string
}

func (a rank) compare(b rank) int {
	return cmp.Or(cmp.Compare(a.strength, b.strength), cmp.Compare(a.atMs, b.atMs), cmp.Compare(a.list, b.list))
}

// rank is that of the list that it was told of.
func (t *told) rank() rank { return rank{t.strength, t.answeredMs, t.list} }

// Strengths of a rank.
const (
	bySight byte = iota + 1
	byChoice
	byName
)

// windows are how long before a deed a place may have been chosen, or seen.
type windows struct{ clickMs, viewMs int64 }

// do takes a deed in, unless it is there: of an order's item the event that told of it first counts, with all its lines.
func (r *record) do(d *deed) {
	for _, o := range r.deeds {
		if o.same(d) {
			return
		}
	}
	r.deeds = append(r.deeds, d)
}

// same says that two are of one thing.
func (d *deed) same(o *deed) bool {
	if d.kind != o.kind || d.item != o.item || d.void || o.void {
		return false
	}
	if d.event == o.event {
		return d.line == o.line
	}
	return d.order != "" && d.order == o.order && d.kind == kindPurchase
}

// joinDeed adds another customer's. The same line of one event is one deed, and what was told of it twice is taken back once.
func (r *record) joinDeed(d *deed) {
	i := slices.IndexFunc(r.deeds, func(o *deed) bool { return o.same(d) })
	if i < 0 {
		if !slices.ContainsFunc(r.deeds, func(o *deed) bool { return o.base == d.base && o.void == d.void }) {
			r.deeds = append(r.deeds, d)
		}
		return
	}
	o := r.deeds[i]
	for _, b := range d.back {
		o.giveBack(b)
	}
	o.undone = o.undone || d.undone
	switch {
	case o.base == d.base && d.times > o.times: // a younger copy of the same record
		o.times, o.told = d.times, d.told
	case o.base != d.base && d.told != nil:
		d.void = true
		r.deeds = append(r.deeds, d)
	}
}

// giveBack notes what was given back, once.
func (d *deed) giveBack(b back) {
	if !slices.ContainsFunc(d.back, func(o back) bool { return o.event == b.event && o.line == b.line }) {
		d.back = append(d.back, b)
	}
}

// left is what is left of the deed: its value, and whether it still counts.
func (d *deed) left() (value int64, counts bool) {
	value = d.value
	for _, b := range d.back {
		if !b.valued || !d.valued {
			return 0, false
		}
		value -= max(b.value, -b.value)
	}
	return value, !d.undone && !d.void && (len(d.back) == 0 || value > 0)
}

// best is the list and place that a deed is due to; nil where none fits.
func (r *record) best(d *deed, w windows) (best *list, at int, top rank) {
	for _, l := range r.lists {
		i := l.place(d.item)
		if i < 0 {
			continue
		}
		if k := l.places[i].fits(l, d, w); k.strength > 0 && k.compare(top) > 0 {
			best, at, top = l, i, k
		}
	}
	return best, at, top
}

// fits says how well a place fits a deed.
func (p *place) fits(l *list, d *deed, w windows) rank {
	within := func(ms, window int64) bool { return ms != 0 && ms <= d.atMs+slack && d.atMs-ms <= window }
	switch {
	case d.named == l.id:
		return rank{byName, l.atMs, l.id}
	case within(p.chosenMs(), w.clickMs):
		return rank{byChoice, l.atMs, l.id}
	case within(p.seenMs, w.viewMs):
		return rank{bySight, l.atMs, l.id}
	default:
		return rank{}
	}
}

// hash is of texts, whose lengths go in.
func hash(texts ...string) uint64 {
	var b []byte
	for _, t := range texts {
		b = wire.AppendText(b, t)
	}
	sum := sha256.Sum256(b)
	return binary.BigEndian.Uint64(sum[:])
}
