package collector

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/freshet/freshet/services/collector/directory"
)

// fetch asks for a path as a browser does, from a page of another origin.
func (r *rig) fetch(method, path string, headers ...string) (*http.Response, string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.url+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Origin", "https://shop.example")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			req.Host = headers[i+1]
		}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp, string(body)
}

func sameJSON(t *testing.T, got, want string) {
	t.Helper()
	var g, w any
	if err := json.Unmarshal([]byte(got), &g); err != nil {
		t.Fatalf("%q: %v", got, err)
	}
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w, g); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The settings send a Segment browser library to this collector, and nowhere else.
func TestSegmentSettings(t *testing.T) {
	for name, c := range map[string]struct {
		public, host, wantHost, wantProtocol string
		trusted                              []string
	}{
		"a trusted proxy's word": {host: "10.0.0.7", trusted: []string{"127.0.0.0/8"}, wantHost: "outer.example/v1", wantProtocol: "https"},
		"the public address before a trusted proxy's word": {public: "https://events.example.com", host: "10.0.0.7", trusted: []string{"127.0.0.0/8"},
			wantHost: "events.example.com/v1", wantProtocol: "https"},
		"a proxy that is not trusted":    {host: "10.0.0.7", trusted: []string{"10.0.0.0/8"}, wantHost: "10.0.0.7/v1", wantProtocol: "http"},
		"the host that the browser used": {host: "events.internal:8080", wantHost: "events.internal:8080/v1", wantProtocol: "http"},
		"the public address":             {public: "https://events.example.com", host: "10.0.0.7", wantHost: "events.example.com/v1", wantProtocol: "https"},
		"a public address with a path":   {public: "https://example.com/events/", host: "10.0.0.7", wantHost: "example.com/events/v1", wantProtocol: "https"},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, func(s *setup) { s.cfg.PublicURL, s.cfg.Enrich.TrustedProxies = c.public, c.trusted })
			// A forwarding header is anybody's word, unless a trusted proxy sends it.
			resp, body := r.fetch(http.MethodGet, "/v1/projects/"+testKey+"/settings", "Host", c.host,
				"X-Forwarded-Host", "outer.example", "X-Forwarded-Proto", "https")
			if resp.StatusCode != 200 || resp.Header.Get("Access-Control-Allow-Origin") != "*" || resp.Header.Get("Content-Type") != "application/json" {
				t.Errorf("%d %v", resp.StatusCode, resp.Header)
			}
			sameJSON(t, body, `{"integrations":{"Segment.io":{"apiKey":"`+testKey+`","apiHost":"`+c.wantHost+`","protocol":"`+c.wantProtocol+
				`","addBundledMetadata":false}},"metrics":{"sampleRate":0}}`)
		})
	}
}

func TestSettingsAreKeptByTheBrowser(t *testing.T) {
	r := start(t)
	for _, path := range []string{"/v1/projects/" + testKey + "/settings", "/sourceConfig/?writeKey=" + testKey} {
		resp, body := r.fetch(http.MethodGet, path)
		tag := resp.Header.Get("ETag")
		if tag == "" || resp.Header.Get("Cache-Control") != "public, max-age=300" || body == "" {
			t.Errorf("%s: %v", path, resp.Header)
		}
		again, body := r.fetch(http.MethodGet, path, "If-None-Match", tag)
		if again.StatusCode != http.StatusNotModified || body != "" || again.Header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s asked again: %d %q %v", path, again.StatusCode, body, again.Header)
		}
		if head, _ := r.fetch(http.MethodHead, path); head.StatusCode != 200 {
			t.Errorf("HEAD %s: %d", path, head.StatusCode)
		}
	}
}

func TestRudderSourceConfig(t *testing.T) {
	r := start(t)
	want := `{"source":{"id":"web","name":"web","writeKey":"` + testKey + `","workspaceId":"default","enabled":true,"destinations":[],
		"config":{"statsCollection":{"errors":{"enabled":false},"metrics":{"enabled":false}}}}}`
	for _, path := range []string{"/sourceConfig/?p=npm&v=3.34.1&writeKey=" + testKey, "/sourceConfig?writeKey=" + testKey} {
		resp, body := r.fetch(http.MethodGet, path)
		if resp.StatusCode != 200 {
			t.Errorf("%s: %d %s", path, resp.StatusCode, body)
		}
		sameJSON(t, body, want)
	}
	resp, body := r.fetch(http.MethodGet, "/sourceConfig", "Authorization", "Basic d2ViLXdyaXRlLWtleTo=")
	if resp.StatusCode != 200 || !strings.Contains(body, `"id":"web"`) {
		t.Errorf("by authorization: %d %s", resp.StatusCode, body)
	}
}

// A client with a wrong key is told so, and not by a page that is kept.
func TestSettingsOfNobody(t *testing.T) {
	r := start(t)
	for _, path := range []string{"/v1/projects/wrong-write-key/settings", "/sourceConfig/?writeKey=wrong-write-key", "/sourceConfig"} {
		resp, body := r.fetch(http.MethodGet, path)
		if resp.StatusCode != http.StatusNotFound || !strings.Contains(body, "unknown_write_key") || resp.Header.Get("Cache-Control") != "no-store" ||
			resp.Header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %d %s %v", path, resp.StatusCode, body, resp.Header)
		}
	}
	for _, path := range []string{"/v1/projects/a/b/settings", "/v1/projects/" + testKey} {
		if resp, body := r.fetch(http.MethodGet, path); resp.StatusCode != http.StatusNotFound || !strings.Contains(body, "not_found") {
			t.Errorf("%s: %d %s", path, resp.StatusCode, body)
		}
	}
}

// A cdnHost without /v1 finds its settings too, and they name the whole path of the events.
func TestSettingsWithoutTheVersion(t *testing.T) {
	r := start(t)
	resp, body := r.fetch(http.MethodGet, "/projects/"+testKey+"/settings")
	if resp.StatusCode != 200 || !strings.Contains(body, `/v1"`) {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
}

// RudderStack's mobile clients name their key in the header alone: that is no use of an unknown key.
func TestSourceConfigByHeaderIsNoUnknownKey(t *testing.T) {
	r := start(t)
	if resp, body := r.fetch(http.MethodGet, "/sourceConfig?p=android&v=1.2", "Authorization", "Basic d2ViLXdyaXRlLWtleTo="); resp.StatusCode != 200 {
		t.Fatalf("%d %s", resp.StatusCode, body)
	}
	if n := r.metric("freshet_collector_keys_refused_total", "reason", directory.Unknown); n != 0 {
		t.Errorf("%v uses of an unknown key were counted", n)
	}
}

func TestSettingsMethods(t *testing.T) {
	r := start(t)
	path := "/v1/projects/" + testKey + "/settings"
	resp, _ := r.fetch(http.MethodOptions, "/sourceConfig/", "Access-Control-Request-Headers", "authorization")
	if resp.StatusCode != http.StatusNoContent || !strings.Contains(resp.Header.Get("Access-Control-Allow-Methods"), "GET") ||
		resp.Header.Get("Access-Control-Allow-Headers") != "authorization" {
		t.Errorf("preflight: %d %v", resp.StatusCode, resp.Header)
	}
	if resp, _ := r.fetch(http.MethodPost, path); resp.StatusCode != http.StatusMethodNotAllowed || resp.Header.Get("Allow") != "GET, OPTIONS" {
		t.Errorf("POST: %d %v", resp.StatusCode, resp.Header)
	}
	if resp, _ := r.fetch(http.MethodGet, "/v1/m"); resp.StatusCode != http.StatusMethodNotAllowed || resp.Header.Get("Allow") != "POST, OPTIONS" {
		t.Errorf("GET /v1/m: %d %v", resp.StatusCode, resp.Header)
	}
}

// The library's figures on itself are no events.
func TestClientMetricsAreDropped(t *testing.T) {
	r := start(t)
	for _, path := range []string{"/v1/m", "/m"} {
		if g := r.post(path, `{"series":[{"type":"Counter","metric":"analytics_js.invoke","value":1}]}`, "Authorization", ""); g.Status != 200 || g.Accepted != 0 {
			t.Errorf("%s: %+v", path, g)
		}
	}
	if n := len(r.events()); n != 0 {
		t.Errorf("%d events stored", n)
	}
}
