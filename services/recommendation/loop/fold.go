package loop

import (
	"cmp"
	"errors"
	"slices"
	"strconv"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/stream"
	"github.com/freshet/freshet/pkg/topics"
	"github.com/freshet/freshet/pkg/wire"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// sort brings lists into order: keys are by id.
func (r *record) sort() { slices.SortFunc(r.lists, byTime) }

// given takes an answer. One that is older than lists are kept, or than all of a full record, is late: a copy of one that went.
func (t *task) given(tx transaction, e *entry, a *recommendationv1.Answer) {
	full := len(e.rec.lists) >= mostLists && a.GetAtMs() < e.rec.lists[0].atMs && e.rec.find(a.GetRequestId()) == nil
	if full || a.GetAtMs()+t.cfg.keepMs() <= passedMs(tx) {
		t.metrics.late.Inc()
		return
	}
	l := &list{
		id: a.GetRequestId(), scene: a.GetScene(), variant: a.GetVariant(), model: a.GetModelVersion(), context: a.GetContext(),
		atMs: a.GetAtMs(), unseen: a.GetUnseen(),
	}
	items := a.GetItems()
	l.places = make([]place, 0, min(len(items), mostPlaces))
	for _, i := range items[:min(len(items), mostPlaces)] {
		l.places = append(l.places, place{item: i.GetItemId(), source: i.GetSource(), category: i.GetCategory(), explored: i.GetExplored()})
	}
	e.rec.give(l)
}

// fed takes feedback.
func (t *task) fed(tx transaction, e *entry, f *recommendationv1.Feedback) {
	until := tx.Now().Add(t.cfg.Wait).UnixMilli()
	items := f.GetItemIds()
	switch f.GetKind() {
	case kindPurchase, kindCart:
		for i, item := range items {
			d := &deed{
				kind: f.GetKind(), event: hash("feedback", f.GetFeedbackId()), line: int32(i + 1), item: item, atMs: f.GetAtMs(),
				named: f.GetRequestId(), untilMs: until,
			}
			if d.valued = f.ValueMicros != nil; d.valued {
				d.value = share(f.GetValueMicros(), i, len(items))
			}
			e.do(d)
			e.rec.hear(word{list: f.GetRequestId(), kind: kindCart, item: item, atMs: f.GetAtMs(), untilMs: until})
		}
	default:
		if len(items) == 0 {
			items = []string{""}
		}
		for _, item := range items {
			e.rec.hear(word{list: f.GetRequestId(), kind: f.GetKind(), item: item, atMs: f.GetAtMs(), untilMs: until})
		}
	}
}

// share is the part of one of n items in a value: all parts add up to it.
func share(value int64, i, n int) int64 {
	part := value / int64(n)
	if i == 0 {
		part += value % int64(n)
	}
	return part
}

// do takes a deed in under its name.
func (e *entry) do(d *deed) {
	d.base = hash(e.id, d.kind.String(), strconv.FormatUint(d.event, 16), strconv.Itoa(int(d.line)), d.item)
	e.rec.do(d)
}

// touched takes a touch.
func (t *task) touched(tx transaction, e *entry, m *recommendationv1.Touch, h *handover) error {
	event := hash("event", m.GetEventId())
	until := tx.Now().Add(t.cfg.Wait).UnixMilli()
	switch m.GetKind() {
	case recommendationv1.TouchKind_TOUCH_KIND_RETURN:
		e.rec.returned(m, event)
		return nil
	case recommendationv1.TouchKind_TOUCH_KIND_BUY, recommendationv1.TouchKind_TOUCH_KIND_CART:
		if m.GetUndone() {
			e.rec.undo(m)
			return nil
		}
		d := &deed{
			kind: kindPurchase, event: event, line: m.GetLine(), item: m.GetItemId(), order: m.GetOrderId(), atMs: m.GetAtMs(),
			value: m.GetValueMicros(), valued: m.ValueMicros != nil, named: m.GetRequestId(), untilMs: until,
		}
		if m.GetKind() == recommendationv1.TouchKind_TOUCH_KIND_CART {
			d.kind, d.order = kindCart, ""
		}
		e.do(d)
	}
	if m.GetRequestId() == "" {
		return nil
	}
	kind := kindClick
	if m.GetKind() == recommendationv1.TouchKind_TOUCH_KIND_BUY || m.GetKind() == recommendationv1.TouchKind_TOUCH_KIND_CART {
		kind = kindCart
	}
	return t.named(tx, e, word{list: m.GetRequestId(), kind: kind, item: m.GetItemId(), atMs: m.GetAtMs(), untilMs: until}, h)
}

// named takes a word of a list that an event names, or sends it to whose list it is. The id comes from a browser: it may be anything.
func (t *task) named(tx transaction, e *entry, w word, h *handover) error {
	if e.rec.find(w.list) != nil {
		e.rec.hear(w)
		return nil
	}
	of, ok := t.parse(e.rec.workspace, w.list)
	switch {
	case !ok:
		t.metrics.unmatched.Inc()
	case of != e.id && h.kind == handedTouch && w.kind == kindClick:
		to := *h
		to.kind = handedClick
		return t.passOn(tx, of, &to)
	default: // the list is late, or its customer becomes this one
		e.rec.hear(w)
	}
	return nil
}

// undo takes an order's item back for ever.
func (r *record) undo(m *recommendationv1.Touch) {
	for _, d := range r.bought(m) {
		d.undone = true
	}
}

// returned notes what was given back, or that it was not.
func (r *record) returned(m *recommendationv1.Touch, event uint64) {
	list := r.bought(m)
	if m.GetUndone() {
		for _, d := range list {
			d.back = nil
		}
		return
	}
	// Of two lines of one item the one that has most left.
	slices.SortStableFunc(list, func(a, b *deed) int {
		x, _ := a.left()
		y, _ := b.left()
		return cmp.Compare(y, x)
	})
	if len(list) > 0 && !slices.ContainsFunc(list, func(d *deed) bool {
		return slices.ContainsFunc(d.back, func(b back) bool { return b.event == event && b.line == m.GetLine() })
	}) {
		list[0].giveBack(back{event: event, line: m.GetLine(), value: m.GetValueMicros(), valued: m.ValueMicros != nil})
	}
}

// bought are the lines of a touch's order and item.
func (r *record) bought(m *recommendationv1.Touch) (list []*deed) {
	for _, d := range r.deeds {
		if d.kind == kindPurchase && d.order != "" && d.order == m.GetOrderId() && d.item == m.GetItemId() {
			list = append(list, d)
		}
	}
	return list
}

// maxHops bounds the tombstones on one path. Identity allows 100 merges a customer.
const maxHops = 101

// passOn sends what came for a customer to where it belongs.
func (t *task) passOn(tx transaction, to string, h *handover) error {
	if h.hops >= maxHops {
		return stream.Permanent(errors.New("passed on more than 100 times: the tombstones form a cycle"))
	}
	on := *h
	on.hops++
	t.metrics.forwarded.Inc()
	tx.Emit(broker.Message{Topic: topics.LoopHandover.Name, Key: []byte(to), Value: on.encode()})
	return nil
}

// bury hands a customer's record over and leaves a tombstone. What was not told yet goes along: whom it became tells it.
func (t *task) bury(tx transaction, e *entry, to string) error {
	h := &handover{workspace: e.rec.workspace, kind: handedRecord, body: e.rec.encode()}
	for _, l := range e.rec.lists {
		h.lists = append(h.lists, l.encode())
	}
	t.drop(tx, e, e.rec.lists)
	if e.rec.dueMs != 0 {
		tx.ClearTimer(headKey(e.id))
	}
	e.rec = &record{workspace: e.rec.workspace, goneTo: to}
	e.touched = true
	return t.passOn(tx, to, h)
}

// handed takes what another task sent.
func (t *task) handed(tx transaction, id string, h *handover) error {
	if h.kind != handedRecord {
		return t.come(tx, id, h)
	}
	left, err := decodeRecord(h.body)
	if err != nil {
		return faulty(err)
	}
	for _, data := range h.lists {
		l, err := decodeList(data)
		if err != nil {
			return faulty(err)
		}
		left.lists = append(left.lists, l)
	}
	e, err := t.load(tx, id, h.workspace)
	if err != nil {
		return err
	}
	if e.rec.goneTo != "" {
		return t.passOn(tx, e.rec.goneTo, h)
	}
	e.touched = true
	e.rec.join(left)
	return nil
}

// faulty puts what is damaged aside; what a newer release wrote is waited for.
func faulty(err error) error {
	if errors.Is(err, wire.ErrNewer) {
		return err
	}
	return stream.Permanent(err)
}
