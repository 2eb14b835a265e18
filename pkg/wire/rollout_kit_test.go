package wire_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/stream"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	"github.com/freshet/freshet/pkg/wire"
)

func TestMain(m *testing.M) { testkit.Main(m) }

var (
	inputs = topics.Topic{Name: "numbers.v1"}
	states = topics.Topic{Name: "tallies.changelog.v1", Compacted: true}
)

// tally is the state of a key: how many numbers came, and their sum. Layout 1 is text, layout 2 is varints.
type tally struct{ n, sum int64 }

// release is what one release of the software knows of the format.
type release struct{ wire.Format }

// The releases that follow each other: layout 2 is read by the second and written by the third.
var (
	first  = release{wire.Format{Name: "tally", Oldest: 1, Written: 1, Newest: 1}}
	second = release{wire.Format{Name: "tally", Oldest: 1, Written: 1, Newest: 2}}
	third  = release{wire.Format{Name: "tally", Oldest: 1, Written: 2, Newest: 2}}
)

func (r release) encode(t tally) []byte {
	b := r.Begin(nil)
	if r.Written == 1 {
		return fmt.Appendf(b, "%d/%d", t.n, t.sum)
	}
	return binary.AppendVarint(binary.AppendVarint(b, t.n), t.sum)
}

func (r release) decode(b []byte) (tally, error) {
	in, version, err := r.Open(b)
	if err != nil {
		return tally{}, err
	}
	if version == 2 {
		return tally{n: in.Varint(), sum: in.Varint()}, in.Done()
	}
	n, sum, _ := strings.Cut(string(in.Rest()), "/")
	var t tally
	var err1, err2 error
	t.n, err1 = strconv.ParseInt(n, 10, 64)
	t.sum, err2 = strconv.ParseInt(sum, 10, 64)
	return t, errors.Join(err1, err2)
}

// handler folds numbers as a release does, and notes its faults.
type handler struct {
	release
	mu     sync.Mutex
	faults map[int]error // the last one, by partition
}

func (h *handler) Process(tx *stream.Tx, rec broker.Record) error {
	v, ok, err := tx.Get(rec.Key)
	if err != nil {
		return err
	}
	var t tally
	if ok {
		if t, err = h.decode(v); err != nil {
			h.mu.Lock()
			h.faults[rec.Partition] = err
			h.mu.Unlock()
			return err
		}
	}
	number, err := strconv.ParseInt(string(rec.Value), 10, 64)
	if err != nil {
		return stream.Permanent(err)
	}
	tx.Set(rec.Key, h.encode(tally{t.n + 1, t.sum + number}))
	return nil
}

func (h *handler) Timer(*stream.Tx, []byte, time.Time) error { return nil }

func (h *handler) fault(partition int) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.faults[partition]
}

// process is a running process of some release.
type process struct {
	*stream.Processor
	*handler
	stop func()
}

// fleet is a broker, its processes, and the numbers that go to them.
type fleet struct {
	t      *testing.T
	client *broker.Client
	in     *broker.Producer
	sent   int64
}

const fleetPartitions = 2

func newFleet(t *testing.T) *fleet {
	c, err := broker.Dial(t.Context(), broker.Config{Addresses: []string{testkit.Kafka(t)}, Partitions: fleetPartitions}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if err := c.EnsureTopics(t.Context(), inputs, states, topics.DeadLetter(inputs)); err != nil {
		t.Fatal(err)
	}
	return &fleet{t: t, client: c, in: c.NewProducer(broker.ProducerConfig{})}
}

// start runs a process of a release over a folder.
func (f *fleet) start(r release, dir string) *process {
	f.t.Helper()
	h := &handler{release: r, faults: map[int]error{}}
	p, err := stream.New(stream.Config{
		Name: "test.tallies", Inputs: []topics.Topic{inputs}, Changelog: states, Dir: dir,
		MaxBatch: 20, TickEvery: 5 * time.Millisecond, CommitOffsetsEvery: 20 * time.Millisecond,
	}, stream.Deps{
		Broker: f.client, Logger: slog.New(slog.DiscardHandler),
		NewHandler: func(int) (stream.Handler, error) { return h, nil },
	})
	if err != nil {
		f.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			f.t.Errorf("a process of a release that writes layout %d ended with %v", r.Written, err)
		}
	})
	f.t.Cleanup(stop)
	return &process{p, h, stop}
}

// send sends numbers to keys <prefix>0 to <prefix>7 in turn.
func (f *fleet) send(prefix string, count int) {
	f.t.Helper()
	for range count {
		f.sendTo(fmt.Sprintf("%s%d", prefix, f.sent%8))
	}
}

// sendTo sends the next number to a key.
func (f *fleet) sendTo(key string) {
	f.t.Helper()
	f.sent++
	if err := f.in.Produce(f.t.Context(), broker.Message{Topic: inputs.Name, Key: []byte(key), Value: []byte(strconv.FormatInt(f.sent, 10))}); err != nil {
		f.t.Fatal(err)
	}
}

// keyIn is a key of a partition.
func keyIn(partition int) string {
	for n := 0; ; n++ {
		if key := fmt.Sprint("key", n); broker.PartitionFor([]byte(key), fleetPartitions) == partition {
			return key
		}
	}
}

// folded is what the inputs make, folded anew from the first to the last.
func (f *fleet) folded() map[string]tally {
	f.t.Helper()
	all := map[string]tally{}
	for _, rec := range testkit.Records(f.t, f.client, inputs) {
		n, err := strconv.ParseInt(string(rec.Value), 10, 64)
		if err != nil {
			f.t.Fatal(err)
		}
		t := all[string(rec.Key)]
		all[string(rec.Key)] = tally{t.n + 1, t.sum + n}
	}
	return all
}

// settled waits until the processes together have every partition and the state of a fresh fold, each with at
// least one partition. It returns how many keys are in each layout.
func (f *fleet) settled(ps ...*process) map[byte]int {
	f.t.Helper()
	var layouts map[byte]int
	testkit.Eventually(f.t, time.Minute, func() (err error) {
		layouts, err = f.compare(ps)
		return err
	})
	return layouts
}

func (f *fleet) compare(ps []*process) (map[byte]int, error) {
	layouts, got, want, owned := map[byte]int{}, map[string]tally{}, f.folded(), 0
	for i, p := range ps {
		mine := p.Owned()
		if len(mine) == 0 {
			return nil, fmt.Errorf("process %d has no partition", i)
		}
		owned += len(mine)
		for _, n := range mine {
			v, err := p.View(n)
			if err != nil {
				return nil, err
			}
			if err := v.Scan(nil, nil, func(k, v []byte) (bool, error) {
				t, err := p.decode(v)
				got[string(k)] = t
				layouts[v[0]]++
				return true, err
			}); err != nil {
				return nil, err
			}
		}
	}
	if owned != fleetPartitions || len(got) != len(want) {
		return nil, fmt.Errorf("%d partitions with %d keys, want %d with %d", owned, len(got), fleetPartitions, len(want))
	}
	for k, t := range want {
		if got[k] != t {
			return nil, fmt.Errorf("%s is %v, a fresh fold gives %v", k, got[k], t)
		}
	}
	return layouts, nil
}
