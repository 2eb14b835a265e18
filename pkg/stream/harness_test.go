package stream

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
)

func TestMain(m *testing.M) {
	if role := os.Getenv(childRole); role != "" {
		os.Exit(childMain(role))
	}
	testkit.Main(m)
}

var (
	inTopic  = topics.Topic{Name: "in.v1"}
	outTopic = topics.Topic{Name: "out.v1"}
	logTopic = topics.Topic{Name: "state.changelog.v1", Compacted: true}
)

// sums is the test's handler: it adds up numbers by key and emits each new sum, named
// by the record it came from. Every value that starts with '!' is poison.
type sums struct {
	fail   func() error
	seen   *atomic.Int64
	timers func(tx *Tx, key []byte, due time.Time) error
}

func (h sums) Process(tx *Tx, rec broker.Record) error {
	if h.fail != nil {
		if err := h.fail(); err != nil {
			return err
		}
	}
	n, err := strconv.ParseInt(string(rec.Value), 10, 64)
	if err != nil {
		tx.Set(rec.Key, []byte("garbage that must be undone"))
		return Permanent(fmt.Errorf("not a number: %q", rec.Value))
	}
	old, _, err := tx.Get(rec.Key)
	if err != nil {
		return err
	}
	sum := decodeSum(old) + n
	tx.Set(rec.Key, encodeSum(sum))
	tx.Emit(broker.Message{
		Topic: outTopic.Name, Key: rec.Key, Value: encodeSum(sum),
		Headers: broker.Headers("id", fmt.Sprintf("%d/%d", rec.Partition, rec.Offset)),
	})
	if h.seen != nil {
		h.seen.Add(1)
	}
	return nil
}

func (h sums) Timer(tx *Tx, key []byte, due time.Time) error {
	if h.timers == nil {
		return nil
	}
	return h.timers(tx, key, due)
}

func encodeSum(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }

func decodeSum(b []byte) int64 {
	if len(b) != 8 {
		return 0
	}
	return int64(binary.BigEndian.Uint64(b))
}

func quiet() *slog.Logger {
	if testing.Verbose() {
		return slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	return slog.New(slog.NewTextHandler(io.Discard, nil))
}

// cluster is a broker with the test's topics.
type cluster struct {
	addr   string
	client *broker.Client
	in     *broker.Producer
	sent   map[string]int64 // the oracle: sum by key
	n      int
}

func newCluster(t testing.TB, partitions int) *cluster {
	t.Helper()
	return clusterAt(t, testkit.Kafka(t), partitions)
}

func clusterAt(t testing.TB, addr string, partitions int) *cluster {
	t.Helper()
	c, err := dial(t.Context(), addr, partitions)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if err := c.EnsureTopics(t.Context(), inTopic, outTopic, logTopic, topics.DeadLetter(inTopic)); err != nil {
		t.Fatal(err)
	}
	return &cluster{addr: addr, client: c, in: c.NewProducer(broker.ProducerConfig{}), sent: map[string]int64{}}
}

func dial(ctx context.Context, addr string, partitions int) (*broker.Client, error) {
	return broker.Dial(ctx, broker.Config{Addresses: []string{addr}, Partitions: partitions}, quiet())
}

// send adds numbers to keys k0, k1, ... in turn.
func (c *cluster) send(t testing.TB, count, keys int) {
	t.Helper()
	var msgs []broker.Message
	for range count {
		k := fmt.Sprintf("k%d", c.n%keys)
		c.sent[k] += int64(c.n)
		msgs = append(msgs, broker.Message{Topic: inTopic.Name, Key: []byte(k), Value: []byte(strconv.Itoa(c.n))})
		c.n++
	}
	if err := c.in.Produce(t.Context(), msgs...); err != nil {
		t.Fatal(err)
	}
}

func testConfig(dir string) Config {
	return Config{
		Name: "test.sums", Inputs: []topics.Topic{inTopic}, Changelog: logTopic, Dir: dir,
		MaxBatch: 50, TickEvery: 5 * time.Millisecond, RetryFor: 20 * time.Second, CommitOffsetsEvery: 20 * time.Millisecond,
	}
}

// start runs a processor until the returned function is called, which also gives its error.
func (c *cluster) start(t testing.TB, cfg Config, h Handler, now func() time.Time) (*Processor, func() error) {
	t.Helper()
	p, err := New(cfg, Deps{
		Broker: c.client, Logger: quiet(), Now: now,
		NewHandler: func(int) (Handler, error) { return h, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	stop := sync.OnceValue(func() error { cancel(); return <-done })
	t.Cleanup(func() { _ = stop() })
	return p, stop
}

// outputs reads the whole output topic: the values by id, and how many records there were.
func (c *cluster) outputs(t testing.TB) (map[string]string, int) {
	t.Helper()
	byID, n := map[string]string{}, 0
	for _, rec := range c.readAll(t, outTopic.Name) {
		id := string(rec.Header("id"))
		n++
		if old, ok := byID[id]; ok && old != string(rec.Value) {
			t.Fatalf("output %s was sent with two contents: %x and %x", id, old, rec.Value)
		}
		byID[id] = string(rec.Value)
	}
	return byID, n
}

func (c *cluster) readAll(t testing.TB, topic string) []broker.Record {
	t.Helper()
	spans, err := c.client.Spans(context.Background(), topic)
	if err != nil {
		t.Fatal(err)
	}
	var out []broker.Record
	for p, s := range spans {
		for at := s.First; at < s.Next; {
			b, err := c.client.Fetch(context.Background(), broker.TopicPartition{Topic: topic, Partition: p}, at, broker.FetchOptions{})
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, b.Records...)
			at = b.Next
		}
	}
	return out
}

// settled fails unless, within a moment, the state equals the oracle and there is
// exactly one output for each input, each with one content.
func (c *cluster) settled(t testing.TB, ps ...*Processor) {
	t.Helper()
	testkit.Eventually(t, time.Minute, func() error { return c.compare(ps) })
	testkit.Eventually(t, time.Minute, func() error {
		if got, _ := c.outputs(t); len(got) != c.n {
			return fmt.Errorf("%d distinct outputs for %d inputs", len(got), c.n)
		}
		return nil
	})
}

func (c *cluster) compare(ps []*Processor) error {
	got := map[string]int64{}
	for _, p := range ps {
		for _, n := range p.Owned() {
			v, err := p.View(n)
			if err != nil {
				return err
			}
			err = v.Scan(nil, nil, func(k, v []byte) (bool, error) {
				got[string(k)] = decodeSum(v)
				return true, nil
			})
			if err != nil {
				return err
			}
		}
	}
	if len(got) != len(c.sent) {
		return fmt.Errorf("%d keys in state, want %d", len(got), len(c.sent))
	}
	for k, want := range c.sent {
		if got[k] != want {
			return fmt.Errorf("%s sums to %d, want %d", k, got[k], want)
		}
	}
	return nil
}
