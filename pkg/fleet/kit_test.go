package fleet

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/stream"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
)

func TestMain(m *testing.M) {
	if role := os.Getenv(childRole); role != "" {
		os.Exit(childMain(role))
	}
	testkit.Main(m)
}

var (
	inTopic  = topics.Topic{Name: "in.v1"}
	logTopic = topics.Topic{Name: "counts.changelog.v1", Compacted: true}
)

const (
	taskName   = "test.counts"
	partitions = 6
	soon       = 90 * time.Second
)

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// counts is the state of the tests: how many records every key had, with the bytes of the last one behind it.
type counts struct{}

func (counts) Process(tx *stream.Tx, rec broker.Record) error {
	old, _, err := tx.Get(rec.Key)
	if err == nil {
		tx.Set(rec.Key, append(binary.BigEndian.AppendUint64(nil, count(old)+1), rec.Value...))
	}
	return err
}

func (counts) Timer(*stream.Tx, []byte, time.Time) error { return nil }

func count(state []byte) uint64 {
	if len(state) < 8 {
		return 0
	}
	return binary.BigEndian.Uint64(state)
}

// replica is one process of a service: a real task, a real gRPC server.
type replica struct {
	*Fleet
	task    *Task
	p       *stream.Processor
	address string
	stop    func()
}

// begin starts a replica, which must end before its context's parent does.
func begin(addr, dir string, options ...grpc.ServerOption) (*replica, error) {
	ctx, cancel := context.WithCancel(context.Background())
	client, err := broker.Dial(ctx, broker.Config{Addresses: []string{addr}, Partitions: partitions}, quiet())
	if err != nil {
		cancel()
		return nil, err
	}
	p, err := stream.New(stream.Config{Name: taskName, Inputs: []topics.Topic{inTopic}, Changelog: logTopic, Dir: dir, TickEvery: 5 * time.Millisecond},
		stream.Deps{Broker: client, Logger: quiet(), NewHandler: func(int) (stream.Handler, error) { return counts{}, nil }})
	if err != nil {
		cancel()
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // on loopback
	if err != nil {
		cancel()
		return nil, err
	}
	r := &replica{p: p, address: listener.Addr().String()}
	if r.Fleet, err = New(Deps{Logger: quiet(), Broker: client, Address: func() string { return r.address }}); err != nil {
		cancel()
		return nil, err
	}
	r.task = r.Task(p)
	server := grpc.NewServer(options...)
	r.Register(server)
	var running sync.WaitGroup
	running.Go(func() { _ = server.Serve(listener) })
	running.Go(func() { report(p.Run(ctx)) })
	running.Go(func() { report(r.Run(ctx)) })
	running.Go(func() { report(r.task.Run(ctx)) })
	r.stop = sync.OnceFunc(func() {
		server.Stop()
		cancel()
		running.Wait()
		client.Close()
	})
	return r, nil
}

// report ends the test binary: no part of a replica may fail.
func report(err error) {
	if err != nil {
		panic(err)
	}
}

// ready says whether everything is there.
func (r *replica) ready() error {
	if err := r.Ready(); err != nil {
		return err
	}
	return r.p.Ready()
}

// world is a broker with the tests' topics.
type world struct {
	t    *testing.T
	addr string
	in   *broker.Producer
	sent map[string]uint64
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, addr: testkit.Kafka(t), sent: map[string]uint64{}}
	client, err := broker.Dial(t.Context(), broker.Config{Addresses: []string{w.addr}, Partitions: partitions}, quiet())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	if err := client.EnsureTopics(t.Context(), inTopic, logTopic, topics.TaskOwners, topics.DeadLetter(inTopic)); err != nil {
		t.Fatal(err)
	}
	w.in = client.NewProducer(broker.ProducerConfig{})
	return w
}

func (w *world) begin(options ...grpc.ServerOption) *replica {
	w.t.Helper()
	r, err := begin(w.addr, w.t.TempDir(), options...)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(r.stop)
	return r
}

// share waits until all partitions are restored, and each replica has some.
func (w *world) share(all ...*replica) {
	w.t.Helper()
	testkit.Eventually(w.t, soon, func() error {
		n := 0
		for _, r := range all {
			if err := r.ready(); err != nil {
				return err
			}
			if len(r.p.Owned()) == 0 {
				return fmt.Errorf("%s has no partition", r.address)
			}
			n += len(r.p.Owned())
		}
		if n != partitions {
			return fmt.Errorf("%d of %d partitions are owned", n, partitions)
		}
		return nil
	})
}

// send adds one record to each key.
func (w *world) send(payload string, keys ...string) {
	w.t.Helper()
	var msgs []broker.Message
	for _, k := range keys {
		w.sent[k]++
		msgs = append(msgs, broker.Message{Topic: inTopic.Name, Key: []byte(k), Value: []byte(payload)})
	}
	if err := w.in.Produce(w.t.Context(), msgs...); err != nil {
		w.t.Fatal(err)
	}
}

func keysOf(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = "k" + strconv.Itoa(i)
	}
	return out
}

func partitionOf(key string) int { return broker.PartitionFor([]byte(key), partitions) }

func readsOf(keys ...string) []Read {
	out := make([]Read, len(keys))
	for i, k := range keys {
		out[i] = Read{Partition: partitionOf(k), Key: []byte(k)}
	}
	return out
}

// knows waits until a replica reads of every key what was sent.
func (w *world) knows(r *replica, keys ...string) {
	w.t.Helper()
	testkit.Eventually(w.t, soon, func() error {
		got, err := r.task.Get(w.t.Context(), readsOf(keys...)...)
		if err != nil {
			return err
		}
		for i, k := range keys {
			if n := count(got[i].Data); n != w.sent[k] || got[i].Found != (n > 0) {
				return fmt.Errorf("%s: %d of %d", k, n, w.sent[k])
			}
		}
		return nil
	})
}

// childRole is the environment variable that makes this test binary a replica of its own, so that it can be killed, stopped and continued.
const childRole = "FRESHET_FLEET_CHILD"

func childMain(role string) int {
	addr, dir, _ := strings.Cut(role, " ")
	r, err := begin(addr, dir)
	if err != nil {
		fmt.Println("child:", err)
		return 1
	}
	for r.ready() != nil || len(r.p.Owned()) == 0 {
		time.Sleep(5 * time.Millisecond)
	}
	fmt.Println(r.address)
	select {}
}
