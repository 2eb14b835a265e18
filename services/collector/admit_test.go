package collector

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	collectorv1 "github.com/freshet/freshet/proto/gen/freshet/collector/v1"
	"github.com/freshet/freshet/services/collector/intake"
)

func TestOriginsOfASource(t *testing.T) {
	var path string
	r := start(t, sourcesFile(t, &path, `
sources: [{name: shop, keys: [`+keyed("k1", "the-shop-key")+`], origins: ["https://shop.example", "https://*.shop.example"]}]
`))
	for name, c := range map[string]struct {
		key, origin string
		status      int
		allow, vary string
	}{
		"its page":              {"the-shop-key", "https://shop.example", 200, "https://shop.example", "Origin"},
		"a page below":          {"the-shop-key", "https://www.shop.example", 200, "https://www.shop.example", "Origin"},
		"no page":               {"the-shop-key", "", 200, "*", "Origin"},
		"another page":          {"the-shop-key", "https://evil.example", 403, "*", ""},
		"a look-alike":          {"the-shop-key", "https://evil-shop.example", 403, "*", ""},
		"a file":                {"the-shop-key", "null", 403, "*", ""},
		"a source without list": {testKey, "https://evil.example", 200, "*", ""},
	} {
		for where, g := range map[string]got{
			"header": r.post("/v1/track", track(name), append(as(c.key), "Origin", c.origin)...),
			"body":   r.post("/v1/batch", `{"writeKey":"`+c.key+`","batch":[`+track(name)+`]}`, "Authorization", "", "Origin", c.origin),
		} {
			if g.Status != c.status || g.Header.Get("Access-Control-Allow-Origin") != c.allow || g.Header.Get("Vary") != c.vary {
				t.Errorf("%s, key in the %s: %d, %v", name, where, g.Status, g.Header)
			}
			if c.status == 403 && g.Error != "origin_not_allowed" {
				t.Errorf("%s: %s %s", name, g.Error, g.Message)
			}
		}
	}
	for id := range r.events() {
		if strings.Contains("another page a look-alike a file", id) {
			t.Errorf("the event of %s was taken", id)
		}
	}
	req, err := http.NewRequest(http.MethodOptions, r.url+"/v1/track", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", "https://evil.example")
	if g := r.do(req); g.Status != http.StatusNoContent || g.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("a preflight names no key and has to be let through: %d %v", g.Status, g.Header)
	}
}

// hand is a clock that a test moves.
type hand struct {
	mu sync.Mutex
	t  time.Time
}

func (h *hand) now() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return h.t }

func (h *hand) pass(d time.Duration) { h.mu.Lock(); defer h.mu.Unlock(); h.t = h.t.Add(d) }

func batchOfTracks(n int) string {
	return `{"batch":[` + strings.TrimSuffix(strings.Repeat(`{"type":"page","userId":"1"},`, n), ",") + `]}`
}

func TestASourceOverItsRate(t *testing.T) {
	var path string
	clock := &hand{t: noon}
	r := start(t, func(s *setup) { s.now = clock.now }, sourcesFile(t, &path, `
sources:
  - {name: shop, keys: [`+keyed("k1", "the-shop-key")+`], limits: {rate: 10, burst: 20}}
`))
	key := as("the-shop-key")
	if g := r.post("/v1/batch", batchOfTracks(45), key...); g.Status != 200 || g.Accepted != 45 {
		t.Fatalf("a batch above the burst: %+v", g)
	}
	want := "source shop may send 10 events a second: send the same request again in 3 s"
	refused := 0
	for _, path := range []string{"/v1/batch", "/v1/import"} {
		for where, g := range map[string]got{
			"header": r.post(path, batchOfTracks(1), key...),
			"body":   r.post(path, `{"writeKey":"the-shop-key",`+batchOfTracks(1)[1:], "Authorization", ""),
		} {
			refused++
			if g.Status != 429 || g.Error != "rate_limited" || g.Message != want || g.Header.Get("Retry-After") != "3" ||
				g.Header.Get("X-RateLimit-Reset") != "3" || g.Header.Get("Access-Control-Expose-Headers") != "Retry-After, X-RateLimit-Reset" {
				t.Errorf("%s, key in the %s: %d %s %v", path, where, g.Status, g.Message, g.Header)
			}
		}
	}
	if got := r.metric("freshet_collector_throttled_total", "source", "shop"); got != float64(refused) {
		t.Errorf("throttled %v, want %d", got, refused)
	}
	// The body of a source in debt is not even read: this one never ends.
	reader, writer := io.Pipe()
	defer writer.Close()
	req, err := http.NewRequest(http.MethodPost, r.url+"/v1/batch", reader)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth("the-shop-key", "")
	if g := r.do(req); g.Status != 429 {
		t.Errorf("a body without an end: %+v", g)
	}
	if g := r.post("/v1/track", track("web")); g.Status != 200 {
		t.Errorf("another source: %+v", g)
	}
	clock.pass(2501 * time.Millisecond)
	if g := r.post("/v1/batch", batchOfTracks(5), key...); g.Status != 200 {
		t.Errorf("after the wait: %+v", g)
	}
	if n := len(r.events()); n != 51 {
		t.Errorf("%d events in Kafka, want 51: nothing of a refused request", n)
	}
	// A new rate counts at once, the debt stays.
	swap(t, path, "sources: [{name: shop, keys: ["+keyed("k1", "the-shop-key")+"], limits: {rate: 1, burst: 20}}]")
	r.settled("ok", 1)
	if g := r.post("/v1/track", track("x"), key...); g.Status != 429 || g.Header.Get("Retry-After") != "5" {
		t.Errorf("with a rate of 1: %d %v", g.Status, g.Header)
	}
}

func TestTheRateOverGRPC(t *testing.T) {
	var path string
	clock := &hand{t: noon}
	r := start(t, func(s *setup) { s.now = clock.now }, sourcesFile(t, &path, `
sources: [{name: shop, keys: [`+keyed("k1", "the-shop-key")+`], limits: {rate: 10, burst: 1, batch_events: 40}}]
`))
	client, ctx := dial(t, r), withKey(t.Context(), "the-shop-key")
	events := make([][]byte, 41)
	for i := range events {
		events[i] = []byte(track(strconv.Itoa(i)))
	}
	if _, err := client.Ingest(ctx, &collectorv1.IngestRequest{Events: events}); status.Code(err) != codes.InvalidArgument {
		t.Errorf("above its batch_events: %v", err)
	}
	if _, err := client.Ingest(ctx, &collectorv1.IngestRequest{Events: events[:31]}); err != nil {
		t.Fatal(err)
	}
	_, err := client.Ingest(ctx, &collectorv1.IngestRequest{Events: events[:1]})
	var wait time.Duration
	for _, d := range status.Convert(err).Details() {
		if info, ok := d.(*errdetails.RetryInfo); ok {
			wait = info.GetRetryDelay().AsDuration()
		}
	}
	if status.Code(err) != codes.ResourceExhausted || wait.Round(time.Millisecond) != 3*time.Second {
		t.Errorf("%v, with the wait %s", err, wait)
	}
	clock.pass(3100 * time.Millisecond)
	stream, err := client.IngestStream(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for range 2 { // the first takes what there is
		if err := stream.Send(&collectorv1.IngestStreamRequest{Event: events[0]}); err != nil {
			t.Fatal(err)
		}
		if err := stream.Send(&collectorv1.IngestStreamRequest{Event: events[0]}); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			answer, err := stream.Recv()
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, answer.GetStatus().String()+" "+answer.GetReason())
			if answer.GetStatus() == collectorv1.IngestStatus_INGEST_STATUS_RETRY && answer.GetRetryAfterMs() < 1 {
				t.Errorf("%v", answer)
			}
		}
	}
	if got[0] != "INGEST_STATUS_ACCEPTED " || got[3] != "INGEST_STATUS_RETRY rate_limited" {
		t.Errorf("%v", got)
	}
}

// One source sends all it can, in large batches, the other one event at a time and less than its share: it is never refused.
func TestTheProcessIsSharedFairly(t *testing.T) {
	clock := &hand{t: noon}
	r := start(t, func(s *setup) { s.now, s.cfg.Limits.Rate, s.cfg.Limits.Burst = clock.now, 1000, 1000 })
	greedy, modest := 0, 0
	send := func(path, key, body string) got {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+path, bytes.NewReader([]byte(body)))
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth(key, "")
		return r.do(req)
	}
	large := batchOfTracks(250)
	for step := range 300 { // three seconds
		clock.pass(10 * time.Millisecond)
		for {
			g := send("/v1/batch", testKey, large)
			if g.Status == 429 {
				if !strings.Contains(g.Message, "all sources together may send 1000 events a second, and web is over its share") {
					t.Fatal(g.Message)
				}
				break
			}
			if greedy += g.Accepted; greedy > 10_000 {
				t.Fatal("the greedy source is never refused")
			}
		}
		for i := range 4 { // 400 a second of its 500
			if g := send("/v1/track", "pos-write-key", track(fmt.Sprintf("%d-%d", step, i))); g.Status != 200 {
				t.Fatalf("the modest source was refused: %+v", g)
			}
			modest++
		}
	}
	// What the other left, half of the burst, and a batch.
	if low, high := 3*590, 3*600+500+250; modest != 1200 || greedy < low || greedy > high {
		t.Errorf("the greedy source got %d events, want %d to %d", greedy, low, high)
	}
}

// What a request pays for its source: the look-up, an origin, its own rate and the shared one.
func BenchmarkAdmission(b *testing.B) {
	var path string
	r := start(b, sourcesFile(b, &path, `
sources: [{name: shop, keys: [`+keyed("k1", "the-shop-key")+`], origins: ["https://*.shop.example"], limits: {rate: 1e9}}]
`), func(s *setup) { s.cfg.Limits.Rate = 1e9 })
	req, err := http.NewRequest(http.MethodPost, "/v1/track", nil)
	if err != nil {
		b.Fatal(err)
	}
	req.SetBasicAuth("the-shop-key", "")
	req.Header.Set("Origin", "https://www.shop.example")
	w := &intake.Work{}
	w.Next()
	b.ReportAllocs()
	for b.Loop() {
		src, _ := r.svc.directory.ByAuthorization(req.Header.Get("Authorization"))
		if src == nil || intake.Admit(w, req.Header.Get("Origin"), src) != nil || src.Charge(len(w.Items)).Wait != 0 {
			b.Fatal("refused")
		}
	}
}
