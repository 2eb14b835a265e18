package intake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/decode"
	"github.com/freshet/freshet/services/collector/directory"
	"github.com/freshet/freshet/services/collector/enrich"
	"github.com/freshet/freshet/services/collector/jsonscan"
	"github.com/freshet/freshet/services/collector/placeholder"
	"github.com/freshet/freshet/services/collector/spool"
	"github.com/freshet/freshet/services/collector/store"
)

// Result is what became of a request's events, all of them durable.
type Result struct {
	Accepted int
	Rejected []Rejection
	Told     []Told
}

// Delivery is one request, or one part of a stream: who sent it, and what holds for all its events.
type Delivery struct {
	decode.Origin
	Source *directory.Source
	// Client is who is at the other end of the connection; the zero Client when nobody is.
	Client enrich.Client
}

// Ingest decodes the items of w and returns once every one of them is durable, the rejected
// ones included. A refusal means that they are not: the client has to send the request again.
func (i *Intake) Ingest(ctx context.Context, w *Work, d *Delivery) (Result, *Refusal) {
	if d.History {
		if ref := i.deferral(); ref != nil {
			return Result{}, ref
		}
	}
	if ref := charge(w, d.Source); ref != nil {
		return Result{}, ref
	}
	if err := i.Judge(w, d, traceHeaders(ctx)); err != nil {
		i.logger.ErrorContext(ctx, "encode a request", "source", d.Source.Name, "error", err)
		return Result{}, Refuse(http.StatusInternalServerError, "internal", "internal error")
	}
	start := i.now()
	durable, err := i.store.Put(ctx, w.msgs)
	if err != nil {
		return Result{}, i.notStored(err)
	}
	stored := i.now()
	i.store.Acknowledged(ctx, durable, len(w.msgs))
	w.refuse(durable.Unstorable)
	i.metrics.ack.Observe(stored.Sub(start).Seconds())
	res := Result{Accepted: len(w.Items) - len(w.rejections), Rejected: w.rejections, Told: w.told}
	for range min(w.live, res.Accepted) {
		i.freshness.Observe("collector", d.Received, stored)
	}
	d.Source.Accepted(res.Accepted)
	for _, r := range res.Rejected {
		d.Source.Rejected(r.Reason)
	}
	return res, nil
}

// Judge decides on every item of w and turns it into a record in w.msgs, for
// events.raw.v1 or events.rejected.v1: see Records. Ingest begins with it; by itself it needs no broker.
func (i *Intake) Judge(w *Work, d *Delivery, headers []broker.Header) error {
	w.live = 0
	d.Senders = i.senders
	// Not pooled: after a timeout the broker may still be writing these bytes.
	out := make([]byte, 0, encodedSize(w))
	for n := range w.Items {
		it := &w.Items[n]
		messageID, made, flt := i.messageID(it, d.Source.Rules.Placeholders)
		it.ID = messageID
		if f := w.Decode(it, &d.Origin, i.cfg.Clock, messageID); f != nil {
			flt = d.InItsWords(f)
		}
		if made != "" {
			w.Note(decode.NotePlaceholder, "messageId", fmt.Sprintf("messageId %q names no event: one was made, and a second copy would count again", made))
		}
		var err error
		if flt == nil {
			i.fillEvent(w, it, d)
			if out, flt, err = w.accept(out, headers); flt == nil {
				w.countNotes(d.Source)
				w.tell(n, messageID)
				if !w.Event.History {
					w.live++
				}
			}
		}
		if flt != nil {
			out, err = w.reject(out, headers, d, n, messageID, flt)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// encodedSize guesses how much the records of a request take, so that they share one allocation.
func encodedSize(w *Work) int {
	n := 0
	for i := range w.Items {
		n += len(w.Items[i].Raw) + len(w.Envelope.Context) + 192
	}
	return n
}

// maxRecord is the largest record that is sent to the broker, which takes 1 MB. An
// event below its limit as JSON can be above this one: the lines of an order go in twice.
const maxRecord = 900 << 10

// accept appends the record of w.event, unless no broker would take it: one record too
// large would be retried for ever, and every event of the request with it.
func (w *Work) accept(out []byte, headers []broker.Header) ([]byte, *decode.Fault, error) {
	from := len(out)
	out, err := proto.MarshalOptions{}.MarshalAppend(out, &w.Event)
	if err != nil {
		return out, nil, fmt.Errorf("encode event %s: %w", w.Event.EventId, err)
	}
	if size := len(out) - from; size > maxRecord {
		return out[:from], &decode.Fault{Reason: decode.ReasonTooLarge, Detail: fmt.Sprintf("the event takes %d bytes to store, the limit is %d", size, maxRecord)}, nil
	}
	w.msgs = append(w.msgs, broker.Message{
		Topic: topics.EventsRaw.Name, Headers: headers, Value: out[from:len(out):len(out)],
		Key: customer.EventKey(w.Event.Workspace, w.Event.EventId),
	})
	return out, nil, nil
}

// reject appends the record of a refused event, and notes it for the answer.
func (w *Work) reject(out []byte, headers []broker.Header, d *Delivery, i int, messageID string, f *decode.Fault) ([]byte, error) {
	messageID = strings.Clone(messageID) // the result may outlive the pooled body
	detail := strings.ToValidUTF8(f.Detail, "?")
	w.rejections = append(w.rejections, Rejection{Index: i, MessageID: messageID, Reason: f.Reason, Detail: detail})
	payload := w.Items[i].Raw
	if len(payload) > store.MaxPayload {
		payload = payload[:store.MaxPayload]
	}
	from := len(out)
	out, err := proto.MarshalOptions{}.MarshalAppend(out, &eventv1.RejectedEvent{
		EventId: messageID, Workspace: d.Source.Workspace, Source: d.Source.Name, Reason: f.Reason, Detail: detail,
		Payload: payload, ReceivedMs: d.Received, RejectedBy: "collector",
	})
	if err != nil {
		return out, fmt.Errorf("encode rejected event %s: %w", messageID, err)
	}
	w.msgs = append(w.msgs, broker.Message{
		Topic: topics.EventsRejected.Name, Headers: headers, Value: out[from:len(out):len(out)],
		Key: customer.EventKey(d.Source.Workspace, messageID),
	})
	return out, nil
}

// messageID is the client's, or one made here when it sent none or none that can be kept. That of an event which cannot be read is looked for
// behind its fault too, so that each repeat of it has the same. instead is the placeholder that was sent in its place: many events would
// have it, and all but the first would be dropped.
func (i *Intake) messageID(it *decode.Item, list *placeholder.List) (messageID, instead string, f *decode.Fault) {
	if it.Fault != nil && it.MessageID == nil {
		it.MessageID = jsonscan.Find(it.Raw, "messageId")
	}
	value, f := decode.ID("messageId", it.MessageID)
	switch {
	case f != nil || value == "" || !utf8.ValidString(value):
		return i.newID(), "", f
	case list.Strikes(placeholder.MessageID, value):
		return i.newID(), decode.Clipped(value), nil
	}
	return value, "", nil
}

// refuse adds to the answer what the broker refused, in the order of the request.
func (w *Work) refuse(list []store.Unstorable) {
	for _, u := range list {
		if u.Source != "" { // else it is there already
			w.rejections = append(w.rejections, Rejection{Index: u.Index, MessageID: u.EventID, Reason: store.NotStorable, Detail: u.Detail})
		}
	}
	if len(list) > 0 {
		slices.SortFunc(w.rejections, func(a, b Rejection) int { return cmp.Compare(a.Index, b.Index) })
	}
}

// nobody is at the other end of history: its connection is a machine's, years later.
var nobody enrich.Client

// fillEvent adds to w.event, judged and found good, what its surroundings tell.
func (i *Intake) fillEvent(w *Work, it *decode.Item, d *Delivery) {
	client := &d.Client
	if w.Event.History {
		client = &nobody
	}
	it.Hints.Channel = it.Channel
	i.enrich.Fill(&w.Event, &w.enriching, &it.Hints, client, d.Source.Enrich)
}

// notStored is the answer to a request whose events are not durable; why is logged at most once a second.
func (i *Intake) notStored(err error) *Refusal {
	i.store.Complain(err)
	if errors.Is(err, spool.ErrFull) {
		return Refuse(http.StatusServiceUnavailable, "spool_full",
			"the broker takes nothing now and there is no room to keep the events: send the same request again, message ids keep it from counting twice")
	}
	return Refuse(http.StatusServiceUnavailable, "not_stored",
		"the events could not be stored now: send the same request again, message ids keep it from counting twice")
}
