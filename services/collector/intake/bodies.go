package intake

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/decode"
	"github.com/freshet/freshet/services/collector/directory"
	"github.com/freshet/freshet/services/collector/jsonscan"
	"github.com/freshet/freshet/services/collector/store"
)

// A body that is refused whole, because its events cannot be told apart or are too many, is the end of them: clients drop what is answered
// 400, 413 or 415. So it goes into events.rejected.v1 before that answer leaves, as one record: the code of the answer is its reason, its
// beginning the payload. If it cannot be stored, the answer is 503, and the client sends it again (TestARefusedBodyIsInTheDeadLetters,
// TestABodyThatCannotBeKeptIsNotRefused).
//
// Not kept, but counted where the source is known: bodies of nobody; 401 and 403, which are strangers' or another site's; 408, 429 and 503,
// which clients repeat; a request that is empty, which says nothing; and what a source sends beyond directory.BodiesPerSecond, so that a client gone mad, or anybody
// with a web page's key, cannot fill the topic (TestRefusedBodiesAreBounded).

// BodyCodes are the codes of refused bodies: values of a label.
var BodyCodes = []string{
	decode.ReasonInvalidJSON, decode.ReasonNotAnObject, decode.ReasonInvalidUTF8, decode.ReasonTooLarge, decode.ReasonTooDeep, decode.ReasonTooManyKeys,
	decode.EmptyBody, decode.MissingBatch, decode.BatchNotAnArray, decode.EmptyBatch, decode.TooManyEventsReason, "unreadable_body", "unsupported_encoding", "unsupported_format",
	"missing_data", "bad_base64",
}

// final says that a client drops what is answered so.
func (r *Refusal) final() bool {
	return r.Status == http.StatusBadRequest || r.Status == http.StatusRequestEntityTooLarge || r.Status == http.StatusUnsupportedMediaType
}

// RefuseBody keeps the body of a request that is refused whole. It returns what to answer. origin is the page it came from; src may be nil: then the key is looked for in the body.
func (i *Intake) RefuseBody(ctx context.Context, w *Work, origin string, src *directory.Source, ref *Refusal, at time.Time) *Refusal {
	if !ref.final() || ctx.Err() != nil {
		return ref
	}
	if src == nil {
		if src = i.looseKey(w.Body); src == nil || Admit(w, origin, src) != nil {
			return ref
		}
	}
	return i.KeepBody(ctx, src, ref, w.Body, at.UnixMilli())
}

// empty says that a refused request held nothing.
func (r *Refusal) empty(body []byte) bool {
	return r.Code == decode.EmptyBody || len(body) == 0 && r.Code == decode.EmptyBatch
}

// KeepBody stores a refused body. It returns what to answer: the refusal, or another when the body could not be stored. A body that was
// refused for its length or its encoding was not read, since the answer does not wait for it: the record says so in its place.
func (i *Intake) KeepBody(ctx context.Context, src *directory.Source, ref *Refusal, body []byte, received int64) *Refusal {
	if ref.empty(body) || !src.KeepBody() {
		src.BodyRefused(ref.Code, false)
		return ref
	}
	id, detail := "body-"+i.newID(), "the whole request was refused: "+ref.Message
	if len(body) == 0 {
		detail += " (the body was not read)"
	}
	value, err := proto.Marshal(&eventv1.RejectedEvent{
		EventId: id, Workspace: src.Workspace, Source: src.Name, Reason: ref.Code, RejectedBy: "collector", ReceivedMs: received,
		Detail: strings.ToValidUTF8(detail, "?"), Payload: body[:min(len(body), store.MaxPayload)],
	})
	if err != nil {
		i.logger.ErrorContext(ctx, "encode a refused body", "source", src.Name, "error", err)
		return Refuse(http.StatusInternalServerError, "internal", "internal error")
	}
	_, err = i.store.Put(ctx, []broker.Message{{
		Topic: topics.EventsRejected.Name, Headers: traceHeaders(ctx), Value: value, Key: []byte(src.Workspace + "\x00" + id)}})
	if err != nil {
		return i.notStored(err)
	}
	src.BodyRefused(ref.Code, true)
	return ref
}

// looseKey finds the source of a body that is no JSON, or whose key stands behind its fault, by the first "writeKey" in it that is one.
func (i *Intake) looseKey(body []byte) *directory.Source {
	var scan jsonscan.Scanner
	name := []byte(`"writeKey"`)
	for range 8 { // properties may have one too
		at := bytes.Index(body, name)
		if at < 0 {
			return nil
		}
		body = body[at+len(name):]
		rest := bytes.TrimLeft(body, " \t\r\n")
		if len(rest) == 0 || rest[0] != ':' {
			continue
		}
		scan.Reset(rest[1:], 0, jsonscan.Limits{Depth: 1})
		if scan.Peek() != '"' {
			continue
		}
		if raw, err := scan.Skip(); err == nil {
			if key, f := decode.Text("writeKey", raw); f == nil && key != "" {
				if src, _ := i.directory.ByKey([]byte(key)); src != nil {
					return src
				}
			}
		}
	}
	return nil
}
