package stream

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/changelog"
	"github.com/freshet/freshet/pkg/retry"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
)

func TestEveryRecordIsFoldedOnceAndEmittedOnce(t *testing.T) {
	c := newCluster(t, 2)
	c.send(t, 1000, 17)
	p, stop := c.start(t, testConfig(t.TempDir()), sums{}, nil)
	c.settled(t, p)
	c.send(t, 500, 17)
	c.settled(t, p)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if _, n := c.outputs(t); n != c.n {
		t.Errorf("%d outputs for %d inputs without any fault", n, c.n)
	}
}

// The processor is stopped at random moments; sometimes its disk is lost as well.
func TestRestartsAndLostDisksLoseNothing(t *testing.T) {
	c := newCluster(t, 2)
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(1, 2))
	for range 8 {
		_, stop := c.start(t, testConfig(dir), sums{}, nil)
		for range 1 + rng.IntN(3) {
			c.send(t, 100+rng.IntN(300), 13)
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		if rng.IntN(2) == 0 {
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
		}
	}
	p, _ := c.start(t, testConfig(dir), sums{}, nil)
	c.settled(t, p)
}

func TestKillMinusNineLosesNothing(t *testing.T) {
	c := newCluster(t, 2)
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range 4 {
		ch := startChild(t, c.addr, dir)
		if i > 0 { // the first one is killed wherever it is, the others at work
			ch.awaitReady(t)
		}
		for range rng.IntN(6) {
			c.send(t, 200, 13)
		}
		ch.kill()
	}
	p, _ := c.start(t, testConfig(dir), sums{}, nil)
	c.settled(t, p)
}

// An owner is stopped (SIGSTOP), another takes over and works, the first wakes up.
func TestASleeperThatWakesUpCorruptsNothing(t *testing.T) {
	c := newCluster(t, 2)
	ch := startChild(t, c.addr, t.TempDir())
	ch.awaitReady(t)
	c.send(t, 500, 13)
	ch.signal(t, syscall.SIGSTOP)
	c.send(t, 500, 13)
	p, _ := c.start(t, testConfig(t.TempDir()), sums{}, nil)
	c.settled(t, p)
	ch.signal(t, syscall.SIGCONT)
	c.send(t, 2000, 13)
	testkit.Eventually(t, time.Minute, func() error {
		if got, _ := c.outputs(t); len(got) != c.n {
			return errors.New("not all folded yet")
		}
		return nil
	})
	ch.kill()
	c.settled(t, p)
}

// The same in the small, step by step: the sleeper's batch lands behind the fence, is void
// for readers, is noticed, and is overwritten so that compaction keeps the true value.
func TestAFencedWriteIsVoidAndRepaired(t *testing.T) {
	c := newCluster(t, 1)
	sleeper, sleeperStore := openLog(t, c, "sleeper")
	if err := writeKey(t, sleeper, sleeperStore, "k", "true"); err != nil {
		t.Fatal(err)
	}
	owner, ownerStore := openLog(t, c, "owner")
	if err := writeKey(t, sleeper, sleeperStore, "k", "void"); !errors.Is(err, errFenced) {
		t.Fatalf("the sleeper's write gave %v, want errFenced", err)
	}
	if err := writeKey(t, owner, ownerStore, "other", "x"); err != nil { // finds the gap
		t.Fatal(err)
	}
	if err := writeKey(t, owner, ownerStore, "other", "y"); err != nil { // repairs it
		t.Fatal(err)
	}
	_, third := openLog(t, c, "third")
	if v, _, _ := third.get([]byte("k")); string(v) != "true" {
		t.Errorf("a reader of the whole log sees k = %q, want true", v)
	}
	last := map[string]string{} // what is left when compaction keeps the last record of each key
	for _, rec := range c.readAll(t, logTopic.Name) {
		last[string(rec.Key)] = string(rec.Value)
	}
	if got := last["Sk"]; got != "true" {
		t.Errorf("after compaction k = %q, want true", got)
	}
}

// The void write is also repaired when its finder is an owner that has just been started.
func TestARestoringOwnerRepairsVoidWrites(t *testing.T) {
	c := newCluster(t, 1)
	at := broker.TopicPartition{Topic: logTopic.Name}
	a := changelog.New().Successor(1)
	b, twin := changelog.Fence{ID: changelog.NewID(), Log: a.Log, Epoch: 2}, changelog.Fence{ID: changelog.NewID(), Log: a.Log, Epoch: 2}
	put := func(seq int64, key, value string) broker.Message {
		return broker.Message{Key: []byte(key), Value: []byte(value), Headers: markHeaders(changelog.Mark{Fence: a.ID, Seq: seq})}
	}
	_, err := c.client.Append(t.Context(), at, []broker.Message{
		fenceMessage(a), put(1, "Sk", "true"), fenceMessage(b), put(2, "Sk", "void"), fenceMessage(twin),
	})
	if err != nil {
		t.Fatal(err)
	}
	_, stop := c.start(t, testConfig(t.TempDir()), sums{}, nil)
	c.send(t, 10, 3)
	testkit.Eventually(t, time.Minute, func() error {
		last := map[string]string{}
		for _, rec := range c.readAll(t, logTopic.Name) {
			last[string(rec.Key)] = string(rec.Value)
		}
		if last["Sk"] != "true" {
			return errors.New("Sk is " + last["Sk"])
		}
		return nil
	})
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

// The broker stores a batch and its answer is lost; the retry stands in the log twice.
func TestAnAppendStoredWithoutAnswerCountsOnce(t *testing.T) {
	c := newCluster(t, 1)
	owner, s := openLog(t, c, "owner")
	ch := newChanges()
	ch.kv["k"] = []byte("one")
	ch.out = []broker.Message{{Topic: outTopic.Name, Key: []byte("k"), Value: []byte("out")}}
	next := commit{seq: 1, inputs: map[string]broker.Place{inTopic.Name: {Offset: 7}}, outputs: ch.out}
	msgs, err := owner.messages(ch, next, owner.fold.Next(owner.fence), s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := owner.log.Append(t.Context(), msgs); err != nil { // stored; the owner never hears of it
		t.Fatal(err)
	}
	if err := owner.write(t.Context(), ch, next, s); err != nil {
		t.Fatalf("the retry: %v", err)
	}
	if err := s.apply(ch, owner.meta()); err != nil {
		t.Fatal(err)
	}
	if err := writeKey(t, owner, s, "k", "two"); err != nil {
		t.Fatalf("the next commit: %v", err)
	}
	reader, restored := openLog(t, c, "reader")
	if v, _, _ := restored.get([]byte("k")); string(v) != "two" || reader.dirty() {
		t.Errorf("restored k = %q, %d keys to repair", v, len(reader.fold.Foreign))
	}
}

// openLog takes the changelog's only partition over.
func openLog(t *testing.T, c *cluster, owner string) (*owned, *store) {
	t.Helper()
	s, err := openStore(t.TempDir(), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.close() })
	l := &owned{log: brokerLog{client: c.client, at: broker.TopicPartition{Topic: logTopic.Name}}, now: time.Now, sleep: retry.Sleep}
	if err := l.restore(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	return l, s
}

// writeKey commits one key and applies it.
func writeKey(t *testing.T, l *owned, s *store, key, value string) error {
	t.Helper()
	ch := newChanges()
	ch.kv[key] = []byte(value)
	err := l.write(t.Context(), ch, commit{seq: l.last.seq + 1, inputs: map[string]broker.Place{}}, s)
	if err == nil {
		err = s.apply(ch, l.meta())
	}
	return err
}

func TestTwoOwnersShareThePartitionsThroughRebalances(t *testing.T) {
	c := newCluster(t, 4)
	p1, _ := c.start(t, testConfig(t.TempDir()), sums{}, nil)
	c.send(t, 400, 31)
	c.settled(t, p1)
	p2, stop2 := c.start(t, testConfig(t.TempDir()), sums{}, nil)
	testkit.Eventually(t, time.Minute, func() error {
		c.send(t, 20, 31)
		if len(p1.Owned()) != 2 || len(p2.Owned()) != 2 {
			return errors.New("the partitions are not shared yet")
		}
		return nil
	})
	c.settled(t, p1, p2)
	if err := stop2(); err != nil {
		t.Fatal(err)
	}
	c.send(t, 200, 31)
	testkit.Eventually(t, time.Minute, func() error {
		if len(p1.Owned()) != 4 {
			return errors.New("the first has not taken all back")
		}
		return nil
	})
	c.settled(t, p1)
}

func TestPoisonGoesToTheDeadLetterTopicAndItsNeighboursSurvive(t *testing.T) {
	c := newCluster(t, 1)
	c.send(t, 5, 1)
	if err := c.in.Produce(t.Context(), broker.Message{Topic: inTopic.Name, Key: []byte("k0"), Value: []byte("!poison")}); err != nil {
		t.Fatal(err)
	}
	c.send(t, 5, 1)
	p, _ := c.start(t, testConfig(t.TempDir()), sums{}, nil)
	c.settled(t, p)
	dead := c.readAll(t, topics.DeadLetter(inTopic).Name)
	if len(dead) != 1 {
		t.Fatalf("%d dead letters, want 1", len(dead))
	}
	d := dead[0]
	if string(d.Value) != "!poison" || string(d.Header("source-offset")) != "5" || !strings.Contains(string(d.Header("error")), "not a number") {
		t.Errorf("dead letter %q with headers %v", d.Value, d.Headers)
	}
}

func TestAPassingFaultOfTheHandlerIsTriedAgain(t *testing.T) {
	c := newCluster(t, 1)
	c.send(t, 100, 3)
	var calls atomic.Int64
	p, _ := c.start(t, testConfig(t.TempDir()), sums{fail: func() error {
		if n := calls.Add(1); n == 10 || n == 60 {
			return errors.New("a passing fault")
		}
		return nil
	}}, nil)
	c.settled(t, p)
}

func TestADamagedLocalStoreIsReadAgainFromTheChangelog(t *testing.T) {
	c := newCluster(t, 1)
	dir := t.TempDir()
	p, stop := c.start(t, testConfig(dir), sums{}, nil)
	c.send(t, 300, 5)
	c.settled(t, p)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "test.sums", "0", "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no state files: %v", err)
	}
	for _, f := range files {
		if err := os.WriteFile(f, []byte("garbage"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, _ = c.start(t, testConfig(dir), sums{}, nil)
	c.send(t, 50, 5)
	c.settled(t, p)
}

// A crash between the commit and its publication: the next owner publishes what the log says.
func TestOutputsOfADecidedCommitLeaveAtTheNextStart(t *testing.T) {
	c := newCluster(t, 1)
	owner, s := openLog(t, c, "crashed")
	out := []broker.Message{
		{Topic: outTopic.Name, Key: []byte("k"), Value: encodeSum(1), Headers: broker.Headers("id", "0/0")},
		{Topic: outTopic.Name, Key: []byte("k"), Value: encodeSum(2), Headers: broker.Headers("id", "0/1")},
	}
	next := commit{seq: 1, inputs: map[string]broker.Place{}, outputs: out}
	if err := owner.write(t.Context(), newChanges(), next, s); err != nil {
		t.Fatal(err)
	}
	if got, _ := c.outputs(t); len(got) != 0 {
		t.Fatalf("%d outputs before anybody published", len(got))
	}
	_, stop := c.start(t, testConfig(t.TempDir()), sums{}, nil)
	testkit.Eventually(t, time.Minute, func() error {
		if got, _ := c.outputs(t); len(got) != len(out) {
			return fmt.Errorf("%d of %d outputs published", len(got), len(out))
		}
		return nil
	})
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}
