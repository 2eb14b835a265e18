package broker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// held has a broker hold every produce request until it is told what to do with it.
func held(fake *kfake.Cluster) (arrived <-chan *kmsg.ProduceRequest, answer chan<- *kerr.Error) {
	requests, answers := make(chan *kmsg.ProduceRequest, 100), make(chan *kerr.Error)
	fake.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
		fake.KeepControl()
		requests <- req.(*kmsg.ProduceRequest)
		var code *kerr.Error
		fake.SleepControl(func() { code = <-answers })
		if code == nil {
			return nil, nil, false
		}
		return refusal(req.(*kmsg.ProduceRequest), code), nil, true
	})
	return requests, answers
}

// refusal is the answer of a broker that stores nothing of a request.
func refusal(req *kmsg.ProduceRequest, code *kerr.Error) *kmsg.ProduceResponse {
	res := req.ResponseKind().(*kmsg.ProduceResponse)
	for _, rt := range req.Topics {
		st := kmsg.NewProduceResponseTopic()
		st.Topic = rt.Topic
		for _, rp := range rt.Partitions {
			sp := kmsg.NewProduceResponseTopicPartition()
			sp.Partition, sp.ErrorCode = rp.Partition, code.Code
			st.Partitions = append(st.Partitions, sp)
		}
		res.Topics = append(res.Topics, st)
	}
	return res
}

// queued waits until n groups wait for their turn at a partition.
func queued(t *testing.T, p *Producer, tp TopicPartition, n int) {
	t.Helper()
	waitFor(t, fmt.Sprintf("%d groups waiting", n), func() bool { return p.lane(tp).length() == n })
}

func (l *lane) length() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.queue)
}

// The leader's word alone is none: its disk may be the only one that has the record.
func TestProduceAsksForAllReplicas(t *testing.T) {
	fake, c := fakeCluster(t, 1)
	var acks, patience atomic.Int32
	fake.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
		fake.KeepControl()
		acks.Store(int32(req.(*kmsg.ProduceRequest).Acks))
		patience.Store(req.(*kmsg.ProduceRequest).TimeoutMillis)
		return nil, nil, false
	})
	if err := c.NewProducer(ProducerConfig{}).Produce(t.Context(), Message{Topic: testTopic.Name, Value: []byte("v")}); err != nil {
		t.Fatal(err)
	}
	if acks.Load() != -1 {
		t.Errorf("asked for acks=%d, want -1, all", acks.Load())
	}
	if want := tryFor.Milliseconds() / 2; int64(patience.Load()) != want { // a broker that gives up on late replicas has stored the records: they come twice
		t.Errorf("the replicas are waited for %d ms, want %d", patience.Load(), want)
	}
}

// Callers share a request: the one who gives up learns that nobody knows, the other waits on and is stored once.
func TestImpatientCallerDoesNotCutTheOthersOff(t *testing.T) {
	fake, c := fakeCluster(t, 1)
	arrived, answer := held(fake)
	p := c.NewProducer(ProducerConfig{})
	tp := TopicPartition{testTopic.Name, 0}
	done := map[string]chan error{}
	produce := func(ctx context.Context, name string) {
		done[name] = make(chan error, 1)
		go func(done chan<- error) { done <- p.Produce(ctx, Message{Topic: testTopic.Name, Value: []byte(name)}) }(done[name])
	}
	produce(t.Context(), "first")
	<-arrived
	impatient, giveUp := context.WithCancel(t.Context())
	produce(impatient, "impatient")
	queued(t, p, tp, 1)
	produce(t.Context(), "patient")
	queued(t, p, tp, 2)
	answer <- nil
	<-arrived // with both
	giveUp()
	if err := <-done["impatient"]; !errors.Is(err, ErrNotStored) {
		t.Errorf("who gave up was told %v", err)
	}
	answer <- nil
	select {
	case <-arrived:
		answer <- nil
		t.Error("what was under way was sent again")
	case err := <-done["patient"]:
		if err != nil {
			t.Errorf("who waited was told %v", err)
		}
	}
	if n := len(c.readAllForTest(t, testTopic.Name)); n != 3 {
		t.Errorf("%d records, want 3", n)
	}
}

// Through faults that pass, a partition's records stay in the order of their calls: nothing overtakes what is tried again.
func TestRetriesKeepTheOrder(t *testing.T) {
	fake, c := fakeCluster(t, 1)
	arrived, answer := held(fake)
	p := c.NewProducer(ProducerConfig{})
	tp := TopicPartition{testTopic.Name, 0}
	var wg sync.WaitGroup
	produce := func(i int) {
		wg.Go(func() {
			if err := p.Produce(t.Context(), Message{Topic: testTopic.Name, Value: fmt.Append(nil, i)}); err != nil {
				t.Error(err)
			}
		})
	}
	produce(0)
	<-arrived
	for i := 1; i < 6; i++ {
		produce(i)
		queued(t, p, tp, i)
	}
	for _, code := range []*kerr.Error{kerr.NotLeaderForPartition, nil, kerr.RequestTimedOut, kerr.NotEnoughReplicas} {
		answer <- code
		<-arrived
	}
	for i := 6; i < 8; i++ {
		produce(i)
		queued(t, p, tp, i-5)
	}
	answer <- nil
	<-arrived
	answer <- nil
	wg.Wait()
	var got []string
	for _, r := range c.readAllForTest(t, testTopic.Name) {
		got = append(got, string(r.Value))
	}
	if fmt.Sprint(got) != "[0 1 2 3 4 5 6 7]" {
		t.Errorf("stored %v", got)
	}
}

// One call, two partitions, of which one refuses: the call has failed, whichever of the two it is.
func TestOnePartitionsFaultIsTheCalls(t *testing.T) {
	for bad := range 2 {
		_, c := fakeCluster(t, 2)
		var msgs []Message
		for partition := range 2 {
			m := Message{Topic: testTopic.Name, Key: keyFor(partition, 2), Value: []byte("v")}
			if partition == bad {
				m.Value = make([]byte, maxEventBytes+1000)
			}
			msgs = append(msgs, m)
		}
		err := c.NewProducer(ProducerConfig{MaxBatchBytes: 64 << 20}).Produce(t.Context(), msgs...)
		if !RecordFault(err) {
			t.Errorf("partition %d refused, the call gave %v", bad, err)
		}
		if n := len(c.readAllForTest(t, testTopic.Name)); n != 1 {
			t.Errorf("partition %d refused, %d records are stored", bad, n)
		}
	}
}

// A record that no broker takes shares a request with others: each of those is stored, and only its caller is told.
func TestFaultOfOneIsNotTheOthers(t *testing.T) {
	fake, c := fakeCluster(t, 1)
	arrived, answer := held(fake)
	p := c.NewProducer(ProducerConfig{})
	tp := TopicPartition{testTopic.Name, 0}
	done := make([]chan error, 4)
	for i := range done {
		done[i] = make(chan error, 1)
		go func() { done[i] <- p.Produce(t.Context(), Message{Topic: testTopic.Name, Value: fmt.Append(nil, i)}) }()
		if i == 0 {
			<-arrived
		}
		queued(t, p, tp, i)
	}
	answer <- nil
	for _, code := range []*kerr.Error{kerr.MessageTooLarge, nil, kerr.MessageTooLarge, nil} { // all three, then each alone
		<-arrived
		answer <- code
	}
	for i, done := range done {
		if err := <-done; RecordFault(err) != (i == 2) || (err != nil) != (i == 2) {
			t.Errorf("caller %d was told %v", i, err)
		}
	}
	var got []string
	for _, r := range c.readAllForTest(t, testTopic.Name) {
		got = append(got, string(r.Value))
	}
	if fmt.Sprint(got) != "[0 1 3]" {
		t.Errorf("stored %v", got)
	}
}

// What is beyond the bound on memory waits outside, and has taken nothing when its caller gives up.
func TestPendingIsBounded(t *testing.T) {
	fake, c := fakeCluster(t, 1)
	arrived, answer := held(fake)
	p := c.NewProducer(ProducerConfig{MaxPendingBytes: 1000})
	first := make(chan error, 1)
	go func() { first <- p.Produce(t.Context(), Message{Topic: testTopic.Name, Value: make([]byte, 800)}) }()
	<-arrived
	held := reserved(p)
	impatient, giveUp := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer giveUp()
	if err := p.Produce(impatient, Message{Topic: testTopic.Name, Value: make([]byte, 800)}); !errors.Is(err, ErrNotStored) {
		t.Errorf("beyond the bound: %v", err)
	}
	if n := reserved(p); n != held || n > 1000 {
		t.Errorf("%d bytes are pending, of 1000", n)
	}
	answer <- nil
	if err := <-first; err != nil {
		t.Error(err)
	}
}
