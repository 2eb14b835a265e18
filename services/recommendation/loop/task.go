package loop

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/stream"
	"github.com/freshet/freshet/pkg/topics"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// transaction is what the task needs of *stream.Tx; tests drive it in memory.
type transaction interface {
	Now() time.Time
	Passed() time.Time
	Get(key []byte) ([]byte, bool, error)
	Set(key, value []byte)
	Delete(key []byte)
	Scan(prefix, from []byte, fn func(key, value []byte) (bool, error)) error
	SetTimer(key []byte, due time.Time)
	ClearTimer(key []byte)
	Emit(m broker.Message)
}

// task is the handler of one partition. Customers are decoded once a batch and written back by flush; between batches it holds none.
type task struct {
	cfg     Config
	metrics *metrics
	// parse tells whose list a request id is of.
	parse func(workspace, id string) (customerID string, ok bool)

	entries map[string]*entry
	order   []*entry
}

// entry is one customer within a batch.
type entry struct {
	id  string
	rec *record
	// was is the head as it was read: it is written where it changed. Lists say it themselves.
	was []byte
	// touched says that there may be something to tell.
	touched bool
	// known says that it was there before.
	known bool
}

// Process implements stream.Handler.
func (t *task) Process(tx *stream.Tx, rec broker.Record) error { return t.process(tx, rec) }

// Timer implements stream.Handler.
func (t *task) Timer(tx *stream.Tx, key []byte, _ time.Time) error { return t.timer(tx, key) }

// Flush implements stream.Flusher.
func (t *task) Flush(tx *stream.Tx) error { return t.flush(tx) }

// process changes nothing before it knows that the record is good.
func (t *task) process(tx transaction, rec broker.Record) error {
	key := string(rec.Key)
	if !customer.IsID(key) {
		return stream.Permanent(fmt.Errorf("a record of %s under a key that is no customer id", rec.Topic))
	}
	switch rec.Topic {
	case topics.IdentityMappings.Name:
		return t.mapping(tx, key, rec.Value)
	case topics.LoopHandover.Name:
		h, err := decodeHandover(rec.Value)
		if err != nil {
			return faulty(err)
		}
		return t.handed(tx, key, h)
	}
	kind, ok := map[string]byte{
		topics.Recommendations.Name: handedAnswer, topics.RecommendationFeedback.Name: handedFeedback, topics.Touches.Name: handedTouch,
	}[rec.Topic]
	if !ok {
		return stream.Permanent(fmt.Errorf("topic %s is no input of recommendation's loop", rec.Topic))
	}
	return t.come(tx, key, &handover{kind: kind, body: rec.Value})
}

// said is a decoded message of whatever kind.
type said struct {
	workspace string
	answer    *recommendationv1.Answer
	feedback  *recommendationv1.Feedback
	touch     *recommendationv1.Touch
}

// read decodes what came.
func (h *handover) read() (s said, err error) {
	switch h.kind {
	case handedAnswer:
		s.answer = &recommendationv1.Answer{}
		err = proto.Unmarshal(h.body, s.answer)
		if s.workspace = s.answer.GetWorkspace(); err == nil && (s.answer.GetRequestId() == "" || s.answer.GetAtMs() <= 0) {
			err = errors.New("an answer without a request id or a time")
		}
	case handedFeedback:
		s.feedback = &recommendationv1.Feedback{}
		err = proto.Unmarshal(h.body, s.feedback)
		if s.workspace = s.feedback.GetWorkspace(); err == nil && (s.feedback.GetRequestId() == "" || s.feedback.GetAtMs() <= 0) {
			err = errors.New("feedback without a request id or a time")
		}
	case handedTouch, handedClick:
		s.touch = &recommendationv1.Touch{}
		err = proto.Unmarshal(h.body, s.touch)
		if s.workspace = s.touch.GetWorkspace(); err == nil && (s.touch.GetItemId() == "" || s.touch.GetAtMs() <= 0) {
			err = errors.New("a touch without an item or a time")
		}
	default:
		err = fmt.Errorf("kind %d of a handover is not known", h.kind)
	}
	s.workspace = customer.Workspace(s.workspace)
	if err != nil {
		err = stream.Permanent(fmt.Errorf("decode: %w", err))
	}
	return s, err
}

// come takes a message for a customer, or passes it on when he was merged away.
func (t *task) come(tx transaction, id string, h *handover) error {
	s, err := h.read()
	if err != nil {
		return err
	}
	if s.touch.GetHistory() || s.touch != nil && t.indifferent(s.touch) {
		return nil
	}
	e, err := t.load(tx, id, s.workspace)
	if err != nil {
		return err
	}
	if e.rec.goneTo != "" {
		return t.passOn(tx, e.rec.goneTo, h)
	}
	e.touched = true
	switch {
	case s.answer != nil:
		t.given(tx, e, s.answer)
	case s.feedback != nil:
		t.fed(tx, e, s.feedback)
	default:
		return t.touched(tx, e, s.touch, h)
	}
	return nil
}

// indifferent says that a touch can be about no list.
func (t *task) indifferent(m *recommendationv1.Touch) bool {
	switch m.GetKind() {
	case recommendationv1.TouchKind_TOUCH_KIND_CART, recommendationv1.TouchKind_TOUCH_KIND_BUY, recommendationv1.TouchKind_TOUCH_KIND_RETURN:
		return false
	case recommendationv1.TouchKind_TOUCH_KIND_VIEW, recommendationv1.TouchKind_TOUCH_KIND_CLICK, recommendationv1.TouchKind_TOUCH_KIND_WISH:
		return m.GetRequestId() == ""
	default:
		return true
	}
}

// load returns the entry of a customer, read at first touch.
func (t *task) load(tx transaction, id, workspace string) (*entry, error) {
	if e := t.entries[id]; e != nil {
		return e, nil
	}
	data, ok, err := tx.Get(headKey(id))
	if err != nil {
		return nil, fmt.Errorf("read customer %s: %w", id, err)
	}
	e := &entry{id: id, known: ok, was: data, rec: &record{workspace: workspace}}
	if ok {
		if e.rec, err = decodeRecord(data); err != nil {
			return nil, fmt.Errorf("read customer %s: %w", id, err)
		}
	}
	if ok && e.rec.goneTo == "" {
		err = tx.Scan(listKey(id, ""), nil, func(_, value []byte) (bool, error) {
			l, err := decodeList(value)
			if err == nil {
				e.rec.lists = append(e.rec.lists, l)
			}
			return true, err
		})
		if err != nil {
			return nil, fmt.Errorf("read the lists of customer %s: %w", id, err)
		}
		e.rec.sort()
	}
	t.entries[id] = e
	t.order = append(t.order, e)
	return e, nil
}

// timer cleans a record.
func (t *task) timer(tx transaction, key []byte) error {
	e, err := t.load(tx, hex.EncodeToString(key[1:]), "")
	if err != nil {
		return err
	}
	e.rec.dueMs, e.touched = 0, true
	return nil
}

// flush tells what is to be told, writes the records and empties the batch.
func (t *task) flush(tx transaction) error {
	for _, e := range t.order {
		if !e.touched {
			continue
		}
		if err := t.settle(tx, e); err != nil {
			return err
		}
	}
	clear(t.entries)
	clear(t.order)
	t.order = t.order[:0]
	return nil
}

// settle tells what is to be told of one customer and writes his record.
func (t *task) settle(tx transaction, e *entry) error {
	if e.rec.goneTo == "" {
		if err := t.tell(tx, e); err != nil {
			return err
		}
		gone, unmatched := e.rec.clean(passedMs(tx), tx.Now().UnixMilli(), t.cfg.keepMs())
		t.metrics.unmatched.Add(float64(unmatched))
		t.drop(tx, e, gone)
		t.alarm(tx, e)
	}
	for _, l := range e.rec.lists {
		if l.dirty {
			tx.Set(listKey(e.id, l.id), l.encode())
		}
	}
	if e.rec.empty() {
		if e.known {
			tx.Delete(headKey(e.id))
		}
		return nil
	}
	if head := e.rec.encode(); !e.known || !bytes.Equal(head, e.was) {
		tx.Set(headKey(e.id), head)
	}
	return nil
}

// tell publishes the outcomes of a customer.
func (t *task) tell(tx transaction, e *entry) error {
	for _, o := range e.rec.settle(e.id, t.cfg.windows()) {
		value, err := proto.MarshalOptions{Deterministic: true}.Marshal(o)
		if err != nil {
			return fmt.Errorf("encode an outcome of customer %s: %w", e.id, err)
		}
		tx.Emit(broker.Message{Topic: topics.RecommendationOutcomes.Name, Key: []byte(e.id), Value: value})
		t.metrics.told(o)
	}
	return nil
}

// alarm sets the timer to when the record has to be looked at next. One that is early is left: it costs less than to write it anew with every list.
func (t *task) alarm(tx transaction, e *entry) {
	switch due := e.rec.due(t.cfg.keepMs(), skewMs); {
	case due == 0 && e.rec.dueMs != 0:
		tx.ClearTimer(headKey(e.id))
		e.rec.dueMs = 0
	case due != 0 && (e.rec.dueMs == 0 || due < e.rec.dueMs):
		tx.SetTimer(headKey(e.id), time.UnixMilli(due))
		e.rec.dueMs = due
	}
}

// drop deletes lists that came out of a record.
func (t *task) drop(tx transaction, e *entry, lists []*list) {
	for _, l := range lists {
		tx.Delete(listKey(e.id, l.id))
	}
}

// skewMs is by how much Passed may be behind Now: two hours, of which the machine's clock may take one.
const skewMs = 120 * minuteMs

// passedMs is a moment that has certainly passed, Unix milliseconds.
func passedMs(tx transaction) int64 {
	if tx.Passed().IsZero() {
		return 0
	}
	return tx.Passed().UnixMilli()
}

func headKey(id string) []byte { return appendID([]byte{'c'}, id) }

func listKey(id, request string) []byte { return append(appendID([]byte{'l'}, id), request...) }

// appendID appends an id's bytes; it was checked.
func appendID(b []byte, id string) []byte {
	b, _ = hex.AppendDecode(b, []byte(id))
	return b
}

// mapping takes the news that a customer of this partition was merged away.
func (t *task) mapping(tx transaction, key string, value []byte) error {
	m := &identityv1.Mapping{}
	if err := proto.Unmarshal(value, m); err != nil {
		return stream.Permanent(fmt.Errorf("decode mapping: %w", err))
	}
	from, to := m.GetFromCustomerId(), m.GetToCustomerId()
	if from != key || !customer.IsID(to) || from == to {
		return stream.Permanent(fmt.Errorf("mapping of %q to %q under key %s", from, to, key))
	}
	e, err := t.load(tx, from, customer.Workspace(m.GetWorkspace()))
	if err != nil || e.rec.goneTo != "" { // a repeat, or a chain: what comes goes the way that it has gone until now
		return err
	}
	return t.bury(tx, e, to)
}

var _ stream.Flusher = (*task)(nil)
