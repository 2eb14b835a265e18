package churn

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/featuretopic"
	"github.com/freshet/freshet/pkg/freshness"
	"github.com/freshet/freshet/pkg/topics"
	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	"github.com/freshet/freshet/services/churn/row"
)

// bench is one partition's task over a transaction in memory.
type bench struct {
	t      *task
	cfg    Config
	deps   Deps
	loader *loader
	now    int64
	kv     map[string][]byte
	timers map[string]int64
	sets   []*churnv1.ScoreSet
	// quiet says that what is emitted is only counted.
	quiet         bool
	emitted       int
	version       map[string]int64
	looked        *int
	tallies       tallies
	written, keys int
}

func newBench(t testing.TB, cfg Config, deps Deps) *bench {
	k := &bench{cfg: cfg, deps: deps, now: start, kv: map[string][]byte{}, timers: map[string]int64{}, version: map[string]int64{}}
	k.restart(t)
	return k
}

// restart makes a new task over the state as it is.
func (k *bench) restart(t testing.TB) {
	t.Helper()
	b, err := newBook(k.cfg)
	if err != nil {
		t.Fatal(err)
	}
	m, err := newMetrics(nil)
	if err != nil {
		t.Fatal(err)
	}
	n, err := newNights(k.cfg)
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := freshness.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	warnings, err := k.deps.NewWarnings(b.set.Warnings, b.catalog)
	if err != nil {
		t.Fatal(err)
	}
	k.loader = newLoader(k.cfg, b, k.deps, m)
	j := newJudge(b, k.loader, counting{warnings, k}, featuretopic.New(b.catalog.Layout()))
	k.t = &task{book: b, judge: j, step: k.cfg.EmitStep, nights: n, partitions: func() int { return 1 }, fresh: fresh, metrics: m,
		counts: &counts{all: &k.tallies}, entries: map[string]*entry{}}
}

func (k *bench) board() *Board { return k.loader.Board("default") }

// counting counts how often a customer is looked at.
type counting struct {
	Warnings
	k *bench
}

func (c counting) Look(v catalog.Vector, nowMs int64) []Found {
	if c.k.looked != nil {
		*c.k.looked++
	}
	return c.Warnings.Look(v, nowMs)
}

// send folds sets in one commit.
func (k *bench) send(t testing.TB, sets ...*featurev1.FeatureSet) {
	t.Helper()
	for _, fs := range sets {
		k.version[fs.CustomerId]++
		fs.Version, fs.Workspace = k.version[fs.CustomerId], "default"
		value, err := proto.Marshal(fs)
		if err != nil {
			t.Fatal(err)
		}
		if err := k.t.process(k, broker.Record{Topic: topics.Features.Name, Key: []byte(fs.CustomerId), Value: value}); err != nil {
			t.Fatal(err)
		}
	}
	if err := k.t.flush(k); err != nil {
		t.Fatal(err)
	}
}

// tick gives the sweep a turn.
func (k *bench) tick(t testing.TB) bool {
	t.Helper()
	more, err := k.t.tick(k, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.t.flush(k); err != nil {
		t.Fatal(err)
	}
	return more
}

func (k *bench) sweep(t testing.TB) sweep {
	t.Helper()
	s, err := decodeSweep(k.kv[keySweep])
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// out is how many score sets were told for a reason.
func (k *bench) out(reason churnv1.ScoreReason) (n int) {
	for _, m := range k.sets {
		if m.GetReason() == reason {
			n++
		}
	}
	return n
}

func (k *bench) Now() time.Time { return time.UnixMilli(k.now) }

func (k *bench) Get(key []byte) ([]byte, bool, error) {
	v, ok := k.kv[string(key)]
	return v, ok, nil
}

func (k *bench) Set(key, value []byte) {
	if value == nil {
		value = []byte{}
	}
	k.written, k.keys = k.written+len(value), k.keys+1
	k.kv[string(key)] = value
}

func (k *bench) Scan(prefix, from []byte, fn func(key, value []byte) (bool, error)) error {
	var keys []string
	for key := range k.kv {
		if bytes.HasPrefix([]byte(key), prefix) && key >= string(from) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		if more, err := fn([]byte(key), k.kv[key]); err != nil || !more {
			return err
		}
	}
	return nil
}

func (k *bench) SetTimer(key []byte, due time.Time) { k.timers[string(key)] = due.UnixMilli() }
func (k *bench) ClearTimer(key []byte)              { delete(k.timers, string(key)) }
func (k *bench) Traceparent() []byte                { return nil }

func (k *bench) Emit(m broker.Message) {
	k.emitted++
	if k.quiet {
		return
	}
	s := &churnv1.ScoreSet{}
	if err := proto.Unmarshal(m.Value, s); err != nil {
		panic(err)
	}
	k.sets = append(k.sets, s)
}

// mean counts scores.
type mean struct{ n, columns int }

func (m *mean) Count([]row.Cell, float64) { m.n++ }
