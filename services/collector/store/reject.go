package store

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

// NotStorable is the reason of a reject that stands in the place of a message which no broker will take: a word of docs/events.md.
const NotStorable = "not_storable"

// MaxPayload is how much of a refused event or body is kept in its reject, in bytes.
const MaxPayload = 64 << 10

// Unstorable is a message that the broker refused for what it is.
type Unstorable struct {
	// Index is its place among the messages of the request.
	Index int
	// Source is the event's; empty when the message was a reject already.
	Source string
	// EventID and detail are those of the reject it became.
	EventID, Detail string
}

// quarantine stores, in the place of a message that no broker will take, a reject that says so.
func (st *Store) quarantine(ctx context.Context, m broker.Message, cause error) (Unstorable, error) {
	r := &eventv1.RejectedEvent{}
	var u Unstorable
	if m.Topic == topics.EventsRejected.Name {
		if err := proto.Unmarshal(m.Value, r); err != nil {
			return u, fmt.Errorf("read a reject that the broker refused: %w", err)
		}
		r.Payload = nil // all that is large about it
	} else {
		e := &eventv1.Event{}
		if err := proto.Unmarshal(m.Value, e); err != nil {
			return u, fmt.Errorf("read an event that the broker refused: %w", err)
		}
		payload, err := protojson.Marshal(e)
		if err != nil {
			return u, fmt.Errorf("write event %s as JSON: %w", e.EventId, err)
		}
		r = &eventv1.RejectedEvent{
			EventId: e.EventId, Workspace: e.Workspace, Source: e.Source, Reason: NotStorable, RejectedBy: "collector",
			Detail:  fmt.Sprintf("the broker takes no such record (%d bytes): %v; see max.message.bytes of %s", len(m.Value), cause, m.Topic),
			Payload: payload[:min(len(payload), MaxPayload)], ReceivedMs: e.ReceivedMs,
		}
		u = Unstorable{Source: e.Source, EventID: e.EventId, Detail: r.Detail}
	}
	return u, st.storeReject(ctx, r, m.Headers)
}

// storeReject stores a reject, without its payload when the broker does not take that either.
func (st *Store) storeReject(ctx context.Context, r *eventv1.RejectedEvent, headers []broker.Header) error {
	for {
		value, err := proto.Marshal(r)
		if err != nil {
			return fmt.Errorf("encode rejected event %s: %w", r.EventId, err)
		}
		err = st.producer.Produce(ctx, broker.Message{
			Topic: topics.EventsRejected.Name, Key: []byte(r.Workspace + "\x00" + r.EventId), Value: value, Headers: headers})
		if err == nil || !broker.RecordFault(err) || r.Payload == nil {
			return err
		}
		r.Payload = nil
	}
}
