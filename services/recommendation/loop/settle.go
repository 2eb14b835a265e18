package loop

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"

	"github.com/freshet/freshet/pkg/wire"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// settle makes what was told what is to be told, and returns the outcomes that do it.
func (r *record) settle(customerID string, w windows) (out []*recommendationv1.Outcome) {
	for _, l := range r.lists {
		out = l.settle(out)
	}
	for _, d := range r.deeds {
		out = r.settleDeed(out, d, w)
	}
	r.deeds = slices.DeleteFunc(r.deeds, func(d *deed) bool { return d.void })
	for _, o := range out {
		o.CustomerId, o.Workspace = customerID, r.workspace
	}
	return out
}

// settle tells what became of places and was not told.
func (l *list) settle(out []*recommendationv1.Outcome) []*recommendationv1.Outcome {
	for i := range l.places {
		p := &l.places[i]
		times := [...]int64{kindImpression: p.seenMs, kindClick: p.clickMs, kindDismiss: p.dismissMs}
		for kind, ms := range times {
			if ms == 0 || p.told&(1<<kind) != 0 {
				continue
			}
			p.told |= 1 << kind
			l.dirty = true
			o := l.tell(i).outcome(recommendationv1.FeedbackKind(kind), p.item, ms)
			o.OutcomeId = outcomeID(l.id, uint64(i), uint64(kind))
			out = append(out, o)
		}
	}
	return out
}

// settleDeed takes back what was told of a deed and is not so any more, and tells what is.
func (r *record) settleDeed(out []*recommendationv1.Outcome, d *deed, w windows) []*recommendationv1.Outcome {
	value, counts := d.left()
	want := d.told
	if r.doubled(d) {
		counts = false
	}
	if !counts {
		want = nil
	} else if l, i, k := r.best(d, w); l != nil && (d.told == nil || k.compare(d.told.rank()) > 0) {
		want = l.tell(i)
		want.strength = k.strength
	}
	if want != nil && (want.value != value || want.valued != d.valued) {
		anew := *want
		anew.value, anew.valued = value, d.valued
		want = &anew
	}
	if want == d.told {
		return out
	}
	if d.told != nil {
		out = append(out, d.outcome(d.told, true))
	}
	if d.told = want; want != nil {
		out = append(out, d.outcome(want, false))
	}
	return out
}

// doubled says that a purchase that feedback tells of is told of by an event too, which knows more.
func (r *record) doubled(d *deed) bool {
	return d.kind == kindPurchase && d.order == "" && d.named != "" && slices.ContainsFunc(r.deeds, func(o *deed) bool {
		return o != d && o.kind == kindPurchase && o.order != "" && o.item == d.item && max(o.atMs-d.atMs, d.atMs-o.atMs) <= dayMs
	})
}

// tell is a place as outcomes have it.
func (l *list) tell(i int) *told {
	p := &l.places[i]
	return &told{
		list: l.id, scene: l.scene, variant: l.variant, model: l.model, context: l.context, source: p.source, category: p.category, explored: p.explored,
		position: int32(i + 1), answeredMs: l.atMs,
	}
}

// outcome writes down what became of a place.
func (t *told) outcome(kind recommendationv1.FeedbackKind, item string, atMs int64) *recommendationv1.Outcome {
	return &recommendationv1.Outcome{
		RequestId: t.list, Scene: t.scene, Variant: t.variant, ModelVersion: t.model, ItemId: item, Position: t.position,
		Context: t.context, Source: t.source, Category: t.category, Explored: t.explored, Kind: kind, AnsweredMs: t.answeredMs, AtMs: atMs,
	}
}

// outcome writes down a deed, or that it is taken back.
func (d *deed) outcome(t *told, undone bool) *recommendationv1.Outcome {
	o := t.outcome(d.kind, d.item, d.atMs)
	o.OrderId, o.Undone = d.order, undone
	if t.valued {
		o.ValueMicros = &t.value
	}
	d.times++
	o.OutcomeId = outcomeID(t.list, d.base, uint64(d.times))
	return o
}

// outcomeID names an outcome: a hash of what it is of.
func outcomeID(list string, of ...uint64) string {
	b := wire.AppendText(nil, list)
	for _, n := range of {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// clean drops what is too old, by a moment that has certainly passed, and what has waited long enough, by the clock. It returns the lists that went and how many words and deeds were in vain.
func (r *record) clean(passedMs, nowMs, keepMs int64) (out []*list, unmatched int) {
	over := len(r.lists) - mostLists
	r.lists = slices.DeleteFunc(r.lists, func(l *list) bool {
		old := l.atMs+keepMs <= passedMs || over > 0
		over--
		if old {
			out = append(out, l)
		}
		return old
	})
	words := len(r.waiting)
	r.waiting = slices.DeleteFunc(r.waiting, func(w word) bool { return w.untilMs <= nowMs })
	r.waiting = r.waiting[max(0, len(r.waiting)-mostWaiting):]
	unmatched = words - len(r.waiting)
	r.deeds = slices.DeleteFunc(r.deeds, func(d *deed) bool {
		return d.told == nil && d.times == 0 && d.untilMs <= nowMs || d.atMs+deedFor <= passedMs
	})
	if n := len(r.deeds) - mostDeeds; n > 0 {
		r.deeds = slices.Delete(r.deeds, 0, n)
	}
	return out, unmatched
}

// due is when clean has something to do next; 0: never.
func (r *record) due(keepMs, skewMs int64) (ms int64) {
	for _, w := range r.waiting {
		ms = earlier(ms, w.untilMs)
	}
	for _, d := range r.deeds {
		if d.told == nil && d.times == 0 {
			ms = earlier(ms, d.untilMs)
		} else {
			ms = earlier(ms, d.atMs+deedFor+skewMs)
		}
	}
	if len(r.lists) > 0 {
		ms = earlier(ms, r.lists[0].atMs+keepMs+skewMs)
	}
	return ms
}
