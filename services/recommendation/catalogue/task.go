package catalogue

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/stream"
	"github.com/freshet/freshet/pkg/topics"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// transaction is what the task needs of *stream.Tx; tests drive it in memory.
type transaction interface {
	Get(key []byte) ([]byte, bool, error)
	Set(key, value []byte)
	Emit(m broker.Message)
}

// task folds one partition of items.changes.v1. It holds nothing between records.
type task struct{ metrics *metrics }

// Process implements stream.Handler.
func (t *task) Process(tx *stream.Tx, rec broker.Record) error { return t.process(tx, rec) }

// Timer implements stream.Handler: an item has none.
func (t *task) Timer(*stream.Tx, []byte, time.Time) error { return nil }

// prefixItem begins the keys of the state: behind it the item's key on the topics. The value is an ItemState.
const prefixItem = 'i'

func (t *task) process(tx transaction, rec broker.Record) error {
	c := &recommendationv1.ItemChange{}
	if err := proto.Unmarshal(rec.Value, c); err != nil {
		return stream.Permanent(fmt.Errorf("decode ItemChange: %w", err))
	}
	if err := check(c, rec.Key); err != nil {
		return stream.Permanent(fmt.Errorf("change %q of item %q: %w", c.GetChangeId(), c.GetItemId(), err))
	}
	key := append([]byte{prefixItem}, rec.Key...)
	s, err := load(tx, key)
	if err != nil {
		return err
	}
	out := fold(s, c)
	t.metrics.cut.Add(float64(out.left))
	if !out.item && !out.state {
		t.metrics.changes.WithLabelValues("silent").Inc()
		return nil
	}
	result := "kept"
	if out.item {
		result = "told"
		s.Item.Version++
		if err := emit(tx, rec.Key, s.Item); err != nil {
			return err
		}
	}
	t.metrics.changes.WithLabelValues(result).Inc()
	value, err := proto.MarshalOptions{Deterministic: true}.Marshal(s)
	if err != nil {
		return fmt.Errorf("encode item %x: %w", rec.Key, err)
	}
	tx.Set(key, value)
	return nil
}

func check(c *recommendationv1.ItemChange, key []byte) error {
	switch {
	case c.GetItemId() == "" || len(c.GetItemId()) > mostID:
		return fmt.Errorf("its item id has %d bytes, not 1 to %d", len(c.GetItemId()), mostID)
	case c.GetWorkspace() == "":
		return errors.New("it has no workspace")
	case c.GetChangeId() == "":
		return errors.New("it has no change id")
	case c.GetAtMs() <= 0:
		return errors.New("it has no time")
	case c.GetKind() != kindUpsert && c.GetKind() != kindRemove && c.GetKind() != kindSeen:
		return fmt.Errorf("its kind %d is not known", c.GetKind())
	case !bytes.Equal(key, topics.ItemKey(c.GetWorkspace(), c.GetItemId())):
		return fmt.Errorf("it is under the key %q", key)
	}
	return nil
}

func load(tx transaction, key []byte) (*recommendationv1.ItemState, error) {
	s := &recommendationv1.ItemState{}
	value, ok, err := tx.Get(key)
	if err == nil && ok {
		err = proto.Unmarshal(value, s)
	}
	if err != nil {
		return nil, fmt.Errorf("read item %x: %w", key, err)
	}
	return s, nil
}

func emit(tx transaction, key []byte, i *recommendationv1.Item) error {
	value, err := proto.MarshalOptions{Deterministic: true}.Marshal(i)
	if err != nil {
		return fmt.Errorf("encode item %x: %w", key, err)
	}
	tx.Emit(broker.Message{Topic: topics.Items.Name, Key: key, Value: value})
	return nil
}

var _ stream.Handler = (*task)(nil)
