package collector

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	collectorv1 "github.com/freshet/freshet/proto/gen/freshet/collector/v1"
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
	const many = 5000 // five seconds at leastRate
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
			if late.Error != "behind" || late.Header.Get("Retry-After") == "" || late.Header.Get(behindHeader) == "" || !strings.Contains(late.Message, "before "+c.stage) {
				t.Errorf("history is answered %q (%s), Retry-After %q, %s %q", late.Error, late.Message, late.Header.Get("Retry-After"), behindHeader, late.Header.Get(behindHeader))
			}
			if got := r.post("/v1/batch", liveBatch); got.Status != http.StatusOK || got.Accepted != 1 || got.Header.Get(behindHeader) == "" {
				t.Errorf("a live event is answered %d, %s %q", got.Status, behindHeader, got.Header.Get(behindHeader))
			}
			if n := testutil.ToFloat64(r.svc.behind.needs.WithLabelValues(c.stage)); n < 1 {
				t.Errorf("the metric says that %s needs %g s", c.stage, n)
			}
			caughtUp()
			r.history(http.StatusOK)
			if got := r.post("/v1/batch", liveBatch); got.Header.Get(behindHeader) != "" {
				t.Errorf("an answer says %q s behind after it was caught up", got.Header.Get(behindHeader))
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

// newTestBehind has a limit of 10 s and is shown looks by hand.
func newTestBehind(t *testing.T, log io.Writer) *behind {
	t.Helper()
	b, err := newBehind(Default(), nil, slog.New(slog.NewTextHandler(log, nil)), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// at are the stands of all stages, of which one is not idle.
func (b *behind) at(stage string, s stand) []stand {
	out := make([]stand, len(b.stages))
	out[slices.IndexFunc(b.stages, func(f follower) bool { return f.stage == stage })] = s
	return out
}

func TestHowFarTheStagesAreBehind(t *testing.T) {
	type look struct {
		waiting, done int64
		defers        bool
	}
	cases := map[string][]look{ // a look each 2 s, with a limit of 10 s
		"nothing waits":                               {{0, 0, false}, {0, 2000, false}},
		"a busy second waits, as it always does":      {{10_000, 0, false}, {10_000, 20_000, false}, {10_000, 40_000, false}},
		"a quiet one's single event":                  {{1, 0, false}, {1, 0, false}},
		"it stands still":                             {{5000, 100, false}, {11_000, 100, true}, {20_000, 100, true}},
		"more comes than it does":                     {{0, 0, false}, {20_000, 20_000, false}, {60_000, 40_000, false}, {120_000, 60_000, true}},
		"it goes on deferring until half is done":     {{11_000, 0, true}, {6000, 100, true}, {4000, 200, false}, {6000, 300, false}},
		"it cannot be asked: it stands where it did":  {{11_000, 0, true}, {-1, 0, true}, {-1, 0, true}, {0, 11_000, false}},
		"nor does that begin anything":                {{9000, 0, false}, {-1, 0, false}, {-1, 0, false}},
		"its topic was made anew: offsets begin at 0": {{0, 1_000_000, false}, {500, 10, false}},
	}
	for name, looks := range cases {
		t.Run(name, func(t *testing.T) {
			for _, stage := range []string{"identity", "warehouse"} {
				b := newTestBehind(t, io.Discard)
				now := time.Unix(1_800_000_000, 0)
				for i, l := range looks {
					now = now.Add(2 * time.Second)
					b.judge(now, b.at(stage, stand{waiting: l.waiting, done: l.done, unknown: l.waiting < 0}))
					if got := b.deferral(); (got != nil) != l.defers {
						t.Errorf("%s, look %d: %v, want deferral %t", stage, i, got, l.defers)
					}
				}
			}
		})
	}
}

func TestTheLogAndTheMetricsSayWhenAStageIsBehindAndWhenItHasCaughtUp(t *testing.T) {
	var log strings.Builder
	b := newTestBehind(t, &log)
	now := time.Unix(1_800_000_000, 0)
	b.judge(now, b.at("feature", stand{waiting: 30_000}))
	if since := testutil.ToFloat64(b.began); since != 1_800_000_000 {
		t.Errorf("behind since %f", since)
	}
	b.judge(now.Add(20*time.Second), b.at("feature", stand{waiting: 100, done: 29_900}))
	if since := testutil.ToFloat64(b.began); since != 0 {
		t.Errorf("caught up, and behind since %f", since)
	}
	for _, want := range []string{"not worked off in time", "stage=feature", "records=30000", "caught up", "were_behind_for=20s"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %q: %s", want, log.String())
		}
	}
}
