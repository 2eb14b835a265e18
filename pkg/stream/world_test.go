package stream_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/stream"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
)

// world is a processor's topics, what was sent to it, and the oracle: every input that was acknowledged is folded
// once, or the processor says that it is lost. Several worlds can share one set of brokers and its faults.
type world struct {
	t        testing.TB
	client   *broker.Client
	producer *broker.Producer
	name     string
	in       topics.Topic
	out      topics.Topic
	log      topics.Topic
	shape    func(*stream.Config, *stream.Deps) // changes what owners are made of; nil: nothing

	mu    sync.Mutex
	keys  map[int64]string // of all numbers that were sent
	acked map[int64]bool   // those that the broker has confirmed
	next  int64
}

func newWorld(t testing.TB, cfg broker.Config, name string) *world {
	t.Helper()
	c, err := broker.Dial(t.Context(), cfg, discard())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	w := &world{
		t: t, client: c, producer: c.NewProducer(broker.ProducerConfig{}), name: name, keys: map[int64]string{}, acked: map[int64]bool{},
		in: topics.Topic{Name: name + ".in.v1"}, out: topics.Topic{Name: name + ".out.v1"},
		log: topics.Topic{Name: name + ".changelog.v1", Compacted: true},
	}
	w.makeTopics()
	return w
}

func (w *world) makeTopics() {
	w.t.Helper()
	if err := w.client.EnsureTopics(w.t.Context(), w.in, w.out, w.log, topics.DeadLetter(w.in)); err != nil {
		w.t.Fatal(err)
	}
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

// put sends a new number under each key, and fails unless the broker takes it within a minute.
func (w *world) put(keys ...string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := w.try(ctx, keys...); err != nil {
		w.t.Fatal(err)
	}
}

// try is put that may fail: then the numbers may be stored or not, and the oracle does not ask for them.
func (w *world) try(ctx context.Context, keys ...string) error {
	var msgs []broker.Message
	numbers := map[int64]bool{}
	w.mu.Lock()
	for _, k := range keys {
		w.next++
		numbers[w.next], w.keys[w.next] = true, k
		msgs = append(msgs, broker.Message{Topic: w.in.Name, Key: []byte(k), Value: strconv.AppendInt(nil, w.next, 10)})
	}
	w.mu.Unlock()
	if err := w.producer.Produce(ctx, msgs...); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	maps.Copy(w.acked, numbers)
	return nil
}

// several gives n keys in turn out of a few.
func several(n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("k%d", i%7)
	}
	return keys
}

// adder keeps a sum by key, and how often it saw each number: more than once must not be.
type adder struct{ out string }

func (h adder) Process(tx *stream.Tx, rec broker.Record) error {
	n, err := strconv.ParseInt(string(rec.Value), 10, 64)
	if err != nil {
		return stream.Permanent(err)
	}
	sum, err := add(tx, "sum/"+string(rec.Key), n)
	if err != nil {
		return err
	}
	if _, err := add(tx, "seen/"+string(rec.Value), 1); err != nil {
		return err
	}
	tx.Emit(broker.Message{
		Topic: h.out, Key: rec.Key, Value: binary.AppendVarint(nil, sum), Headers: broker.Headers("id", fmt.Sprintf("%s %d/%d", rec.Value, rec.Partition, rec.Offset)),
	})
	return nil
}

func (adder) Timer(*stream.Tx, []byte, time.Time) error { return nil }

func add(tx *stream.Tx, key string, n int64) (int64, error) {
	old, _, err := tx.Get([]byte(key))
	sum, _ := binary.Varint(old)
	tx.Set([]byte(key), binary.AppendVarint(nil, sum+n))
	return sum + n, err
}

// owner is a running processor and what it has said.
type owner struct {
	*stream.Processor
	said *speech
	stop func() error
	end  chan struct{} // closed when Run has returned
}

// own starts a processor of the world on a client of its own, with its state in dir.
func (w *world) own(client *broker.Client, dir string) *owner {
	return w.ownSaying(client, dir, &speech{})
}

// ownSaying is own with what the owner says.
func (w *world) ownSaying(client *broker.Client, dir string, said *speech) *owner {
	w.t.Helper()
	cfg, deps := stream.Config{
		Name: w.name + ".adder", Inputs: []topics.Topic{w.in}, Changelog: w.log, Dir: dir,
		MaxBatch: 50, TickEvery: 5 * time.Millisecond, CommitOffsetsEvery: 20 * time.Millisecond,
	}, stream.Deps{
		Broker: client, Logger: said.logger(),
		NewHandler: func(int) (stream.Handler, error) { return adder{w.out.Name}, nil },
	}
	if w.shape != nil {
		w.shape(&cfg, &deps)
	}
	p, err := stream.New(cfg, deps)
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	o := &owner{Processor: p, said: said, end: make(chan struct{})}
	var failed error
	go func() {
		defer close(o.end)
		if failed = p.Run(ctx); failed != nil {
			fmt.Fprintf(said, "Run ended: %v\n", failed)
		}
	}()
	o.stop = func() error { cancel(); <-o.end; return failed }
	w.t.Cleanup(func() { _ = o.stop() })
	return o
}

// ready waits until an owner has its partitions.
func (w *world) ready(o *owner) *owner {
	w.t.Helper()
	testkit.Eventually(w.t, time.Minute, o.Ready)
	return o
}

// speech is the log of a processor.
type speech struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *speech) logger() *slog.Logger { return slog.New(slog.NewTextHandler(s, nil)) }

func (s *speech) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if testing.Verbose() {
		_, _ = os.Stderr.Write(p)
	}
	return s.text.Write(p)
}

func (s *speech) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// state is what owners serve: the sum of each key, and how often each number was folded.
func state(owners ...*owner) (map[string]int64, error) {
	out := map[string]int64{}
	for _, o := range owners {
		for _, n := range o.Owned() {
			v, err := o.View(n)
			if err != nil {
				return nil, err
			}
			err = v.Scan(nil, nil, func(k, v []byte) (bool, error) {
				out[string(k)], _ = binary.Varint(v)
				return true, nil
			})
			if err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// wrong says in what a state differs from the oracle: numbers folded more often than they stand in the input, or never,
// of which these may be missing.
func (w *world) wrong(got map[string]int64, mayMiss map[int64]bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	var again, never []int64
	for n := range w.acked {
		if got[fmt.Sprintf("seen/%d", n)] == 0 && !mayMiss[n] {
			never = append(never, n)
		}
	}
	sums := map[string]int64{}
	var copies map[int64]int64
	for k, times := range got {
		number, isNumber := strings.CutPrefix(k, "seen/")
		if !isNumber {
			continue
		}
		n, _ := strconv.ParseInt(number, 10, 64)
		if times != 1 && copies == nil {
			copies = w.copies()
		}
		if times != 1 && times != copies[n] {
			again = append(again, n)
		}
		sums["sum/"+w.keys[n]] += n * times
	}
	if len(never)+len(again) > 0 {
		slices.Sort(never)
		slices.Sort(again)
		return fmt.Errorf("of %d numbers acknowledged %d were never folded %v, %d too often %v", len(w.acked), len(never), never, len(again), again)
	}
	for k, want := range sums {
		if got[k] != want {
			return fmt.Errorf("%s is %d, and what was folded adds up to %d", k, got[k], want)
		}
	}
	return nil
}

// copies is how often each number stands in the input: a producer that got no answer sends again, and it is not
// package stream that knows the second copy (identity does, by message id).
func (w *world) copies() map[int64]int64 {
	w.t.Helper()
	out := map[int64]int64{}
	for _, r := range testkit.Records(w.t, w.client, w.in) {
		n, err := strconv.ParseInt(string(r.Value), 10, 64)
		if err != nil {
			w.t.Fatal(err)
		}
		out[n]++
	}
	return out
}

// complete waits until the owners have folded all that was acknowledged, each number once.
func (w *world) complete(owners ...*owner) {
	w.t.Helper()
	testkit.Eventually(w.t, time.Minute, func() error {
		got, err := state(owners...)
		if err != nil {
			return err
		}
		return w.wrong(got, nil)
	})
}

// sameFromScratch stops an owner and has another read the log from its beginning, on a client of the world's own. It must have
// the same state, fold what comes next, and nothing twice.
func (w *world) sameFromScratch(o *owner) {
	w.t.Helper()
	want := w.stateOf(o)
	if err := o.stop(); err != nil {
		w.t.Errorf("the owner ended with %v", err)
	}
	fresh := w.ready(w.own(w.client, w.t.(*testing.T).TempDir()))
	got := w.stateOf(fresh)
	if !maps.Equal(got, want) {
		w.t.Fatalf("the owner's state and the log's differ: %v", differences(want, got))
	}
	w.put(several(14)...)
	w.complete(fresh)
	w.outputsAgree()
}

// stateOf reads an owner's state. Reads have a lease (lease.go), which may lapse for a moment on a busy machine: it comes back, or the test fails.
func (w *world) stateOf(o *owner) (got map[string]int64) {
	w.t.Helper()
	testkit.Eventually(w.t, time.Minute, func() (err error) {
		got, err = state(o)
		return err
	})
	return got
}

func differences(owner, log map[string]int64) []string {
	var out []string
	for k, v := range owner {
		if log[k] != v {
			out = append(out, fmt.Sprintf("%s: owner %d, log %d", k, v, log[k]))
		}
	}
	for k, v := range log {
		if _, ok := owner[k]; !ok {
			out = append(out, fmt.Sprintf("%s: owner has none, log %d", k, v))
		}
	}
	slices.Sort(out)
	return out
}

// outputsAgree waits until each number that was acknowledged has left an output; repeats of one input's have the same content.
func (w *world) outputsAgree() {
	w.t.Helper()
	testkit.Eventually(w.t, time.Minute, func() error {
		byID, left := map[string]string{}, map[string]bool{}
		for _, r := range testkit.Records(w.t, w.client, w.out) {
			id := string(r.Header("id"))
			if old, ok := byID[id]; ok && old != string(r.Value) {
				w.t.Fatalf("the input %s left with two sums", id)
			}
			byID[id] = string(r.Value)
			number, _, _ := strings.Cut(id, " ")
			left[number] = true
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		for n := range w.acked {
			if !left[strconv.FormatInt(n, 10)] {
				return errors.New("an output is missing")
			}
		}
		return nil
	})
}
