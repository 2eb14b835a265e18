package identity

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	"github.com/freshet/freshet/services/identity/graph"
)

// someLines draws events over few enough names that they meet all the time. With
// users, some devices are shared.
func someLines(seed uint64, n int, users bool) []string {
	rng := rand.New(rand.NewPCG(seed, 1))
	var lines []string
	for range n {
		line := fmt.Sprintf("anonymous_id:a%d", rng.IntN(n/4))
		switch rng.IntN(4) {
		case 0:
			line = fmt.Sprintf("email:m%d@x.org ", rng.IntN(n/6)) + line
		case 1:
			if users {
				line = fmt.Sprintf("user_id:u%d ", rng.IntN(n/8)) + line
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// sendAll puts the lines into the raw topic as one burst.
func (w *world) sendAll(lines []string) {
	w.t.Helper()
	var msgs []broker.Message
	for _, line := range lines {
		msgs = append(msgs, rawMessage(w.t, event(fmt.Sprintf("e%d", w.n), strings.Fields(line)...)))
		w.n++
	}
	if err := w.producer.Produce(w.t.Context(), msgs...); err != nil {
		w.t.Fatal(err)
	}
}

// TestTwoProcessesRace: two members of the groups, several partitions, links of the
// same customers everywhere, and a member that stops and comes back in the middle.
// Every copy of the state ends equal to the log folded by hand, no mapping is
// missing, and each event went to a customer that leads to its owner of today.
func TestTwoProcessesRace(t *testing.T) {
	w := newWorld(t, 4)
	a, b := w.start(w.dir("a")), w.start(w.dir("b"))
	a.waitReady()
	b.waitReady()
	lines := someLines(7, 600, true)
	w.sendAll(lines[:300])
	dir := b.dir
	if err := b.stop(); err != nil {
		t.Fatal(err)
	}
	w.sendAll(lines[300:])
	b = w.start(dir)
	events := w.waitResolved(len(lines))
	b.waitReady()

	want, mappings := w.oracle()
	if len(mappings) < 20 {
		t.Fatalf("only %d merges: the test tests nothing", len(mappings))
	}
	for name, s := range map[string]*running{"a": a, "b": b} {
		testkit.Eventually(t, soon, func() error {
			if diff := cmp.Diff(want, s.rows()); diff != "" {
				return fmt.Errorf("replica %s differs from the log:\n%s", name, diff)
			}
			return nil
		})
	}
	testkit.Eventually(t, soon, func() error {
		if diff := cmp.Diff(mappings, w.mappings()); diff != "" {
			return errors.New("mappings differ from the log:\n" + diff)
		}
		return nil
	})
	testkit.Eventually(t, soon, func() error {
		if diff := cmp.Diff(want, emitterRows(a, b)); diff != "" {
			return errors.New("the emitter's state differs from the log:\n" + diff)
		}
		return nil
	})
	for i, line := range lines {
		got := events[fmt.Sprintf("e%d", i)].GetCustomerId()
		if to, ok := mappings[got]; ok {
			got = to
		}
		if owner := a.owner(strings.Fields(line)[0]); owner != got {
			t.Errorf("event %d (%s) went to %s, its owner is %s", i, line, got, owner)
		}
	}
}

// emitterRows reads the emitter's state from whichever process has it.
func emitterRows(list ...*running) map[string]string {
	out := map[string]string{}
	for _, r := range list {
		view, err := r.merges.View(0)
		if err != nil {
			continue
		}
		_ = view.Scan(nil, nil, func(k, v []byte) (bool, error) {
			out[string(k)] = string(v)
			return true, nil
		})
	}
	return out
}

// sets gives the customers of a state as sorted sets of identifiers.
func sets(t *testing.T, rows map[string]string) []string {
	t.Helper()
	byOwner := map[string][]string{}
	for k, v := range rows {
		if k[0] == 'i' {
			byOwner[v[1:17]] = append(byOwner[v[1:17]], k)
		}
	}
	var out []string
	for _, set := range byOwner {
		slices.Sort(set)
		out = append(out, fmt.Sprint(set))
	}
	slices.Sort(out)
	return out
}

// TestReplayIntoAFreshCluster: the raw topic alone, copied into an empty cluster, gives
// the same customers: under the same names where one partition orders the events, as the
// same sets of identifiers where several race (below the limits).
func TestReplayIntoAFreshCluster(t *testing.T) {
	for _, partitions := range []int{1, 4} {
		t.Run(fmt.Sprintf("%d partitions", partitions), func(t *testing.T) {
			lines := someLines(3, 300, partitions == 1)
			first := newWorld(t, partitions)
			a := first.start(first.dir("a"))
			for part := range slices.Chunk(lines, 60) {
				first.sendAll(part)
			}
			events := first.waitResolved(len(lines))

			second := newWorld(t, partitions)
			var msgs []broker.Message
			for _, rec := range first.read(topics.EventsRaw) {
				msgs = append(msgs, broker.Message{Topic: rec.Topic, Key: rec.Key, Value: rec.Value})
			}
			if err := second.producer.Produce(t.Context(), msgs...); err != nil {
				t.Fatal(err)
			}
			b := second.start(second.dir("b"))
			again := second.waitResolved(len(lines))
			if diff := cmp.Diff(sets(t, a.rows()), sets(t, b.rows())); diff != "" {
				t.Error(diff)
			}
			if partitions > 1 {
				return
			}
			_, mappings := first.oracle()
			_, mappingsAgain := second.oracle()
			if diff := cmp.Diff(mappings, mappingsAgain); diff != "" {
				t.Error(diff)
			}
			for id, e := range events {
				// The epochs differ with the size of the batches, the ids that the events end at do not.
				if final(mappings, e.GetCustomerId()) != final(mappings, again[id].GetCustomerId()) {
					t.Errorf("event %s: %s, then %s", id, e.GetCustomerId(), again[id].GetCustomerId())
				}
			}
		})
	}
}

func final(mappings map[string]string, id string) string {
	if to, ok := mappings[id]; ok {
		return to
	}
	return id
}

// TestCrashBetweenTheLogAndTheCommit: the batch was prepared, its records are in the
// log, and the process is gone. The next one finds everything settled: nothing is
// appended twice, every event leaves once.
func TestCrashBetweenTheLogAndTheCommit(t *testing.T) {
	w := newWorld(t, 1)
	w.send("anonymous_id:a1", "user_id:ann anonymous_id:a1", "anonymous_id:a2", "user_id:ann anonymous_id:a2")
	recs := w.read(topics.EventsRaw)

	s := w.start(w.dir("a")) // its resolver; the batch is prepared by hand, below
	w.waitResolved(4)
	before := len(w.log())

	other := newWorld(t, 1)
	for _, rec := range recs {
		if err := other.producer.Produce(t.Context(), broker.Message{Topic: rec.Topic, Key: rec.Key, Value: rec.Value}); err != nil {
			t.Fatal(err)
		}
	}
	ctx, crash := context.WithCancel(t.Context())
	m, err := newMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	cfg := Default()
	cfg.Dir = other.dir("crashed")
	resolver := newResolver(cfg, Deps{Broker: other.client, Logger: quiet()}, m)
	done := make(chan error, 1)
	go func() { done <- resolver.Run(ctx) }()
	if err := resolver.WaitCurrent(ctx); err != nil {
		t.Fatal(err)
	}
	prepared := &task{resolver: resolver, log: &logWriter{broker: other.client, metrics: m}, metrics: m, seen: seen{newest: -1}}
	if err := prepared.Prepare(ctx, recs); err != nil {
		t.Fatal(err)
	}
	crash()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if n := len(other.log()); n != before {
		t.Fatalf("%d records in the log before the crash, want %d", n, before)
	}

	after := other.start(cfg.Dir)
	other.waitResolved(4)
	if n := len(other.log()); n != before {
		t.Errorf("%d records in the log after the crash, want %d: they were settled", n, before)
	}
	if diff := cmp.Diff(s.rows(), after.rows()); diff != "" {
		t.Error(diff)
	}

	// Had the crash come before the answer to the append, the records would stand twice.
	msgs := make([]broker.Message, 0, before)
	for _, rec := range other.read(topics.IdentityLog) {
		msgs = append(msgs, broker.Message{Key: rec.Key, Value: rec.Value})
	}
	last, err := other.client.Append(t.Context(), logPartition, msgs)
	if err != nil {
		t.Fatal(err)
	}
	if err := after.resolver.WaitFor(t.Context(), last+int64(len(msgs))-1); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s.rows(), after.rows()); diff != "" {
		t.Errorf("the same records twice changed the state:\n%s", diff)
	}
}

// TestStoppingAtAnyMoment stops and starts the service again and again while events
// arrive: nothing is lost, nothing leaves with two contents.
func TestStoppingAtAnyMoment(t *testing.T) {
	w := newWorld(t, 2)
	dir := w.dir("a")
	lines := someLines(11, 400, true)
	for part := range slices.Chunk(lines, 50) {
		s := w.start(dir)
		w.sendAll(part)
		sent := w.n
		testkit.Eventually(t, soon, func() error { // stop in the middle of the burst
			if n := len(w.resolved()); n <= sent-50 {
				return fmt.Errorf("%d resolved", n)
			}
			return nil
		})
		if err := s.stop(); err != nil {
			t.Fatal(err)
		}
	}
	s := w.start(dir)
	w.waitResolved(len(lines))
	s.waitReady()
	want, mappings := w.oracle()
	if diff := cmp.Diff(want, s.rows()); diff != "" {
		t.Error(diff)
	}
	testkit.Eventually(t, soon, func() error {
		if diff := cmp.Diff(mappings, w.mappings()); diff != "" {
			return errors.New(diff)
		}
		return nil
	})
}

// TestAStoreOfAnotherLogIsThrownAway: the folder survived, the broker did not.
func TestAStoreOfAnotherLogIsThrownAway(t *testing.T) {
	for name, second := range map[string][]string{
		"shorter log":                     {"user_id:zoe"},
		"longer log with another content": {"user_id:zoe", "user_id:yan", "user_id:xia", "user_id:wim"},
	} {
		t.Run(name, func(t *testing.T) {
			old := newWorld(t, 1)
			s := old.start(old.dir("a"))
			old.send("user_id:ann", "user_id:bob", "user_id:cid")
			old.waitResolved(3)
			if err := s.stop(); err != nil {
				t.Fatal(err)
			}
			w := newWorld(t, 1)
			before := w.start(w.dir("fresh"))
			w.send(second...)
			w.waitResolved(len(second))
			if err := before.stop(); err != nil {
				t.Fatal(err)
			}
			for _, task := range []string{"identity.state", "identity.merges"} { // their states would say that events are gone, and wait to be told what to do
				if err := os.RemoveAll(filepath.Join(s.dir, task)); err != nil {
					t.Fatal(err)
				}
			}
			s = w.start(s.dir)
			s.waitReady()
			if got := s.owner("user_id:ann"); got != "" {
				t.Errorf("user_id ann of the lost log is still %s", got)
			}
			want, _ := w.oracle()
			if diff := cmp.Diff(want, s.rows()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The oracle's rows are package graph's: this fails when sets() reads them wrongly.
func TestSetsReadsTheRows(t *testing.T) {
	g, s := graph.New(graph.DefaultLimits()), memory{}
	for i, line := range []string{"user_id:1 email:a", "user_id:2"} {
		op := operation{event: rawEvent{workspace: "w", id: "e", identifiers: names(strings.Fields(line)...)}}
		if _, err := g.Apply(s, op.record(), int64(i)); err != nil {
			t.Fatal(err)
		}
	}
	if got := sets(t, s); len(got) != 2 {
		t.Errorf("read %q", got)
	}
}

// TestADamagedStoreIsReadAgainFromTheLog: the disk lost a part of the store.
func TestADamagedStoreIsReadAgainFromTheLog(t *testing.T) {
	w := newWorld(t, 1)
	s := w.start(w.dir("a"))
	w.send("user_id:ann", "user_id:bob")
	w.waitResolved(2)
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	manifests, err := filepath.Glob(filepath.Join(s.dir, storeName, "MANIFEST-*"))
	if err != nil || len(manifests) == 0 {
		t.Fatal(manifests, err)
	}
	for _, m := range manifests {
		if err := os.WriteFile(m, []byte("garbage"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s = w.start(s.dir)
	s.waitReady()
	want, _ := w.oracle()
	if diff := cmp.Diff(want, s.rows()); diff != "" {
		t.Error(diff)
	}
}

// TestALockedStoreIsLeftAlone: a second process on the same folder fails and must not
// delete what the first one uses.
func TestALockedStoreIsLeftAlone(t *testing.T) {
	w := newWorld(t, 1)
	s := w.start(w.dir("a"))
	w.send("user_id:ann")
	w.waitResolved(1)
	cfg := Default()
	cfg.Dir = s.dir
	m, err := newMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	if err := newResolver(cfg, Deps{Broker: w.client, Logger: quiet()}, m).Run(t.Context()); err == nil {
		t.Fatal("two processes share a store")
	}
	if _, err := os.Stat(filepath.Join(s.dir, storeName, "LOCK")); err != nil {
		t.Error(err)
	}
	w.send("user_id:bob")
	w.waitResolved(2)
}
