package visitor

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
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

func memoryTask(t testing.TB) *task {
	t.Helper()
	m, err := newMetrics(nil)
	if err != nil {
		t.Fatal(err)
	}
	return newTask(0, newConsent(Default()), Items{}, m)
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
	past := make([]broker.Record, 300*visitors)
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
	fold(records)
	b.StopTimer()
	bytes := 0
	for _, v := range tx.state {
		bytes += len(v)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(bytes)/visitors, "bytes/visitor")
}
