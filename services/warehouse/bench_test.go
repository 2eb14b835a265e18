package warehouse

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

// BenchmarkWarehouse measures from a filled topic to committed rows of dw.events:
//
//	go test -run '^$' -bench Warehouse -benchtime 400000x ./services/warehouse
func BenchmarkWarehouse(b *testing.B) {
	w := newWorld(b, 4)
	w.cfg = Default()
	w.cfg.DatabasePrefix = w.names.Prefix
	producer := w.broker.NewProducer(broker.ProducerConfig{})
	var msgs []broker.Message
	var bytesOf int
	for i := range b.N {
		value, err := proto.Marshal(pageView(i))
		if err != nil {
			b.Fatal(err)
		}
		bytesOf += len(value)
		msgs = append(msgs, broker.Message{Topic: topics.EventsResolved.Name, Key: fmt.Append(nil, i%10_000), Value: value})
		if len(msgs) == 10_000 || i == b.N-1 {
			if err := producer.Produce(b.Context(), msgs...); err != nil {
				b.Fatal(err)
			}
			msgs = msgs[:0]
		}
	}
	b.SetBytes(int64(bytesOf / b.N))
	b.ResetTimer()
	w.start(nil)
	w.within(2*time.Minute, int64(b.N), "SELECT count() FROM {dw}.events_rows")
	for p := range 4 {
		w.wantCommitted(topics.EventsResolved, p)
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// pageView is a live event of about 700 bytes, as a browser's SDK sends it.
func pageView(i int) *eventv1.ResolvedEvent {
	at := base.Add(time.Duration(i) * time.Millisecond).UnixMilli()
	return &eventv1.ResolvedEvent{CustomerId: fmt.Sprintf("%032x", i%10_000), RawPartition: int32(i % 4), RawOffset: int64(i), Event: &eventv1.Event{
		EventId: fmt.Sprintf("ajs-next-%016d", i), Workspace: "default", Source: "web", Type: eventv1.EventType_EVENT_TYPE_TRACK,
		Name:        []string{"Product Viewed", "Product Added", "Product List Viewed"}[i%3],
		Identifiers: []*eventv1.Identifier{{Type: "user_id", Value: fmt.Sprint(i % 10_000)}, {Type: "anonymous_id", Value: fmt.Sprintf("%032x", i%30_000)}},
		Enrichment: &eventv1.Enrichment{Browser: "Chrome", BrowserVersion: "126.0", Os: "Windows", OsVersion: "10", DeviceType: "desktop",
			Country: "GB", Region: "ENG", City: []string{"London", "Leeds", "York"}[i%3], Channel: eventv1.Channel(i % 9), ReferrerHost: "google.com", SessionId: fmt.Sprint(i % 3000)},
		OriginalMs: at, SentMs: at, ReceivedMs: at, OccurredMs: at,
		ContextJson:    bytes.Repeat([]byte(`{"page":{"path":"/p"},"userAgent":"Mozilla/5.0"}`), 6),
		PropertiesJson: fmt.Appendf(nil, `{"product_id":"p%d","price":%d.99,"quantity":1,"category":"garden","url":"https://shop.example/p/%d"}`, i%5000, i%100, i%5000),
	}}
}
