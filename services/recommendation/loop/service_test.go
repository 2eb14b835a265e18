package loop

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

func counted(t *testing.T, c prometheus.Metric) float64 {
	t.Helper()
	var m dto.Metric
	must(t, c.Write(&m))
	return m.GetCounter().GetValue()
}

// The way from an answer to a draw, with the secret that the topic's id is: a list is given, its click reported, both are told, and exploration knows them.
func TestFromAnswerToDraw(t *testing.T) {
	w := newWorld(t)
	s, _ := w.start(func(c *Config) { c.Secret = "" })
	w.until("ready", func() bool { return s.Ready() == nil })
	id := s.NewRequest("default", testID, time.Now().UnixMilli())
	s.Answered(&recommendationv1.Answer{RequestId: id, Workspace: "default", CustomerId: testID, Scene: "home", AtMs: time.Now().UnixMilli(),
		Items: []*recommendationv1.AnswerItem{{ItemId: "x", Source: "taste"}, {ItemId: "y", Source: "taste"}}})
	got, err := s.Feedback(t.Context(), &recommendationv1.RecordFeedbackRequest{Feedback: []*recommendationv1.FeedbackWord{{RequestId: id, Kind: kindClick, ItemIds: []string{"y"}}}})
	if err != nil || got.Taken != 1 {
		t.Fatal(got, err)
	}
	w.until("what was told is learnt", func() bool {
		seen, clicked := s.Rate("default", "home", "taste")
		return math.Round(seen*100) == 200 && math.Round(clicked*100) == 100
	})
	if list := w.outcomes(); len(list) != 3 || list[0].CustomerId != testID {
		t.Errorf("outcomes: %v", list)
	}
}

// A request never waits: with the broker away, what does not fit into the queue is counted as lost, and what fits is told when there is one, at the latest at the end.
func TestAnsweredNeverBlocks(t *testing.T) {
	m, err := newMetrics(nil)
	must(t, err)
	hold := make(chan struct{})
	out := &slowProducer{hold: hold}
	te := &teller{queue: make(chan *recommendationv1.Answer, 100), out: out, metrics: m}
	for range 250 {
		te.answered(&recommendationv1.Answer{CustomerId: testID})
	}
	if n := counted(t, m.answers.WithLabelValues("lost")); n != 150 {
		t.Errorf("%v lost, want 150", n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // the end comes while all wait
	close(hold)
	te.run(ctx)
	if n := counted(t, m.answers.WithLabelValues("told")); n != 100 || out.stored != 100 {
		t.Errorf("%v told, %d stored, want 100", n, out.stored)
	}
	out.err = errors.New("away")
	te.answered(&recommendationv1.Answer{CustomerId: testID})
	te.run(ctx)
	if n := counted(t, m.answers.WithLabelValues("lost")); n != 151 {
		t.Errorf("%v lost, want 151", n)
	}
}

// Answers that are given within a moment go one way together, and one that comes alone goes on its own soon.
func TestAnswersOfAMomentGoTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, err := newMetrics(nil)
		must(t, err)
		hold := make(chan struct{})
		close(hold)
		out := &slowProducer{hold: hold}
		te := &teller{queue: make(chan *recommendationv1.Answer, 100), out: out, metrics: m}
		ctx, cancel := context.WithCancel(t.Context())
		go te.run(ctx)
		for range 10 {
			te.answered(&recommendationv1.Answer{CustomerId: testID})
			time.Sleep(gatherFor / 20)
			synctest.Wait()
		}
		time.Sleep(gatherFor)
		synctest.Wait()
		if out.stored != 10 || out.calls != 1 {
			t.Errorf("%d answers in %d calls, want 10 in one", out.stored, out.calls)
		}
		te.answered(&recommendationv1.Answer{CustomerId: testID})
		time.Sleep(2 * gatherFor)
		synctest.Wait()
		if out.stored != 11 || out.calls != 2 {
			t.Errorf("%d answers in %d calls, want 11 in two", out.stored, out.calls)
		}
		cancel()
	})
}

// slowProducer stores once hold is closed, unless it fails.
type slowProducer struct {
	hold   chan struct{}
	stored int
	calls  int
	err    error
}

func (p *slowProducer) Produce(ctx context.Context, msgs ...broker.Message) error {
	select {
	case <-p.hold:
	case <-ctx.Done():
		return ctx.Err()
	}
	if p.err == nil {
		p.stored += len(msgs)
		p.calls++
	}
	return p.err
}

// Feedback is on its topic when the call returns, under the list's customer, with an id that a retry has too.
func TestFeedbackIsDurable(t *testing.T) {
	w := newWorld(t)
	s, err := New(w.cfg, Deps{Logger: quiet(), Broker: w.client})
	must(t, err)
	id := s.NewRequest("", testID, time.Now().UnixMilli())
	word := &recommendationv1.FeedbackWord{RequestId: id, Kind: kindPurchase, ItemIds: []string{"x", "y"}, Value: 12.34}
	for range 2 {
		if got, err := s.Feedback(t.Context(), &recommendationv1.RecordFeedbackRequest{Feedback: []*recommendationv1.FeedbackWord{word}}); err != nil || got.Taken != 1 {
			t.Fatal(got, err)
		}
	}
	stored := testkit.Records(t, w.client, topics.RecommendationFeedback)
	if len(stored) != 2 {
		t.Fatalf("%d records", len(stored))
	}
	var a, b recommendationv1.Feedback
	must(t, proto.Unmarshal(stored[0].Value, &a))
	must(t, proto.Unmarshal(stored[1].Value, &b))
	if string(stored[0].Key) != testID || a.CustomerId != testID || a.GetValueMicros() != 12_340_000 || a.AtMs == 0 || a.FeedbackId == "" || a.FeedbackId != b.FeedbackId {
		t.Errorf("%v and %v", &a, &b)
	}
}

func TestFeedbackSaysWhatIsWrong(t *testing.T) {
	w := newWorld(t)
	s, err := New(w.cfg, Deps{Logger: quiet(), Broker: w.client})
	must(t, err)
	now := time.Now().UnixMilli()
	good := func() *recommendationv1.FeedbackWord {
		return &recommendationv1.FeedbackWord{RequestId: s.NewRequest("", testID, now), Kind: kindClick, ItemIds: []string{"x"}}
	}
	cases := []struct {
		name, want string
		edit       func(*recommendationv1.FeedbackWord)
	}{
		{"right", "", func(*recommendationv1.FeedbackWord) {}},
		{"a list that never was", "NOT_FOUND: there was no list", func(f *recommendationv1.FeedbackWord) { f.RequestId = "nope" }},
		{"of another deployment", "NOT_FOUND", func(f *recommendationv1.FeedbackWord) {
			f.RequestId = newIDs([]byte("another deployment's")).make("", testID, now)
		}},
		{"of another workspace", "NOT_FOUND", func(f *recommendationv1.FeedbackWord) { f.RequestId = s.NewRequest("other", testID, now) }},
		{"of last year", "forgotten", func(f *recommendationv1.FeedbackWord) { f.RequestId = s.NewRequest("", testID, now-365*dayMs) }},
		{"no kind", "kind: give one of", func(f *recommendationv1.FeedbackWord) { f.Kind = 0 }},
		{"a kind of the future", "kind: give one of", func(f *recommendationv1.FeedbackWord) { f.Kind = 77 }},
		{"a click on nothing", "item_ids: name the items", func(f *recommendationv1.FeedbackWord) { f.ItemIds = nil }},
		{"an empty item", "item_ids", func(f *recommendationv1.FeedbackWord) { f.ItemIds = []string{""} }},
		{"an item twice", "there twice", func(f *recommendationv1.FeedbackWord) { f.ItemIds = []string{"x", "x"} }},
		{"a long item", "longer than", func(f *recommendationv1.FeedbackWord) { f.ItemIds = []string{strings.Repeat("x", 513)} }},
		{"many items", "more than 100", func(f *recommendationv1.FeedbackWord) {
			for i := range 101 {
				f.ItemIds = append(f.ItemIds, fmt.Sprint(i))
			}
		}},
		{"tomorrow and more", "at_ms", func(f *recommendationv1.FeedbackWord) { f.AtMs = now + 3*dayMs }},
		{"in seconds below zero", "at_ms", func(f *recommendationv1.FeedbackWord) { f.AtMs = -1 }},
		{"a value that is none", "value", func(f *recommendationv1.FeedbackWord) { f.Kind, f.Value = kindPurchase, math.NaN() }},
		{"endless value", "value", func(f *recommendationv1.FeedbackWord) { f.Kind, f.Value = kindPurchase, math.Inf(1) }},
		{"a click with a value", "only a purchase", func(f *recommendationv1.FeedbackWord) { f.Value = 1 }},
		{"right again", "", func(f *recommendationv1.FeedbackWord) { f.Kind, f.ItemIds = kindImpression, nil }},
	}
	req := &recommendationv1.RecordFeedbackRequest{}
	for _, c := range cases {
		f := good()
		c.edit(f)
		req.Feedback = append(req.Feedback, f)
	}
	got, err := s.Feedback(t.Context(), req)
	must(t, err)
	said := map[int32]string{}
	for _, f := range got.Faults {
		said[f.Row] = f.Error
	}
	for i, c := range cases {
		if (said[int32(i)] != "") != (c.want != "") || !strings.Contains(said[int32(i)], c.want) {
			t.Errorf("%s: %q, want %q", c.name, said[int32(i)], c.want)
		}
	}
	if got.Taken != 2 {
		t.Errorf("%d taken, want the 2 that are right", got.Taken)
	}
	for _, n := range []int{0, 1001} {
		if _, err := s.Feedback(t.Context(), &recommendationv1.RecordFeedbackRequest{Feedback: make([]*recommendationv1.FeedbackWord, n)}); status.Code(err) != codes.InvalidArgument {
			t.Errorf("%d rows: %v", n, err)
		}
	}
}

// Records that cannot be read are put aside, and their neighbours are folded.
func TestBadRecordsAreDeadLettered(t *testing.T) {
	w := newWorld(t)
	s, _ := w.start(nil)
	at := time.Now().UnixMilli()
	for _, m := range []broker.Message{
		{Topic: topics.Recommendations.Name, Key: []byte(testID), Value: []byte{0xff}},
		{Topic: topics.Touches.Name, Key: []byte(testID), Value: []byte{0xff}},
		{Topic: topics.RecommendationFeedback.Name, Key: []byte("nobody"), Value: []byte{}},
		{Topic: topics.LoopHandover.Name, Key: []byte(testID), Value: []byte{1}},
		{Topic: topics.IdentityMappings.Name, Key: []byte(testID), Value: []byte{}},
	} {
		must(t, w.out.Produce(t.Context(), m))
	}
	w.put(topics.Recommendations, testID, &recommendationv1.Answer{RequestId: s.NewRequest("", testID, at), Workspace: "default", CustomerId: testID, AtMs: at, Items: []*recommendationv1.AnswerItem{{ItemId: "x"}}})
	w.until("the good one's outcome", func() bool { return len(w.outcomes()) == 1 })
	for _, topic := range []topics.Topic{topics.Recommendations, topics.Touches, topics.RecommendationFeedback, topics.LoopHandover, topics.IdentityMappings} {
		w.until("a dead letter of "+topic.Name, func() bool { return len(testkit.Records(t, w.client, topics.DeadLetter(topic))) == 1 })
	}
}

func TestConfigSaysWhatIsWrong(t *testing.T) {
	must(t, Default().Validate())
	bad := Config{Secret: "short", Pace: -1, ViewWindow: -1, Others: -1}
	err := bad.Validate()
	for _, key := range []string{"dir", "secret", "pace", "click_window", "view_window", "wait", "half_life", "queue", "arms", "prior", "others"} {
		if err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%s is not named: %v", key, err)
		}
	}
}
