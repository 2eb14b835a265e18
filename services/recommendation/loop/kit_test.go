package loop

import (
	"context"
	"io"
	"log/slog"
	"os"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// within bounds every wait of these tests.
const within = 60 * time.Second

const testSecret = "a secret for tests, 32 characters"

func quiet() *slog.Logger {
	if testing.Verbose() && os.Getenv("LOOP_LOG") != "" {
		return slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	return slog.New(slog.NewTextHandler(io.Discard, nil))
}

// who is a customer id.
func who(n int) string {
	return testID[:30] + string("0123456789abcdef"[n/16]) + string("0123456789abcdef"[n%16])
}

const testID = "0123456789abcdef0123456789abcdef"

// world is a broker and what runs on it.
type world struct {
	t      *testing.T
	client *broker.Client
	out    *broker.Producer
	cfg    Config
}

func newWorld(t *testing.T) *world {
	t.Helper()
	c, err := broker.Dial(t.Context(), broker.Config{Addresses: []string{testkit.Kafka(t)}, Partitions: 3}, quiet())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if err := c.EnsureTopics(t.Context(), Topics()...); err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, client: c, out: c.NewProducer(broker.ProducerConfig{}), cfg: Default()}
	w.cfg.Dir, w.cfg.Wait, w.cfg.Pace, w.cfg.Secret = t.TempDir(), 24*time.Hour, 0, testSecret
	return w
}

// start runs a replica; stop ends it and says what it ended with.
func (w *world) start(edit func(*Config)) (s *Service, stop func()) {
	w.t.Helper()
	cfg := w.cfg
	if edit != nil {
		edit(&cfg)
	}
	s, err := New(cfg, Deps{Logger: quiet(), Broker: w.client})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	ended := false
	stop = func() {
		if ended {
			return
		}
		ended = true
		cancel()
		select {
		case err := <-done:
			if err != nil {
				w.t.Error(err)
			}
		case <-time.After(within):
			w.t.Error("the service does not end")
		}
	}
	w.t.Cleanup(stop)
	return s, stop
}

func (w *world) until(what string, ok func() bool) {
	w.t.Helper()
	for end := time.Now().Add(within); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatalf("within %s there is not: %s", within, what)
		}
	}
}

// put produces one message.
func (w *world) put(topic topics.Topic, key string, m proto.Message) {
	w.t.Helper()
	value, err := proto.Marshal(m)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.out.Produce(w.t.Context(), broker.Message{Topic: topic.Name, Key: []byte(key), Value: value}); err != nil {
		w.t.Fatal(err)
	}
}

// outcomes reads what was told, without repeats, in the order of each partition.
func (w *world) outcomes() (list []*recommendationv1.Outcome) {
	w.t.Helper()
	seen := map[string]bool{}
	for _, r := range testkit.Records(w.t, w.client, topics.RecommendationOutcomes) {
		o := &recommendationv1.Outcome{}
		if err := proto.Unmarshal(r.Value, o); err != nil {
			w.t.Fatal(err)
		}
		if !seen[o.GetOutcomeId()] {
			seen[o.GetOutcomeId()] = true
			list = append(list, o)
		}
	}
	return list
}
