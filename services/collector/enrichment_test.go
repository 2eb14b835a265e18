package collector

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace/noop"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/freshet/freshet/pkg/broker"
	collectorv1 "github.com/freshet/freshet/proto/gen/freshet/collector/v1"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

const desktopChrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"

// behindProxy trusts this machine's proxies, so that a test can come from anywhere.
func behindProxy(s *setup) { s.cfg.Enrich.TrustedProxies = []string{"127.0.0.0/8"} }

// What a request's connection and headers tell goes into its events; the rest of the context stays to the byte.
func TestABrowsersCallIsEnriched(t *testing.T) {
	r := start(t, atNoon, behindProxy)
	page := `"context":{ "page" : {"url":"https://shop.example/?utm_source=google&utm_medium=cpc&gclid=1","referrer":"https://www.google.com/"},"sessionId":17,"consent":{"categoryPreferences":{"ads":false}}}`
	g := r.post("/v1/batch", `{"batch":[{"type":"page","anonymousId":"a","messageId":"m",`+page+`}]}`,
		"User-Agent", desktopChrome, "X-Forwarded-For", "6.6.6.6, 198.51.100.77", "Sec-Gpc", "1")
	if g.Status != http.StatusOK || g.Accepted != 1 {
		t.Fatalf("answer %+v", g)
	}
	got := r.only()
	want := &eventv1.Enrichment{Browser: "Chrome", BrowserVersion: "126.0", Os: "Windows", OsVersion: "10", DeviceType: "desktop",
		Channel: eventv1.Channel_CHANNEL_ADVERTISING, CampaignSource: "google", CampaignMedium: "cpc", ClickIdType: "gclid", ReferrerHost: "google.com", SessionId: "17"}
	if diff := cmp.Diff(want, got.Enrichment, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(&eventv1.Consent{Denied: []string{"ads"}, OptedOut: true}, got.Consent, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	if want := strings.TrimPrefix(page[:len(page)-1], `"context":`) + `,"ip":"198.51.100.0"}`; string(got.ContextJson) != want {
		t.Errorf("context %s, want %s", got.ContextJson, want)
	}
}

// The members of the batch's context count as the event's own, and each event of a request is judged by itself.
func TestEnrichmentIsOfEachEvent(t *testing.T) {
	r := start(t, atNoon)
	r.post("/v1/batch", `{"context":{"userAgent":"`+desktopChrome+`","ip":"203.0.113.7","library":{"name":"analytics-node"}},"batch":[
		{"type":"track","event":"E","userId":"1","messageId":"shared"},
		{"type":"track","event":"E","userId":"1","messageId":"own","context":{"userAgent":"curl/8","ip":"198.51.100.9","sessionId":"s"}}]}`)
	events := r.events()
	if got := events["shared"]; got.GetEnrichment().GetBrowser() != "Chrome" || got.GetEnrichment().GetSessionId() != "" || !strings.Contains(string(got.GetContextJson()), `"ip":"203.0.113.0"`) {
		t.Errorf("shared: %v %s", got.GetEnrichment(), got.GetContextJson())
	}
	if got := events["own"]; got.GetEnrichment().GetBrowser() != "" || got.GetEnrichment().GetSessionId() != "s" || !strings.Contains(string(got.GetContextJson()), `"ip":"198.51.100.0"`) {
		t.Errorf("own: %v %s", got.GetEnrichment(), got.GetContextJson())
	}
}

// The connection of an import or of gRPC is a machine's: neither its address nor its headers are anybody's.
func TestImportsAndRPCHaveNoVisitor(t *testing.T) {
	r := start(t, atNoon, behindProxy)
	r.post("/v1/import", `{"batch":[{"type":"page","userId":"1","messageId":"import","timestamp":"2010-01-01T00:00:00Z"}]}`,
		"User-Agent", desktopChrome, "X-Forwarded-For", "198.51.100.77", "Dnt", "1")
	if _, err := dial(t, r).Ingest(withKey(t.Context(), testKey), &collectorv1.IngestRequest{Events: [][]byte{[]byte(`{"type":"page","userId":"1","messageId":"rpc"}`)}}); err != nil {
		t.Fatal(err)
	}
	events := r.events()
	for _, id := range []string{"import", "rpc"} {
		if got := events[id]; got == nil || got.Enrichment != nil || got.Consent != nil || len(got.ContextJson) != 0 {
			t.Errorf("%s: %v", id, got)
		}
	}
}

// Each source says what becomes of addresses and whether it is offline.
func TestSourcesSayWhatBecomesOfAddresses(t *testing.T) {
	var path string
	r := start(t, atNoon, sourcesFile(t, &path, `sources:
  - {name: masked, keys: [`+keyed("k1", "masked-key")+`]}
  - {name: till, ip: none, channel: offline, keys: [`+keyed("k1", "till-key")+`]}
  - {name: full, ip: full, keys: [`+keyed("k1", "full-key")+`]}
`))
	for source, want := range map[string]struct {
		context string
		channel eventv1.Channel
	}{
		"masked": {`{"ip":"203.0.113.0"}`, eventv1.Channel_CHANNEL_UNSPECIFIED},
		"till":   {`{}`, eventv1.Channel_CHANNEL_OFFLINE},
		"full":   {`{"ip":"203.0.113.7"}`, eventv1.Channel_CHANNEL_UNSPECIFIED},
	} {
		body := `{"event":"E","userId":"1","messageId":"from-` + source + `","context":{"ip":"203.0.113.7"}}`
		if g := r.post("/v1/track", body, as(source+"-key")...); g.Status != http.StatusOK {
			t.Fatalf("%s: %+v", source, g)
		}
		if e := r.events()["from-"+source]; string(e.GetContextJson()) != want.context || e.GetEnrichment().GetChannel() != want.channel {
			t.Errorf("%s: %s %v, want %s %v", source, e.GetContextJson(), e.GetEnrichment(), want.context, want.channel)
		}
	}
}

// Garbage where enrichment looks is no reason to refuse an event.
func TestGarbageNeverRefusesAnEvent(t *testing.T) {
	r := start(t, atNoon)
	var events []string
	for i, garbage := range []string{`"userAgent":{"a":[1]}`, `"userAgentData":"x"`, `"page":[{"url":1}]`, `"page":{"url":{},"referrer":[],"search":false}`, `"campaign":7`, `"ip":[]`, `"ip":"\u0000"`,
		`"consent":{"categoryPreferences":7}`, `"consentManagement":{"allowedConsentIds":{"a":{"b":[]}}}`, `"sessionId":{}`, `"session":1`, `"device":"x"`, `"os":[]`, `"library":null`, `"referrer":"x"`} {
		events = append(events, fmt.Sprintf(`{"type":"track","event":"E","userId":"1","messageId":"g%d","context":{%s}}`, i, garbage))
	}
	g := r.post("/v1/batch", `{"batch":[`+strings.Join(events, ",")+`]}`, "User-Agent", strings.Repeat(`\u00`, 900))
	if g.Accepted != len(events) || len(g.Rejected) > 0 {
		t.Fatalf("accepted %d of %d: %+v", g.Accepted, len(events), g.Rejected)
	}
	if got := len(r.events()); got != len(events) {
		t.Errorf("%d events in Kafka, want %d", got, len(events))
	}
}

// A geo file that cannot be read is found at the start, not by events.
func TestABadGeoFileIsAStartError(t *testing.T) {
	cfg := Default()
	cfg.Enrich.GeoFile = "enrichment_test.go"
	_, err := New(cfg, Deps{Logger: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(), Tracer: noop.NewTracerProvider().Tracer("test"), Broker: &broker.Client{}})
	if err == nil || !strings.Contains(err.Error(), "enrich.geo_file") {
		t.Errorf("got %v", err)
	}
	cfg.Enrich.GeoFile, cfg.Enrich.ProxyHeader = "", "X-Real-Ip"
	if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), "enrich.proxy_header") {
		t.Errorf("got %v", err)
	}
}
