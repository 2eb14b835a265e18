package collector

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	collectorv1 "github.com/freshet/freshet/proto/gen/freshet/collector/v1"
	"github.com/freshet/freshet/services/collector/door/web"
)

const (
	liveBatch    = `{"batch":[{"type":"track","event":"A","userId":"u","messageId":"live-1"}]}`
	historyBatch = `{"batch":[{"type":"track","event":"A","userId":"u","messageId":"old-1","timestamp":"2020-01-01T00:00:00Z"}]}`
)

// stall has a group stand where a stage would, at the beginning of a topic with more than it can do in a limit of a second; caughtUp has it go on.
func stall(t *testing.T, r *rig, group, topic string) (caughtUp func()) {
	t.Helper()
	tp := broker.TopicPartition{Topic: topic}
	commits := make(chan int64)
	go func() {
		_ = r.client.RunGroup(t.Context(), broker.GroupConfig{Group: group, Topics: []string{tp.Topic}}, func(ctx context.Context, m *broker.Membership) error {
			for {
				select {
				case at := <-commits:
					if err := m.Commit(ctx, tp, at, ""); err != nil {
						return err
					}
				case <-ctx.Done():
					return nil
				}
			}
		})
	}()
	commits <- 0
	const many = 20_000 // twenty seconds at leastRate
	var msgs []broker.Message
	for range many {
		msgs = append(msgs, broker.Message{Topic: tp.Topic, Value: []byte("x")})
	}
	if err := r.client.NewProducer(broker.ProducerConfig{}).Produce(t.Context(), msgs...); err != nil {
		t.Fatal(err)
	}
	return func() {
		spans, err := r.client.Spans(t.Context(), tp.Topic)
		if err != nil {
			t.Fatal(err)
		}
		commits <- spans[0].Next
	}
}

// history waits until a request of history is answered so.
func (r *rig) history(status int) (last got) {
	r.t.Helper()
	testkit.Eventually(r.t, 60*time.Second, func() error {
		if last = r.post("/v1/import?history=true", historyBatch); last.Status != status {
			return fmt.Errorf("history is answered %d, not %d", last.Status, status)
		}
		return nil
	})
	return last
}

// TestHistoryWaitsWhileAStageIsBehind: whichever it is, history is asked to come later, live events are taken with a word on it, and when the
// stage has caught up history is taken again.
func TestHistoryWaitsWhileAStageIsBehind(t *testing.T) {
	for _, c := range []struct{ stage, group, topic string }{
		{"identity", "identity.state", topics.EventsRaw.Name},
		{"orders", "feature.orders", topics.OrderEvents.Name},
		{"feature", "feature.state", topics.EventsResolved.Name},
		{"segmentation", "segmentation.state", topics.Features.Name},
		{"recommendation.visitors", "recommendation.visitors", topics.EventsResolved.Name},
		{"recommendation.items", "recommendation.items", topics.ItemChanges.Name},
		{"recommendation.loop", "recommendation.loop", topics.Touches.Name},
		{"warehouse", "facts", topics.EventsResolved.Name},
	} {
		t.Run(c.stage, func(t *testing.T) {
			r := start(t, onePartition, func(s *setup) { s.cfg.Limits.HistoryBehind, s.cfg.WarehouseGroup = time.Second, "facts" })
			if err := r.client.EnsureTopics(t.Context(), topics.All()...); err != nil {
				t.Fatal(err)
			}
			r.history(http.StatusOK)
			caughtUp := stall(t, r, c.group, c.topic)
			late := r.history(http.StatusTooManyRequests)
			if late.Error != "behind" || late.Header.Get("Retry-After") == "" || late.Header.Get(web.BehindHeader) == "" || !strings.Contains(late.Message, "before "+c.stage) {
				t.Errorf("history is answered %q (%s), Retry-After %q, %s %q", late.Error, late.Message, late.Header.Get("Retry-After"), web.BehindHeader, late.Header.Get(web.BehindHeader))
			}
			if got := r.post("/v1/batch", liveBatch); got.Status != http.StatusOK || got.Accepted != 1 || got.Header.Get(web.BehindHeader) == "" {
				t.Errorf("a live event is answered %d, %s %q", got.Status, web.BehindHeader, got.Header.Get(web.BehindHeader))
			}
			if n := r.count("behind_seconds", "stage", c.stage); n < 1 {
				t.Errorf("the metric says that %s needs %g s", c.stage, n)
			}
			// However much there is to do, who waits asks again soon: what a stage needs is an estimate.
			testkit.Eventually(t, time.Minute, func() error {
				g := r.history(http.StatusTooManyRequests)
				if needs, _ := strconv.Atoi(g.Header.Get(web.BehindHeader)); needs < 10 || g.Header.Get("Retry-After") != "5" {
					return fmt.Errorf("%d s behind, Retry-After %q", needs, g.Header.Get("Retry-After"))
				}
				return nil
			})
			caughtUp()
			r.history(http.StatusOK)
			if got := r.post("/v1/batch", liveBatch); got.Header.Get(web.BehindHeader) != "" {
				t.Errorf("an answer says %q s behind after it was caught up", got.Header.Get(web.BehindHeader))
			}
		})
	}
}

// TestAnswersByGRPCSayThatTheStackIsBehind: in calls and in streams, of what is taken and of what has to come again.
func TestAnswersByGRPCSayThatTheStackIsBehind(t *testing.T) {
	r := start(t, onePartition, func(s *setup) { s.cfg.Limits.HistoryBehind = time.Second })
	client, ctx := dial(t, r), withKey(t.Context(), testKey)
	stream := openStream(t, client)
	ask := func(history bool) (code codes.Code, called int32, streamed *collectorv1.IngestStreamResponse) {
		t.Helper()
		resp, err := client.Ingest(ctx, &collectorv1.IngestRequest{Events: [][]byte{[]byte(track("a"))}, History: history})
		if err := stream.Send(&collectorv1.IngestStreamRequest{Event: []byte(track("b")), History: history}); err != nil {
			t.Fatal(err)
		}
		answer, recvErr := stream.Recv()
		if recvErr != nil {
			t.Fatal(recvErr)
		}
		return status.Code(err), resp.GetBehindSeconds(), answer
	}
	if code, called, streamed := ask(false); code != codes.OK || called != 0 || streamed.GetBehindSeconds() != 0 {
		t.Errorf("before: %s, %d s, %v", code, called, streamed)
	}
	caughtUp := stall(t, r, "identity.state", topics.EventsRaw.Name)
	r.history(http.StatusTooManyRequests)
	if code, called, streamed := ask(false); code != codes.OK || called < 1 || streamed.GetStatus() != accepted || streamed.GetBehindSeconds() < 1 {
		t.Errorf("a live event: %s, %d s, %v", code, called, streamed)
	}
	if code, _, streamed := ask(true); code != codes.ResourceExhausted || streamed.GetStatus() != retryIt || streamed.GetReason() != "behind" || streamed.GetBehindSeconds() < 1 {
		t.Errorf("history: %s, %v", code, streamed)
	}
	caughtUp()
	r.history(http.StatusOK)
	if code, called, streamed := ask(false); code != codes.OK || called != 0 || streamed.GetBehindSeconds() != 0 {
		t.Errorf("after: %s, %d s, %v", code, called, streamed)
	}
}
