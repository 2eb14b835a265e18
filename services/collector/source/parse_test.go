package source

import (
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/keyfile"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// Hashes of three keys.
const (
	h1 = "0000000000000000000000000000000000000000000000000000000000000001"
	h2 = "0000000000000000000000000000000000000000000000000000000000000002"
	h3 = "0000000000000000000000000000000000000000000000000000000000000003"
)

func TestParse(t *testing.T) {
	f, err := Parse([]byte(`
sources:
  - name: web
    workspace: shop
    enabled: false
    keys:
      - {id: k1, sha256: "`+h1+`", created: 2026-01-01T00:00:00Z, expires: 2026-03-01T12:00:00Z}
      - {id: k2, sha256: "`+h2+`", last4: wxyz, created: "2026-02-28T12:00:00Z"}
      - {id: k3, sha256: "`+h3+`", revoked: 2026-02-28T12:00:00Z}
    origins: ["https://shop.example"]
    limits: {rate: 0.5, burst: 1000, event_bytes: 1, import_event_bytes: 2, batch_bytes: 3, batch_events: 4, keys: 5, depth: 6}
    plan: plans/web.yaml
  - name: pos
`), "sources.yaml", noon)
	if err != nil {
		t.Fatal(err)
	}
	web, pos := f.Sources[0], f.Sources[1]
	if web.Workspace != "shop" || !web.Disabled() || web.Plan != "plans/web.yaml" || web.Limits != (Limits{0.5, 1000, 1, 2, 3, 4, 5, 6}) {
		t.Errorf("web: %+v", web)
	}
	for i, want := range []keyfile.State{keyfile.StateExpired, keyfile.StateLive, keyfile.StateRevoked} {
		if got := web.Keys[i].State(noon); got != want {
			t.Errorf("key %d is %s, want %s", i, got, want)
		}
	}
	if web.Keys[0].State(noon.Add(-time.Second)) != keyfile.StateLive || keyfile.Live(web.Keys, noon) != 1 {
		t.Error("a key lives until it expires")
	}
	if !web.Keys[1].Created.Equal(noon.Add(-24*time.Hour)) || web.Keys[1].Last4 != "wxyz" {
		t.Errorf("k2: %+v", web.Keys[1])
	}
	if pos.Workspace != "default" || pos.Disabled() || len(pos.Keys) != 0 {
		t.Errorf("pos: %+v", pos)
	}
	for _, empty := range []string{"", "# nobody yet\n", "sources:\n", "sources: []\n"} {
		if f, err := Parse([]byte(empty), "sources.yaml", noon); err != nil || len(f.Sources) != 0 {
			t.Errorf("%q: %+v, %v", empty, f, err)
		}
	}
}

func TestParseNamesEveryFault(t *testing.T) {
	key := func(id, hash string) string { return "{id: " + id + `, sha256: "` + hash + `"}` }
	for name, c := range map[string]struct{ yaml, want string }{
		"not YAML":            {"sources: [", "sources.yaml"},
		"unknown key":         {"sources: [{name: a, orgins: []}]", "sources[0].orgins: unknown key; the nearest known key is sources[0].origins"},
		"unknown limit":       {"sources: [{name: a, limits: {rat: 1}}]", "sources[0].limits.rat: unknown key; the nearest known key is sources[0].limits.rate"},
		"unknown at the top":  {"source: []", "source: unknown key; the nearest known key is sources"},
		"two documents":       {"sources: []\n---\nsources: []\n", "more than one YAML document"},
		"name":                {"sources: [{name: Web}]", `sources[0].name: "Web" is not 1 to 64 of a-z 0-9 _ -`},
		"workspace":           {"sources: [{name: a, workspace: ä}]", `sources[0].workspace: "ä" is not`},
		"name twice":          {"sources: [{name: a}, {name: a, workspace: b}]", `sources[1].name: "a" is the name of sources[0] too`},
		"no hash":             {"sources: [{name: a, keys: [{id: k}]}]", "sources[0].keys[0].sha256: is not a SHA-256"},
		"a key as hash":       {"sources: [{name: a, keys: [{id: k, sha256: fsk_abcdef}]}]", "sources[0].keys[0].sha256: is not a SHA-256, 64 hexadecimal digits"},
		"no id":               {"sources: [{name: a, keys: [" + key(`""`, h1) + "]}]", `sources[0].keys[0].id: "" is not`},
		"id twice":            {"sources: [{name: a, keys: [" + key("k", h1) + "," + key("k", h2) + "]}]", `sources[0].keys[1].id: "k" is used twice`},
		"one key for two":     {"sources: [{name: a, keys: [" + key("k", h1) + "]}, {name: b, keys: [" + key("k", strings.ToUpper(h1)) + "]}]", "sources[1].keys[0].sha256: the same key as sources[0].keys[0]"},
		"three live keys":     {"sources: [{name: a, keys: [" + key("k", h1) + "," + key("l", h2) + "," + key("m", h3) + "]}]", "sources[0].keys: 3 keys of a are live, at most 2 may be"},
		"too much of the key": {"sources: [{name: a, keys: [{id: k, sha256: x" + h1 + ", last4: abcdef}]}]", "sources[0].keys[0].last4"},
		"no time":             {"sources: [{name: a, keys: [{id: k, sha256: x" + h1 + ", expires: soon}]}]", "sources[0].keys[0].expires"},
		"negative rate":       {"sources: [{name: a, limits: {rate: -1}}]", "sources[0].limits.rate: -1 is not above 0"},
		"endless rate":        {"sources: [{name: a, limits: {rate: .inf}}]", "sources[0].limits.rate: +Inf is not above 0"},
		"burst alone":         {"sources: [{name: a, limits: {burst: 5}}]", "sources[0].limits.burst: means nothing without rate"},
		"half a byte":         {"sources: [{name: a, limits: {event_bytes: 1.5}}]", "sources[0].limits.event_bytes: 1.5 must be a whole number"},
		"deep":                {"sources: [{name: a, limits: {depth: 2000}}]", "sources[0].limits.depth: 2000 is above 1000"},
		"origin":              {"sources: [{name: a, origins: [shop.example]}]", `sources[0].origins[0]: "shop.example" is not an origin such as`},
	} {
		_, err := Parse([]byte(c.yaml), "sources.yaml", noon)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v\nwant %q", name, err, c.want)
		}
	}
	_, err := Parse([]byte("sources: [{name: A, limits: {depth: 2000}}, {name: B}]"), "sources.yaml", noon)
	if n := len(strings.Split(err.Error(), "\n")); n != 4 {
		t.Errorf("%d lines, want one for the file and three faults: %v", n, err)
	}
}

func TestOrigins(t *testing.T) {
	o, err := NewOrigins([]string{"https://shop.example", "http://localhost:3000", "https://*.shop.example", "https://*.dev.example:8443"})
	if err != nil {
		t.Fatal(err)
	}
	for origin, want := range map[string]bool{
		"https://shop.example": true, "https://www.shop.example": true, "https://a.b.shop.example": true,
		"http://localhost:3000": true, "https://x.dev.example:8443": true,
		"http://shop.example": false, "https://shop.example:8443": false, "https://evilshop.example": false, "https://.shop.example": false,
		"https://shop.example.evil.example": false, "https://dev.example:8443": false, "https://x.dev.example": false,
		"null": false, "": false, "https://": false,
	} {
		if got := o.Allow(origin); got != want {
			t.Errorf("%q: %v, want %v", origin, got, want)
		}
	}
	if any, _ := NewOrigins(nil); !any.Any() || !any.Allow("https://wherever.example") || !any.Allow("null") {
		t.Error("an empty list must allow every origin")
	}
	for _, bad := range []string{
		"", "*", "https://", "https://*", "https://*.", "https://*shop.example", "https://a.*.example", "https://shop.example/", "https://shop.example/x",
		"https://Shop.example", "ftp://shop.example", "https://shop.example:443", "http://shop.example:80", "https://shop.example:", "https://u@shop.example", "null",
		"https://bücher.example", "https://*.bücher.example",
	} {
		if _, err := NewOrigins([]string{bad}); err == nil {
			t.Errorf("%q was taken for an origin", bad)
		}
	}
}
