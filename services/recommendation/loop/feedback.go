package loop

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/topics"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

const (
	// maxFeedback is how many rows one request may have.
	maxFeedback = 1000
	// maxText is how long the id of an item or of feedback may be, in bytes.
	maxText = 512
	// maxValue is the largest value of a purchase: what millionths still hold.
	maxValue = float64(math.MaxInt64 / 1_000_000)
)

// Feedback is the body of RecordFeedback: what is right is durable before it answers, what is not is said.
func (s *Service) Feedback(ctx context.Context, req *recommendationv1.RecordFeedbackRequest) (*recommendationv1.RecordFeedbackResponse, error) {
	if n := len(req.GetFeedback()); n == 0 || n > maxFeedback {
		return nil, status.Errorf(codes.InvalidArgument, "feedback: %d rows are not within 1 and %d", n, maxFeedback)
	}
	workspace, out := customer.Workspace(req.GetWorkspace()), &recommendationv1.RecordFeedbackResponse{}
	var batch []broker.Message
	var rows []int
	for i, w := range req.GetFeedback() {
		m, err := s.message(workspace, w)
		if err != nil {
			out.Faults = append(out.Faults, &recommendationv1.RowFault{Row: int32(i), Error: err.Error()})
			continue
		}
		batch, rows = append(batch, m), append(rows, i)
	}
	if err := s.store(ctx, batch, rows, out); err != nil {
		return nil, err
	}
	s.metrics.feedback.WithLabelValues("taken").Add(float64(out.GetTaken()))
	s.metrics.feedback.WithLabelValues("refused").Add(float64(len(out.GetFaults())))
	return out, nil
}

// store makes the messages durable. One that the broker refuses does not hold up its neighbours.
func (s *Service) store(ctx context.Context, batch []broker.Message, rows []int, out *recommendationv1.RecordFeedbackResponse) error {
	if len(batch) == 0 {
		return nil
	}
	err := s.out.Produce(ctx, batch...)
	if err == nil {
		out.Taken = int32(len(batch))
		return nil
	}
	if !broker.RecordFault(err) {
		return status.Errorf(codes.Unavailable, "the feedback could not be stored, and may be sent again: %v", err)
	}
	for i, m := range batch {
		switch err := s.out.Produce(ctx, m); {
		case err == nil:
			out.Taken++
		case broker.RecordFault(err):
			out.Faults = append(out.Faults, &recommendationv1.RowFault{Row: int32(rows[i]), Error: "it is too large: name fewer items"})
		default:
			return status.Errorf(codes.Unavailable, "the feedback could not be stored, and may be sent again: %v", err)
		}
	}
	return nil
}

// message checks a row and writes it down.
func (s *Service) message(workspace string, w *recommendationv1.FeedbackWord) (broker.Message, error) {
	now := s.now().UnixMilli()
	ms, who, ok := s.Parse(workspace, w.GetRequestId())
	switch {
	case !ok:
		return broker.Message{}, fmt.Errorf("NOT_FOUND: there was no list with request_id %q in workspace %q: send the one of the answer", clip(w.GetRequestId()), workspace)
	case ms+s.cfg.keepMs() < now:
		return broker.Message{}, fmt.Errorf("NOT_FOUND: the list is of more than %s ago, and forgotten", max(s.cfg.ClickWindow, s.cfg.ViewWindow))
	}
	if err := check(w, now); err != nil {
		return broker.Message{}, err
	}
	f := &recommendationv1.Feedback{
		FeedbackId: w.GetFeedbackId(), RequestId: w.GetRequestId(), Workspace: workspace, CustomerId: who, Kind: w.GetKind(),
		ItemIds: w.GetItemIds(), AtMs: w.GetAtMs(), ReceivedMs: now,
	}
	if f.AtMs == 0 {
		f.AtMs = now
	}
	if f.FeedbackId == "" {
		items := slices.Clone(f.ItemIds)
		slices.Sort(items)
		f.FeedbackId = fmt.Sprintf("%016x", hash(append([]string{f.RequestId, f.Kind.String()}, items...)...))
	}
	if w.GetValue() != 0 {
		micros := int64(math.Round(w.GetValue() * 1e6))
		f.ValueMicros = &micros
	}
	value, err := proto.Marshal(f)
	if err != nil {
		return broker.Message{}, fmt.Errorf("it cannot be written: %w", err)
	}
	return broker.Message{Topic: topics.RecommendationFeedback.Name, Key: []byte(who), Value: value}, nil
}

// check says what to change in a row.
func check(w *recommendationv1.FeedbackWord, now int64) error {
	kind := w.GetKind()
	switch {
	case kind < kindImpression || kind > kindDismiss:
		return fmt.Errorf("kind: give one of IMPRESSION, CLICK, CART, PURCHASE, DISMISS")
	case kind != kindImpression && len(w.GetItemIds()) == 0:
		return fmt.Errorf("item_ids: name the items; only an impression is of the whole list")
	case len(w.GetItemIds()) > mostPlaces:
		return fmt.Errorf("item_ids: %d are more than %d", len(w.GetItemIds()), mostPlaces)
	case len(w.GetFeedbackId()) > maxText:
		return fmt.Errorf("feedback_id: more than %d bytes", maxText)
	case w.GetAtMs() < 0 || w.GetAtMs() > now+dayMs:
		return fmt.Errorf("at_ms: %d is before 1970 or more than a day ahead; it is in milliseconds", w.GetAtMs())
	case !(w.GetValue() >= 0 && w.GetValue() < maxValue):
		return fmt.Errorf("value: %v is no amount", w.GetValue())
	case w.GetValue() != 0 && kind != kindPurchase:
		return fmt.Errorf("value: only a purchase has one")
	}
	seen := map[string]bool{}
	for _, item := range w.GetItemIds() {
		if item == "" || len(item) > maxText || seen[item] {
			return fmt.Errorf("item_ids: %q is empty, longer than %d bytes, or there twice", clip(item), maxText)
		}
		seen[item] = true
	}
	return nil
}

// clip shortens what a caller sent, for an error.
func clip(s string) string {
	if len(s) > 80 {
		s = strings.ToValidUTF8(s[:80], "") + "..."
	}
	return s
}
