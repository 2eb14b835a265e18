package feature

import (
	"fmt"
	"time"

	"github.com/freshet/freshet/pkg/topics"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	"github.com/freshet/freshet/services/feature/tally"
)

// relieveAt is about how many bytes of records and feature sets a batch gathers
// before it writes them: the transaction's own bound counts only what was written.
const relieveAt = 4 << 20

// batch is the customers touched by one transaction, in the order of the first touch.
type batch struct {
	book    *book
	metrics *metrics
	entries map[customerID]*entry
	order   []*entry
	bytes   int
	// arena holds the states of entries.
	arena tally.Arena
}

// entry is one customer within a batch.
type entry struct {
	id  customerID
	rec *record
	// size is how many bytes it was read from.
	size int
	// dirty says that rec must be written.
	dirty bool
	// pending is the change not yet published; nil when there is none.
	pending *change
	// flip is when the customer changes next with no event, as publish found it; nil when something was done since.
	flip *flip
}

// flip is a moment at which time alone changes a feature or a tag; never says that there is none.
type flip struct {
	ms    int64
	never bool
}

// cause is why a customer changed.
type cause struct {
	reason  featurev1.ChangeReason
	history bool
	// receivedMs is when the event that did it was received; 0 when it was none.
	receivedMs int64
}

// change is a run of causes with one reason and history flag.
type change struct {
	cause        // receivedMs is the earliest, 0 for history
	trace []byte // traceparent of the first sampled record, or nil
}

func newBatch(book *book, m *metrics) *batch {
	return &batch{book: book, metrics: m, entries: map[customerID]*entry{}}
}

// load returns the entry of a customer, read from the transaction at first touch. A
// customer without a record gets an empty one in workspace; it is not written unless changed.
func (b *batch) load(tx transaction, c customerID, workspace string) (*entry, error) {
	if e := b.entries[c]; e != nil {
		return e, nil
	}
	value, ok, err := tx.Get(c[:])
	if err != nil {
		return nil, fmt.Errorf("read customer %s: %w", c, err)
	}
	e := &entry{id: c, size: len(value)}
	if ok {
		e.rec, err = decodeRecord(b.book.engine, value, &b.arena)
	} else {
		e.rec = &record{workspace: workspace, state: b.book.engine.New()}
	}
	if err != nil {
		return nil, fmt.Errorf("read customer %s: %w", c, err)
	}
	b.entries[c] = e
	b.order = append(b.order, e)
	b.bytes += 2*len(value) + 1024 // the record again, and the set that tells of it
	return e, nil
}

// change notes that e is about to change. A pending change of another kind is
// published first, with the state as it is before this one; so is a window that has
// slid already while its timer waits for its turn.
func (b *batch) change(tx transaction, e *entry, c cause) error {
	e.dirty, e.flip = true, nil
	if due := e.rec.timerMs; e.pending == nil && due != 0 && due <= tx.Now().UnixMilli() {
		e.pending = &change{cause: cause{reason: featurev1.ChangeReason_CHANGE_REASON_TIME}}
	}
	if e.pending != nil && (e.pending.reason != c.reason || e.pending.history != c.history) {
		if err := b.publish(tx, e); err != nil {
			return err
		}
	}
	if c.history {
		c.receivedMs = 0
	}
	if e.pending == nil {
		e.pending = &change{cause: c, trace: tx.Traceparent()}
		return nil
	}
	e.pending.receivedMs = min(e.pending.receivedMs, c.receivedMs)
	if e.pending.trace == nil {
		e.pending.trace = tx.Traceparent()
	}
	return nil
}

// publish emits the features of a customer that has a pending change.
func (b *batch) publish(tx transaction, e *entry) error {
	if e.pending == nil {
		return nil
	}
	c, now := e.pending, tx.Now()
	e.pending = nil
	e.rec.state.Prune(tx.Passed().UnixMilli())
	e.rec.version++
	fs := b.book.publish(e, now.UnixMilli(), c.reason)
	fs.Reason, fs.History, fs.ReceivedMs = c.reason, c.history, c.receivedMs
	b.metrics.published(c.reason, c.receivedMs)
	return emit(tx, topics.Features, e.id, fs, c.trace)
}

// publishGone emits where a merged customer went.
func (b *batch) publishGone(tx transaction, e *entry) error {
	e.rec.version++
	fs := e.rec.envelope(e.id, tx.Now().UnixMilli())
	fs.Reason = featurev1.ChangeReason_CHANGE_REASON_MERGE
	b.metrics.published(fs.Reason, 0)
	return emit(tx, topics.Features, e.id, fs, tx.Traceparent())
}

// envelope is a feature set without values.
func (r *record) envelope(c customerID, asOfMs int64) *featurev1.FeatureSet {
	fs := &featurev1.FeatureSet{CustomerId: c.String(), Workspace: r.workspace, Version: r.version, AsOfMs: asOfMs}
	if r.gone != nil {
		fs.MergedInto = r.gone.mergedInto.String()
	}
	return fs
}

// relieve writes the batch early when it has grown large. What is emitted without a
// trace of its own would take the one of the record in hand, so a traced record
// is waited out unless that takes too long.
func (b *batch) relieve(tx transaction) error {
	if b.bytes < relieveAt || tx.Traceparent() != nil && b.bytes < 2*relieveAt {
		return nil
	}
	return b.flush(tx)
}

// flush publishes what is pending, sets timers, writes the records and empties the batch.
func (b *batch) flush(tx transaction) error {
	for _, e := range b.order {
		if err := b.publish(tx, e); err != nil {
			return err
		}
		if !e.dirty {
			continue
		}
		b.arm(tx, e)
		tx.Set(e.id[:], e.rec.append(make([]byte, 0, e.size+256)))
	}
	clear(b.entries)
	clear(b.order)
	b.arena.Reset()
	b.order, b.bytes = b.order[:0], 0
	return nil
}

// arm sets the customer's timer to the next flip, if it is not set to that already.
func (b *batch) arm(tx transaction, e *entry) {
	if e.rec.gone != nil {
		return
	}
	if e.flip == nil {
		e.flip = b.book.nextFlip(e.rec, e.rec.publishedMs)
	}
	switch {
	case !e.flip.never && e.flip.ms != e.rec.timerMs:
		tx.SetTimer(e.id[:], time.UnixMilli(e.flip.ms))
		e.rec.timerMs = e.flip.ms
	case e.flip.never && e.rec.timerMs != 0:
		tx.ClearTimer(e.id[:])
		e.rec.timerMs = 0
	}
}
