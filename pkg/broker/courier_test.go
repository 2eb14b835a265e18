package broker

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// keyFor is a key whose records go to a partition of n.
func keyFor(partition, n int) []byte {
	for i := 0; ; i++ {
		if key := fmt.Append(nil, "key", i); PartitionFor(key, n) == partition {
			return key
		}
	}
}

// requestLog notes which partitions each produce request carries. The first request waits for release; others may be
// answered by answer in the broker's place, when it gives something.
type requestLog struct {
	release chan struct{}
	answer  func(*kmsg.ProduceRequest) kmsg.Response

	mu       sync.Mutex
	requests [][]int32
}

func logRequests(fake *kfake.Cluster) *requestLog {
	l := &requestLog{release: make(chan struct{}), answer: func(*kmsg.ProduceRequest) kmsg.Response { return nil }}
	fake.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
		fake.KeepControl()
		var partitions []int32
		for _, t := range req.(*kmsg.ProduceRequest).Topics {
			for _, p := range t.Partitions {
				partitions = append(partitions, p.Partition)
			}
		}
		l.mu.Lock()
		l.requests = append(l.requests, partitions)
		first := len(l.requests) == 1
		l.mu.Unlock()
		if first {
			fake.SleepControl(func() { <-l.release })
			return nil, nil, false
		}
		res := l.answer(req.(*kmsg.ProduceRequest))
		return res, nil, res != nil
	})
	return l
}

func (l *requestLog) seen() [][]int32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([][]int32(nil), l.requests...)
}

func waitFor(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after 20 s: not yet %s", what)
		}
	}
}

// While a request is under way, all that arrives for all partitions of the broker gathers, and leaves as one.
func TestARequestCarriesEveryPartitionThatWaits(t *testing.T) {
	const partitions = 8
	fake, c := fakeCluster(t, partitions)
	log := logRequests(fake)
	p := c.NewProducer(ProducerConfig{})
	c.holdUp = time.Minute
	var wg sync.WaitGroup
	produce := func(partition int, value string) {
		wg.Go(func() {
			if err := p.Produce(t.Context(), Message{Topic: testTopic.Name, Key: keyFor(partition, partitions), Value: []byte(value)}); err != nil {
				t.Error(err)
			}
		})
	}
	produce(0, "first")
	waitFor(t, "a request under way", func() bool { return len(log.seen()) == 1 })
	for partition := 1; partition < partitions; partition++ {
		produce(partition, "a")
		produce(partition, "b")
	}
	waitFor(t, "all of them waiting", func() bool { return waiting(p) == partitions-1 })
	for partition := 1; partition < partitions; partition++ {
		queued(t, p, TopicPartition{testTopic.Name, partition}, 2)
	}
	close(log.release)
	wg.Wait()
	if seen := log.seen(); len(seen) != 2 || len(seen[1]) != partitions-1 {
		t.Errorf("requests to partitions %v, want one with the first and one with the seven others", seen)
	}
	if n := len(c.readAllForTest(t, testTopic.Name)); n != 2*partitions-1 {
		t.Errorf("%d records, want %d", n, 2*partitions-1)
	}
}

// waiting is how many parcels wait for the couriers.
func waiting(p *Producer) (n int) {
	p.client.mu.Lock()
	defer p.client.mu.Unlock()
	for _, c := range p.client.couriers {
		c.mu.Lock()
		n += len(c.waiting)
		c.mu.Unlock()
	}
	return n
}

// A partition whose answer does not come holds the others up for a moment, and no longer.
func TestAStuckPartitionDoesNotHoldTheOthersUp(t *testing.T) {
	fake, c := fakeCluster(t, 2)
	log := logRequests(fake)
	p := c.NewProducer(ProducerConfig{})
	stuck := make(chan error, 1)
	go func() {
		stuck <- p.Produce(t.Context(), Message{Topic: testTopic.Name, Key: keyFor(0, 2), Value: []byte("stuck")})
	}()
	waitFor(t, "a request under way", func() bool { return len(log.seen()) == 1 })
	if err := p.Produce(t.Context(), Message{Topic: testTopic.Name, Key: keyFor(1, 2), Value: []byte("free")}); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-stuck:
		t.Fatalf("the stuck record was answered: %v", err)
	default:
	}
	close(log.release)
	if err := <-stuck; err != nil {
		t.Error(err)
	}
}

// What one partition is refused for is no fault of the others in the request: they are stored, and sent once.
func TestAFaultOfOnePartitionIsItsOwn(t *testing.T) {
	for name, tc := range map[string]struct {
		value   []byte
		refused *kerr.Error // what the broker answers partition 1 the first time; nil: what it thinks of the value
		fails   bool
	}{
		"a record too large": {value: make([]byte, maxEventBytes+1000), fails: true},
		"an election":        {value: []byte("v"), refused: kerr.NotLeaderForPartition},
	} {
		t.Run(name, func(t *testing.T) {
			fake, c := fakeCluster(t, 4)
			log := logRequests(fake)
			if tc.refused != nil {
				log.answer = refuseOnce(1, tc.refused)
			}
			p := c.NewProducer(ProducerConfig{MaxBatchBytes: 64 << 20})
			c.holdUp = time.Minute
			errs := make([]error, 4)
			var wg sync.WaitGroup
			for i := range 4 {
				value := []byte("v")
				if i == 1 {
					value = tc.value
				}
				wg.Go(func() {
					errs[i] = p.Produce(t.Context(), Message{Topic: testTopic.Name, Key: keyFor(i, 4), Value: value})
				})
				waitFor(t, "the first under way, the others waiting", func() bool { return len(log.seen()) == 1 && waiting(p) == i })
			}
			close(log.release)
			wg.Wait()
			for i, err := range errs {
				if want := tc.fails && i == 1; (err != nil) != want || want && !RecordFault(err) {
					t.Errorf("partition %d: %v", i, err)
				}
			}
			sent := map[int32]int{}
			for _, partitions := range log.seen() {
				for _, partition := range partitions {
					sent[partition]++
				}
			}
			if sent[0] != 1 || sent[2] != 1 || sent[3] != 1 || (sent[1] == 2) == tc.fails {
				t.Errorf("sent %v times", sent)
			}
		})
	}
}

// refuseOnce refuses one partition of the first request that carries it, and answers its others as stored.
func refuseOnce(partition int32, code *kerr.Error) func(*kmsg.ProduceRequest) kmsg.Response {
	refused := false
	return func(in *kmsg.ProduceRequest) kmsg.Response {
		if refused {
			return nil
		}
		res := in.ResponseKind().(*kmsg.ProduceResponse)
		for _, rt := range in.Topics {
			st := kmsg.NewProduceResponseTopic()
			st.Topic = rt.Topic
			for _, rp := range rt.Partitions {
				sp := kmsg.NewProduceResponseTopicPartition()
				if sp.Partition = rp.Partition; rp.Partition == partition {
					sp.ErrorCode, refused = code.Code, true
				}
				st.Partitions = append(st.Partitions, sp)
			}
			res.Topics = append(res.Topics, st)
		}
		return res
	}
}

// Requests follow the leaders: while partitions move among three brokers, each record is stored once, and in order.
func TestProduceWhileLeadersMove(t *testing.T) {
	const partitions, callers, moves = 6, 12, 18
	fake, err := kfake.NewCluster(kfake.NumBrokers(3))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	c, err := Connect(Config{Addresses: fake.ListenAddrs(), Partitions: partitions}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	c.transport.MetadataTTL = 20 * time.Millisecond
	if err := c.EnsureTopics(t.Context(), testTopic); err != nil {
		t.Fatal(err)
	}
	p := c.NewProducer(ProducerConfig{MaxBatchBytes: 2000})
	var stored [callers]atomic.Int64
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for k := range callers {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				m := Message{Topic: testTopic.Name, Key: fmt.Append(nil, k), Value: fmt.Append(nil, stored[k].Load())}
				if err := p.Produce(t.Context(), m); err != nil {
					t.Error(err)
					return
				}
				stored[k].Add(1)
			}
		})
	}
	sum := func() (n int64) {
		for k := range callers {
			n += stored[k].Load()
		}
		return n
	}
	for move := range moves {
		if err := fake.MoveTopicPartition(testTopic.Name, int32(move%partitions), int32((move+move/partitions)%3)); err != nil {
			t.Error(err)
		}
		before := sum()
		waitFor(t, "producing again", func() bool { return sum() > before+callers })
	}
	close(stop)
	wg.Wait()
	var next [callers]int64
	for _, r := range c.readAllForTest(t, testTopic.Name) {
		var k int
		if _, err := fmt.Sscan(string(r.Key), &k); err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprint(next[k]); string(r.Value) != want {
			t.Fatalf("caller %d: %s, want %s", k, r.Value, want)
		}
		next[k]++
	}
	for k := range callers {
		if next[k] != stored[k].Load() {
			t.Errorf("caller %d: %d records, want %d", k, next[k], stored[k].Load())
		}
	}
}

// The leader of a partition that nobody leads, or of a topic that is not there, is nobody.
func TestLeaderUnknown(t *testing.T) {
	fake, c := fakeCluster(t, 2)
	if id := c.leader(t.Context(), TopicPartition{testTopic.Name, 1}); id != int(fake.LeaderFor(testTopic.Name, 1)) {
		t.Errorf("leader %d", id)
	}
	for _, tp := range []TopicPartition{{testTopic.Name, 99}, {"none.v1", 0}} {
		if id := c.leader(t.Context(), tp); id != noLeader {
			t.Errorf("%s is led by %d", tp, id)
		}
	}
	if _, err := c.Append(t.Context(), TopicPartition{testTopic.Name, 99}, []Message{{Value: []byte("v")}}); err == nil || errors.Is(err, errNoAnswer) {
		t.Errorf("append to a partition that is not there: %v", err)
	}
}
