package enrich

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/jsonscan"
)

func enricher(t testing.TB, cfg Config) *Enricher {
	t.Helper()
	e, err := New(cfg, Deps{Logger: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func source(t testing.TB, e *Enricher, ip IPPolicy, channel string, origins ...string) *Source {
	t.Helper()
	s, err := e.Source("web", ip, channel, origins)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// walk notes a context as the collector's walk does.
func walk(t testing.TB, context string) *Hints {
	t.Helper()
	h := &Hints{}
	var s jsonscan.Scanner
	s.Reset([]byte(context), 0, jsonscan.Limits{})
	if s.Peek() != '{' {
		return h
	}
	h.Start(&s)
	err := s.Object(func(key []byte) error {
		if string(key) == "device" && s.Peek() == '{' {
			return s.Object(func(key []byte) error { return h.Device(&s, key) })
		}
		return h.Member(&s, key)
	})
	if err != nil {
		t.Fatalf("%.200s: %v", context, err)
	}
	return h
}

// fill enriches an event with a context and the member "channel".
func fill(t testing.TB, e *Enricher, src *Source, client Client, channel, context string) *eventv1.Event {
	t.Helper()
	ev := &eventv1.Event{ContextJson: []byte(context)}
	h := walk(t, context)
	if channel != "" {
		h.Channel = []byte(`"` + channel + `"`)
	}
	e.Fill(ev, &Work{}, h, &client, src)
	return proto.CloneOf(ev)
}

func request(t testing.TB, peer string, headers ...string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://c/v1/track", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.RemoteAddr = peer
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

const chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"

func TestConfig(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*Config)
		want string
	}{
		"the default":         {func(*Config) {}, ""},
		"networks":            {func(c *Config) { c.TrustedProxies = []string{"10.0.0.0/8", "::1", "192.0.2.1"} }, ""},
		"no network":          {func(c *Config) { c.TrustedProxies = []string{"10.0.0.0/8", "proxy.local"} }, `enrich.trusted_proxies[1]: "proxy.local" is no network`},
		"no header":           {func(c *Config) { c.ProxyHeader = "X-Real-Ip" }, `enrich.proxy_header: "X-Real-Ip" is neither`},
		"too small a cache":   {func(c *Config) { c.UserAgentCache = 1 }, "enrich.user_agent_cache: 1 is below 16"},
		"no geo file":         {func(c *Config) { c.GeoFile = "testdata/none.mmdb" }, "enrich.geo_file"},
		"a file that is none": {func(c *Config) { c.GeoFile = "enrich.go" }, "enrich.geo_file"},
	} {
		cfg := Default()
		c.edit(&cfg)
		_, err := New(cfg, Deps{Logger: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry()})
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestSourcesSettings(t *testing.T) {
	e := enricher(t, Default())
	for _, c := range []struct {
		ip      IPPolicy
		channel string
		want    string
	}{{"hashed", "", `source web: ip: "hashed" is none of`}, {"", "online", `source web: channel: "online" is not "offline"`}} {
		if _, err := e.Source("web", c.ip, c.channel, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("ip %q, channel %q: %v, want %q", c.ip, c.channel, err, c.want)
		}
	}
}

// The rule of docs/enrichment.md, "Visitor or server", by which user agent was read.
func TestVisitorOrServer(t *testing.T) {
	e := enricher(t, Default())
	open, pages := source(t, e, "", ""), source(t, e, "", "", "https://shop.example")
	client := e.Client(request(t, "8.8.8.8:1", "User-Agent", chrome))
	node := e.Client(request(t, "8.8.8.8:1", "User-Agent", "node-fetch/1.0"))
	for name, c := range map[string]struct {
		client           Client
		src              *Source
		channel, context string
		visitor          bool
	}{
		"an import":                              {Client{}, open, "", `{}`, false},
		"an import of a browser's events":        {Client{}, open, "", `{"library":{"name":"analytics.js"}}`, true},
		"a source with origins":                  {client, pages, "server", `{"library":{"name":"analytics-node"}}`, true},
		"channel web":                            {node, open, "web", `{"library":{"name":"analytics-node"}}`, true},
		"channel server":                         {client, open, "server", `{"library":{"name":"analytics.js"}}`, false},
		"a browser's library":                    {node, open, "", `{"library":{"name":"RudderLabs JavaScript SDK","version":"3"}}`, true},
		"a server's library behind a browser":    {client, open, "", `{"library":{"name":"@segment/analytics-node"}}`, false},
		"an unknown library, a browser's header": {client, open, "", `{"library":{"name":"mine"}}`, true},
		"no library, a browser's header":         {client, open, "", ``, true},
		"no library, a program's header":         {node, open, "", ``, false},
		"a library that is no text":              {node, open, "", `{"library":{"name":7}}`, false},
	} {
		h := walk(t, c.context)
		if c.channel != "" {
			h.Channel = []byte(`"` + c.channel + `"`)
		}
		if got := h.visitor(&c.client, c.src); got != c.visitor {
			t.Errorf("%s: visitor %v, want %v", name, got, c.visitor)
		}
	}
}

func TestUserAgentOfContextBeforeTheHeaders(t *testing.T) {
	e := enricher(t, Default())
	src := source(t, e, "", "")
	client := e.Client(request(t, "8.8.8.8:1", "User-Agent", chrome))
	node := e.Client(request(t, "8.8.8.8:1", "User-Agent", "analytics-node/1.0"))
	for name, c := range map[string]struct {
		client        Client
		context, want string
	}{
		"the context's":                  {client, `{"userAgent":"Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"}`, "Firefox 127.0 on Linux"},
		"the header's":                   {client, `{"library":{"name":"analytics.js"}}`, "Chrome 126.0 on Windows"},
		"a library's header is nobody's": {node, `{}`, "  on "},
		"nor that of a server's library": {client, `{"library":{"name":"analytics-node"}}`, "  on "},
		"one that is no text":            {node, `{"userAgent":{"x":1}}`, "  on "},
		"one of a megabyte":              {node, `{"userAgent":"` + strings.Repeat("x", 1<<20) + `"}`, "  on "},
	} {
		x := fill(t, e, src, c.client, "", c.context).GetEnrichment()
		if got := x.GetBrowser() + " " + x.GetBrowserVersion() + " on " + x.GetOs(); strings.TrimSpace(got) != strings.TrimSpace(c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestClientHintsAndApps(t *testing.T) {
	e := enricher(t, Default())
	src := source(t, e, "", "")
	for name, c := range map[string]struct {
		context string
		want    *eventv1.Enrichment
	}{
		"Windows 11 calls itself 10": {`{"userAgent":"` + chrome + `","userAgentData":{"brands":[{"brand":"Not/A)Brand","version":"8"},{"brand":"Chromium","version":"126"},{"brand":"Google Chrome","version":"126"}],"mobile":false,"platform":"Windows","platformVersion":"15.0.0"}}`,
			&eventv1.Enrichment{Browser: "Chrome", BrowserVersion: "126.0", Os: "Windows", OsVersion: "11", DeviceType: "desktop"}},
		"a frozen Android": {`{"userAgent":"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36","userAgentData":{"mobile":true,"platform":"Android","platformVersion":"14.0.0","model":"Pixel 8"}}`,
			&eventv1.Enrichment{Browser: "Chrome Mobile", BrowserVersion: "126.0", Os: "Android", OsVersion: "14.0.0", DeviceType: "mobile", DeviceModel: "Pixel 8"}},
		"Brave says so only in its hints": {`{"userAgent":"` + chrome + `","userAgentData":{"brands":[{"brand":"Brave","version":"126"},{"brand":"Chromium","version":"126"}]}}`,
			&eventv1.Enrichment{Browser: "Brave", BrowserVersion: "126", Os: "Windows", OsVersion: "10", DeviceType: "desktop"}},
		"hints alone": {`{"userAgentData":{"brands":[{"brand":"Chromium","version":"126"},{"brand":"Not.A/Brand","version":"24"},{"brand":"Microsoft Edge","version":"126"}],"mobile":false,"platform":"macOS"}}`,
			&eventv1.Enrichment{Browser: "Microsoft Edge", BrowserVersion: "126", Os: "macOS", DeviceType: "desktop"}},
		"an app": {`{"device":{"type":"ios","model":"iPhone15,3","manufacturer":"Apple"},"os":{"name":"iOS","version":"17.5"}}`,
			&eventv1.Enrichment{Os: "iOS", OsVersion: "17.5", DeviceType: "mobile", DeviceModel: "Apple iPhone15,3"}},
		"an app on a tablet": {`{"device":{"type":"ios","model":"iPad13,1"}}`, &eventv1.Enrichment{DeviceType: "tablet", DeviceModel: "iPad13,1"}},
		"garbage":            {`{"userAgentData":[1],"device":{"type":7,"model":{}},"os":"x","session":[],"sessionId":{},"library":3,"referrer":"x"}`, nil},
		"more garbage":       {`{"userAgentData":{"brands":[1,{"brand":2},{"x":[]}],"mobile":"yes","platform":{}}}`, nil},
		"a session":          {`{"sessionId":1718000000000,"sessionStart":true}`, &eventv1.Enrichment{SessionId: "1718000000000", SessionStart: true}},
		"another":            {`{"session":{"id":"s-1"},"sessionStart":"true"}`, &eventv1.Enrichment{SessionId: "s-1"}},
		"no session":         {`{"sessionId":1.5e12}`, nil},
	} {
		got := fill(t, e, src, Client{}, "", c.context).GetEnrichment()
		if diff := cmp.Diff(c.want, got, protocmp.Transform()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestConsent(t *testing.T) {
	e := enricher(t, Default())
	src := source(t, e, "", "")
	many := make([]string, 200)
	for i := range many {
		many[i] = fmt.Sprintf("%03d", 199-i)
	}
	long, _ := json.Marshal(many)
	for name, c := range map[string]struct {
		context string
		client  Client
		want    *eventv1.Consent
	}{
		"nothing said": {`{}`, Client{}, nil},
		"Segment's":    {`{"consent":{"categoryPreferences":{"b":true,"a":true,"c":false,"d":"true","e":null}}}`, Client{}, &eventv1.Consent{Granted: []string{"a", "b"}, Denied: []string{"c"}}},
		"RudderStack's": {`{"consentManagement":{"provider":"oneTrust","allowedConsentIds":["C0003","C0001"],"deniedConsentIds":["C0002",7,null],"resolutionStrategy":"and"}}`, Client{},
			&eventv1.Consent{Granted: []string{"C0001", "C0003"}, Denied: []string{"C0002"}}},
		"grouped":        {`{"consentManagement":{"allowedConsentIds":{"purposes":["1","2"],"vendors":["v"],"n":3}}}`, Client{}, &eventv1.Consent{Granted: []string{"1", "2", "v"}}},
		"both":           {`{"consent":{"categoryPreferences":{"a":true,"b":false}},"consentManagement":{"allowedConsentIds":["b","c"]}}`, Client{}, &eventv1.Consent{Granted: []string{"a", "c"}, Denied: []string{"b"}}},
		"a header":       {`{}`, Client{optedOut: true}, &eventv1.Consent{OptedOut: true}},
		"garbage":        {`{"consent":[],"consentManagement":"x"}`, Client{}, nil},
		"more garbage":   {`{"consent":{"categoryPreferences":[true]},"consentManagement":{"allowedConsentIds":true}}`, Client{}, nil},
		"200 purposes":   {`{"consentManagement":{"allowedConsentIds":` + string(long) + `}}`, Client{}, &eventv1.Consent{Granted: sorted(50)}},
		"a long one":     {`{"consent":{"categoryPreferences":{"` + strings.Repeat("é", 90) + `":true,"\u0000":true}}}`, Client{}, &eventv1.Consent{Granted: []string{strings.Repeat("é", 50)}}},
		"twice the same": {`{"consentManagement":{"deniedConsentIds":["a","a"]}}`, Client{}, &eventv1.Consent{Denied: []string{"a"}}},
	} {
		got := fill(t, e, src, c.client, "", c.context).GetConsent()
		if diff := cmp.Diff(c.want, got, protocmp.Transform()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func sorted(n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf("%03d", i))
	}
	return out
}

func TestOptOutHeaders(t *testing.T) {
	e := enricher(t, Default())
	for header, want := range map[string]bool{"DNT": true, "Sec-GPC": true, "X-Other": false} {
		if c := e.Client(request(t, "8.8.8.8:1", header, "1")); c.optedOut != want {
			t.Errorf("%s: 1 gives %v", header, c.optedOut)
		}
		if c := e.Client(request(t, "8.8.8.8:1", header, "0")); c.optedOut {
			t.Errorf("%s: 0 opts out", header)
		}
	}
}

// Enrichment may be off; privacy and consent stay.
func TestDisabled(t *testing.T) {
	cfg := Default()
	cfg.Enabled = false
	e := enricher(t, cfg)
	ev := fill(t, e, source(t, e, "", ""), Client{}, "", `{"ip":"8.8.8.8","userAgent":"`+chrome+`","consent":{"categoryPreferences":{"a":true}}}`)
	if ev.Enrichment != nil || len(ev.GetConsent().GetGranted()) != 1 || !strings.HasPrefix(string(ev.ContextJson), `{"ip":"8.8.8.0"`) {
		t.Errorf("got %v", ev)
	}
}

// One event must leave nothing behind for the next.
func TestWorkIsCleanForEachEvent(t *testing.T) {
	e := enricher(t, Default())
	src := source(t, e, "", "")
	var w Work
	full := `{"ip":"8.8.8.8","userAgent":"` + chrome + `","page":{"url":"https://s.example/?utm_source=a&gclid=1","referrer":"https://google.com/"},"sessionId":1,"sessionStart":true,"consent":{"categoryPreferences":{"a":true,"b":false}}}`
	ev := &eventv1.Event{ContextJson: []byte(full)}
	e.Fill(ev, &w, walk(t, full), &Client{optedOut: true}, src)
	ev = &eventv1.Event{}
	e.Fill(ev, &w, &Hints{}, &Client{}, src)
	if ev.Enrichment != nil || ev.Consent != nil || len(ev.ContextJson) != 0 {
		t.Errorf("left over: %v", ev)
	}
}

// Whatever a context holds, the fields stay within their bounds and the context stays JSON.
func checkFilled(t *testing.T, ev *eventv1.Event) {
	t.Helper()
	if len(ev.ContextJson) > 0 && !json.Valid(ev.ContextJson) {
		t.Fatalf("context %q is no JSON", ev.ContextJson)
	}
	texts := append(append([]string{}, ev.GetConsent().GetGranted()...), ev.GetConsent().GetDenied()...)
	for _, s := range texts {
		if len(s) > maxPurpose {
			t.Fatalf("purpose %q is too long", s)
		}
	}
	if len(texts) > 2*maxPurposes {
		t.Fatalf("%d purposes", len(texts))
	}
	x := ev.GetEnrichment()
	texts = append(texts, x.GetBrowser(), x.GetBrowserVersion(), x.GetOs(), x.GetOsVersion(), x.GetDeviceType(), x.GetDeviceModel(), x.GetCampaignSource(),
		x.GetCampaignMedium(), x.GetCampaignName(), x.GetCampaignTerm(), x.GetCampaignContent(), x.GetReferrerHost(), x.GetSessionId())
	for _, s := range texts {
		if len(s) > maxText || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Fatalf("%q is not fit for a field", s)
		}
	}
	if _, err := proto.Marshal(ev); err != nil {
		t.Fatal(err)
	}
}

func FuzzContext(f *testing.F) {
	for _, ua := range seen {
		text, _ := json.Marshal(map[string]any{"userAgent": strings.ToValidUTF8(ua, ""), "ip": "8.8.8.8"})
		f.Add(text)
	}
	for _, text := range []string{`{}`, `{"ip":null}`, `{ }`, `{"ip":"x","a":1}`, `{"a\"b":1,"ip":"::1"}`,
		`{"page":{"url":"https://s.example/?utm_source=%ff&gclid=1","referrer":"https://www.google.com/"},"campaign":{"name":"\u0001"}}`,
		`{"consent":{"categoryPreferences":{"a":true}},"consentManagement":{"allowedConsentIds":["a"],"deniedConsentIds":{"b":["c"]}}}`,
		`{"userAgentData":{"brands":[{"brand":"Brave","version":"1"}],"mobile":true,"platform":"Android","platformVersion":"14","model":"K"},"sessionId":12}`} {
		f.Add([]byte(text))
	}
	e := enricher(f, Default())
	sources := []*Source{source(f, e, IPMasked, ""), source(f, e, IPNone, "", "https://s.example"), source(f, e, IPFull, ChannelOffline)}
	client := Client{addr: netip.MustParseAddr("8.8.8.8"), userAgent: chrome, visitor: true}
	f.Fuzz(func(t *testing.T, context []byte) {
		if !json.Valid(context) || !utf8.Valid(context) || len(context) == 0 || context[0] != '{' || context[len(context)-1] != '}' {
			return
		}
		for _, src := range sources {
			var w Work
			ev := &eventv1.Event{ContextJson: context}
			e.Fill(ev, &w, walk(t, string(context)), &client, src)
			checkFilled(t, ev)
		}
	})
}

func FuzzAddress(f *testing.F) {
	for _, s := range []string{"https://www.google.com/?q=x#y", "http://[::1]:80/", "android-app://x", "://", "https://a@b@c:1:2/?utm_source=a&gclid=%zz", "\xff://\xff", "https://xn--caf-dma.example"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, address string) {
		if host := hostOf(address); len(host) > maxText || !utf8.ValidString(host) || strings.ContainsAny(host, "/?# \x00\"<>") {
			t.Fatalf("%q has the host %q", address, host)
		} else {
			_ = channelOfHost(host)
		}
		var c campaign
		c.readQuery(queryOf(address))
		for _, s := range []string{c.source, c.medium, c.name, c.term, c.content} {
			if len(s) > maxText || !utf8.ValidString(s) {
				t.Fatalf("%q has the campaign %q", address, s)
			}
		}
	})
}

func FuzzUserAgent(f *testing.F) {
	for _, s := range seen {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if line = cut(line, maxUserAgent); !utf8.ValidString(line) {
			return
		}
		a := builtIn().read(line)
		for _, s := range []string{a.browser, a.browserVersion, a.os, a.osVersion, a.deviceModel} {
			if len(s) > maxText || !utf8.ValidString(s) {
				t.Fatalf("%q gives %q", line, s)
			}
		}
		_ = glance(line)
	})
}

// BenchmarkFill is one browser event with everything in its context, the user agent known.
func BenchmarkFill(b *testing.B) {
	e := enricher(b, Default())
	src := source(b, e, IPMasked, "")
	context := `{"ip":"203.0.113.7","locale":"en-GB","userAgent":"` + chrome + `","page":{"path":"/p/22633","referrer":"https://www.google.com/","title":"Hand warmer","url":"https://shop.example/p/22633?utm_source=google&utm_medium=cpc&gclid=Cj0K"},"library":{"name":"analytics.js","version":"2.1.0"},"consent":{"categoryPreferences":{"ads":true,"analytics":false}},"sessionId":1718000000000}`
	h := walk(b, context)
	client := e.Client(request(b, "8.8.8.8:1", "User-Agent", chrome))
	var w Work
	var ev eventv1.Event
	b.ReportAllocs()
	for b.Loop() {
		ev.ContextJson = []byte(context)
		e.Fill(&ev, &w, h, &client, src)
	}
}

// A flood of new user agents costs no more than the budget; what is left out is told at a glance.
// What is remembered is bounded by its bytes, not by its number alone.
func TestALongUserAgentIsReadAndRememberedInPart(t *testing.T) {
	e := enricher(t, Default())
	for i := range 3 {
		if a := e.agents.read(chrome + strings.Repeat(" x", maxUserAgent) + strconv.Itoa(i)); a.browser != "Chrome" {
			t.Errorf("%+v", a)
		}
	}
	if keys := e.agents.known.Keys(); len(keys) != 1 || len(keys[0]) != maxUserAgent {
		t.Errorf("%d remembered, the first of %d bytes", len(keys), len(keys[0]))
	}
}

func TestAFloodOfNewUserAgents(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	reg := prometheus.NewRegistry()
	e, err := New(Default(), Deps{Logger: slog.New(slog.DiscardHandler), Metrics: reg, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	e.agents.spent.Store(newAgents - 1)
	e.agents.second.Store(now.Unix())
	last := e.agents.read("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Safari/1")
	over := e.agents.read("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Safari/2")
	bot := e.agents.read("Mozilla/5.0 HeadlessChrome/1")
	if last.os != "iOS" || over.os != "" || over.deviceType != "mobile" || !bot.bot {
		t.Errorf("the last of the second %+v, over it %+v and %+v", last, over, bot)
	}
	now = now.Add(time.Second)
	if again := e.agents.read("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Safari/2"); again.os != "iOS" {
		t.Errorf("a second later %+v", again)
	}
}
