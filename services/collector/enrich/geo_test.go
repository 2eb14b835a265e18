package enrich

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

// places is a MaxMind DB: networks and where they are, as "GB/ENG/London".
func places(t testing.TB, kind string, built int64, networks map[string]string) []byte {
	t.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: kind, BuildEpoch: built, RecordSize: 24, IncludeReservedNetworks: true})
	if err != nil {
		t.Fatal(err)
	}
	for network, where := range networks {
		_, n, err := net.ParseCIDR(network)
		if err != nil {
			t.Fatal(err)
		}
		part := strings.Split(where, "/")
		rec := mmdbtype.Map{"country": mmdbtype.Map{"iso_code": mmdbtype.String(part[0])}}
		if len(part) == 3 {
			rec["subdivisions"] = mmdbtype.Slice{mmdbtype.Map{"iso_code": mmdbtype.String(part[1])}}
			rec["city"] = mmdbtype.Map{"names": mmdbtype.Map{"en": mmdbtype.String(part[2]), "de": mmdbtype.String("anders")}}
		}
		if err := tree.Insert(n, rec); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if _, err := tree.WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

var world = map[string]string{"81.2.69.0/24": "GB/ENG/London", "89.160.20.0/24": "SE/E/Linköping", "2a02:d280::/32": "CZ//", "175.16.199.0/24": "CN",
	"192.168.0.0/16": "ZZ", "100.64.0.0/10": "ZZ"}

// withGeo is an enricher with a file, and the file's path.
func withGeo(t testing.TB, data []byte, edit func(*Config)) (e *Enricher, path string, reg *prometheus.Registry) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "geo.mmdb")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := Default()
	cfg.GeoFile = path
	if edit != nil {
		edit(&cfg)
	}
	reg = prometheus.NewRegistry()
	e, err := New(cfg, Deps{Logger: slog.New(slog.DiscardHandler), Metrics: reg})
	if err != nil {
		t.Fatal(err)
	}
	return e, path, reg
}

func where(ev *eventv1.Event) string {
	x := ev.GetEnrichment()
	return x.GetCountry() + "/" + x.GetRegion() + "/" + x.GetCity()
}

// Whose country it is, and that no client can choose its own.
func TestCountry(t *testing.T) {
	e, _, _ := withGeo(t, places(t, "GeoLite2-City", 1, world), func(c *Config) { c.TrustedProxies = []string{"10.0.0.0/8"} })
	open, pages := source(t, e, "", ""), source(t, e, "", "", "https://shop.example")
	const se, gb = "89.160.20.1", "81.2.69.1"
	for name, c := range map[string]struct {
		src             *Source
		peer            string
		headers         []string
		channel, sentIP string
		want            string
	}{
		"a visitor's connection":     {src: open, peer: gb + ":1", channel: "web", want: "GB/ENG/London"},
		"IPv6":                       {src: open, peer: "[2a02:d280::1]:1", channel: "web", want: "CZ//"},
		"IPv4 in IPv6":               {src: open, peer: "[::ffff:" + gb + "]:1", channel: "web", want: "GB/ENG/London"},
		"a country file has no city": {src: open, peer: "175.16.199.1:1", channel: "web", want: "CN//"},
		"nobody knows the address":   {src: open, peer: "8.8.8.8:1", channel: "web", want: "//"},
		"a server's visitor is where the server says":     {src: open, peer: gb + ":1", channel: "server", sentIP: se, want: "SE/E/Linköping"},
		"a server's own connection is nobody's":           {src: open, peer: gb + ":1", channel: "server", want: "//"},
		"a visitor's word about itself does not count":    {src: open, peer: gb + ":1", channel: "web", sentIP: se, want: "GB/ENG/London"},
		"nor when it claims to be a server's":             {src: pages, peer: gb + ":1", channel: "server", sentIP: se, want: "GB/ENG/London"},
		"a header from anybody does not count":            {src: open, peer: gb + ":1", headers: []string{"X-Forwarded-For", se}, channel: "web", want: "GB/ENG/London"},
		"a trusted proxy's header counts":                 {src: open, peer: "10.1.2.3:1", headers: []string{"X-Forwarded-For", se}, channel: "web", want: "SE/E/Linköping"},
		"what the client wrote before the proxy does not": {src: open, peer: "10.1.2.3:1", headers: []string{"X-Forwarded-For", se + ", " + gb}, channel: "web", want: "GB/ENG/London"},
		"in a line of its own neither":                    {src: open, peer: "10.1.2.3:1", headers: []string{"X-Forwarded-For", se, "X-Forwarded-For", gb + ", 10.9.9.9"}, channel: "web", want: "GB/ENG/London"},
		"the other header does not count":                 {src: open, peer: "10.1.2.3:1", headers: []string{"Forwarded", "for=" + se}, channel: "web", want: "//"},
		"garbage ends the search":                         {src: open, peer: "10.1.2.3:1", headers: []string{"X-Forwarded-For", se + ", unknown"}, channel: "web", sentIP: se, want: "//"},
		"only proxies":                                    {src: open, peer: "10.1.2.3:1", headers: []string{"X-Forwarded-For", "10.9.9.9, 10.8.8.8"}, channel: "web", want: "//"},
		"a private address":                               {src: open, peer: "192.168.1.5:1", channel: "web", want: "//"},
		"a carrier's own address":                         {src: open, peer: "100.64.9.9:1", channel: "web", want: "//"},
		"a port in the header":                            {src: open, peer: "10.1.2.3:1", headers: []string{"X-Forwarded-For", se + ":4711"}, channel: "web", want: "SE/E/Linköping"},
	} {
		context := `{}`
		if c.sentIP != "" {
			context = `{"ip":"` + c.sentIP + `"}`
		}
		if got := where(fill(t, e, c.src, e.Client(request(t, c.peer, c.headers...)), c.channel, context)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if got := where(fill(t, e, open, Client{}, "web", `{"ip":"`+se+`"}`)); got != "SE/E/Linköping" {
		t.Errorf("an import: %q", got)
	}
}

func TestForwardedHeader(t *testing.T) {
	e, _, _ := withGeo(t, places(t, "DBIP-Country-Lite", 1, world), func(c *Config) { c.TrustedProxies, c.ProxyHeader = []string{"10.0.0.1"}, forwarded })
	src := source(t, e, "", "")
	for header, want := range map[string]string{
		`for=81.2.69.1`: "GB/ENG/London", `For="[2a02:d280::1]:4711";proto=https`: "CZ//", `for=89.160.20.1, proto=http;for="81.2.69.1:80"`: "GB/ENG/London",
		`for=89.160.20.1, for=_hidden`: "//", `proto=https`: "//", ``: "//", `for`: "//", `,`: "//",
	} {
		if got := where(fill(t, e, src, e.Client(request(t, "10.0.0.1:1", "Forwarded", header)), "web", `{}`)); got != want {
			t.Errorf("%q: %q, want %q", header, got, want)
		}
	}
}

func value(t testing.TB, reg *prometheus.Registry, name, label string) float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && (label == "" || labelled(m, label)) {
				return m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
	}
	t.Fatalf("no metric %s %s", name, label)
	return 0
}

func labelled(m *dto.Metric, want string) bool {
	for _, l := range m.GetLabel() {
		if l.GetValue() == want {
			return true
		}
	}
	return false
}

// A new file is taken up; a bad one, or none, leaves the old in use and is told once.
func TestGeoFileIsReadAgain(t *testing.T) {
	e, path, reg := withGeo(t, places(t, "GeoLite2-City", 1000, world), nil)
	src := source(t, e, "", "")
	client := e.Client(request(t, "81.2.69.1:1", "User-Agent", chrome))
	look := func() string { return where(fill(t, e, src, client, "", `{}`)) }
	at := time.Now()
	put := func(data []byte) {
		t.Helper()
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		at = at.Add(time.Minute) // file systems keep coarse times
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	check := func(what, place string, built, ok, failed float64) {
		t.Helper()
		e.geo.reload()
		e.geo.reload()
		if got := look(); got != place {
			t.Errorf("%s: %q, want %q", what, got, place)
		}
		got := [3]float64{value(t, reg, "freshet_collector_geo_build_timestamp_seconds", ""), value(t, reg, "freshet_collector_geo_reloads_total", "ok"), value(t, reg, "freshet_collector_geo_reloads_total", "failed")}
		if got != [3]float64{built, ok, failed} {
			t.Errorf("%s: built, reloads and failures %v, want %v", what, got, [3]float64{built, ok, failed})
		}
	}
	check("at first", "GB/ENG/London", 1000, 0, 0)
	moved := places(t, "GeoLite2-City", 2000, map[string]string{"81.2.69.0/24": "FR/IDF/Paris"})
	put(moved)
	check("a new file", "FR/IDF/Paris", 2000, 1, 0)
	put(moved[:len(moved)/2])
	check("half a file", "FR/IDF/Paris", 2000, 1, 1)
	put([]byte("<html>not found</html>"))
	check("a page", "FR/IDF/Paris", 2000, 1, 2)
	put(places(t, "GeoLite2-ASN", 3000, nil))
	check("another type", "FR/IDF/Paris", 2000, 1, 3)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	check("no file", "FR/IDF/Paris", 2000, 1, 4)
	put(places(t, "GeoIP2-Country", 4000, map[string]string{"81.2.69.0/24": "GB"}))
	check("a good one again", "GB//", 4000, 2, 4)
}

// Run takes a change up by itself.
func TestWatchingTheGeoFile(t *testing.T) {
	e, path, _ := withGeo(t, places(t, "GeoLite2-City", 1, world), nil)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { e.geo.watch(ctx, time.Millisecond); close(done) }()
	defer func() { stop(); <-done }()
	if err := os.WriteFile(path+".new", places(t, "GeoLite2-City", 2, map[string]string{"81.2.69.0/24": "FR/IDF/Saint-Denis"}), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(20 * time.Second)
	for addr := parseAddr("81.2.69.1"); e.geo.find(addr).city != "Saint-Denis"; {
		if time.Now().After(deadline) {
			t.Fatal("the new file was not taken up")
		}
	}
}

func BenchmarkGeo(b *testing.B) {
	e, _, _ := withGeo(b, places(b, "GeoLite2-City", 1, world), nil)
	addr := parseAddr("81.2.69.1")
	b.ReportAllocs()
	for b.Loop() {
		e.geo.find(addr)
	}
}
