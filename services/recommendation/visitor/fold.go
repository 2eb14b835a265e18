package visitor

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/stream"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/visitor/touch"
)

// check says what is wrong with an event.
func check(at string, m *eventv1.ResolvedEvent, h *handover) error {
	e := m.GetEvent()
	switch {
	case !customer.IsID(m.GetCustomerId()) || h.hops == 0 && m.GetCustomerId() != at:
		return errors.New("resolved event without a customer id, or under the key of another")
	case e == nil:
		return errors.New("resolved event that holds no event")
	case e.GetOccurredMs() <= 0:
		return fmt.Errorf("event %q has no time", e.GetEventId())
	}
	return nil
}

// event folds an event into the record of visitor at, or passes it on when at was merged away.
func (t *task) event(tx transaction, at string, m *eventv1.ResolvedEvent, h *handover) error {
	if err := check(at, m, h); err != nil {
		return stream.Permanent(err)
	}
	e := m.GetEvent()
	if e.GetEnrichment().GetBot() {
		t.metrics.events.WithLabelValues("bot").Inc()
		return nil
	}
	v, err := t.load(tx, at, e.GetWorkspace())
	if err != nil {
		return err
	}
	if v.rec.gone != nil {
		return t.passOn(tx, v, h)
	}
	f := fold{t: t, tx: tx, entry: v, event: e, read: touch.Of(e)}
	f.basis, f.keeps = t.consent.take(v.rec, t.consent.of(e), e.GetOccurredMs())
	f.surroundings()
	changed, err := t.changes(tx, v, m)
	if err != nil {
		return err
	}
	v.rec.trim() // what the event's own words on consent forbid
	if changed {
		return nil // the shop said what an item is: that is no deed of a visitor
	}
	t.metrics.events.WithLabelValues("folded").Inc()
	return f.deeds()
}

// fold is one event on its way into a record.
type fold struct {
	t     *task
	tx    transaction
	entry *entry
	event *eventv1.Event
	read  touch.Read
	// keeps says that the visitor allows the event's touches to be kept, on what basis.
	keeps bool
	basis int64
}

// surroundings notes what the event says of the visitor besides. The record is written: it knows when the newest event was received.
func (f *fold) surroundings() {
	r, e := f.entry.rec, f.event
	f.entry.dirty = true
	r.receivedMs = max(r.receivedMs, e.GetReceivedMs())
	if code := e.GetEnrichment().GetCountry(); code != "" {
		r.country = later(r.country, country{atMs: e.GetOccurredMs(), code: code})
	}
}

// deeds folds and tells what was done with items.
func (f *fold) deeds() error {
	if f.read.Undone {
		return f.undo()
	}
	for i := range f.read.Deeds {
		if err := f.deed(&f.read.Deeds[i]); err != nil {
			return err
		}
	}
	return nil
}

// deed folds one touch, and tells it when it is new.
func (f *fold) deed(d *touch.Deed) error {
	r, at := f.entry.rec, f.event.GetOccurredMs()
	r.newestMs = max(r.newestMs, at)
	k := f.kept(d)
	if !f.keeps {
		if r.looks.find(k.identity()) >= 0 || r.bought.find(k.identity()) >= 0 {
			return nil // a copy of what is kept on an older basis
		}
		if at <= f.tx.Now().UnixMilli()-Pause {
			return f.t.tell(f, d, false) // of a visit that is over: counted, and kept nowhere
		}
		fresh, full := r.visit.add(k, MostVisit)
		r.trim()
		if !fresh && !full {
			return nil
		}
		return f.t.tell(f, d, false)
	}
	set, most := &r.looks, MostTouches
	if d.Kind == kindBuy || d.Kind == kindReturn {
		set, most = &r.bought, MostBought
	}
	fresh, full := set.add(k, most)
	r.trim()
	if !fresh && !full || d.Kind == kindBuy && r.undone(k.Order) {
		return nil
	}
	return f.t.tell(f, d, false)
}

// kept is a deed as the record keeps it.
func (f *fold) kept(d *touch.Deed) kept {
	k := kept{basis: f.basis, event: hash(f.event.GetEventId()), line: d.Line}
	k.Touch = Touch{Item: d.Item, Kind: d.Kind, AtMs: f.event.GetOccurredMs(), Quantity: d.Quantity, Value: d.Value}
	if f.read.Order != "" {
		k.Order = hash(f.read.Order)
	}
	return k
}

// undo folds that an order was cancelled, and tells it of each of its items: those that are known to be bought in it, and those that the event names. Where the
// visitor does not consent, nobody knows what he bought.
func (f *fold) undo() error {
	if !f.keeps || f.read.Order == "" {
		return nil
	}
	r, order := f.entry.rec, hash(f.read.Order)
	k := f.kept(&touch.Deed{Kind: kindBuy, Quantity: oneUnit})
	k.undone = true
	fresh, full := r.bought.add(k, MostBought)
	if !fresh && !full {
		return nil
	}
	told := map[string]bool{}
	line := int32(0)
	for _, d := range f.read.Deeds {
		told[d.Item] = true
		line = max(line, d.Line)
		if err := f.t.tell(f, &d, true); err != nil {
			return err
		}
	}
	for _, x := range r.bought {
		if x.undone || x.Kind != kindBuy || x.Order != order || told[x.Item] {
			continue
		}
		line++
		if err := f.t.tell(f, &touch.Deed{Item: x.Item, Kind: kindBuy, Line: line, Quantity: x.Quantity, Value: x.Value, HasValue: x.Value != 0}, true); err != nil {
			return err
		}
	}
	return nil
}

// undone says whether an order was cancelled.
func (r *record) undone(order uint64) bool {
	return order != 0 && r.bought.find(identity{order: order, end: true}) >= 0
}

// hash is of an event's or an order's name within one visitor; never 0.
func hash(name string) uint64 {
	sum := sha256.Sum256([]byte(name))
	return binary.BigEndian.Uint64(sum[:]) | 1
}

// changes tells what an event says of items. It reports true when the event is the shop's own word on an item.
func (t *task) changes(tx transaction, v *entry, m *eventv1.ResolvedEvent) (bool, error) {
	var said []*recommendationv1.ItemChange
	if t.items.Changes != nil && (t.items.MayFeed == nil || t.items.MayFeed(m)) {
		said = t.items.Changes(m, v.rec.feeder)
	}
	for _, c := range said {
		v.rec.feeder = v.rec.feeder || c.GetKind() == recommendationv1.ItemChangeKind_ITEM_CHANGE_KIND_UPSERT
		if err := t.tellItem(tx, c); err != nil {
			return false, err
		}
	}
	if len(said) > 0 || t.items.Seen == nil {
		return len(said) > 0, nil
	}
	for _, c := range t.items.Seen(m) {
		if t.items.Knows != nil && t.items.Knows(c) {
			continue
		}
		if err := t.tellItem(tx, c); err != nil {
			return false, err
		}
	}
	return false, nil
}
