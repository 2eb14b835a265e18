package rpc

import (
	"context"
	"errors"
	"io"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	collectorv1 "github.com/freshet/freshet/proto/gen/freshet/collector/v1"
	"github.com/freshet/freshet/services/collector/decode"
	"github.com/freshet/freshet/services/collector/intake"
)

// ingestStream is one client's stream.
type ingestStream = grpc.BidiStreamingServer[collectorv1.IngestStreamRequest, collectorv1.IngestStreamResponse]

// errStopping ends a stream when the collector stops: the client connects again, to another one.
var errStopping = status.Error(codes.Unavailable, "the collector is stopping: connect again and send what has no answer yet")

// IngestStream answers every event in the order sent, each once it is durable. Three
// goroutines share the work: one reads, one makes durable what has gathered while the
// group before was under way, one sends the answers. None waits for another beyond the window.
func (s *Server) IngestStream(stream ingestStream) error {
	header := authorization(stream.Context())
	if _, ref := s.intake.Sender(header); ref != nil {
		return statusOf(ref)
	}
	if !s.streams.enter() {
		return errStopping
	}
	defer s.streams.leave()
	win := newWindow(s.cfg.Stream)
	defer func() { s.intake.Memory.Give(win.close()) }()
	go s.readStream(stream, win) // ends with the stream, when this function has returned
	done := make(chan error, 1)
	go func() { done <- s.answerStream(stream, header, win) }()
	stopping := s.streams.stopping
	for {
		select {
		case err := <-done:
			return err
		case <-stopping:
			win.finish(errStopping)
			stopping = nil
		case <-s.streams.cut:
			return errStopping
		}
	}
}

// readStream reads while the window has room.
func (s *Server) readStream(stream ingestStream, win *window) {
	for win.await() {
		req, err := stream.Recv()
		if err != nil {
			win.finish(err)
			return
		}
		a := arrival{
			sequence: req.GetSequence(), event: req.GetEvent(), size: len(req.GetEvent()),
			history: req.GetHistory(), receivedMS: s.now().UnixMilli(),
		}
		a.sentMS, _ = decode.StampOf(req.GetSentAt()) // 0: the client did not say
		if !s.intake.Memory.Take(int64(a.size)) {
			a.event, a.size, a.busy = nil, 0, true
		}
		if !win.add(a) {
			s.intake.Memory.Give(int64(a.size))
			return
		}
	}
}

// answerStream answers until the reading has ended and all that was read is answered,
// or until the client is gone. It returns what the stream ends with.
func (s *Server) answerStream(stream ingestStream, header string, win *window) error {
	ctx, cancel := context.WithCancelCause(stream.Context())
	defer cancel(nil)
	out := newOutbox()
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		sendAnswers(stream, out, win, s.cfg.WriteTimeout, cancel)
	}()
	err := s.ingestGroups(ctx, header, win, out)
	out.close()
	select {
	case <-sent:
	case <-ctx.Done():
		if errors.Is(context.Cause(ctx), errUnread) {
			return errUnread // the answer that is not taken ends when this function has returned
		}
		<-sent
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// ingestGroups makes group after group durable. It returns why there is no more: io.EOF
// when the client has closed its side.
func (s *Server) ingestGroups(ctx context.Context, header string, win *window, out *outbox) (err error) {
	defer func() { // outside the handler's goroutine, where nobody else would catch it
		if p := recover(); p != nil {
			s.logger.ErrorContext(ctx, "panic while taking a stream's events", "panic", p, "stack", string(debug.Stack()))
			err = status.Error(codes.Internal, "internal error")
		}
	}()
	for {
		group, end := win.take(ctx, s.cfg.Limits.BatchEvents, s.cfg.Limits.BodyBytes)
		if len(group) == 0 {
			return end
		}
		answers, err := s.ingestGroup(ctx, header, group)
		if err != nil {
			return err
		}
		win.ingested(group)
		out.put(answers)
	}
}

// ingestGroup takes the way of every request. The key is looked up for each group: a
// stream lives long, and a revoked key must not.
func (s *Server) ingestGroup(ctx context.Context, header string, group []arrival) ([]collectorv1.IngestStreamResponse, error) {
	begun := s.now()
	s.intake.Enter()
	defer s.intake.Leave()
	w := s.intake.Begin()
	defer s.intake.End(w)
	held := 0
	for i := range group {
		held += group[i].size
	}
	w.Hold(int64(held))
	src, ref := s.intake.Sender(header)
	var res intake.Result
	switch {
	case src != nil && group[0].busy:
		ref = intake.Busy()
	case src != nil:
		s.intake.Read(held)
		for _, a := range group {
			readArrival(w, a, src.Limits.Form())
		}
		res, ref = s.intake.Ingest(ctx, w, &intake.Delivery{Source: src, Origin: decode.Origin{Rules: &src.Rules, History: group[0].history, Received: group[0].receivedMS}})
	}
	if ref == nil {
		s.intake.Answered(intake.GRPC, http.StatusOK, s.now().Sub(begun))
		return decided(group, w, res, s.intake.BehindSeconds()), nil
	}
	s.intake.Answered(intake.GRPC, ref.Status, s.now().Sub(begun))
	if ref.Status == http.StatusUnauthorized {
		return nil, statusOf(ref)
	}
	return again(group, w, ref, s.cfg.RetryAfter, s.intake.BehindSeconds()), nil
}

// readArrival adds one event of a stream, which brings its own times.
func readArrival(w *intake.Work, a arrival, limits decode.Limits) {
	w.ReadAlone(a.event, limits)
	it := &w.Items[len(w.Items)-1]
	it.SentMS, it.ReceivedMS = a.sentMS, a.receivedMS
}

// decided are the answers to a group that is durable; behind is how many seconds the stages need to catch up.
func decided(group []arrival, w *intake.Work, res intake.Result, behind int) []collectorv1.IngestStreamResponse {
	answers := make([]collectorv1.IngestStreamResponse, len(group))
	for i := range group {
		a := &answers[i]
		a.Sequence, a.Status = group[i].sequence, collectorv1.IngestStatus_INGEST_STATUS_ACCEPTED
		a.BehindSeconds = int32(behind)
		a.EventId = strings.Clone(w.Items[i].ID) // a view of the event, which must not stay in memory for it
	}
	for _, r := range res.Rejected {
		a := &answers[r.Index]
		a.Status, a.EventId = collectorv1.IngestStatus_INGEST_STATUS_REJECTED, r.MessageID
		a.Reason, a.Detail = r.Reason, r.Detail
	}
	return answers
}

// again are the answers to a group of which nothing is known to be stored.
func again(group []arrival, w *intake.Work, ref *intake.Refusal, wait time.Duration, behind int) []collectorv1.IngestStreamResponse {
	if ref.Wait > 0 {
		wait = ref.Wait
	}
	answers := make([]collectorv1.IngestStreamResponse, len(group))
	for i := range group {
		a := &answers[i]
		a.Sequence, a.Status = group[i].sequence, collectorv1.IngestStatus_INGEST_STATUS_RETRY
		a.Reason, a.Detail, a.RetryAfterMs = ref.Code, ref.Message, wait.Milliseconds()
		a.BehindSeconds = int32(behind)
		if i < len(w.Items) {
			a.EventId = strings.Clone(w.Items[i].KnownID())
		}
	}
	return answers
}

// authorization is the metadata's, empty when there is none.
func authorization(ctx context.Context) string {
	if values := metadata.ValueFromIncomingContext(ctx, "authorization"); len(values) > 0 {
		return values[0]
	}
	return ""
}

// statusOf is the gRPC form of a refusal.
func statusOf(ref *intake.Refusal) error {
	st := status.New(grpcCode(ref.Status), ref.Message)
	if ref.Wait > 0 {
		if detailed, err := st.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(ref.Wait)}); err == nil {
			st = detailed
		}
	}
	return st.Err()
}
