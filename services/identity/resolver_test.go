package identity

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	"github.com/freshet/freshet/services/identity/graph"
)

// firstLinks are three records, of which the third merges the customers of the others.
var firstLinks = []string{"anonymous_id:a", "user_id:ann", "user_id:ann anonymous_id:a"}

// otherLinks are as many that say something else.
var otherLinks = []string{"user_id:zoe anonymous_id:a", "user_id:yan", "user_id:zoe email:z@x.org", "user_id:wim"}

// TestACopyOfAnotherLogIsMadeAnew: whatever became of the log while a resolver stood at its end, stopped or not, its copy ends as a fresh one.
func TestACopyOfAnotherLogIsMadeAnew(t *testing.T) {
	for name, harm := range map[string]func(l *diskLog){
		"nothing happened":                     func(*diskLog) {},
		"it lost its tail":                     func(l *diskLog) { l.cut(1) },
		"it lost its tail and is shorter":      func(l *diskLog) { l.cut(1); l.write(otherLinks[:1]...) },
		"it lost its tail and grew again":      func(l *diskLog) { l.cut(1); l.write(otherLinks[:2]...) },
		"it lost its tail and grew beyond":     func(l *diskLog) { l.cut(2); l.write(otherLinks...) },
		"it was made anew":                     func(l *diskLog) { l.anew() },
		"it was made anew and grew beyond":     func(l *diskLog) { l.anew(); l.write(otherLinks...) },
		"it was made anew of the same records": func(l *diskLog) { same := l.records(); l.anew(); l.again(same) },
	} {
		for _, running := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/running=%v", name, running), func(t *testing.T) {
				l, dir := newDiskLog(t), t.TempDir()
				l.write(firstLinks...)
				r := l.run(l.dial(broker.GapHold), dir)
				r.wants(l.oracle())
				if !running {
					r.stop()
				}
				harm(l)
				if !running {
					r = l.run(l.dial(broker.GapHold), dir)
				}
				r.wants(l.oracle())
				l.write("user_id:next anonymous_id:a") // and follows on
				r.wants(l.oracle())
				l.of(r)
			})
		}
	}
}

// again appends records as they are.
func (l *diskLog) again(recs []broker.Record) {
	l.t.Helper()
	for _, rec := range recs {
		l.append(broker.Message{Key: rec.Key, Value: rec.Value})
	}
}

// TestACopyFromAnotherClusterIsMadeAnew: a folder that came with a machine's image, a volume, a backup.
func TestACopyFromAnotherClusterIsMadeAnew(t *testing.T) {
	for name, fill := range map[string]func(l, other *diskLog){
		"of a shorter log":         func(l, _ *diskLog) { l.write(otherLinks[:1]...) },
		"of a longer log":          func(l, _ *diskLog) { l.write(otherLinks...) },
		"of an empty log":          func(*diskLog, *diskLog) {},
		"of a log of equal length": func(l, _ *diskLog) { l.write(otherLinks[:3]...) },
		"of the same records":      func(l, other *diskLog) { l.again(other.records()) },
	} {
		t.Run(name, func(t *testing.T) {
			l, other, dir := newDiskLog(t), newDiskLog(t), t.TempDir()
			other.write(firstLinks...)
			r := other.run(other.client, dir)
			r.wants(other.oracle())
			r.stop()
			fill(l, other)
			r = l.run(l.client, dir)
			r.wants(l.oracle())
			l.write("user_id:next anonymous_id:a")
			r.wants(l.oracle())
			l.of(r)
		})
	}
}

// anew is how often the replica has thrown its copy away since it was started.
func (r *replica) anew() int64 {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.generation - 1
}

// of waits until the copy knows itself to be one of this log.
func (l *diskLog) of(r *replica) {
	l.t.Helper()
	testkit.Eventually(l.t, soon, func() error {
		id, err := l.client.Log(l.t.Context(), topics.IdentityLog.Name)
		if err != nil {
			return err
		}
		r.mu.RLock()
		defer r.mu.RUnlock()
		if r.db == nil {
			return errNotReady
		}
		if c, err := readCopied(r.db); err != nil || c.at.Log != id || id == (broker.LogID{}) {
			return fmt.Errorf("the copy says it is of log %s, the log is %s: %w", c.at.Log, id, err)
		}
		return nil
	})
}

// TestAnOldCopyGoesOn: a folder put back from a backup is behind, and of this log. It is not read anew.
func TestAnOldCopyGoesOn(t *testing.T) {
	l, dir := newDiskLog(t), t.TempDir()
	l.write(firstLinks...)
	r := l.run(l.client, dir)
	r.wants(l.oracle())
	r.stop()
	l.write(otherLinks...)
	r = l.run(l.client, dir)
	r.wants(l.oracle())
	if n := r.anew(); n != 0 {
		t.Errorf("the log was read anew %d times", n)
	}
}

// missing is a log that no longer has all its records, and knows it.
var missing = map[string]struct {
	harm func(l *diskLog)
	says string
}{
	"the head": {func(l *diskLog) { testkit.Retain(l.t, l.Addr(), topics.IdentityLog, 0, 2) }, "retention removed"},
	"one in the middle": {func(l *diskLog) {
		l.Stop()
		l.flip("user_id\x12\x03yan")
		l.Start()
	}, "the broker lost"},
	"the last": {func(l *diskLog) {
		l.Stop()
		l.flip("user_id\x12\x03wim")
		l.Start()
	}, "the broker lost"},
}

// flip damages the record that holds some bytes.
func (l *diskLog) flip(holding string) {
	l.t.Helper()
	file := l.File(topics.IdentityLog.Name, 0)
	raw, err := os.ReadFile(file)
	i := strings.LastIndex(string(raw), holding)
	if err != nil || i < 0 {
		l.t.Fatal("no such record", err)
	}
	raw[i] ^= 0xff
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		l.t.Fatal(err)
	}
}

// TestMissingLinksHoldAFreshCopy, until somebody says that it shall go on without them. A copy that has them goes on.
func TestMissingLinksHoldAFreshCopy(t *testing.T) {
	for name, c := range missing {
		t.Run(name, func(t *testing.T) {
			l, full, fresh := newDiskLog(t), t.TempDir(), t.TempDir()
			l.write(firstLinks...)
			l.write(otherLinks...)
			had := l.run(l.client, full)
			all := l.oracle()
			had.wants(all)
			had.stop()
			c.harm(l)

			held := l.run(l.dial(broker.GapHold), fresh)
			testkit.Eventually(t, soon, func() error {
				if err := held.Ready(); err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "--gaps skip") {
					return fmt.Errorf("want the log held, %q; ready says %w", c.says, err)
				}
				return nil
			})
			if n := held.anew(); n != 0 {
				t.Errorf("the log was read anew %d times while it is held", n)
			}
			held.stop()

			had = l.run(l.dial(broker.GapHold), full)
			had.wants(all)
			if err := had.Ready(); err != nil {
				t.Errorf("a copy that has the links is held: %v", err)
			}
			had.stop()

			skips := l.run(l.dial(broker.GapSkip), fresh)
			skips.wants(l.oracle())
			skips.stop()
			accepted := l.run(l.dial(broker.GapHold), fresh) // what was accepted stays accepted
			accepted.wants(l.oracle())
			l.write("user_id:next anonymous_id:a")
			accepted.wants(l.oracle())
			if err := accepted.Ready(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestACopyWithMoreThanTheLogIsMadeAnewUnderSkip: when replicas are told to go on without the log's head, they all do, so that they agree.
func TestACopyWithMoreThanTheLogIsMadeAnewUnderSkip(t *testing.T) {
	for name, from := range map[string]int64{"it had read them all": 2, "it had read some of them": 5} {
		t.Run(name, func(t *testing.T) {
			l, dir := newDiskLog(t), t.TempDir()
			l.write(firstLinks...)
			r := l.run(l.client, dir)
			r.wants(l.oracle())
			r.stop()
			l.write(otherLinks...)
			testkit.Retain(t, l.Addr(), topics.IdentityLog, 0, from)
			l.run(l.dial(broker.GapSkip), t.TempDir()).wants(l.oracle())
			r = l.run(l.dial(broker.GapSkip), dir)
			r.wants(l.oracle())
			if n := r.anew(); n != 1 {
				t.Errorf("the log was read anew %d times, want once", n)
			}
		})
	}
}

// TestACopyThatFallsBehindTheHeadIsMadeAnewUnderSkip: likewise of a resolver that runs, and was not quick enough to read what is gone.
func TestACopyThatFallsBehindTheHeadIsMadeAnewUnderSkip(t *testing.T) {
	l := newDiskLog(t)
	l.write(firstLinks...)
	proxy := testkit.NewProxy(t, l.Addr())
	r := l.run(l.dialAt(proxy.Addresses[0], broker.GapSkip), t.TempDir())
	r.wants(l.oracle())
	heal := proxy.Blackhole()
	l.write(otherLinks...)
	testkit.Retain(t, l.Addr(), topics.IdentityLog, 0, 6)
	heal()
	r.wants(l.oracle())
}

// TestALateCopyOfARecord: an append that was not answered, was made again, and lands behind what others wrote meanwhile. Every replica has
// it twice, at the same places, and who belongs together does not change.
func TestALateCopyOfARecord(t *testing.T) {
	l := newDiskLog(t)
	running, stopped := l.run(l.client, t.TempDir()), t.TempDir()
	proxy := testkit.NewProxy(t, l.Addr())
	sleeper := l.dialAt(proxy.Addresses[0], broker.GapHold)
	l.write(firstLinks...)
	before := l.run(l.client, stopped)
	before.wants(l.oracle())
	before.stop()

	caught := proxy.Hold(testkit.Appends(topics.IdentityLog.Name, "late@x.org"))
	m, err := newMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	op := l.link("user_id:ann email:late@x.org")
	go func() {
		_, err := (&logWriter{broker: sleeper, metrics: m}).append(context.Background(), []operation{op})
		done <- err
	}()
	<-caught.Arrived()
	caught.Cut()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	l.write(otherLinks...)
	l.write("user_id:zoe email:late@x.org") // refused: it is Ann's
	without := l.oracle()
	caught.Release()
	<-caught.Answered()
	if n := strings.Count(fmt.Sprintf("%q", values(l.records())), "late@x.org"); n != 3 {
		t.Fatalf("%d records name the address, want it twice and the other one", n)
	}
	running.wants(l.oracle())
	l.run(l.client, stopped).wants(l.oracle())
	l.run(l.client, t.TempDir()).wants(l.oracle())
	if diff := cmp.Diff(sets(t, without), sets(t, l.oracle())); diff != "" {
		t.Errorf("a late copy changed who is who:\n%s", diff)
	}
}

func values(recs []broker.Record) (out []string) {
	for _, r := range recs {
		out = append(out, string(r.Value))
	}
	return out
}

// TestNobodyWaitsForARecordThatIsGone: it was acknowledged, and the broker lost it before the resolver read it. The event that waits for it would
// wait until others have filled the log.
func TestNobodyWaitsForARecordThatIsGone(t *testing.T) {
	l := newDiskLog(t)
	l.write(firstLinks...)
	r := l.run(l.client, t.TempDir())
	r.wants(l.oracle())
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	end := int64(len(firstLinks))
	if err := r.WaitFor(ctx, end); !errors.Is(err, errLost) {
		t.Errorf("waiting for a record behind the log's end: %v", err)
	}
	l.write(otherLinks[0])
	if err := r.WaitFor(ctx, end); err != nil {
		t.Errorf("waiting for a record that the log has: %v", err)
	}
}

// TestARecordThatTheLogLostIsWrittenAgain: what the event's task appends is acknowledged each time, and the log that the resolver reads does not
// have it (the two are on different brokers here). The task says it again until the log has it.
func TestARecordThatTheLogLostIsWrittenAgain(t *testing.T) {
	l, longer := newDiskLog(t), newDiskLog(t)
	l.write(firstLinks...)
	longer.write(slices.Concat(firstLinks, otherLinks)...)
	r := l.run(l.client, t.TempDir())
	r.wants(l.oracle())
	h := &task{resolver: r.resolver, log: &logWriter{broker: longer.client, metrics: r.metrics}, metrics: r.metrics, logger: quiet(), seen: seen{newest: -1}}
	raw := rawMessage(t, event("e", "user_id:bob", "email:b@x.org"))
	done := make(chan error, 1)
	go func() { done <- h.Prepare(t.Context(), []broker.Record{{Key: raw.Key, Value: raw.Value}}) }()
	testkit.Eventually(t, soon, func() error {
		if n := strings.Count(fmt.Sprintf("%q", values(longer.records())), "b@x.org"); n < 2 {
			return fmt.Errorf("the record was written %d times", n)
		}
		return nil
	})
	l.write("user_id:bob email:b@x.org") // one of them arrives
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if owners, _, err := r.Owners("w", names("user_id:bob")); err != nil || len(owners) != 1 || owners[0] != h.ready[0].answer.Customer {
		t.Errorf("the event belongs to %v, bob is %v, %v", h.ready[0].answer.Customer, owners, err)
	}
}

// TestEventsWaitWhileTheLogIsReadAnew: an event that comes just then is neither refused nor given to whom it belonged by another log.
func TestEventsWaitWhileTheLogIsReadAnew(t *testing.T) {
	l := newDiskLog(t)
	l.write(firstLinks...)
	r := l.run(l.client, t.TempDir())
	r.wants(l.oracle())
	h := &task{resolver: r.resolver, log: &logWriter{broker: l.client, metrics: r.metrics}, metrics: r.metrics, logger: quiet(), seen: seen{newest: -1}}
	offset := int64(0)
	prepare := func() graph.ID {
		raw := rawMessage(t, event(fmt.Sprint("e", offset), "anonymous_id:a"))
		if err := h.Prepare(t.Context(), []broker.Record{{Offset: offset, Key: raw.Key, Value: raw.Value}}); err != nil {
			t.Fatal(err)
		}
		offset++
		return h.ready[0].answer.Customer
	}
	ann := prepare()
	l.anew()
	var many []broker.Message
	for n := range 3000 {
		many = append(many, encoded(t, l.link(fmt.Sprint("user_id:", n))))
	}
	l.append(append(many, encoded(t, l.link(otherLinks[0])))...) // the device is Zoe's now
	var last graph.ID
	for by := time.Now().Add(soon); last == ann || last == (graph.ID{}); last = prepare() {
		if time.Now().After(by) {
			t.Fatal("the device is still Ann's")
		}
	}
	r.wants(l.oracle())
	if owners, _, err := r.Owners("w", names("user_id:zoe")); err != nil || len(owners) != 1 || owners[0] != last {
		t.Errorf("the device's events belong to %v, Zoe is %v, %v", last, owners, err)
	}
	if r.anew() != 1 {
		t.Errorf("the log was read anew %d times", r.anew())
	}
}
