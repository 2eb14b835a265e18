package visitor

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

// memory is a transaction in memory.
type memory struct {
	state map[string][]byte
	now   int64
	sent  int
}

func (m *memory) Now() time.Time { return time.UnixMilli(m.now) }
func (m *memory) Get(key []byte) ([]byte, bool, error) {
	v, ok := m.state[string(key)]
	return v, ok, nil
}
func (m *memory) Set(key, value []byte)      { m.state[string(key)] = value }
func (m *memory) SetTimer([]byte, time.Time) {}
func (m *memory) ClearTimer([]byte)          {}
func (m *memory) Emit(broker.Message)        { m.sent++ }

func memoryTask(t interface{ Fatal(...any) }) *task {
	m, err := newMetrics(nil)
	if err != nil {
		t.Fatal(err)
	}
	return newTask(0, newConsent(Default()), Items{}, m)
}

// Whatever order events come in, and however often, the record is the same: where every event speaks of consent, and where none does.
func TestFoldingIsInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		speaks := rapid.Bool().Draw(t, "speaks")
		var events []*eventv1.ResolvedEvent
		for i := range rapid.IntRange(1, 12).Draw(t, "events") {
			at, name := rapid.Int64Range(1, 20).Draw(t, "at"), fmt.Sprint("e", i)
			e := viewed(1, name, rapid.SampledFrom([]string{"a", "b"}).Draw(t, "item"), at)
			switch order := rapid.SampledFrom([]string{"o1", "o2"}).Draw(t, "order"); rapid.IntRange(0, 3).Draw(t, "kind") {
			case 0:
				e = ordered(1, name, order, sale, at, "a", "b")
			case 1:
				e = ordered(1, name, order, cancel, at)
			}
			if speaks {
				says(e, rapid.IntRange(0, 4).Draw(t, "granted") > 0)
			}
			e.Event.Enrichment = &eventv1.Enrichment{Country: rapid.SampledFrom([]string{"", "DE", "FR"}).Draw(t, "country")}
			events = append(events, e)
		}
		folded := func(events []*eventv1.ResolvedEvent) []byte {
			tx, task := &memory{state: map[string][]byte{}, now: start}, memoryTask(t)
			for _, e := range events {
				if err := task.event(tx, id(1), e, &handover{what: handEvent}); err != nil {
					t.Fatal(err)
				}
				if rapid.Bool().Draw(t, "commit") {
					if err := task.flush(tx); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := task.flush(tx); err != nil {
				t.Fatal(err)
			}
			r := decoded(t, tx.state[string(visitorKey(id(1)))])
			r.pseudonym, r.dueMs = pseudonym{}, 0 // a number drawn, and a clock
			return r.encode()
		}
		want := folded(events)
		mixed := rapid.Permutation(append(events, rapid.SliceOfN(rapid.SampledFrom(events), 0, 5).Draw(t, "copies")...)).Draw(t, "mixed")
		if got := folded(mixed); !bytes.Equal(got, want) {
			t.Fatalf("%+v\nwant %+v", decoded(t, got), decoded(t, want))
		}
	})
}

// BenchmarkFold folds views and orders of visitors with a past of a few hundred touches, in commits of 500 events.
func BenchmarkFold(b *testing.B) {
	const visitors = 200
	rng := rand.New(rand.NewPCG(1, 2))
	tx, t := &memory{state: map[string][]byte{}, now: start}, memoryTask(b)
	event := func(i int) broker.Record {
		n := rng.IntN(visitors)
		e := viewed(n, fmt.Sprint("e", i), fmt.Sprintf("P%05d", rng.IntN(10_000)), start+int64(i)*1000)
		if i%20 == 0 {
			e = ordered(n, fmt.Sprint("e", i), fmt.Sprint("o", i), sale, start+int64(i)*1000, "a", "b")
		}
		value, err := proto.Marshal(e)
		if err != nil {
			b.Fatal(err)
		}
		return broker.Record{Topic: topics.EventsResolved.Name, Key: []byte(e.CustomerId), Value: value}
	}
	fold := func(records []broker.Record) {
		for i, rec := range records {
			if err := t.process(tx, rec); err != nil {
				b.Fatal(err)
			}
			if i%500 == 499 || i == len(records)-1 {
				if err := t.flush(tx); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	past := make([]broker.Record, 400*visitors)
	for i := range past {
		past[i] = event(i)
	}
	fold(past)
	records := make([]broker.Record, b.N)
	for i := range records {
		records[i] = event(len(past) + i)
	}
	b.ReportAllocs()
	b.ResetTimer()
	began := cpu()
	fold(records)
	b.StopTimer()
	size := 0
	for _, v := range tx.state {
		size += len(v)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(cpu()-began)/float64(time.Microsecond)/float64(b.N), "cpu-us/event")
	b.ReportMetric(float64(size)/visitors, "bytes/visitor")
}

// cpu is what the process has used: on a machine that others use too, the clock says little.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
