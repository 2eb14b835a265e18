package broker

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/freshet/freshet/pkg/topics"
)

// everyPartition starts at the first record of each partition of the test topic.
func everyPartition(n int) (from []Start) {
	for p := range n {
		from = append(from, Start{At: TopicPartition{testTopic.Name, p}, Place: Place{Offset: First}})
	}
	return from
}

// put stores records of some size in a partition, one batch each.
func (c *Client) put(t *testing.T, partition int, values ...string) {
	t.Helper()
	for _, v := range values {
		if _, err := c.Append(t.Context(), TopicPartition{testTopic.Name, partition}, []Message{{Value: []byte(v)}}); err != nil {
			t.Fatal(err)
		}
	}
}

// nextRecords reads on until n records have come, and gives the values of each partition.
func nextRecords(t *testing.T, f *Follower, n int) map[int][]string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	got := map[int][]string{}
	for n > 0 {
		b, err := f.Next(ctx)
		if err != nil {
			t.Fatalf("%d records are missing: %v", n, err)
		}
		for _, r := range b.Records {
			got[b.At.Partition] = append(got[b.At.Partition], string(r.Value))
		}
		n -= len(b.Records)
	}
	return got
}

func TestFollowingReadsEachRecordOnceAndInOrder(t *testing.T) {
	const partitions, each = 5, 40
	_, c := fakeCluster(t, partitions)
	f := c.Follow(t.Context(), FollowConfig{}, everyPartition(partitions)...)
	go func() {
		for i := range each {
			for p := range partitions {
				c.put(t, p, fmt.Sprintf("%d-%03d", p, i))
			}
		}
	}()
	got := nextRecords(t, f, partitions*each)
	for p := range partitions {
		for i, v := range got[p] {
			if want := fmt.Sprintf("%d-%03d", p, i); v != want {
				t.Fatalf("partition %d: record %d is %s", p, i, v)
			}
		}
	}
}

// The first batch tells where the partition ends, so that a reader knows when it has caught up: with nothing, too.
func TestTheFirstBatchTellsTheEnd(t *testing.T) {
	_, c := fakeCluster(t, 2)
	c.put(t, 1, "a", "b")
	f := c.Follow(t.Context(), FollowConfig{}, Start{At: TopicPartition{testTopic.Name, 0}, Place: Place{Offset: 0}}, Start{At: TopicPartition{testTopic.Name, 1}, Place: Place{Offset: 2}})
	for range 2 {
		b, err := f.Next(t.Context())
		if err != nil || len(b.Records) > 0 || b.Next != b.End || b.End != int64(2*b.At.Partition) {
			t.Errorf("%s: next %d, end %d, %d records, %v", b.At, b.Next, b.End, len(b.Records), err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if b, err := f.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with nothing more to read: %+v, %v", b, err)
	}
}

// lossy is a partition that a follower stands behind the end of: the topic was made anew with two records.
func lossy(t *testing.T, c *Client) Start {
	c.put(t, 0, "a", "b")
	return Start{At: TopicPartition{testTopic.Name, 0}, Place: Place{Offset: 7}}
}

func TestEveryPolicyMeetsALostOffset(t *testing.T) {
	for policy, passes := range map[GapPolicy]bool{GapSkip: true, GapRestart: true, GapHold: false, "": false, GapStop: false} {
		t.Run(string(policy), func(t *testing.T) {
			_, c := fakeCluster(t, 2)
			told := make(chan error, 10)
			f := c.Follow(t.Context(), FollowConfig{Name: "test.gaps", Gaps: policy, Told: func(_ TopicPartition, err error) { told <- err }},
				lossy(t, c), Start{At: TopicPartition{testTopic.Name, 1}})
			c.put(t, 1, "neighbour")
			var broken *Break
			var got []string
			patience := time.Minute
			if policy == GapHold || policy == "" { // nothing more comes
				patience = 3 * time.Second
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			var err error
			for len(got) < 3 {
				var b Batch
				if b, err = f.Next(ctx); err != nil {
					break
				}
				if b.Break != nil {
					broken = b.Break
				}
				for _, r := range b.Records {
					got = append(got, string(r.Value))
				}
			}
			switch {
			case passes:
				if broken == nil || broken.At.Offset != 7 || broken.Have != (Span{0, 2}) || len(got) != 3 {
					t.Errorf("break %v, records %v, %v", broken, got, err)
				}
			case policy == GapStop:
				var fault *Break
				if !errors.As(err, &fault) || fault.Partition.Partition != 0 || !errors.Is(err, ErrOffsetGone) {
					t.Errorf("gave %v", err)
				}
			default:
				var fault *Break
				if !errors.Is(err, context.DeadlineExceeded) || len(got) != 1 || got[0] != "neighbour" {
					t.Errorf("gave %v and %v, want the neighbour only", got, err)
				}
				select {
				case err := <-told:
					if !errors.As(err, &fault) {
						t.Errorf("told %v", err)
					}
				default:
					t.Error("nobody was told")
				}
			}
			lost := gathered(t, c, "freshet_kafka_gap_records_total")
			if want := map[GapPolicy]float64{GapSkip: 1}[policy]; lost != want {
				t.Errorf("%g records are counted as lost, want %g", lost, want)
			}
			held := gathered(t, c, "freshet_kafka_held")
			if want := map[GapPolicy]float64{GapHold: 1, "": 1}[policy]; held != want {
				t.Errorf("held is %g, want %g", held, want)
			}
		})
	}
}

// A log that was made anew while its broker was away is a break, though the offset is there: no record of it is given before.
func TestAnotherLogIsABreak(t *testing.T) {
	fake, c := fakeCluster(t, 1)
	c.put(t, 0, "a", "b")
	var down atomic.Bool
	fake.ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) {
		fake.KeepControl()
		return nil, errors.New("the connection is cut"), down.Load()
	})
	told := make(chan error, 100)
	f := c.Follow(t.Context(), FollowConfig{Gaps: GapRestart, Told: func(_ TopicPartition, err error) { told <- err }}, everyPartition(1)...)
	nextRecords(t, f, 2)
	down.Store(true)
	if err := <-told; err == nil {
		t.Fatal("told that all is well")
	}
	if _, err := c.kafka.DeleteTopics(t.Context(), &kafka.DeleteTopicsRequest{Topics: []string{testTopic.Name}}); err != nil {
		t.Fatal(err)
	}
	if err := c.EnsureTopics(t.Context(), testTopic); err != nil {
		t.Fatal(err)
	}
	c.put(t, 0, "x", "y", "z")
	down.Store(false)
	b, err := f.Next(t.Context())
	if err != nil || b.Break == nil || b.Break.Kind != BreakAnew || len(b.Records) > 0 {
		t.Fatalf("%+v, %v", b, err)
	}
	if got := nextRecords(t, f, 3); fmt.Sprint(got[0]) != "[x y z]" {
		t.Errorf("read %v", got)
	}
}

// A broker that is away is waited for.
func TestFollowingOutlivesAnOutage(t *testing.T) {
	fake, c := fakeCluster(t, 2)
	var down atomic.Bool
	fake.ControlKey(int16(kmsg.Fetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
		fake.KeepControl()
		if down.Load() {
			return nil, errors.New("the connection is cut"), true
		}
		return nil, nil, false
	})
	told := make(chan error, 100)
	f := c.Follow(t.Context(), FollowConfig{Told: func(_ TopicPartition, err error) { told <- err }},
		Start{At: TopicPartition{testTopic.Name, 0}})
	c.put(t, 0, "before")
	nextRecords(t, f, 1)
	down.Store(true)
	for range 3 {
		if err := <-told; err == nil {
			t.Error("told that all is well")
		}
	}
	down.Store(false)
	c.put(t, 0, "after")
	if got := nextRecords(t, f, 1); fmt.Sprint(got[0]) != "[after]" {
		t.Errorf("read %v", got)
	}
	for err := range told {
		if err == nil {
			break
		}
	}
}

// Nobody takes from partition 0: the others come all the same, and of it no more is fetched than one answer.
func TestASlowReaderHoldsNobodyUp(t *testing.T) {
	_, c := fakeCluster(t, 2)
	slow := c.Follow(t.Context(), FollowConfig{}, Start{At: TopicPartition{testTopic.Name, 0}})
	quick := c.Follow(t.Context(), FollowConfig{}, Start{At: TopicPartition{testTopic.Name, 1}})
	c.put(t, 0, "0")
	nextRecords(t, slow, 1)
	for i := range 50 {
		c.put(t, 0, "more")
		c.put(t, 1, fmt.Sprint(i))
		if got := nextRecords(t, quick, 1); got[1][0] != fmt.Sprint(i) {
			t.Fatalf("read %v", got)
		}
	}
	if got := nextRecords(t, slow, 50); len(got[0]) != 50 {
		t.Errorf("the slow one has %d", len(got[0]))
	}
}

// Two followers of one partition are two, in requests of their own: no request names a partition twice.
func TestTwoFollowersOfAPartition(t *testing.T) {
	fake, c := fakeCluster(t, 1)
	fake.ControlKey(int16(kmsg.Fetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
		fake.KeepControl()
		for _, rt := range req.(*kmsg.FetchRequest).Topics {
			if len(rt.Partitions) > 1 {
				t.Error("a request names a partition twice")
			}
		}
		return nil, nil, false
	})
	a := c.Follow(t.Context(), FollowConfig{}, everyPartition(1)...)
	ctx, stop := context.WithCancel(t.Context())
	b := c.Follow(ctx, FollowConfig{}, everyPartition(1)...)
	c.put(t, 0, "x")
	nextRecords(t, a, 1)
	nextRecords(t, b, 1)
	stop()
	waitFor(t, "the place of the one that ended to be free", func() bool { return c.fetcher.enter(TopicPartition{testTopic.Name, 0}) == 1 })
}

// emptied answers as Apache Kafka does where compaction took the records and left the batch: as long as less is asked for
// than the batch is large, the answer holds nothing from the offset on.
func emptied(t *testing.T, fake *kfake.Cluster, enough int32) *atomic.Int32 {
	var asks atomic.Int32
	var before []byte
	fake.ControlKey(int16(kmsg.Fetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
		fake.KeepControl()
		r := req.(*kmsg.FetchRequest)
		p := r.Topics[0].Partitions[0]
		if p.FetchOffset < 2 || p.PartitionMaxBytes >= enough || before == nil && p.FetchOffset > 2 {
			return nil, nil, false
		}
		asks.Add(1)
		res := r.ResponseKind().(*kmsg.FetchResponse)
		rt := kmsg.NewFetchResponseTopic()
		rt.Topic, rt.TopicID = r.Topics[0].Topic, r.Topics[0].TopicID
		rp := kmsg.NewFetchResponseTopicPartition()
		rp.Partition, rp.HighWatermark, rp.RecordBatches = p.Partition, 3, batchOf(t, 0, "old")
		rt.Partitions = append(rt.Partitions, rp)
		res.Topics = append(res.Topics, rt)
		return res, nil, true
	})
	return &asks
}

func TestFollowingStepsOverEmptiedBatches(t *testing.T) {
	fake, c := fakeCluster(t, 1)
	c.put(t, 0, "a", "b", "c")
	asks := emptied(t, fake, 16<<20)
	f := c.Follow(t.Context(), FollowConfig{}, Start{At: TopicPartition{testTopic.Name, 0}, Place: Place{Offset: 2}})
	if got := nextRecords(t, f, 1); fmt.Sprint(got[0]) != "[c]" || asks.Load() != 4 {
		t.Errorf("read %v after %d answers without a record, want 4: 1, 2, 4 and 8 MiB", got, asks.Load())
	}
	asks.Store(0)
	b, err := c.Fetch(t.Context(), TopicPartition{testTopic.Name, 0}, 2, FetchOptions{})
	if err != nil || len(b.Records) != 1 || asks.Load() != 2 {
		t.Errorf("a single fetch gave %+v, %v after %d answers without a record", b, err, asks.Load())
	}
}

// A batch whose bytes are damaged on the broker's disk spoils the whole answer. Its partition is stuck, and says so; the
// others go on.
func TestAnUnreadableBatchIsOnePartitionsFault(t *testing.T) {
	fake, c := fakeCluster(t, 2)
	fake.ControlKey(int16(kmsg.Fetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
		fake.KeepControl()
		r := req.(*kmsg.FetchRequest)
		res := r.ResponseKind().(*kmsg.FetchResponse)
		rt := kmsg.NewFetchResponseTopic()
		rt.Topic, rt.TopicID = r.Topics[0].Topic, r.Topics[0].TopicID
		for _, p := range r.Topics[0].Partitions {
			rp := kmsg.NewFetchResponseTopicPartition()
			rp.Partition, rp.HighWatermark, rp.RecordBatches = p.Partition, 100, batchOf(t, p.FetchOffset, "v")
			if p.Partition == 0 {
				rp.RecordBatches[len(rp.RecordBatches)-1] ^= 1
			}
			rt.Partitions = append(rt.Partitions, rp)
		}
		res.Topics = append(res.Topics, rt)
		return res, nil, true
	})
	var stuck atomic.Int32
	f := c.Follow(t.Context(), FollowConfig{Told: func(at TopicPartition, err error) {
		if at.Partition == 0 && err != nil {
			stuck.Add(1)
		}
	}}, everyPartition(2)...)
	if got := nextRecords(t, f, 20); len(got[1]) < 20 || len(got[0]) != 0 {
		t.Errorf("read %v", got)
	}
	waitFor(t, "told of the stuck one", func() bool { return stuck.Load() > 1 })
}

// A broker fills an answer in the order of the request. Two partitions that always have more than an answer takes leave
// room for the third.
func TestNoPartitionStarves(t *testing.T) {
	_, c := fakeCluster(t, 3)
	big := string(make([]byte, 3<<20)) // more than a partition's share, and two of them more than a request's
	for range 8 {
		c.put(t, 0, big)
		c.put(t, 1, big)
	}
	c.put(t, 2, "small")
	f := c.Follow(t.Context(), FollowConfig{}, everyPartition(3)...)
	large, before := 0, -1
	for large < 16 || before < 0 {
		got := nextRecords(t, f, 1)
		if large += len(got[0]) + len(got[1]); len(got[2]) > 0 {
			before = large
		}
	}
	if before > 4 {
		t.Errorf("the third partition came after %d large records", before)
	}
}

// What waits to be taken is bounded for all partitions together, and one more follower than there is memory for reads on.
func TestArrivalsAreWithinTheBudget(t *testing.T) {
	const partitions, budget, batch, batches = 16, 2 << 20, 200 << 10, 10
	_, c := fakeCluster(t, partitions)
	c.fetcher.budget = budget
	record := string(make([]byte, batch))
	for p := range partitions {
		for range batches {
			c.put(t, p, record)
		}
	}
	var idle []*Follower
	for p := range partitions - 1 {
		f := c.Follow(t.Context(), FollowConfig{}, Start{At: TopicPartition{testTopic.Name, p}})
		nextRecords(t, f, 1) // and then takes nothing
		idle = append(idle, f)
	}
	busy := c.Follow(t.Context(), FollowConfig{}, Start{At: TopicPartition{testTopic.Name, partitions - 1}})
	nextRecords(t, busy, batches) // by one request after the other, in which all that might be fetched ahead would come along
	// In hand of each is the one batch that it waited for, since one comes whole whatever there is. What is fetched ahead is within the budget.
	if most := gathered(t, c, "freshet_kafka_fetched_bytes"); most > budget+partitions*(batch+recordCost) {
		t.Errorf("%.0f bytes are fetched, of %d and what is in hand", most, budget)
	}
	for _, f := range idle {
		nextRecords(t, f, 1)
	}
}

// A record that comes alone is not held up by requests that wait for others, even where its partition joins in late.
func TestALoneRecordIsNotLate(t *testing.T) {
	_, c := fakeCluster(t, 4)
	others := c.Follow(t.Context(), FollowConfig{}, everyPartition(3)...)
	for range 3 {
		if _, err := others.Next(t.Context()); err != nil { // all three are empty, and waited for
			t.Fatal(err)
		}
	}
	f := c.Follow(t.Context(), FollowConfig{}, Start{At: TopicPartition{testTopic.Name, 3}})
	var worst time.Duration
	for i := range 20 {
		began := time.Now()
		c.put(t, 3, fmt.Sprint(i))
		nextRecords(t, f, 1)
		worst = max(worst, time.Since(began))
	}
	if worst > beat/2 {
		t.Errorf("a record took %s", worst)
	}
}

// An idle process asks a broker twice a second, however many partitions it follows.
func TestIdleFollowersShareARequest(t *testing.T) {
	const partitions = 32
	fake, c := fakeCluster(t, partitions)
	log := make(chan int, 1000)
	fake.ControlKey(int16(kmsg.Fetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
		fake.KeepControl()
		n := 0
		for _, rt := range req.(*kmsg.FetchRequest).Topics {
			n += len(rt.Partitions)
		}
		log <- n
		return nil, nil, false
	})
	ctx, cancel := context.WithTimeout(t.Context(), 3*beat)
	defer cancel()
	done := make(chan struct{})
	for p := range partitions {
		f := c.Follow(t.Context(), FollowConfig{}, Start{At: TopicPartition{testTopic.Name, p}})
		go func() {
			for {
				if _, err := f.Next(ctx); err != nil {
					done <- struct{}{}
					return
				}
			}
		}()
	}
	for range partitions {
		<-done
	}
	for len(log) > 0 {
		<-log
	}
	for range 3 {
		if n := <-log; n != partitions {
			t.Errorf("a request asks for %d partitions, want all %d", n, partitions)
		}
	}
}

// After an election the transport still believes in the old leader, for MetadataTTL. The new one is found all the same.
func TestANewLeaderIsFoundAtOnce(t *testing.T) {
	fake, err := kfake.NewCluster(kfake.NumBrokers(3))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	c := dialTest(t, fake.ListenAddrs()[0], 1)
	c.put(t, 0, "before")
	f := c.Follow(t.Context(), FollowConfig{}, everyPartition(1)...)
	nextRecords(t, f, 1)
	for round := range 3 {
		if err := fake.MoveTopicPartition(testTopic.Name, 0, (fake.LeaderFor(testTopic.Name, 0)+1)%3); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		p := c.NewProducer(ProducerConfig{})
		if err := p.Produce(t.Context(), Message{Topic: testTopic.Name, Value: []byte("after")}); err != nil {
			t.Fatal(err)
		}
		nextRecords(t, f, 1)
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("round %d: the new leader took and gave a record after %s", round, took)
		}
	}
}

// An append that is one with others in a request keeps its own batch, place and fate; two of one partition go one after the other.
func TestAppendsShareARequest(t *testing.T) {
	fake, c := fakeCluster(t, 8)
	log := logRequests(fake)
	c.holdUp = time.Minute
	type result struct {
		partition int
		at        int64
		err       error
	}
	results := make(chan result, 32)
	add := func(partition int) {
		go func() {
			at, err := c.Append(t.Context(), TopicPartition{testTopic.Name, partition}, []Message{{Value: []byte("x")}, {Value: []byte("y")}})
			results <- result{partition, at, err}
		}()
	}
	add(0)
	waitFor(t, "a request under way", func() bool { return len(log.seen()) == 1 })
	for p := range 8 {
		add(p)
	}
	add(3)
	waitFor(t, "the others waiting", func() bool { return waiting(&Producer{client: c}) == 9 })
	close(log.release)
	places := map[int]int64{}
	for range 10 {
		r := <-results
		if r.err != nil {
			t.Error(r.err)
		}
		places[r.partition] += r.at
	}
	if n := len(log.seen()); n != 3 {
		t.Errorf("%d requests, want 3: the first, the eight others, and the second of partition 3", n)
	}
	if fmt.Sprint(places) != "map[0:2 1:0 2:0 3:2 4:0 5:0 6:0 7:0]" {
		t.Errorf("sums of base offsets: %v", places)
	}
}

func TestPassingAndPermanentAreTold(t *testing.T) {
	for what, tc := range map[string]struct {
		err                error
		passing, permanent bool
	}{
		"an election":       {errNoLeader, true, false},
		"a leader away":     {fmt.Errorf("list offsets: %w", kafkaError(kerr.BrokerNotAvailable)), true, false},
		"a replica away":    {kafkaError(kerr.ReplicaNotAvailable), true, false},
		"a broker on start": {kafkaError(kerr.UnknownServerError), true, false},
		"a record too big":  {fmt.Errorf("append: %w", kafkaError(kerr.MessageTooLarge)), false, true},
		"a moved leader":    {fmt.Errorf("fetch: %w", errMoved), true, false},
		"not stored":        {ErrNotStored, true, false},
		"a handler's fault": {errors.New("division by zero"), false, false},
		"a lost offset":     {ErrOffsetGone, false, false},
		"nothing":           {nil, false, false},
	} {
		if Passing(tc.err) != tc.passing || Permanent(tc.err) != tc.permanent {
			t.Errorf("%s: passing %t, permanent %t", what, Passing(tc.err), Permanent(tc.err))
		}
	}
	_, c := fakeCluster(t, 1)
	_, err := c.Append(t.Context(), TopicPartition{"absent.v1", 0}, []Message{{Value: []byte("v")}})
	if !Passing(err) {
		t.Errorf("a topic that is not known yet: %v", err)
	}
	c.Close()
	if err := c.EnsureTopics(t.Context(), topics.Topic{Name: "b.v1"}); err != nil {
		t.Errorf("a closed client is opened again by a call: %v", err)
	}
}
