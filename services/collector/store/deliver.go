package store

import (
	"context"
	"errors"
	"sync"

	"github.com/freshet/freshet/pkg/broker"
)

// sendBytes is about how much goes to a partition at once: one request of the producer, so that
// it is stored as a whole or not at all.
const sendBytes = 1 << 20

// delivery brings messages to the broker, each partition's in order and each once, but for the attempts whose
// outcome nobody knows. What the broker will never take becomes a reject on the way.
type delivery struct {
	st   *Store
	msgs []broker.Message
	lots []*lot // nil until the partitions are known

	mu         sync.Mutex
	unstorable []Unstorable
}

// lot is what a delivery has for one partition.
type lot struct {
	msgs  []broker.Message
	index []int // of each in the delivery
}

func (st *Store) deliver(msgs []broker.Message) *delivery { return &delivery{st: st, msgs: msgs} }

// try sends what is not stored yet and returns nil when everything is. It can be called again after an error.
func (d *delivery) try(ctx context.Context) error {
	if d.lots == nil {
		if err := d.split(ctx); err != nil {
			return err
		}
	}
	errs := make([]error, len(d.lots))
	var wg sync.WaitGroup
	for i, l := range d.lots {
		if len(l.msgs) > 0 {
			wg.Go(func() { errs[i] = d.send(ctx, l) })
		}
	}
	wg.Wait()
	return errors.Join(errs...)
}

// split sorts the messages by partition.
func (d *delivery) split(ctx context.Context) error {
	lots := map[broker.TopicPartition]*lot{}
	var order []*lot
	for i, m := range d.msgs {
		n, err := d.st.broker.Partitions(ctx, m.Topic)
		if err != nil {
			return err
		}
		to := broker.TopicPartition{Topic: m.Topic, Partition: broker.PartitionFor(m.Key, n)}
		l := lots[to]
		if l == nil {
			l = &lot{}
			lots[to], order = l, append(order, l)
		}
		l.msgs, l.index = append(l.msgs, m), append(l.index, i)
	}
	d.lots = order
	return nil
}

// send brings one lot to its partition, request by request. When the broker finds fault with a record, ever smaller
// parts are sent until it stands alone.
func (d *delivery) send(ctx context.Context, l *lot) error {
	for most := len(l.msgs); len(l.msgs) > 0; {
		n := fitting(l.msgs[:min(most, len(l.msgs))])
		err := d.st.producer.Produce(ctx, l.msgs[:n]...)
		switch {
		case err == nil:
			most = max(2*most, 2)
		case !broker.RecordFault(err):
			return err
		case n > 1:
			most = n / 2
			continue
		default:
			u, err := d.st.quarantine(ctx, l.msgs[0], err)
			if err != nil {
				return err
			}
			u.Index = l.index[0]
			d.mu.Lock()
			d.unstorable = append(d.unstorable, u)
			d.mu.Unlock()
		}
		l.msgs, l.index = l.msgs[n:], l.index[n:]
	}
	return nil
}

// fitting is how many of the messages go into one request, at least one.
func fitting(msgs []broker.Message) int {
	size := 0
	for i, m := range msgs {
		size += len(m.Key) + len(m.Value) + 64
		for _, h := range m.Headers {
			size += len(h.Key) + len(h.Value) + 8
		}
		if i > 0 && size > sendBytes {
			return i
		}
	}
	return len(msgs)
}
