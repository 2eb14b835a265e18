package feature

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/freshet/freshet/pkg/stream"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	"github.com/freshet/freshet/services/feature/tally"
)

// filledKey holds the fingerprint of the plan of which no record of the partition lacks anything, 0 while one may, and how often a record came that
// did. Customers' keys are longer.
const filledKey = "filled"

// reopen notes that a record came that lacks something.
func reopen(tx transaction) error {
	was, _, err := tx.Get([]byte(filledKey))
	if err != nil {
		return fmt.Errorf("read how far the partition is filled: %w", err)
	}
	n := uint64(0)
	if len(was) == 16 {
		n = binary.BigEndian.Uint64(was[8:])
	}
	tx.Set([]byte(filledKey), binary.BigEndian.AppendUint64(make([]byte, 8), n+1))
	return nil
}

// verdict is that no record lacks anything of a plan. It holds only if filledKey is what it was before they were looked at: a record may have come
// since (TestARecordThatComesBehindTheLookIsFilled).
type verdict struct {
	fingerprint uint64
	was         []byte
}

func (v *verdict) note(tx transaction) error {
	is, _, err := tx.Get([]byte(filledKey))
	if err != nil {
		return fmt.Errorf("read how far the partition is filled: %w", err)
	}
	if !bytes.Equal(is, v.was) {
		return nil
	}
	b := binary.BigEndian.AppendUint64(nil, v.fingerprint)
	if len(is) == 16 {
		b = append(b, is[8:]...)
	} else {
		b = append(b, make([]byte, 8)...)
	}
	tx.Set([]byte(filledKey), b)
	return nil
}

// isFilled says whether the value of filledKey is that nothing of a plan is lacking.
func isFilled(value []byte, fingerprint uint64) bool {
	return len(value) == 16 && binary.BigEndian.Uint64(value) == fingerprint
}

// fillsAtOnce is how many records a batch fills at most, so that live ones do not wait for them.
const fillsAtOnce = 250

// filled is what was read for a record's hole.
type filled struct {
	id        customerID
	workspace string
	hole      hole
	found     *tally.State
}

// inbox is how a partition's task is given what was read for its records. A task that ends takes what it has not committed along: the holes are
// still there then.
type inbox struct {
	mu     sync.Mutex
	list   []filled
	done   *verdict // to be noted when list is empty
	passed time.Time
	empty  chan struct{} // closed when everything was taken
}

func newInbox() *inbox {
	b := &inbox{empty: make(chan struct{})}
	close(b.empty)
	return b
}

// put gives a page, or with no page the news that nothing is lacking any more; taken is closed when the task has all of it in hand.
func (b *inbox) put(list []filled, done *verdict) (taken <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.list, b.done, b.empty = append(b.list, list...), done, make(chan struct{})
	return b.empty
}

// passedMs is what the task knew to have passed at its last batch.
func (b *inbox) passedMs() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.passed.IsZero() {
		return math.MinInt64 / 2
	}
	return b.passed.UnixMilli()
}

// take gives the next piece; more says that another waits.
func (b *inbox) take(passed time.Time) (list []filled, done *verdict, more bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.passed = passed
	n := min(len(b.list), fillsAtOnce)
	list, b.list = b.list[:n], b.list[n:]
	if more = len(b.list) > 0; !more {
		done, b.done, b.list = b.done, nil, nil
		select {
		case <-b.empty:
		default:
			close(b.empty)
		}
	}
	return list, done, more
}

// Tick implements stream.Ticker.
func (h *handler) Tick(tx *stream.Tx) (bool, error) { return h.tick(tx) }

// tick fills a few records, and tells of each what it has now: as history, since nobody did anything.
func (h *handler) tick(tx transaction) (more bool, err error) {
	list, done, more := h.inbox.take(tx.Passed())
	for i := range list {
		if err := h.fill(tx, &list[i]); err != nil {
			return false, err
		}
	}
	if done != nil {
		return more, done.note(tx)
	}
	return more, nil
}

func (h *handler) fill(tx transaction, f *filled) error {
	e, err := h.batch.load(tx, f.id, "")
	if err != nil {
		return err
	}
	if e.rec.gone != nil || !e.rec.hasHole(&f.hole) {
		return nil // it went on with its record, or was filled before
	}
	if err := h.batch.change(tx, e, cause{reason: featurev1.ChangeReason_CHANGE_REASON_EVENT, history: true}); err != nil {
		return err
	}
	e.rec.fill(&f.hole, f.found)
	h.metrics.filled.Inc()
	return h.batch.relieve(tx)
}

var _ stream.Ticker = (*handler)(nil)
