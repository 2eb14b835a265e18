package identity

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	"github.com/freshet/freshet/services/identity/graph"
)

// diskLog is identity's log on a broker that a test may harm.
type diskLog struct {
	*testkit.DiskKafka
	t      *testing.T
	client *broker.Client
	n      int // records written
}

func newDiskLog(t *testing.T) *diskLog {
	l := &diskLog{DiskKafka: testkit.NewDiskKafka(t), t: t}
	l.client = l.dial(broker.GapHold)
	l.make()
	return l
}

func (l *diskLog) make() {
	l.t.Helper()
	testkit.Eventually(l.t, soon, func() error { return l.client.EnsureTopics(l.t.Context(), topics.IdentityLog) })
}

func (l *diskLog) dial(gaps broker.GapPolicy) *broker.Client { return l.dialAt(l.Addr(), gaps) }

func (l *diskLog) dialAt(address string, gaps broker.GapPolicy) *broker.Client {
	l.t.Helper()
	c, err := broker.Dial(l.t.Context(), broker.Config{Addresses: []string{address}, Partitions: 1, Gaps: gaps}, quiet())
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(c.Close)
	return c
}

// link is the record of an event that carries these names.
func (l *diskLog) link(line string) operation {
	l.n++
	e := rawEvent{workspace: "w", id: fmt.Sprintf("e%d", l.n), receivedMS: int64(l.n) * time.Hour.Milliseconds(), identifiers: names(strings.Fields(line)...)}
	return operation{event: e, offset: int64(l.n)}
}

func encoded(t testing.TB, op operation) broker.Message {
	t.Helper()
	value, err := proto.Marshal(op.record())
	if err != nil {
		t.Fatal(err)
	}
	return broker.Message{Key: []byte(op.event.workspace), Value: value}
}

// write appends a record a line, each a batch of its own.
func (l *diskLog) write(lines ...string) {
	l.t.Helper()
	for _, line := range lines {
		l.append(encoded(l.t, l.link(line)))
	}
}

func (l *diskLog) append(msgs ...broker.Message) (base int64) {
	l.t.Helper()
	testkit.Eventually(l.t, soon, func() (err error) { // a pooled connection may be of the broker before
		base, err = l.client.Append(l.t.Context(), logPartition, msgs)
		return err
	})
	return base
}

// cut starts the broker again with that many batches left.
func (l *diskLog) cut(batches int) {
	l.t.Helper()
	l.Stop()
	l.Forget(topics.IdentityLog.Name, 0, batches)
	l.Start()
}

// anew deletes the topic and makes it again.
func (l *diskLog) anew() {
	l.t.Helper()
	testkit.Eventually(l.t, soon, func() error { return l.client.Ping(l.t.Context()) })
	testkit.DeleteTopic(l.t, l.Addr(), topics.IdentityLog.Name)
	l.make()
}

// records is what the log holds now.
func (l *diskLog) records() []broker.Record {
	l.t.Helper()
	testkit.Eventually(l.t, soon, func() error { _, err := l.client.Spans(l.t.Context(), topics.IdentityLog.Name); return err })
	return testkit.Records(l.t, l.client, topics.IdentityLog)
}

// oracle is the state that the log gives to somebody who reads it from its beginning: its records folded by hand.
func (l *diskLog) oracle() map[string]string {
	l.t.Helper()
	return folded(l.t, l.records())
}

func folded(t testing.TB, recs []broker.Record) memory {
	t.Helper()
	g, s := graph.New(graph.DefaultLimits()), memory{}
	for _, rec := range recs {
		op, err := decodeOperation(rec)
		if err != nil {
			continue
		}
		if _, err := g.Apply(s, op, rec.Offset); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// replica is a resolver that runs.
type replica struct {
	*resolver
	t    testing.TB
	stop func()
}

// run starts a resolver with its store in a folder.
func (l *diskLog) run(client *broker.Client, dir string) *replica {
	l.t.Helper()
	m, err := newMetrics(prometheus.NewRegistry())
	if err != nil {
		l.t.Fatal(err)
	}
	cfg := Default()
	cfg.Dir, cfg.CacheBytes = dir, 1<<20
	r := &replica{resolver: newResolver(cfg, Deps{Broker: client, Logger: quiet()}, m), t: l.t}
	r.lookEvery, r.heldRetry = 100*time.Millisecond, 100*time.Millisecond
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			l.t.Error(err)
		}
	})
	l.t.Cleanup(r.stop)
	return r
}

// dump gives the state of a resolver, without its place in the log.
func (r *resolver) dump() (map[string]string, error) {
	out := map[string]string{}
	_, err := r.read(func(s graph.Reader) error {
		return s.Scan(nil, nil, func(k, v []byte) (bool, error) {
			if string(k) != string(copiedKey) {
				out[string(k)] = string(v)
			}
			return true, nil
		})
	})
	return out, err
}

// wants waits until the replica's state is this.
func (r *replica) wants(want map[string]string) {
	r.t.Helper()
	testkit.Eventually(r.t, soon, func() error {
		got, err := r.dump()
		if err != nil {
			return err
		}
		if diff := cmp.Diff(want, got); diff != "" {
			return fmt.Errorf("the copy is not what the log gives:\n%s", diff)
		}
		return nil
	})
}
