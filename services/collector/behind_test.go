package collector

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
)

const (
	liveBatch    = `{"batch":[{"type":"track","event":"A","userId":"u","messageId":"live-1"}]}`
	historyBatch = `{"batch":[{"type":"track","event":"A","userId":"u","messageId":"old-1","timestamp":"2020-01-01T00:00:00Z"}]}`
)

// TestHistoryWaitsWhileIdentityIsBehind: a group stands where identity would, at the beginning of a topic that grows, and then goes on.
func TestHistoryWaitsWhileIdentityIsBehind(t *testing.T) {
	r := start(t, onePartition, func(s *setup) { s.cfg.Limits.HistoryBehind = time.Second })
	tp := broker.TopicPartition{Topic: topics.EventsRaw.Name}
	commits := make(chan int64)
	go func() {
		_ = r.client.RunGroup(t.Context(), broker.GroupConfig{Group: behindGroup, Topics: []string{tp.Topic}}, func(ctx context.Context, m *broker.Membership) error {
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
	if got := r.post("/v1/import?history=true", historyBatch); got.Status != http.StatusOK {
		t.Fatalf("history is answered %d while nothing waits", got.Status)
	}
	const many = 5000 // five seconds at leastRate
	var msgs []broker.Message
	for range many {
		msgs = append(msgs, broker.Message{Topic: tp.Topic, Value: []byte("x")})
	}
	if err := r.client.NewProducer(broker.ProducerConfig{}).Produce(t.Context(), msgs...); err != nil {
		t.Fatal(err)
	}
	var late got
	testkit.Eventually(t, 20*time.Second, func() error {
		if late = r.post("/v1/import?history=true", historyBatch); late.Status != http.StatusTooManyRequests {
			return errors.New("history is taken")
		}
		return nil
	})
	if late.Error != "behind" || late.Header.Get("Retry-After") == "" || late.Header.Get(behindHeader) == "" {
		t.Errorf("history is answered %q, Retry-After %q, %s %q", late.Error, late.Header.Get("Retry-After"), behindHeader, late.Header.Get(behindHeader))
	}
	if got := r.post("/v1/batch", liveBatch); got.Status != http.StatusOK || got.Accepted != 1 || got.Header.Get(behindHeader) == "" {
		t.Errorf("a live event is answered %d, %s %q", got.Status, behindHeader, got.Header.Get(behindHeader))
	}
	spans, err := r.client.Spans(t.Context(), tp.Topic)
	if err != nil {
		t.Fatal(err)
	}
	commits <- spans[0].Next
	testkit.Eventually(t, 20*time.Second, func() error {
		if got := r.post("/v1/import?history=true", historyBatch); got.Status != http.StatusOK {
			return errors.New("history is still deferred")
		}
		return nil
	})
	if got := r.post("/v1/batch", liveBatch); got.Header.Get(behindHeader) != "" {
		t.Errorf("an answer says %q s behind after it was caught up", got.Header.Get(behindHeader))
	}
}

func TestHowFarIdentityIsBehind(t *testing.T) {
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
		"its topic was made anew: offsets begin at 0": {{0, 1_000_000, false}, {500, 10, false}},
	}
	for name, looks := range cases {
		t.Run(name, func(t *testing.T) {
			b, err := newBehind(10*time.Second, nil, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
			if err != nil {
				t.Fatal(err)
			}
			now := time.Unix(1_800_000_000, 0)
			for i, l := range looks {
				now = now.Add(2 * time.Second)
				b.judge(now, l.waiting, l.done)
				if got := b.deferral(); (got != nil) != l.defers {
					t.Errorf("look %d: %v, want deferral %t", i, got, l.defers)
				}
			}
		})
	}
}

func TestTheLogSaysWhenIdentityIsBehindAndWhenItHasCaughtUp(t *testing.T) {
	var log strings.Builder
	b, err := newBehind(10*time.Second, nil, slog.New(slog.NewTextHandler(&log, nil)), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_800_000_000, 0)
	b.judge(now, 30_000, 0)
	b.judge(now.Add(20*time.Second), 100, 29_900)
	for _, want := range []string{"identity is behind", "records=30000", "caught up", "was_behind_for=20s"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %q: %s", want, log.String())
		}
	}
}
