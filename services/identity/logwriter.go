package identity

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/retry"
	"github.com/freshet/freshet/pkg/wire"
)

// appendBytes bounds one record batch of the log: well below the topic's
// max.message.bytes.
const appendBytes = 1 << 20

// operation is an event whose identifiers the log shall tie together.
type operation struct {
	event     rawEvent
	partition int
	offset    int64
}

// logWriter appends to identity.log.v1.
type logWriter struct {
	broker  *broker.Client
	metrics *metrics
}

// append writes one record for each different set of identifiers, acks=all, and
// returns the offset of the last. After an error some may be stored all the same:
// writing them again does no harm.
func (w *logWriter) append(ctx context.Context, ops []operation) (last int64, err error) {
	var msgs []broker.Message
	size, written := 0, map[string]bool{}
	flush := func() error {
		base, err := w.store(ctx, msgs)
		if err != nil {
			return err
		}
		w.metrics.asked.Add(float64(len(msgs)))
		last, msgs, size = base+int64(len(msgs))-1, nil, 0
		return nil
	}
	for _, op := range ops {
		key := linkKey(op.event)
		if written[key] {
			continue
		}
		written[key] = true
		value, err := proto.Marshal(op.record())
		if err != nil {
			return 0, fmt.Errorf("encode the log record of event %q: %w", op.event.id, err)
		}
		msgs = append(msgs, broker.Message{Key: []byte(op.event.workspace), Value: value})
		if size += len(value) + len(op.event.workspace); size >= appendBytes {
			if err := flush(); err != nil {
				return 0, err
			}
		}
	}
	if len(msgs) > 0 {
		err = flush()
	}
	return last, err
}

// store appends a batch, and tries until the broker has it or ctx ends: the task that waits for it has nothing else to do, and
// would have to be opened anew.
func (w *logWriter) store(ctx context.Context, msgs []broker.Message) (base int64, err error) {
	var pauses retry.Backoff
	for {
		base, err = w.broker.Append(ctx, logPartition, msgs)
		if err == nil {
			return base, nil
		}
		err = fmt.Errorf("append to identity's log: %w", err)
		if !broker.Passing(err) || pauses.Wait(ctx) != nil {
			return 0, err
		}
	}
}

func (o operation) record() *identityv1.LogRecord {
	r := &identityv1.LogRecord{
		Workspace: o.event.workspace, EventId: o.event.id, ReceivedMs: o.event.receivedMS,
		RawPartition: int32(o.partition), RawOffset: o.offset, TiedMs: o.event.tiedMS(),
	}
	if o.event.previous != "" {
		r.Alias = &eventv1.Alias{PreviousId: o.event.previous, Trusted: o.event.trusted}
	}
	for _, id := range o.event.identifiers {
		r.Link = append(r.Link, &eventv1.Identifier{Type: id.Type, Value: id.Value})
	}
	return r
}

// linkKey is equal for two events that say the same, in the same order of priority.
func linkKey(e rawEvent) string {
	b := wire.AppendText(make([]byte, 0, 64), e.workspace)
	for _, id := range e.identifiers {
		b = id.Append(b)
	}
	if e.previous != "" {
		b = wire.AppendText(b, e.previous)
		b = append(b, 0)
		if e.trusted {
			b[len(b)-1] = 1
		}
	}
	return string(b)
}
