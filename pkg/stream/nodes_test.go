//go:build kafka

// The tests of this file end, stop and damage Apache Kafka's own brokers (testkit.KafkaNodes); make test-kafka runs them.

package stream_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
)

// on is a world on several brokers.
func on(t *testing.T, n *testkit.Nodes, name string, partitions, replication int) *world {
	t.Helper()
	return newWorld(t, broker.Config{Addresses: n.Addresses, Partitions: partitions, Replication: replication}, name)
}

// start starts an owner with a client of its own, as a process would have, and waits until it works.
func (w *world) start(n *testkit.Nodes, dir string) *owner {
	w.t.Helper()
	said := &speech{}
	c, err := broker.Dial(w.t.Context(), broker.Config{Addresses: n.Addresses}, said.logger())
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(c.Close)
	return w.ready(w.ownSaying(c, dir, said))
}

// configure changes settings of topics.
func configure(t *testing.T, n *testkit.Nodes, name, value string, list ...string) {
	t.Helper()
	req := &kafka.IncrementalAlterConfigsRequest{}
	for _, topic := range list {
		req.Resources = append(req.Resources, kafka.IncrementalAlterConfigsRequestResource{
			ResourceType: kafka.ResourceTypeTopic, ResourceName: topic,
			Configs: []kafka.IncrementalAlterConfigsRequestConfig{{Name: name, Value: value, ConfigOperation: kafka.ConfigOperationSet}},
		})
	}
	c := &kafka.Client{Addr: kafka.TCP(n.Addresses...), Timeout: 10 * time.Second}
	res, err := c.IncrementalAlterConfigs(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range res.Resources {
		if r.Error != nil {
			t.Fatalf("set %s of %s: %v", name, r.ResourceName, r.Error)
		}
	}
}

func first(topic topics.Topic) broker.TopicPartition { return broker.TopicPartition{Topic: topic.Name} }

// TestAnAppendThatLandsLateOnThreeBrokers holds an append for longer than the owner waits for its answer.
func TestAnAppendThatLandsLateOnThreeBrokers(t *testing.T) {
	n := testkit.KafkaNodes(t)
	w := on(t, n, "late", 1, 3)
	p := testkit.NewProxy(t, n.Addresses...)
	o := w.ready(w.own(testkit.BrokerAt(t, p.Addresses[0]), t.TempDir()))
	held := p.Hold(testkit.Appends(w.log.Name, ""))
	began := time.Now()
	w.put("a")
	<-held.Arrived()
	w.complete(o) // after the owner has given up and tried again
	w.put("b")
	w.complete(o)
	t.Logf("released after %s", time.Since(began).Round(time.Millisecond))
	held.Release()
	<-held.Answered()
	w.sameFromScratch(o)
}

// A follower that was away is made the leader: what the others had confirmed meanwhile is gone.
func TestAnUncleanElectionIsNoticed(t *testing.T) {
	n := testkit.KafkaNodes(t)
	worlds := map[string]*world{
		"of the changelog": on(t, n, "uncleanlog", 1, 3),
		"of the input":     on(t, n, "uncleanin", 1, 3),
		"of both":          on(t, n, "uncleanboth", 1, 3),
	}
	owners := map[string]*owner{}
	var unclean []string
	for name, w := range worlds {
		owners[name] = w.start(n, t.TempDir())
		w.put(several(100)...)
		w.complete(owners[name])
		if name != "of the input" {
			unclean = append(unclean, w.log.Name)
		}
		if name != "of the changelog" {
			unclean = append(unclean, w.in.Name)
		}
	}
	configure(t, n, "unclean.leader.election.enable", "true", unclean...)
	n.Kill(3)
	for _, w := range worlds {
		n.AwaitInSync(first(w.in), 2)
		n.AwaitInSync(first(w.log), 2)
	}
	for name, w := range worlds {
		w.put(several(60)...)
		w.complete(owners[name])
	}
	n.Kill(1)
	n.Kill(2)
	n.Again(3)
	for _, topic := range unclean {
		if got := n.Leader(broker.TopicPartition{Topic: topic}); got != 3 {
			t.Fatalf("broker %d leads %s", got, topic)
		}
	}
	n.Up()
	for name, w := range worlds {
		t.Run(name, func(t *testing.T) { w.as(t).nothingInSilence(owners[name], several(80)) })
	}
}

// A broker without replicas comes back without the end of a log, and producers go on at once.
func TestALostTailWithoutReplicasIsNoticed(t *testing.T) {
	n := testkit.KafkaNodes(t)
	worlds, cut := map[string]*world{}, map[string]func(w *world) []topics.Topic{
		"of the changelog": func(w *world) []topics.Topic { return []topics.Topic{w.log} },
		"of the input":     func(w *world) []topics.Topic { return []topics.Topic{w.in} },
		"of both":          func(w *world) []topics.Topic { return []topics.Topic{w.in, w.log} },
	}
	owners := map[string]*owner{}
	size := map[string]int64{}
	for name := range cut {
		w := on(t, n, "tail"+strings.ReplaceAll(name, " ", ""), 1, 1)
		worlds[name], owners[name] = w, w.start(n, t.TempDir())
		w.put(several(100)...)
		w.complete(owners[name])
		for _, topic := range cut[name](w) {
			size[topic.Name] = n.LogBytes(n.Leader(first(topic)), first(topic))
		}
		for range 12 { // several commits
			w.put(several(5)...)
			w.complete(owners[name])
		}
	}
	leads := map[string]int{}
	for topic := range size {
		leads[topic] = n.Leader(broker.TopicPartition{Topic: topic})
	}
	for node := range n.Addresses {
		n.Kill(node + 1)
	}
	for topic, left := range size {
		n.CutLog(leads[topic], broker.TopicPartition{Topic: topic}, left)
	}
	n.Up()
	for name, w := range worlds {
		t.Run(name, func(t *testing.T) { w.as(t).nothingInSilence(owners[name], several(80)) })
	}
}

// The brokers are ended and started one after the other, under load, while owners come and go.
func TestARollingRestartLosesNothing(t *testing.T) {
	n := testkit.KafkaNodes(t)
	w := on(t, n, "rolling", 3, 3)
	a := w.start(n, t.TempDir())
	stopLoad := w.load(t)
	b := w.start(n, t.TempDir())
	for node := range n.Addresses {
		n.Halt(node + 1)
		n.Again(node + 1)
		if node == 1 { // an owner moves as well
			if err := b.stop(); err != nil {
				t.Errorf("the owner ended with %v", err)
			}
			b = w.start(n, t.TempDir())
		}
		for p := range 3 {
			n.AwaitInSync(broker.TopicPartition{Topic: w.log.Name, Partition: p}, 3)
			n.AwaitInSync(broker.TopicPartition{Topic: w.in.Name, Partition: p}, 3)
		}
	}
	stopLoad()
	w.complete(a, b)
	if err := b.stop(); err != nil {
		t.Errorf("the owner ended with %v", err)
	}
	testkit.Eventually(t, time.Minute, func() error {
		if got := len(a.Owned()); got != 3 {
			return fmt.Errorf("the owner that is left has %d partitions", got)
		}
		return nil
	})
	w.sameFromScratch(a)
}

// The broker that leads stands still for 20 s and goes on, or dies and comes back.
func TestALeaderThatGoesLosesNothing(t *testing.T) {
	for name, fault := range map[string]struct {
		away       time.Duration
		goes, back func(n *testkit.Nodes, node int)
	}{
		"it stands still": {20 * time.Second, (*testkit.Nodes).Pause, (*testkit.Nodes).Wake},
		"it dies":         {5 * time.Second, (*testkit.Nodes).Kill, (*testkit.Nodes).Again},
	} {
		t.Run(name, func(t *testing.T) {
			n := testkit.KafkaNodes(t)
			w := on(t, n, "leader", 1, 3)
			node := n.Leader(first(w.log))
			w.coordinateApartFrom(n, node) // with the coordinator goes the group, which takes its session's time-out
			o := w.start(n, t.TempDir())
			stopLoad := w.load(t)
			began := time.Now()
			fault.goes(n, node)
			testkit.Eventually(t, time.Minute, func() error {
				if p, err := n.Partition(first(w.log)); err != nil || p.Leader.ID == node {
					return fmt.Errorf("no other leader: %w", err)
				}
				return nil
			})
			elected := time.Since(began)
			<-time.After(time.Until(began.Add(fault.away)))
			fault.back(n, node)
			n.AwaitInSync(first(w.log), 3)
			longest := stopLoad()
			w.complete(o)
			pause := w.longestPause()
			t.Logf("another leader after %s; a producer waited %s at most; %s between two outputs at most",
				elected.Round(time.Millisecond), longest.Round(time.Millisecond), pause)
			if pause > elected+6*time.Second { // once a request to it was only given up with its time-out, 10 s later
				t.Errorf("%s between two outputs, and another leader after %s", pause, elected)
			}
			w.sameFromScratch(o)
		})
	}
}

// longestPause is the longest time between two outputs.
func (w *world) longestPause() time.Duration {
	w.t.Helper()
	var last time.Time
	var longest time.Duration
	for _, r := range testkit.Records(w.t, w.client, w.out) {
		if !last.IsZero() {
			longest = max(longest, r.Time.Sub(last))
		}
		last = r.Time
	}
	return longest
}

// load puts records, of which some are in when it returns, until the returned function is called, which also gives how long the slowest took.
func (w *world) load(t *testing.T) func() time.Duration {
	ctx, cancel := context.WithCancel(t.Context())
	var (
		done    sync.WaitGroup
		slowest time.Duration
	)
	done.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			began := time.Now()
			// What was refused, or is not known to be stored, is not asked for by the oracle; what is stored of it must still be folded once.
			_ = w.try(t.Context(), "k"+strconv.Itoa(i%7), "k"+strconv.Itoa((i+1)%7))
			slowest = max(slowest, time.Since(began))
		}
	})
	testkit.Eventually(t, time.Minute, func() error {
		w.mu.Lock()
		defer w.mu.Unlock()
		if len(w.acked) < 200 {
			return fmt.Errorf("%d numbers acknowledged so far", len(w.acked))
		}
		return nil
	})
	return func() time.Duration { cancel(); done.Wait(); return slowest }
}

// as is the world within a subtest.
func (w *world) as(t *testing.T) *world {
	w.t = t
	return w
}

// nothingInSilence sends new numbers after a fault. Either all of them are folded, and the state is the log's, or the owner stands
// still and says why. What the brokers have lost must have been told either way.
func (w *world) nothingInSilence(o *owner, keys []string) {
	w.t.Helper()
	before := len(w.acked)
	w.put(keys...)
	lost := w.lost()
	w.t.Logf("the brokers lost %d of %d numbers", len(lost), before)
	var healthy time.Time
	for deadline := time.Now().Add(time.Minute); ; <-time.After(50 * time.Millisecond) {
		got, err := state(o)
		if err == nil {
			err = w.wrong(got, lost)
		}
		if err == nil {
			break
		}
		switch {
		case o.Ready() != nil:
			healthy = time.Time{}
		case healthy.IsZero():
			healthy = time.Now()
		}
		if len(lost) > 0 && o.said.tells() && o.Ready() != nil {
			w.t.Logf("the owner stands still and says why: %v", o.Ready())
			return
		}
		if !healthy.IsZero() && time.Since(healthy) > 15*time.Second || time.Now().After(deadline) {
			w.t.Fatalf("in silence: ready %v, and %v\n%s", o.Ready(), err, o.said)
		}
	}
	if len(lost) > 0 && !o.said.tells() {
		w.t.Errorf("%d numbers that were acknowledged are lost, and nobody said so:\n%s", len(lost), o.said)
	}
	if len(lost) == 0 {
		w.sameFromScratch(o)
	}
}

// lost are the numbers that were acknowledged and are not in the input any more.
func (w *world) lost() map[int64]bool {
	w.t.Helper()
	lost := map[int64]bool{}
	w.mu.Lock()
	for n := range w.acked {
		lost[n] = true
	}
	w.mu.Unlock()
	for n := range w.copies() {
		delete(lost, n)
	}
	return lost
}

// tells says whether the owner has spoken of records that are gone. How many it cannot know once the log has grown again.
func (s *speech) tells() bool {
	text := s.String()
	return strings.Contains(text, "the partition is held") || strings.Contains(text, "records are lost")
}
