package feature

import (
	"math/rand/v2"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/feature/internal/oracle"
)

// BenchmarkHandler folds events of known customers with the shipped catalogue, in memory: decode, insert, read, tags, encode, a commit for each hundred
// events of different customers.
func BenchmarkHandler(b *testing.B) {
	kept, err := newBook("")
	if err != nil {
		b.Fatal(err)
	}
	m, err := newMetrics(nil, time.Now)
	if err != nil {
		b.Fatal(err)
	}
	for name, before := range map[string]int{"events=10": 10, "events=100": 100} {
		b.Run(name, func(b *testing.B) {
			const customers = 100
			w := &world{kept: kept, now: oracle.Epoch, parts: 1, tasks: []*memoryTask{{kv: map[string][]byte{}, timers: map[string]int64{}}}}
			h := newHandler(kept.copy(), m)
			r := rand.New(rand.NewPCG(1, 2))
			offset := int64(0)
			fold := func(customer int, at int64) broker.Record {
				offset++
				value, err := proto.Marshal(&eventv1.ResolvedEvent{CustomerId: id(customer), RawOffset: offset, Event: shopEvent(r, at)})
				if err != nil {
					b.Fatal(err)
				}
				return broker.Record{Topic: topics.EventsResolved.Name, Key: []byte(id(customer)), Value: value}
			}
			batch := func(records []broker.Record) {
				tx := &memoryTx{w: w, task: w.tasks[0], kv: map[string][]byte{}, timers: map[string]int64{}}
				for _, rec := range records {
					if err := h.process(tx, rec); err != nil {
						b.Fatal(err)
					}
				}
				if err := h.batch.flush(tx); err != nil {
					b.Fatal(err)
				}
				tx.commit()
			}
			now := w.now.UnixMilli()
			for i := range before {
				var records []broker.Record
				for c := range customers {
					records = append(records, fold(c, now-int64(before-i)*365*86_400_000/int64(before)))
				}
				batch(records)
			}
			var records []broker.Record
			for c := range customers {
				records = append(records, fold(c, now))
			}
			b.ReportAllocs()
			events := 0
			for b.Loop() {
				for i := range records { // the same events as new ones
					offset++
					var m eventv1.ResolvedEvent
					if err := proto.Unmarshal(records[i].Value, &m); err != nil {
						b.Fatal(err)
					}
					m.RawOffset = offset
					if records[i].Value, err = proto.Marshal(&m); err != nil {
						b.Fatal(err)
					}
				}
				batch(records)
				events += customers
			}
			b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
