package churn

import (
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/freshness"
	"github.com/freshet/freshet/pkg/stream"
	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

// Short names of the reasons.
const (
	reasonEvent = churnv1.ScoreReason_SCORE_REASON_EVENT
	reasonTime  = churnv1.ScoreReason_SCORE_REASON_TIME
	reasonMerge = churnv1.ScoreReason_SCORE_REASON_MERGE
	reasonModel = churnv1.ScoreReason_SCORE_REASON_MODEL
)

// transaction is what the task needs of *stream.Tx; the benchmark drives it in memory.
type transaction interface {
	Now() time.Time
	Get(key []byte) ([]byte, bool, error)
	Set(key, value []byte)
	Scan(prefix, from []byte, fn func(key, value []byte) (bool, error)) error
	SetTimer(key []byte, due time.Time)
	ClearTimer(key []byte)
	Emit(m broker.Message)
	Traceparent() []byte
}

// task is the handler of one partition. Customers are decoded once a batch and scored and written back by flush; between batches it holds none.
type task struct {
	book  *book
	judge *judge
	// step is Config.EmitStep.
	step   float64
	nights nights
	// partitions is how many there are.
	partitions func() int
	fresh      *freshness.Histogram
	metrics    *metrics
	counts     *counts

	entries map[string]*entry
	order   []*entry
	bytes   int
	set     featurev1.FeatureSet
}

// entry is one customer within a batch.
type entry struct {
	id  string
	rec *record
	// dirty says that rec must be written.
	dirty bool
	// pending says that a feature set was folded and not scored yet, for this cause.
	pending bool
	cause   cause
	// trace is the traceparent of the first sampled record that is pending.
	trace []byte
}

// cause is why a customer is looked at.
type cause struct {
	reason  churnv1.ScoreReason
	history bool
	// receivedMs is when the earliest live event was received; 0 when there was none.
	receivedMs int64
}

// causeOf is the cause that a feature set brings with it.
func causeOf(fs *featurev1.FeatureSet) cause {
	c := cause{reason: reasonEvent, history: fs.GetHistory(), receivedMs: fs.GetReceivedMs()}
	switch {
	case fs.GetMergedInto() != "", fs.GetReason() == featurev1.ChangeReason_CHANGE_REASON_MERGE:
		c.reason = reasonMerge
	case fs.GetReason() == featurev1.ChangeReason_CHANGE_REASON_TIME:
		c.reason = reasonTime
	}
	return c
}

// with is both causes, the later one of the same kind.
func (c cause) with(later cause) cause {
	if c.receivedMs == 0 || later.receivedMs != 0 && later.receivedMs < c.receivedMs {
		c.receivedMs = later.receivedMs
	}
	return c
}

// Process implements stream.Handler.
func (t *task) Process(tx *stream.Tx, rec broker.Record) error { return t.process(tx, rec) }

// Timer implements stream.Handler: time alone changed a warning, or for whom something is predicted.
func (t *task) Timer(tx *stream.Tx, key []byte, _ time.Time) error {
	return t.refresh(tx, string(key[len(prefixCustomer):]), false)
}

// Flush implements stream.Flusher.
func (t *task) Flush(tx *stream.Tx) error { return t.flush(tx) }

// process folds one feature set.
func (t *task) process(tx transaction, rec broker.Record) error {
	fs := &t.set
	fs.Reset()
	if err := proto.Unmarshal(rec.Value, fs); err != nil {
		return stream.Permanent(fmt.Errorf("decode feature set: %w", err))
	}
	if !customer.IsID(fs.GetCustomerId()) || fs.GetVersion() <= 0 {
		return stream.Permanent(errors.New("feature set without a customer id or a version"))
	}
	e, err := t.load(tx, fs.GetCustomerId(), fs.GetWorkspace())
	if err != nil {
		return err
	}
	if fs.GetVersion() <= e.rec.version {
		t.metrics.sets.WithLabelValues("old").Inc()
		return nil // A copy, or an older one.
	}
	c := causeOf(fs)
	if err := t.before(tx, e, c); err != nil {
		return err
	}
	e.fold(fs)
	if e.pending {
		c = e.cause.with(c)
	}
	e.pending, e.cause, e.dirty = true, c, true
	if e.trace == nil {
		e.trace = tx.Traceparent()
	}
	t.metrics.sets.WithLabelValues("folded").Inc()
	return t.relieve(tx)
}

// before tells what is to be told before a set is folded: what is pending for another cause, or what another model says of the customer as it was.
func (t *task) before(tx transaction, e *entry, c cause) error {
	switch {
	case e.pending && (e.cause.reason != c.reason || e.cause.history != c.history):
		return t.tell(tx, e, e.cause)
	case !e.pending && e.rec.counts() && e.rec.mark != t.judge.mark(e.rec.workspace):
		return t.tell(tx, e, cause{reason: reasonModel})
	}
	return nil
}

// fold makes the features the customer's.
func (e *entry) fold(fs *featurev1.FeatureSet) {
	r := e.rec
	if r.mergedInto != "" && fs.GetMergedInto() != "" && r.mergedInto != fs.GetMergedInto() {
		r.mark = 0 // merged into somebody else: that is told too
	}
	r.version, r.mergedInto = fs.GetVersion(), fs.GetMergedInto()
	r.schema, r.values = fs.GetSchema(), fs.GetValues()
	fs.Values = nil // it is the record's now
}

// refresh brings a customer to now, and to the present board.
func (t *task) refresh(tx transaction, id string, sweeping bool) error {
	e, err := t.load(tx, id, "")
	if err != nil || !e.rec.counts() || e.pending {
		return err
	}
	c := cause{reason: reasonTime}
	if e.rec.mark != t.judge.mark(e.rec.workspace) {
		c.reason = reasonModel
	}
	if err := t.tell(tx, e, c); err != nil {
		return err
	}
	if sweeping {
		t.counts.count(t.judge)
	}
	return nil
}

// load returns the entry of a customer, read from the transaction at first touch. One without a record gets an empty one, which is not written unless changed.
func (t *task) load(tx transaction, id, workspace string) (*entry, error) {
	if e := t.entries[id]; e != nil {
		return e, nil
	}
	data, ok, err := tx.Get(customerKey(id))
	if err != nil {
		return nil, fmt.Errorf("read customer %s: %w", id, err)
	}
	e := &entry{id: id}
	if ok {
		if e.rec, err = decodeRecord(data); err != nil {
			return nil, fmt.Errorf("read customer %s: %w", id, err)
		}
	} else {
		e.rec = &record{workspace: customer.Workspace(workspace)}
		if err := known(tx, e.rec.workspace); err != nil {
			return nil, err
		}
	}
	t.entries[id] = e
	t.order = append(t.order, e)
	t.bytes += 2*len(data) + 512
	return e, nil
}

// known notes that the partition has customers of a workspace.
func known(tx transaction, workspace string) error {
	key := workspaceKey(workspace)
	_, ok, err := tx.Get(key)
	if err == nil && !ok {
		tx.Set(key, nil)
	}
	return err
}

// relieveAt is about how many bytes of records a batch gathers before it writes them: the transaction's own bound counts only what was written.
const relieveAt = 2 << 20

// relieve writes the batch early when it has grown large. What is emitted without a trace of its own would take the one of the record in hand, so a traced
// record is waited out unless that takes too long.
func (t *task) relieve(tx transaction) error {
	if t.bytes < relieveAt || tx.Traceparent() != nil && t.bytes < 2*relieveAt {
		return nil
	}
	return t.flush(tx)
}

// flush scores what is pending, writes the records and empties the batch.
func (t *task) flush(tx transaction) error {
	for _, e := range t.order {
		if e.pending {
			if err := t.tell(tx, e, e.cause); err != nil {
				return err
			}
		}
		if e.dirty {
			tx.Set(customerKey(e.id), e.rec.encode())
		}
	}
	clear(t.entries)
	clear(t.order)
	t.order, t.bytes = t.order[:0], 0
	return nil
}
