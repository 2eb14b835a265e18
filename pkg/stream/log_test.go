package stream

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/retry"
	"github.com/freshet/freshet/pkg/testkit"
)

// anew deletes the changelog and makes it again.
func (c *cluster) anew(t *testing.T) {
	t.Helper()
	testkit.DeleteTopic(t, c.addr, logTopic.Name)
	testkit.Eventually(t, time.Minute, func() error { return c.client.EnsureTopics(t.Context(), logTopic) })
}

// lasts are the records that a compaction of the whole changelog would leave, by key.
func (c *cluster) lasts(t *testing.T) map[string]broker.Record {
	t.Helper()
	last := map[string]broker.Record{}
	for _, rec := range c.readAll(t, logTopic.Name) {
		last[string(rec.Key)] = rec
	}
	return last
}

// commitOne commits and applies one key, and where the input stands.
func commitOne(t *testing.T, l *owned, s *store, value string, input int64) error {
	t.Helper()
	ch := newChanges()
	ch.kv["k"] = []byte(value)
	err := l.write(t.Context(), ch, commit{seq: l.last.seq + 1, inputs: map[string]broker.Place{inTopic.Name: {Offset: input}}}, s)
	if err == nil {
		err = s.apply(ch, l.meta())
	}
	return err
}

// bury makes the commit that an owner with something to bury has to make.
func bury(t *testing.T, l *owned, s *store) {
	t.Helper()
	if !l.dirty() {
		t.Fatal("there is nothing to bury")
	}
	if err := l.write(t.Context(), newChanges(), commit{seq: l.last.seq + 1, inputs: l.last.inputs}, s); err != nil {
		t.Fatal(err)
	}
	if err := s.apply(newChanges(), l.meta()); err != nil {
		t.Fatal(err)
	}
}

// The first try of an append timed out and arrives after the retry and another commit.
func TestALateCopyOfACommitIsVoid(t *testing.T) {
	c := newCluster(t, 1)
	owner, s := openLog(t, c, "owner")
	ch := newChanges()
	ch.kv["k"] = []byte("one")
	late, err := owner.messages(ch, commit{seq: 1, inputs: map[string]broker.Place{inTopic.Name: {Offset: 7}}}, owner.fold.Next(owner.fence), s)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range []string{"one", "two"} {
		if err := commitOne(t, owner, s, v, int64(7+13*i)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := owner.log.Append(t.Context(), late); err != nil {
		t.Fatal(err)
	}
	reader, r := openLog(t, c, "reader")
	if v, _, _ := r.get([]byte("k")); string(v) != "two" || reader.last.inputs[inTopic.Name].Offset != 20 {
		t.Errorf("the log gives k = %q at input %v, want two at 20", v, reader.last.inputs)
	}
	bury(t, reader, r)
	last := c.lasts(t)
	if got := string(last["Sk"].Value); got != "two" {
		t.Errorf("a compaction leaves k = %q", got)
	}
	if got, err := decodeCommit(last["C"].Value); err != nil || got.inputs[inTopic.Name].Offset != 20 {
		t.Errorf("a compaction leaves the inputs at %v, %v", got.inputs, err)
	}
}

// Who found the void record ends before it is buried.
func TestAVoidWriteIsBuriedAfterARestart(t *testing.T) {
	c := newCluster(t, 1)
	sleeper, ss := openLog(t, c, "sleeper")
	if err := writeKey(t, sleeper, ss, "k", "true"); err != nil {
		t.Fatal(err)
	}
	owner, os := openLog(t, c, "owner")
	if err := writeKey(t, sleeper, ss, "k", "void"); !errors.Is(err, errFenced) {
		t.Fatal(err)
	}
	if err := writeKey(t, owner, os, "other", "x"); err != nil || !owner.dirty() {
		t.Fatalf("%v; the owner knows of nothing to bury", err)
	}
	again := &owned{log: owner.log, now: time.Now, sleep: retry.Sleep}
	if err := again.restore(t.Context(), os); err != nil {
		t.Fatal(err)
	}
	bury(t, again, os)
	if got := string(c.lasts(t)["Sk"].Value); got != "true" {
		t.Errorf("a compaction leaves k = %q", got)
	}
}

// A sleeper's commit is the last record of its key.
func TestAVoidCommitHidesNothing(t *testing.T) {
	c := newCluster(t, 1)
	sleeper, ss := openLog(t, c, "sleeper")
	if err := commitOne(t, sleeper, ss, "true", 100); err != nil {
		t.Fatal(err)
	}
	openLog(t, c, "one that commits nothing")
	if err := commitOne(t, sleeper, ss, "void", 110); !errors.Is(err, errFenced) {
		t.Fatal(err)
	}
	owner, s := openLog(t, c, "owner")
	if got := owner.last.inputs[inTopic.Name].Offset; got != 100 {
		t.Errorf("the inputs stand at %d", got)
	}
	bury(t, owner, s)
	if got, err := decodeCommit(c.lasts(t)["C"].Value); err != nil || got.inputs[inTopic.Name].Offset != 100 {
		t.Errorf("a compaction leaves the inputs at %v, %v", got.inputs, err)
	}
}

// An owner with nothing to fold looks, finds what a sleeper wrote, and buries it.
func TestAnOwnerAtRestBuries(t *testing.T) {
	c := newCluster(t, 1)
	sleeper, ss := openLog(t, c, "sleeper")
	if err := writeKey(t, sleeper, ss, "k", "true"); err != nil {
		t.Fatal(err)
	}
	owner, s := openLog(t, c, "owner")
	if err := writeKey(t, sleeper, ss, "k", "void"); !errors.Is(err, errFenced) {
		t.Fatal(err)
	}
	if err := owner.look(t.Context()); err != nil {
		t.Fatal(err)
	}
	bury(t, owner, s)
	if got := string(c.lasts(t)["Sk"].Value); got != "true" {
		t.Errorf("a compaction leaves k = %q", got)
	}
	if err := owner.look(t.Context()); err != nil || owner.dirty() {
		t.Errorf("after that: %v, something to bury: %v", err, owner.dirty())
	}
	openLog(t, c, "successor")
	if err := owner.look(t.Context()); !errors.Is(err, errFenced) {
		t.Errorf("with a successor: %v", err)
	}
}

// A log made anew stands for every log that lost a tail: the owner is told, whatever the log has grown to since.
func TestALostTailIsTold(t *testing.T) {
	for grown, n := range map[string]int{"nothing": 0, "less": 2, "as far": 10, "farther": 30} {
		t.Run(grown, func(t *testing.T) {
			c := newCluster(t, 1)
			owner, s := openLog(t, c, "owner")
			for i := range 10 {
				if err := writeKey(t, owner, s, fmt.Sprintf("old%d", i), "x"); err != nil {
					t.Fatal(err)
				}
			}
			c.anew(t)
			if n > 0 {
				other, os := openLog(t, c, "other")
				for i := range n {
					if err := writeKey(t, other, os, fmt.Sprintf("new%d", i), "x"); err != nil {
						t.Fatal(err)
					}
				}
			}
			owner.now = func() time.Time { return time.Now().Add(2 * proveAfter) }
			if err := owner.look(t.Context()); !errors.Is(err, errLost) {
				t.Errorf("a look gives %v", err)
			}
			if err := writeKey(t, owner, s, "k", "x"); !errors.Is(err, errLost) {
				t.Errorf("an append gives %v", err)
			}
			for _, rec := range c.readAll(t, logTopic.Name) {
				if rec.Offset < 3 && strings.HasPrefix(string(rec.Key), "Sold") {
					t.Errorf("%s stands in the new log", rec.Key)
				}
			}
		})
	}
}

// A store returns to a log that was made anew and has grown past the place where the store ended.
func TestAStoreOfAnotherLogIsThrownAway(t *testing.T) {
	c := newCluster(t, 1)
	first, s := openLog(t, c, "first")
	for i := range 5 {
		if err := writeKey(t, first, s, fmt.Sprintf("old%d", i), "x"); err != nil {
			t.Fatal(err)
		}
	}
	c.anew(t)
	other, os := openLog(t, c, "other")
	for i := range 20 {
		if err := writeKey(t, other, os, fmt.Sprintf("new%d", i), "x"); err != nil {
			t.Fatal(err)
		}
	}
	again := &owned{log: first.log, now: time.Now, sleep: retry.Sleep}
	if err := again.restore(t.Context(), s); !errors.Is(err, errLocal) {
		t.Fatalf("the store is taken over: %v", err)
	}
}

func TestAnotherPartitionCountIsRefused(t *testing.T) {
	c := newCluster(t, 1)
	openLog(t, c, "owner")
	s, err := openStore(t.TempDir(), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	l := &owned{log: wider{brokerLog{client: c.client, at: broker.TopicPartition{Topic: logTopic.Name}}}, now: time.Now, sleep: retry.Sleep}
	err = l.restore(t.Context(), s)
	if err == nil || !strings.Contains(err.Error(), "has 2 partitions and had 1 when its state was written") {
		t.Errorf("restore gives %v", err)
	}
}

// wider is a topic to which somebody added a partition.
type wider struct{ brokerLog }

func (wider) Partitions(context.Context) (int, error) { return 2, nil }

// The changelog and its input are made anew together, as a broker loses both when it loses its disk: the state knows what was read, and nobody will read it again.
func TestWhatIsGoneFromChangelogAndInputIsTold(t *testing.T) {
	c := newCluster(t, 1)
	dir := t.TempDir()
	p, stop := c.start(t, testConfig(dir), sums{}, nil)
	c.send(t, 40, 5)
	c.settled(t, p)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	c.anew(t)
	testkit.DeleteTopic(t, c.addr, inTopic.Name)
	testkit.Eventually(t, time.Minute, func() error { return c.client.EnsureTopics(t.Context(), inTopic) })
	c.sent, c.n = map[string]int64{}, 0
	c.send(t, 5, 5)

	cfg := testConfig(dir)
	cfg.RetryFor = time.Millisecond
	held, stop := c.start(t, cfg, sums{}, nil)
	testkit.Eventually(t, time.Minute, func() error {
		if err := held.Ready(); err == nil || !strings.Contains(err.Error(), "gone from an input as well") {
			return errors.Join(errors.New("not held"), err)
		}
		return nil
	})
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	skipping, err := broker.Dial(t.Context(), broker.Config{Addresses: []string{c.addr}, Partitions: 1, Gaps: broker.GapSkip}, quiet())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(skipping.Close)
	c.client = skipping
	going, _ := c.start(t, testConfig(dir), sums{}, nil)
	testkit.Eventually(t, time.Minute, func() error {
		if going.Ready() != nil {
			return going.Ready()
		}
		v, err := going.View(0)
		if err != nil {
			return err
		}
		got, _, err := v.Get([]byte("k4"))
		if err == nil && decodeSum(got) != 4 {
			err = fmt.Errorf("k4 is %d", decodeSum(got))
		}
		return err
	})
}
