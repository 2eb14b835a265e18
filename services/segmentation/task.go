package segmentation

import (
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/featuretopic"
	"github.com/freshet/freshet/pkg/freshness"
	"github.com/freshet/freshet/pkg/stream"
	"github.com/freshet/freshet/pkg/topics"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

// task is the handler of one partition.
type task struct {
	book  *book
	board *board
	// catalogues are what feature sets are read by.
	catalogues *featuretopic.Directory
	fresh      *freshness.Histogram
	// metrics count what the task does.
	metrics *metrics
	// kept are rule versions of earlier books, by fingerprint.
	kept map[uint64]versions
	// view is what the rules see of the customer in hand.
	view view
}

// Process folds one feature set, or one set of scores.
func (t *task) Process(tx *stream.Tx, rec broker.Record) error {
	if rec.Topic == topics.Scores.Name {
		return t.scores(tx, rec)
	}
	return t.features(tx, rec)
}

// features folds one feature set.
func (t *task) features(tx *stream.Tx, rec broker.Record) error {
	var fs featurev1.FeatureSet
	if err := proto.Unmarshal(rec.Value, &fs); err != nil {
		return stream.Permanent(fmt.Errorf("decode feature set: %w", err))
	}
	if !customer.IsID(fs.GetCustomerId()) || fs.GetVersion() <= 0 {
		return stream.Permanent(errors.New("feature set without a customer id or a version"))
	}
	r, err := load(tx, customerKey(fs.GetCustomerId()))
	if err != nil {
		return err
	}
	if r == nil {
		r = &record{workspace: customer.Workspace(fs.GetWorkspace())}
	}
	if fs.GetVersion() <= r.version {
		t.metrics.sets.WithLabelValues("old").Inc()
		return nil // A copy, or an older one.
	}
	w, err := t.take(tx, fs.GetCustomerId(), r)
	if err != nil {
		return err
	}
	if err := w.fold(&fs); err != nil {
		return err
	}
	t.metrics.sets.WithLabelValues("folded").Inc()
	if c := causeOf(&fs); !c.history {
		t.fresh.Observe("segmentation", c.receivedMs, tx.Now())
	}
	return nil
}

// fold makes the features the customer's.
func (w *work) fold(fs *featurev1.FeatureSet) error {
	counted, c := w.rec.counts(), causeOf(fs)
	w.rec.version, w.rec.mergedInto, w.dirty = fs.GetVersion(), fs.GetMergedInto(), true
	w.rec.schema, w.rec.features = fs.GetSchema(), fs.GetValues()
	var s subject
	var err error
	if w.rec.counts() {
		if s, err = w.book.subject(w.catalogues, w.rec, w.view); err == nil {
			err = w.evaluate(s, c)
		}
	} else {
		w.rec.schema, w.rec.features, w.rec.scored = 0, nil, w.rec.scored.merged(fs.GetVersion())
		err = w.leaveAll(c)
		w.rec.forget(func(string) bool { return true })
	}
	if err == nil && counted != w.rec.counts() {
		step := int64(1)
		if counted {
			step = -1
		}
		err = addCount(w.tx, w.rec.workspace, "", step)
	}
	if err != nil {
		return err
	}
	w.settle(s)
	w.save()
	return nil
}

// Timer brings one customer over the moment at which time alone changes something.
func (t *task) Timer(tx *stream.Tx, key []byte, _ time.Time) error {
	return t.refresh(tx, key, nil)
}

// refresh brings a customer to now, with the present rules and cut points. A record that
// only its mark of them would change is not written: a sweep that moves nobody is cheap. But
// when kept are given, one whose book is not among those that stay is.
func (t *task) refresh(tx *stream.Tx, key []byte, kept []uint64) error {
	r, err := load(tx, key)
	if err != nil || r == nil || !r.counts() {
		return err
	}
	old := r.rules
	w, err := t.take(tx, string(key[len(prefixCustomer):]), r)
	if err != nil {
		return err
	}
	w.dirty = w.dirty || kept != nil && !stays(kept, old)
	s, err := t.book.subject(t.catalogues, r, w.view)
	if err != nil {
		return err
	}
	w.settle(s)
	w.save()
	return nil
}

// take has a customer in hand, brought to now.
func (t *task) take(tx *stream.Tx, id string, r *record) (*work, error) {
	w := &work{tx: tx, book: t.book, catalogues: t.catalogues, metrics: t.metrics, id: id, rec: r, cuts: t.board.of(r.workspace), view: &t.view}
	// The clock of another owner may have been ahead.
	w.nowMs = max(tx.Now().UnixMilli(), r.evaluatedMs)
	if !r.counts() || (!w.stale() && (r.dueMs == 0 || r.dueMs > w.nowMs)) {
		return w, nil
	}
	old, err := t.versionsOf(tx, r.rules)
	if err != nil {
		return nil, err
	}
	if err := w.catchUp(old); err != nil {
		return nil, fmt.Errorf("bring customer %s up to date: %w", id, err)
	}
	return w, nil
}

// versionsOf are the rule versions behind a fingerprint; none when it is not known any
// more, which makes every rule count as changed.
func (t *task) versionsOf(tx *stream.Tx, fingerprint uint64) (versions, error) {
	if fingerprint == t.book.fingerprint {
		return t.book.versions, nil
	}
	if v, ok := t.kept[fingerprint]; ok {
		return v, nil
	}
	data, ok, err := tx.Get(rulesKey(fingerprint))
	if err != nil || !ok {
		return nil, err
	}
	v, err := decodeVersions(data)
	if err == nil {
		t.kept[fingerprint] = v
	}
	return v, err
}

// load reads a record, nil when there is none.
func load(tx *stream.Tx, key []byte) (*record, error) {
	data, ok, err := tx.Get(key)
	if err != nil || !ok {
		return nil, err
	}
	r, err := decodeRecord(data)
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", key, err)
	}
	return r, nil
}
