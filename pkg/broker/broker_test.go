package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"

	"github.com/freshet/freshet/pkg/topics"
)

var testTopic = topics.Topic{Name: "test.v1"}

// fakeCluster is a broker whose answers can be tampered with.
func fakeCluster(t *testing.T, partitions int) (*kfake.Cluster, *Client) {
	t.Helper()
	fake, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	return fake, dialTest(t, fake.ListenAddrs()[0], partitions)
}

func dialTest(t *testing.T, addr string, partitions int) *Client {
	t.Helper()
	c, err := Dial(t.Context(), Config{Addresses: []string{addr}, Partitions: partitions}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if err := c.EnsureTopics(t.Context(), testTopic); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *Client) readAllForTest(t *testing.T, topic string) []Record {
	t.Helper()
	spans, err := c.Spans(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	var out []Record
	for p, s := range spans {
		for at := s.First; at < s.Next; {
			b, err := c.Fetch(t.Context(), TopicPartition{topic, p}, at, FetchOptions{})
			if err != nil {
				t.Fatal(err)
			}
			out, at = append(out, b.Records...), b.Next
		}
	}
	return out
}

func TestProduceKeepsOrderPerKeyUnderManyCallers(t *testing.T) {
	_, c := fakeCluster(t, 4)
	p := c.NewProducer(ProducerConfig{MaxBatchBytes: 2000})
	var wg sync.WaitGroup
	for k := range 8 {
		wg.Go(func() {
			for i := range 100 {
				m := Message{Topic: testTopic.Name, Key: fmt.Appendf(nil, "key%d", k), Value: fmt.Appendf(nil, "%03d", i)}
				if err := p.Produce(t.Context(), m); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	last, n := map[string]string{}, 0
	for _, r := range c.readAllForTest(t, testTopic.Name) {
		if string(r.Value) <= last[string(r.Key)] {
			t.Errorf("%s: %s after %s", r.Key, r.Value, last[string(r.Key)])
		}
		last[string(r.Key)] = string(r.Value)
		n++
		if want := PartitionFor(r.Key, 4); r.Partition != want {
			t.Errorf("%s is in partition %d, want %d", r.Key, r.Partition, want)
		}
	}
	if n != 800 {
		t.Errorf("%d records stored, want 800", n)
	}
}

func TestProduceRetriesPassingFaults(t *testing.T) {
	fake, c := fakeCluster(t, 1)
	failProduce(fake, 3, kerr.NotLeaderForPartition)
	if err := c.NewProducer(ProducerConfig{}).Produce(t.Context(), Message{Topic: testTopic.Name, Value: []byte("v")}); err != nil {
		t.Fatal(err)
	}
	if got := c.readAllForTest(t, testTopic.Name); len(got) != 1 {
		t.Errorf("%d records, want 1", len(got))
	}
}

// failProduce answers the next n produce requests with an error.
func failProduce(fake *kfake.Cluster, n int, code *kerr.Error) {
	fake.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
		fake.KeepControl()
		if n == 0 {
			return nil, nil, false
		}
		n--
		return refusal(req.(*kmsg.ProduceRequest), code), nil, true
	})
}

func TestProduceGivesUpWhenTheCallerDoes(t *testing.T) {
	fake, c := fakeCluster(t, 1)
	failProduce(fake, 1_000_000, kerr.NotLeaderForPartition)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	err := c.NewProducer(ProducerConfig{}).Produce(ctx, Message{Topic: testTopic.Name, Value: []byte("v")})
	if !errors.Is(err, ErrNotStored) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Produce gave %v, want ErrNotStored", err)
	}
}

func TestOneRecordTooLargeDoesNotTakeItsNeighboursDown(t *testing.T) {
	_, c := fakeCluster(t, 1)
	p := c.NewProducer(ProducerConfig{MaxBatchBytes: 64 << 20})
	huge := Message{Topic: testTopic.Name, Value: make([]byte, maxEventBytes+1000)}
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			if err := p.Produce(t.Context(), Message{Topic: testTopic.Name, Value: []byte("small")}); err != nil {
				t.Error(err)
			}
		})
	}
	if err := p.Produce(t.Context(), huge); !Permanent(err) {
		t.Errorf("Produce of a huge record gave %v, want a permanent error", err)
	}
	wg.Wait()
	if got := c.readAllForTest(t, testTopic.Name); len(got) != 5 {
		t.Errorf("%d records, want 5", len(got))
	}
}

func TestProduceBlocksWhileTooMuchIsPending(t *testing.T) {
	fake, c := fakeCluster(t, 1)
	failProduce(fake, 1_000_000, kerr.NotLeaderForPartition)
	p := c.NewProducer(ProducerConfig{MaxPendingBytes: 1000})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := p.Produce(ctx, Message{Topic: testTopic.Name, Value: make([]byte, 800)}); !errors.Is(err, ErrNotStored) {
				t.Errorf("Produce gave %v, want ErrNotStored", err)
			}
		})
	}
	wg.Wait()
	for deadline := time.Now().Add(5 * time.Second); reserved(p) != 0; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d bytes are still reserved", reserved(p))
		}
	}
}

func reserved(p *Producer) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pending
}

func TestAppendIsOneBatchAndTellsItsOffset(t *testing.T) {
	_, c := fakeCluster(t, 1)
	tp := TopicPartition{testTopic.Name, 0}
	for _, want := range []int64{0, 3, 6} {
		at, err := c.Append(t.Context(), tp, []Message{{Value: []byte("a")}, {Key: []byte("k")}, {Value: []byte{}, Headers: Headers("h", "v")}})
		if err != nil || at != want {
			t.Fatalf("Append gave %d, %v; want %d", at, err, want)
		}
	}
	b, err := c.Fetch(t.Context(), tp, 4, FetchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(b.Records) != 5 || b.Records[0].Offset != 4 || b.Next != 9 || b.End != 9 {
		t.Fatalf("Fetch from 4 gave %d records, next %d, end %d", len(b.Records), b.Next, b.End)
	}
	r := b.Records
	if r[0].Value != nil || string(r[0].Key) != "k" || r[1].Value == nil || string(r[1].Header("h")) != "v" || r[1].Header("none") != nil {
		t.Errorf("records came back changed: %+v", r[:2])
	}
}

func TestFetchBeyondTheEndIsAnError(t *testing.T) {
	_, c := fakeCluster(t, 1)
	if _, err := c.Fetch(t.Context(), TopicPartition{testTopic.Name, 0}, 99, FetchOptions{}); !errors.Is(err, ErrOffsetGone) {
		t.Errorf("Fetch gave %v, want ErrOffsetGone", err)
	}
}

func TestGroupCommitsCarryMetadataAndStaleMembersAreRefused(t *testing.T) {
	_, c := fakeCluster(t, 2)
	tp := TopicPartition{testTopic.Name, 1}
	ctx, cancel := context.WithCancel(t.Context())
	var first *Membership
	joined := make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- c.RunGroup(ctx, GroupConfig{Group: "g", Topics: []string{testTopic.Name}}, func(ctx context.Context, m *Membership) error {
			if off, _, err := m.Committed(ctx, tp); err != nil || off != -1 {
				t.Errorf("a new group's offset is %d, %v; want -1", off, err)
			}
			if err := m.Commit(ctx, tp, 7, "the plan"); err != nil {
				t.Error(err)
			}
			if off, meta, err := m.Committed(ctx, tp); off != 7 || meta != "the plan" || err != nil {
				t.Errorf("committed %d %q, %v", off, meta, err)
			}
			first = m
			close(joined)
			<-ctx.Done()
			return nil
		})
	}()
	<-joined
	if got := fmt.Sprint(first.Assigned()); got != "[test.v1/0 test.v1/1]" {
		t.Errorf("assigned %s", got)
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if err := first.Commit(t.Context(), tp, 9, ""); !errors.Is(err, ErrStaleMember) {
		t.Errorf("a commit after leaving gave %v, want ErrStaleMember", err)
	}
}

func TestRunGroupGivesBackTheFunctionsError(t *testing.T) {
	_, c := fakeCluster(t, 1)
	want := errors.New("no")
	err := c.RunGroup(t.Context(), GroupConfig{Group: "g", Topics: []string{testTopic.Name}}, func(context.Context, *Membership) error { return want })
	if !errors.Is(err, want) {
		t.Errorf("RunGroup gave %v", err)
	}
}

func TestDialNamesTheAddress(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := Dial(ctx, Config{Addresses: []string{"127.0.0.1:1"}}, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "reach Kafka at 127.0.0.1:1") {
		t.Errorf("Dial gave %v", err)
	}
}

func TestConfigNamesEveryFault(t *testing.T) {
	err := Config{Addresses: []string{"nohost"}, Partitions: -1, Replication: -2}.Validate()
	for _, want := range []string{`addresses: "nohost"`, "partitions: -1", "replication: -2"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	if err := Default().Validate(); err != nil {
		t.Error(err)
	}
}

// The partition of a key is part of the contract with clients in other languages:
// these are what Java's DefaultPartitioner gives (murmur2, positive, modulo).
func TestPartitionForIsJavas(t *testing.T) {
	parts := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	for _, key := range []string{"a", "ab", "abc", "abcd", "user_id:42", "21", "foobar", "a-little-bit-long-string", "\xff\xfe\xfd"} {
		want := kafka.Murmur2Balancer{}.Balance(kafka.Message{Key: []byte(key)}, parts...)
		if got := PartitionFor([]byte(key), len(parts)); got != want {
			t.Errorf("PartitionFor(%q, 11) = %d, want %d", key, got, want)
		}
	}
	// From org.apache.kafka.common.utils.UtilsTest.
	for key, want := range map[string]int32{"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536, "abc": 479470107} {
		if got := int32(murmur2([]byte(key))); got != want {
			t.Errorf("murmur2(%q) = %d, want %d", key, got, want)
		}
	}
}

func TestProducerLeavesNoGoroutines(t *testing.T) {
	fake, c := fakeCluster(t, 3)
	before := goleak.IgnoreCurrent()
	p := c.NewProducer(ProducerConfig{})
	for i := range 20 {
		if err := p.Produce(t.Context(), Message{Topic: testTopic.Name, Key: fmt.Append(nil, i), Value: []byte("v")}); err != nil {
			t.Fatal(err)
		}
	}
	c.Close()
	fake.Close()
	goleak.VerifyNone(t, before)
}

func TestSpansWaitsForALeader(t *testing.T) {
	fake, c := fakeCluster(t, 1)
	if _, err := c.Partitions(t.Context(), testTopic.Name); err != nil {
		t.Fatal(err)
	}
	left := 2
	fake.ControlKey(int16(kmsg.ListOffsets), func(req kmsg.Request) (kmsg.Response, error, bool) {
		fake.KeepControl()
		if left == 0 {
			return nil, nil, false
		}
		left--
		res := req.ResponseKind().(*kmsg.ListOffsetsResponse)
		for _, rt := range req.(*kmsg.ListOffsetsRequest).Topics {
			st := kmsg.NewListOffsetsResponseTopic()
			st.Topic = rt.Topic
			for _, rp := range rt.Partitions {
				sp := kmsg.NewListOffsetsResponseTopicPartition()
				sp.Partition, sp.ErrorCode = rp.Partition, kerr.NotLeaderForPartition.Code
				st.Partitions = append(st.Partitions, sp)
			}
			res.Topics = append(res.Topics, st)
		}
		return res, nil, true
	})
	if spans, err := c.Spans(t.Context(), testTopic.Name); err != nil || len(spans) != 1 || left != 0 {
		t.Errorf("Spans gave %v, %v with %d faults left", spans, err, left)
	}
}
