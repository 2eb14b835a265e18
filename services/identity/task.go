package identity

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/order"
	"github.com/freshet/freshet/pkg/stream"
	"github.com/freshet/freshet/pkg/topics"
	"github.com/freshet/freshet/services/identity/graph"
)

// taskName is the consumer group and the folder of the partition task.
const taskName = "identity.state"

// task resolves the events of one partition of events.raw.v1.
type task struct {
	resolver *resolver
	log      *logWriter
	metrics  *metrics
	logger   *slog.Logger
	now      func() time.Time
	// told is when the log last said that an id was used twice.
	told time.Time

	seen  seen
	known known
	// ready holds the events of the batch in hand, and of what Prepare saw beyond it, by offset.
	ready []readyEvent
	// done is what Flush counts.
	done tally
}

// readyEvent is an event with the answer to whose it is.
type readyEvent struct {
	offset int64
	event  rawEvent
	err    error // the record is no event
	answer graph.Answer
	epoch  int64
}

// tally counts one batch.
type tally struct {
	resolved, rejected, repeated, reused int
	live                                 []int64 // received_ms of live events that were resolved
}

// Prepare finds out whose events they are. What is not settled goes to the log
// first; when Prepare returns, every event has its answer.
func (t *task) Prepare(ctx context.Context, recs []broker.Record) error {
	t.ready = slices.DeleteFunc(t.ready, func(e readyEvent) bool { return e.offset < recs[0].Offset })
	if n := len(t.ready); n > len(recs) || n > 0 && t.ready[n-1].offset != recs[n-1].Offset {
		t.ready = t.ready[:0] // not what was read before: begin anew
	}
	var open []int
	for _, rec := range recs[len(t.ready):] {
		e := readyEvent{offset: rec.Offset}
		e.event, e.err = parseEvent(rec.Value)
		if e.err == nil {
			open = append(open, len(t.ready))
		}
		t.ready = append(t.ready, e)
	}
	return t.settle(ctx, open, recs[0].Partition)
}

// settleRounds bounds how often an event's identifiers may become unsettled by what
// others put into the log between our record and our look-up. Each round is settled
// unless that happens, which takes a merge of just these customers.
const settleRounds = 20

// settle answers the events at the given places of t.ready.
//
// A log that is read anew meanwhile is waited for. A record that the broker has lost is written again.
func (t *task) settle(ctx context.Context, open []int, partition int) error {
	for range settleRounds {
		if err := t.resolver.WaitCurrent(ctx); err != nil {
			return err
		}
		unsettled, err := t.lookup(open)
		if errors.Is(err, errNotReady) { // it has just begun to read anew
			continue
		}
		if err != nil {
			return err
		}
		if len(unsettled) == 0 {
			return nil
		}
		ops := make([]operation, 0, len(unsettled))
		for _, i := range unsettled {
			ops = append(ops, operation{event: t.ready[i].event, partition: partition, offset: t.ready[i].offset})
		}
		last, err := t.log.append(ctx, ops)
		if err != nil {
			return err
		}
		if err := t.resolver.WaitFor(ctx, last); errors.Is(err, errLost) {
			t.logger.Error("a link is written again", "error", err)
		} else if err != nil {
			return err
		}
		open = unsettled
	}
	return fmt.Errorf("identifiers of %d events are not settled after %d records each", len(open), settleRounds)
}

// lookup answers what it can and gives back the rest.
func (t *task) lookup(open []int) (unsettled []int, err error) {
	for _, i := range open {
		e := &t.ready[i]
		e.answer, e.epoch, err = t.known.lookup(t.resolver, e.event)
		if err != nil {
			return nil, fmt.Errorf("look up the identifiers of event %q: %w", e.event.id, err)
		}
		if !e.answer.Settled {
			unsettled = append(unsettled, i)
		}
	}
	return unsettled, nil
}

// Process lets one event out: resolved, rejected, or not at all when it came before.
func (t *task) Process(tx *stream.Tx, rec broker.Record) error {
	e, err := t.take(rec.Offset)
	if err != nil {
		return err
	}
	if e.err != nil {
		return stream.Permanent(e.err)
	}
	at, err := t.seen.look(tx, e.event)
	if err != nil {
		return fmt.Errorf("look for event %q among those seen: %w", e.event.id, err)
	}
	if err := t.let(tx, rec, e, at.verdict); err != nil {
		return err
	}
	t.seen.keep(tx, at)
	return nil
}

// let lets an event out that was looked for.
func (t *task) let(tx *stream.Tx, rec broker.Record, e readyEvent, v verdict) error {
	switch v {
	case repeated:
		t.done.repeated++
		return nil
	case reused:
		t.done.reused++
		return t.reject(tx, rec, e.event, reasonDuplicateID)
	}
	t.metrics.drop(e.answer.Dropped)
	if e.answer.Customer == (graph.ID{}) {
		t.done.rejected++
		return t.reject(tx, rec, e.event, reasonNoIdentifier)
	}
	id := e.answer.Customer.String()
	value := encodeResolved(rec, id, e.epoch)
	tx.Emit(broker.Message{Topic: topics.EventsResolved.Name, Key: []byte(id), Value: value})
	if n := e.event.orderID; n != "" { // once more for those who look at orders: the events of one may be of several customers
		tx.Emit(broker.Message{Topic: topics.OrderEvents.Name, Key: order.Key(e.event.workspace, n), Value: value})
	}
	t.done.resolved++
	if !e.event.history {
		t.done.live = append(t.done.live, e.event.receivedMS)
	}
	return nil
}

// take finds what Prepare made of a record.
func (t *task) take(offset int64) (readyEvent, error) {
	i, ok := slices.BinarySearchFunc(t.ready, offset, func(e readyEvent, o int64) int { return int(e.offset - o) })
	if !ok {
		return readyEvent{}, fmt.Errorf("raw event at offset %d was not prepared", offset)
	}
	return t.ready[i], nil
}

// Why identity refuses an event; docs/events.md has the words.
const (
	reasonNoIdentifier = "no_identifier"
	reasonDuplicateID  = "duplicate_id"
)

var details = map[string]string{
	reasonNoIdentifier: "None of the event's identifiers can be kept: send userId or anonymousId, of 1 to 255 bytes.",
	reasonDuplicateID: "Another event came before under this messageId in the workspace, and an id counts once: give each event an id of its own, such as a UUID. " +
		"Only a repetition of the same event may have the same one.",
}

// reject quarantines an event that names nobody, or has the id of another.
func (t *task) reject(tx *stream.Tx, rec broker.Record, e rawEvent, reason string) error {
	event := &eventv1.Event{}
	if err := proto.Unmarshal(rec.Value, event); err != nil {
		return stream.Permanent(fmt.Errorf("%w: %w", errEvent, err))
	}
	payload, err := protojson.Marshal(event)
	if err != nil {
		return stream.Permanent(fmt.Errorf("%w: %w", errEvent, err))
	}
	value, err := proto.Marshal(&eventv1.RejectedEvent{
		EventId: e.id, Workspace: e.workspace, Source: event.GetSource(),
		Reason:  reason,
		Detail:  details[reason],
		Payload: payload[:min(len(payload), maxPayload)], ReceivedMs: tx.Now().UnixMilli(), RejectedBy: "identity",
	})
	if err != nil {
		return fmt.Errorf("encode the rejected event %q: %w", e.id, err)
	}
	if reason == reasonDuplicateID {
		t.tellReuse(tx.Now(), event.GetSource())
	}
	tx.Emit(broker.Message{Topic: topics.EventsRejected.Name, Key: customer.EventKey(e.workspace, e.id), Value: value})
	return nil
}

// tellEvery is how often a partition's log says that ids are used twice.
const tellEvery = time.Minute

// tellReuse logs that a source gives several events one id: once a minute, however many.
func (t *task) tellReuse(now time.Time, source string) {
	if now.Sub(t.told) < tellEvery {
		return
	}
	t.told = now
	t.logger.Warn("a source gives different events the same messageId: all but the first are in events.rejected.v1 as duplicate_id", "source", source)
}

// maxPayload is how much of a rejected event is kept, in bytes.
const maxPayload = 64 << 10

// Timer sweeps event ids that are old enough.
func (t *task) Timer(tx *stream.Tx, _ []byte, _ time.Time) error { return t.seen.sweep(tx) }

// Tick goes on with what restarts left to do, between live events.
func (t *task) Tick(tx *stream.Tx) error { return t.seen.refill(tx) }

// Flush counts the batch, just before it is committed.
func (t *task) Flush(*stream.Tx) error {
	t.metrics.resolved.Add(float64(t.done.resolved))
	t.metrics.duplicate.Add(float64(t.done.repeated + t.done.reused))
	t.metrics.repeated.Add(float64(t.done.repeated))
	t.metrics.reused.Add(float64(t.done.reused))
	t.metrics.rejected.Add(float64(t.done.rejected))
	if len(t.done.live) > 0 {
		now := t.now()
		for _, received := range t.done.live {
			t.metrics.freshness.Observe("identity", received, now)
		}
	}
	t.done = tally{live: t.done.live[:0]}
	return nil
}
