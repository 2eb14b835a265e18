package rpc

import (
	"context"
	"net/http"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	collectorv1 "github.com/freshet/freshet/proto/gen/freshet/collector/v1"
	"github.com/freshet/freshet/services/collector/decode"
	"github.com/freshet/freshet/services/collector/intake"
	"github.com/freshet/freshet/services/collector/store"
)

// Ingest is the gRPC form of POST /v1/batch and /v1/import, on the same path to the broker.
func (s *Server) Ingest(ctx context.Context, req *collectorv1.IngestRequest) (*collectorv1.IngestResponse, error) {
	begun := s.now()
	s.intake.Enter()
	defer s.intake.Leave()
	w := s.intake.Begin()
	defer s.intake.End(w)
	res, ref := s.takeRPC(ctx, w, req, begun.UnixMilli())
	code := http.StatusOK
	if ref != nil {
		code = ref.Status
	}
	s.intake.Answered(intake.GRPC, code, s.now().Sub(begun))
	if ref != nil {
		return nil, statusOf(ref)
	}
	resp := &collectorv1.IngestResponse{Accepted: int32(res.Accepted), BehindSeconds: int32(s.intake.BehindSeconds())}
	for _, r := range res.Rejected {
		resp.Rejected = append(resp.Rejected, &collectorv1.Rejection{
			Index: int32(r.Index), EventId: r.MessageID, Reason: r.Reason, Detail: r.Detail})
	}
	return resp, nil
}

func (s *Server) takeRPC(ctx context.Context, w *intake.Work, req *collectorv1.IngestRequest, received int64) (intake.Result, *intake.Refusal) {
	src, ref := s.intake.Sender(authorization(ctx))
	if ref != nil {
		return intake.Result{}, ref
	}
	if ref := intake.Admit(w, "", src); ref != nil {
		return intake.Result{}, ref
	}
	switch n := len(req.GetEvents()); {
	case n == 0:
		return intake.Result{}, s.intake.KeepBody(ctx, src, intake.Refuse(http.StatusBadRequest, decode.EmptyBatch, "the request has no event"), nil, received)
	case n > src.Limits.BatchEvents:
		return intake.Result{}, s.intake.KeepBody(ctx, src, intake.BadBody(decode.TooManyEvents(src.Limits.Form())), beginningOf(req.GetEvents()), received)
	}
	size := 0
	for _, raw := range req.GetEvents() {
		size += len(raw)
	}
	if !s.intake.Reserve(w, int64(size)) {
		return intake.Result{}, intake.Busy()
	}
	s.intake.Read(size)
	form := src.Limits.Form()
	for _, raw := range req.GetEvents() {
		w.ReadAlone(raw, form)
	}
	if at := req.GetSentAt(); at != nil {
		var ok bool
		if w.Envelope.SentMS, ok = decode.StampOf(at); !ok {
			w.Envelope.Ignore("sentAt", "sent_at is no time within the years 1900 and 2261")
		}
	}
	return s.intake.Ingest(ctx, w, &intake.Delivery{Source: src, Origin: decode.Origin{Rules: &src.Rules, History: req.GetHistory(), Received: received, Retried: retriedRPC(ctx)}})
}

// beginningOf is what is kept of events that are refused together.
func beginningOf(events [][]byte) []byte {
	var out []byte
	for _, raw := range events {
		if out = append(append(out, raw...), '\n'); len(out) > store.MaxPayload {
			break
		}
	}
	return out
}

// grpcCode is the gRPC form of an HTTP status.
func grpcCode(status int) codes.Code {
	switch status {
	case http.StatusUnauthorized:
		return codes.Unauthenticated
	case http.StatusTooManyRequests:
		return codes.ResourceExhausted
	case http.StatusServiceUnavailable:
		return codes.Unavailable
	case http.StatusInternalServerError:
		return codes.Internal
	}
	return codes.InvalidArgument
}

// retriedRPC says that the call has been sent before: gRPC's clients say so by themselves.
func retriedRPC(ctx context.Context) bool {
	return slices.ContainsFunc(metadata.ValueFromIncomingContext(ctx, "grpc-previous-rpc-attempts"), intake.Retried)
}
