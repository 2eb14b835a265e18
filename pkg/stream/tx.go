package stream

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/freshet/freshet/pkg/broker"
)

// Tx is the transaction of one batch. It is valid only during the call it was handed to.
type Tx struct {
	ctx       context.Context
	store     *store
	partition int
	now       time.Time
	passed    time.Time

	batch  changes // of the records folded so far
	record changes // of the record in hand: undone when it fails
	trace  []byte  // traceparent of the record in hand
}

// changes are writes that are not committed yet.
type changes struct {
	kv     map[string][]byte // nil deletes
	timers map[string]int64  // due in Unix ms; noTimer clears
	out    []broker.Message
	bytes  int
}

const noTimer = -1 << 63

func newChanges() changes { return changes{kv: map[string][]byte{}, timers: map[string]int64{}} }

// roomy is how many entries a map may have had and still be used again: a large one stays large when it is emptied, and every later
// record would pay for walking through it (TestOneLargeRecordCostsNoOtherTime).
const roomy = 64

func (c *changes) reset() {
	if len(c.kv) > roomy {
		c.kv = map[string][]byte{}
	}
	if len(c.timers) > roomy {
		c.timers = map[string]int64{}
	}
	clear(c.kv)
	clear(c.timers)
	c.out, c.bytes = c.out[:0], 0
}

func (c *changes) empty() bool { return len(c.kv) == 0 && len(c.timers) == 0 && len(c.out) == 0 }

// Context carries cancellation and, for a sampled record, its span.
func (tx *Tx) Context() context.Context { return tx.ctx }

// Now is the time of the batch: it does not move within one.
func (tx *Tx) Now() time.Time { return tx.now }

// Passed is a moment that is over, whosever clock is right: Config.MaxClockSkew or more before Now, and never later than the
// broker's time or, where that is not known, the newest input record's. The zero time while nothing is certain. What
// is thrown away for its age is judged by it, never by Now.
func (tx *Tx) Passed() time.Time { return tx.passed }

// Partition is the task's partition.
func (tx *Tx) Partition() int { return tx.partition }

// Traceparent is the trace of the record in hand, nil when it is not sampled.
// A handler that emits later, in Flush, keeps it and sets the header itself.
func (tx *Tx) Traceparent() []byte { return tx.trace }

// Get reads a key, with the writes of this transaction. The value must not be changed.
func (tx *Tx) Get(key []byte) ([]byte, bool, error) {
	if v, ok := tx.record.kv[string(key)]; ok {
		return v, v != nil, nil
	}
	if v, ok := tx.batch.kv[string(key)]; ok {
		return v, v != nil, nil
	}
	return tx.store.own(spaced(spaceState, key))
}

// Set writes a key. The transaction keeps value; the caller must not change it any more.
func (tx *Tx) Set(key, value []byte) {
	if value == nil {
		value = []byte{}
	}
	tx.record.kv[string(key)] = value
	tx.record.bytes += len(key) + len(value) + 32
}

// Delete removes a key.
func (tx *Tx) Delete(key []byte) {
	tx.record.kv[string(key)] = nil
	tx.record.bytes += len(key) + 32
}

// SetTimer makes Timer be called for key at due, once. It replaces the key's timer.
func (tx *Tx) SetTimer(key []byte, due time.Time) {
	tx.record.timers[string(key)] = due.UnixMilli()
	tx.record.bytes += len(key) + 40
}

// ClearTimer removes the key's timer.
func (tx *Tx) ClearTimer(key []byte) {
	tx.record.timers[string(key)] = noTimer
	tx.record.bytes += len(key) + 40
}

// Emit sends a record after the commit. Records with equal keys keep their order.
// The trace of the record in hand goes along unless the message has its own.
func (tx *Tx) Emit(m broker.Message) {
	if tx.trace != nil && !slices.ContainsFunc(m.Headers, func(h broker.Header) bool { return h.Key == traceHeader }) {
		m.Headers = append(slices.Clip(m.Headers), broker.Header{Key: traceHeader, Value: tx.trace})
	}
	tx.record.out = append(tx.record.out, m)
	tx.record.bytes += len(m.Key) + len(m.Value) + 32
}

// Scan calls fn for the keys with a prefix, from `from` (nil: the first) on, in
// order, with the writes of this transaction, until fn returns false or fails.
// fn must not write to the transaction.
func (tx *Tx) Scan(prefix, from []byte, fn func(key, value []byte) (bool, error)) error {
	pending := tx.pending(prefix, from)
	var fault error
	stopped := false
	give := func(k string, v []byte) bool {
		if v == nil { // deleted
			return true
		}
		var more bool
		more, fault = fn([]byte(k), v)
		stopped = !more || fault != nil
		return !stopped
	}
	err := tx.store.scan(prefix, from, func(k, v []byte) (bool, error) {
		for len(pending) > 0 && pending[0].key < string(k) {
			if !give(pending[0].key, pending[0].value) {
				return false, nil
			}
			pending = pending[1:]
		}
		if len(pending) > 0 && pending[0].key == string(k) {
			v, pending = pending[0].value, pending[1:]
		}
		return give(string(k), v), nil
	})
	if err != nil || stopped {
		return errors.Join(err, fault)
	}
	for _, p := range pending {
		if !give(p.key, p.value) {
			return fault
		}
	}
	return nil
}

type pendingWrite struct {
	key   string
	value []byte
}

// pending are this transaction's writes within a scan's range, in order.
func (tx *Tx) pending(prefix, from []byte) []pendingWrite {
	var out []pendingWrite
	in := func(k string) bool {
		return strings.HasPrefix(k, string(prefix)) && (from == nil || bytes.Compare([]byte(k), from) >= 0)
	}
	for k, v := range tx.record.kv {
		if in(k) {
			out = append(out, pendingWrite{k, v})
		}
	}
	for k, v := range tx.batch.kv {
		if _, newer := tx.record.kv[k]; !newer && in(k) {
			out = append(out, pendingWrite{k, v})
		}
	}
	slices.SortFunc(out, func(a, b pendingWrite) int { return strings.Compare(a.key, b.key) })
	return out
}

// keep makes the record's writes part of the batch.
func (tx *Tx) keep() {
	for k, v := range tx.record.kv {
		tx.batch.kv[k] = v
	}
	for k, v := range tx.record.timers {
		tx.batch.timers[k] = v
	}
	tx.batch.out = append(tx.batch.out, tx.record.out...)
	tx.batch.bytes += tx.record.bytes
	tx.record.reset()
}

// undo forgets the record's writes.
func (tx *Tx) undo() { tx.record.reset() }
