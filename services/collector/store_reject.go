package collector

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

// unstorable is a message that the broker refused for what it is.
type unstorable struct {
	// index is its place among the messages of the request.
	index int
	// source is the event's; empty when the message was a reject already.
	source string
	// eventID and detail are those of the reject it became.
	eventID, detail string
}

// quarantine stores, in the place of a message that no broker will take, a reject that says so.
func (st *store) quarantine(ctx context.Context, m broker.Message, cause error) (unstorable, error) {
	r := &eventv1.RejectedEvent{}
	var u unstorable
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
			EventId: e.EventId, Workspace: e.Workspace, Source: e.Source, Reason: reasonNotStorable, RejectedBy: "collector",
			Detail:  fmt.Sprintf("the broker takes no such record (%d bytes): %v; see max.message.bytes of %s", len(m.Value), cause, m.Topic),
			Payload: payload[:min(len(payload), maxRejectedPayload)], ReceivedMs: e.ReceivedMs,
		}
		u = unstorable{source: e.Source, eventID: e.EventId, detail: r.Detail}
	}
	return u, st.storeReject(ctx, r, m.Headers)
}

// storeReject stores a reject, without its payload when the broker does not take that either.
func (st *store) storeReject(ctx context.Context, r *eventv1.RejectedEvent, headers []broker.Header) error {
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

// refuse adds to the answer what the broker refused, in the order of the request.
func (w *work) refuse(list []unstorable) {
	for _, u := range list {
		if u.source != "" { // else it is there already
			w.rejections = append(w.rejections, Rejection{Index: u.index, MessageID: u.eventID, Reason: reasonNotStorable, Detail: u.detail})
		}
	}
	if len(list) > 0 {
		slices.SortFunc(w.rejections, func(a, b Rejection) int { return cmp.Compare(a.Index, b.Index) })
	}
}
