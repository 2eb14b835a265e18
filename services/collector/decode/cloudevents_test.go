package decode

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// BenchmarkCloudEvents reads and converts a batch of 50.
func BenchmarkCloudEvents(b *testing.B) {
	events := make([]string, 50)
	for i := range events {
		events[i] = cloud(b, fmt.Sprintf(`{"id":"%d","time":"2026-03-01T11:59:00Z","data":{"userId":"42","product_id":"22633","price":19.99,"category":%q}}`, i, strings.Repeat("x", 300)))
	}
	body := []byte("[" + strings.Join(events, ",") + "]")
	limits := Limits{BatchEvents: 2500, Keys: 10000, Depth: 32}
	w := &Work{}
	b.ReportAllocs()
	for b.Loop() {
		w.Body = append(w.Body[:0], body...)
		if ref := w.ParseCloudEvents(limits); ref != nil {
			b.Fatal(ref)
		}
		for i := range w.Items {
			if w.convert(&w.Items[i], limits); w.Items[i].Fault != nil {
				b.Fatal(w.Items[i].Fault)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(50*b.N), "ns/event")
}

// Whatever the bytes are: no panic, and each item is either refused or a track call with an id and properties that are JSON.
func FuzzCloudEvents(f *testing.F) {
	f.Add([]byte(cloud(f, `{}`)), false)
	f.Add([]byte("["+cloud(f, `{"data":null,"data_base64":"eyJ1c2VySWQiOiJkIn0=","subject":"s"}`)+","+cloud(f, `{"id":null}`)+"]"), true)
	f.Add([]byte(`[{"specversion":"1.0","specversion":"1.0","id":"\u0000","source":"\ud800","type":"t","data":{"userId":1e9}},7,{"a":NaN}]`), true)
	limits := Limits{BatchEvents: 2500, Keys: 10000, Depth: 32}
	f.Fuzz(func(t *testing.T, body []byte, many bool) {
		w := &Work{Body: body}
		parse := w.ParseSingle
		if many {
			parse = w.ParseCloudEvents
		}
		if parse(limits) != nil {
			return
		}
		for i := range w.Items {
			it := &w.Items[i]
			w.convert(it, limits)
			if it.Fault != nil {
				continue
			}
			if len(it.MessageID) != 37 || !json.Valid(it.context) || (it.properties != nil && !json.Valid(it.properties)) || it.event[0] != '"' {
				t.Errorf("%s\nid %s\ncontext %s\nproperties %s", it.Raw, it.MessageID, it.context, it.properties)
			}
		}
	})
}
