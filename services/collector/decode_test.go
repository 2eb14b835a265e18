package collector

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"os"
	runtimemetrics "runtime/metrics"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace/noop"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/decode"
	"github.com/freshet/freshet/services/collector/directory"
	"github.com/freshet/freshet/services/collector/intake"
	"github.com/freshet/freshet/services/collector/intake/intaketest"
	"github.com/freshet/freshet/services/collector/placeholder"
)

// detached is a collector without a broker, for what happens before one is needed.
func detached(t testing.TB) *Service {
	t.Helper()
	cfg := Default()
	cfg.Sources = []directory.Entry{{Name: "web", Workspace: "default", WriteKey: testKey}}
	s, err := New(cfg, Deps{Logger: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(),
		Tracer: noop.NewTracerProvider().Tracer("test"), Broker: &broker.Client{}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// call is how a body comes.
type call struct {
	typ     eventv1.EventType // unspecified: a batch
	history bool
}

// decodeBody does with a body what a request does, up to the broker.
func (s *Service) decodeBody(w *intake.Work, body []byte, c call) (*intake.Refusal, error) {
	w.Body = append(w.Body[:0], body...)
	if ref := s.intake.Parse(w, c.typ != eventv1.EventType_EVENT_TYPE_UNSPECIFIED, s.cfg.Limits); ref != nil {
		return ref, nil
	}
	src, _ := s.directory.ByKey([]byte(testKey))
	o := intake.Delivery{Source: src, Origin: decode.Origin{Rules: &src.Rules, Type: c.typ, History: c.history, Received: noon.UnixMilli()}}
	return nil, s.intake.Judge(w, &o, nil)
}

// corpus are bodies of every kind: good ones of real clients, and all bad events.
func corpus(t testing.TB) []string {
	t.Helper()
	client, err := os.ReadFile("testdata/clients.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	bodies := strings.Split(strings.TrimSpace(string(client)), "\n")
	for _, name := range slices.Sorted(maps.Keys(badEvents)) {
		if item := badEvents[name].item; len(item) < 2000 {
			bodies = append(bodies, item, `{"batch":[`+item+`,`+track("x")+`]}`)
		}
	}
	return append(bodies, order(`"total":1.5`), `{"event":"A","event":"B","userId":"\ud83d"}`, ``, `{}`, `{"batch":[{}]}`)
}

func FuzzDecode(f *testing.F) {
	for _, body := range corpus(f) {
		f.Add([]byte(body), byte(0))
		f.Add([]byte(body), byte(1))
		f.Add([]byte(body), byte(2))
	}
	s := detached(f)
	kinds := []call{{typ: eventv1.EventType_EVENT_TYPE_TRACK}, {}, {history: true}}
	warm := s.intake.Begin() // what is made once for all: patterns of user agents
	if _, err := s.decodeBody(warm, batchOf(1), kinds[1]); err != nil {
		f.Fatal(err)
	}
	s.intake.End(warm)
	f.Fuzz(func(t *testing.T, body []byte, kind byte) {
		before := allocated()
		items := checkBody(t, s, body, kinds[int(kind)%len(kinds)])
		// The whole of the work and of its checks, not what is kept: records, answers, and an item for each event.
		if used, bound := allocated()-before, 256*uint64(len(body))+8192*uint64(items)+1<<20; used > bound {
			t.Fatalf("%d bytes of memory for a body of %d with %d events", used, len(body), items)
		}
	})
}

// checkBody decodes one body and checks what became of it. It returns the number of its events.
func checkBody(t testing.TB, s *Service, body []byte, c call) int {
	t.Helper()
	w := s.intake.Begin()
	defer s.intake.End(w)
	ref, err := s.decodeBody(w, body, c)
	if err != nil {
		t.Fatalf("%q: %v", body, err)
	}
	if ref != nil {
		if ref.Status < 400 || ref.Status > 499 || ref.Code == "" || ref.Message == "" {
			t.Fatalf("%q: refused without a reason: %+v", body, ref)
		}
		return 0
	}
	checkRecords(t, w, body, c)
	return len(w.Items)
}

// allocated is how many bytes this process has ever taken from the heap.
func allocated() uint64 {
	sample := []runtimemetrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	runtimemetrics.Read(sample)
	return sample[0].Value.Uint64()
}

// checkRecords: one record for each item, and every accepted event is what the
// contract says and what encoding/json reads.
func checkRecords(t testing.TB, w *intake.Work, body []byte, c call) {
	t.Helper()
	if len(w.Records()) != len(w.Items) || len(w.Items) == 0 {
		t.Fatalf("%d records for %d items", len(w.Records()), len(w.Items))
	}
	rejects := 0
	for _, m := range w.Records() {
		if m.Topic == topics.EventsRejected.Name {
			rejects++
		}
	}
	if rejects != len(w.Rejections()) {
		t.Fatalf("%d records of refused events, %d are answered", rejects, len(w.Rejections()))
	}
	plain := plainItems(body, c)
	if plain != nil && len(plain) != len(w.Items) {
		t.Fatalf("%d items, encoding/json reads %d", len(w.Items), len(plain))
	}
	for i, m := range w.Records() {
		if m.Topic == topics.EventsRejected.Name {
			continue
		}
		e := &eventv1.Event{}
		if err := proto.Unmarshal(m.Value, e); err != nil {
			t.Fatal(err)
		}
		if err := intaketest.Contract(e); err != nil {
			t.Fatalf("item %d: %v in %v", i, err, e)
		}
		if plain == nil || !utf8.Valid(body) {
			continue
		}
		if e.Type == eventv1.EventType_EVENT_TYPE_TRACK && e.Name != plain[i]["event"] {
			t.Fatalf("item %d: name %q, encoding/json reads %q", i, e.Name, plain[i]["event"])
		}
		if id, ok := plain[i]["messageId"].(string); ok && id != "" && e.EventId != id && !(*placeholder.List)(nil).Strikes(placeholder.MessageID, id) {
			t.Fatalf("item %d: event id %q, encoding/json reads %q", i, e.EventId, id)
		}
		var properties map[string]any
		if len(e.PropertiesJson) > 0 && json.Unmarshal(e.PropertiesJson, &properties) != nil {
			t.Fatalf("item %d: properties %q", i, e.PropertiesJson)
		}
	}
}

// plainItems are the items as encoding/json reads them, nil when it cannot.
func plainItems(body []byte, c call) []map[string]any {
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	if c.typ != eventv1.EventType_EVENT_TYPE_UNSPECIFIED {
		var one map[string]any
		if json.Unmarshal(body, &one) != nil {
			return nil
		}
		return []map[string]any{one}
	}
	var envelope map[string]json.RawMessage
	var items []map[string]any
	if json.Unmarshal(body, &envelope) != nil || json.Unmarshal(envelope["batch"], &items) != nil {
		return nil
	}
	return items
}

// Bodies as the clients' libraries build them are taken whole.
func TestBodiesOfRealClients(t *testing.T) {
	s := detached(t)
	client, err := os.ReadFile("testdata/clients.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range strings.Split(strings.TrimSpace(string(client)), "\n") {
		c := call{}
		if !strings.Contains(body, `"batch"`) {
			c.typ = eventv1.EventType_EVENT_TYPE_TRACK
		}
		w := s.intake.Begin()
		ref, err := s.decodeBody(w, []byte(body), c)
		if ref != nil || err != nil || len(w.Rejections()) > 0 {
			t.Errorf("%.80s...: %v %v %+v", body, ref, err, w.Rejections())
		}
		s.intake.End(w)
	}
}

// productViewed is a track call of about 700 bytes, as a browser sends it.
func productViewed(id string) string {
	return `{"type":"track","event":"Product Viewed","userId":"user-18273","anonymousId":"0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9","messageId":"` + id + `","timestamp":"2026-03-01T11:59:58.123Z",` +
		`"context":{"ip":"203.0.113.7","locale":"en-GB","timezone":"Europe/London","userAgent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/124.0 Safari/537.36",` +
		`"page":{"path":"/p/22633","referrer":"https://www.google.com/","title":"Hand warmer","url":"https://shop.example/p/22633"},"library":{"name":"analytics.js","version":"2.1.0"}},` +
		`"properties":{"product_id":"22633","sku":"22633","category":"Gifts","name":"HAND WARMER UNION JACK","price":1.85,"quantity":1,"currency":"GBP"}}`
}

func batchOf(n int) []byte {
	items := make([]string, n)
	for i := range items {
		items[i] = productViewed(fmt.Sprintf("node-next-1772366398123-%08d", i))
	}
	return []byte(`{"batch":[` + strings.Join(items, ",") + `],"writeKey":"` + testKey + `","sentAt":"2026-03-01T11:59:59.500Z"}`)
}

func benchmarkDecode(b *testing.B, body []byte, c call, events int) {
	s := detached(b)
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		w := s.intake.Begin()
		if ref, err := s.decodeBody(w, body, c); ref != nil || err != nil || len(w.Rejections()) > 0 {
			b.Fatal(ref, err, w.Rejections())
		}
		s.intake.End(w)
	}
	b.ReportMetric(float64(b.N*events)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N*events), "ns/event")
}

func BenchmarkDecodeSingle(b *testing.B) {
	benchmarkDecode(b, []byte(productViewed("node-next-1772366398123-1")), call{typ: eventv1.EventType_EVENT_TYPE_TRACK}, 1)
}

func BenchmarkDecodeBatch50(b *testing.B) { benchmarkDecode(b, batchOf(50), call{}, 50) }
