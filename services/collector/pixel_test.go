package collector

import (
	"bytes"
	"encoding/base64"
	"image/gif"
	"net/http"
	"net/url"
	"strings"
	"testing"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/decode"
)

// An image in a mail, in each of the alphabets that base64 is written in.
func TestSegmentPixel(t *testing.T) {
	payload := `{"writeKey":"` + testKey + `","userId":"42","event":"Message Opened","messageId":"m1","properties":{"subject":"a>b?ü~~~"}}`
	for name, data := range map[string]string{
		"standard":            base64.StdEncoding.EncodeToString([]byte(payload)),
		"without padding":     base64.RawStdEncoding.EncodeToString([]byte(payload)),
		"for addresses":       base64.URLEncoding.EncodeToString([]byte(payload)),
		"a + that is a blank": strings.ReplaceAll(base64.StdEncoding.EncodeToString([]byte(payload)), "+", " "),
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t)
			resp, body := r.fetch(http.MethodGet, "/v1/pixel/track?data="+url.QueryEscape(data))
			if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "image/gif" || resp.Header.Get("Cache-Control") != "no-store" {
				t.Fatalf("%d %v %s", resp.StatusCode, resp.Header, body)
			}
			img, err := gif.Decode(bytes.NewReader([]byte(body)))
			if err != nil || img.Bounds().Dx() != 1 || img.Bounds().Dy() != 1 {
				t.Errorf("no image of one pixel: %v", err)
			}
			e := r.only()
			if e.Type != eventv1.EventType_EVENT_TYPE_TRACK || e.Name != "Message Opened" || e.EventId != "m1" || e.Source != "web" ||
				e.Identifiers[0].Value != "42" || string(e.PropertiesJson) != `{"subject":"a>b?ü~~~"}` {
				t.Errorf("%v", e)
			}
		})
	}
}

func TestSegmentPixelOfEveryCall(t *testing.T) {
	r := start(t)
	for name, payload := range map[string]string{
		"identify": `{"userId":"1","traits":{"plan":"a"}}`, "page": `{"userId":"1","name":"Cart"}`, "screen": `{"userId":"1","name":"Cart"}`,
		"group": `{"userId":"1","groupId":"g"}`, "alias": `{"userId":"1","previousId":"0x"}`,
	} {
		data := base64.StdEncoding.EncodeToString([]byte(`{"writeKey":"` + testKey + `","messageId":"` + name + `",` + payload[1:]))
		if resp, body := r.fetch(http.MethodGet, "/v1/pixel/"+name+"?data="+url.QueryEscape(data)); resp.StatusCode != 200 {
			t.Errorf("%s: %d %s", name, resp.StatusCode, body)
		}
	}
	if n := len(r.events()); n != 5 {
		t.Errorf("%d events, want 5", n)
	}
}

func TestRudderPixel(t *testing.T) {
	r := start(t)
	resp, body := r.fetch(http.MethodGet, "/pixel/v1/page?writeKey="+testKey+"&anonymousId=%22amp-7%22&messageId=m1&name=Cart&context.library.name=Rudderstack%20AMP%20SDK"+
		"&context.page.url=https%3A%2F%2Fshop.example%2F&context.locale=en&properties.title=B%C3%BCcher&properties.title.short=B")
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "image/gif" {
		t.Fatalf("%d %s", resp.StatusCode, body)
	}
	e := r.only()
	if e.Type != eventv1.EventType_EVENT_TYPE_PAGE || e.Name != "Cart" || e.EventId != "m1" || e.Identifiers[0].Value != "amp-7" {
		t.Errorf("%v", e)
	}
	sameJSON(t, string(e.ContextJson), `{"library":{"name":"Rudderstack AMP SDK"},"page":{"url":"https://shop.example/"},"locale":"en"}`)
	sameJSON(t, string(e.PropertiesJson), `{"title":{"short":"B"}}`)
}

// A pixel that is not stored says so: an image would be a lie.
func TestPixelThatIsNotStored(t *testing.T) {
	encode := func(payload string) string {
		return url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(payload)))
	}
	for name, c := range map[string]struct {
		path   string
		status int
		code   string
	}{
		"no data":              {"/v1/pixel/track", 400, "missing_data"},
		"no base64":            {"/v1/pixel/track?data=%7B%7D%21", 400, "bad_base64"},
		"no JSON":              {"/v1/pixel/track?data=" + encode("{"), 400, decode.ReasonInvalidJSON},
		"no key":               {"/v1/pixel/track?data=" + encode(`{"userId":"1","event":"a"}`), 401, "unknown_write_key"},
		"a wrong key":          {"/v1/pixel/track?data=" + encode(`{"writeKey":"wrong-write-key","userId":"1","event":"a"}`), 401, "unknown_write_key"},
		"a refused event":      {"/v1/pixel/track?data=" + encode(`{"writeKey":"`+testKey+`","userId":"1"}`), 400, decode.ReasonMissingName},
		"no parameters":        {"/pixel/v1/track", 400, "missing_data"},
		"parameters, no key":   {"/pixel/v1/track?anonymousId=a&event=e", 401, "unknown_write_key"},
		"parameters, no event": {"/pixel/v1/track?anonymousId=a&writeKey=" + testKey, 400, decode.ReasonMissingName},
		"parameters, deep":     {"/pixel/v1/track?anonymousId=a&event=e&writeKey=" + testKey + "&" + strings.Repeat("a.", 500) + "a=1", 400, decode.ReasonTooDeep},
		"parameters, no UTF-8": {"/pixel/v1/track?anonymousId=%FF&event=e&writeKey=" + testKey, 400, decode.ReasonInvalidUTF8},
		"an address too long":  {"/v1/pixel/track?data=" + strings.Repeat("A", 40<<10), 431, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t)
			resp, body := r.fetch(http.MethodGet, c.path)
			if resp.StatusCode != c.status || !strings.Contains(body, c.code) || strings.HasPrefix(body, "GIF") {
				t.Errorf("%d %s", resp.StatusCode, body)
			}
			if n := len(r.events()); n != 0 {
				t.Errorf("%d events stored", n)
			}
		})
	}
}

func TestPixelIsOnlyFetched(t *testing.T) {
	r := start(t)
	if resp, _ := r.fetch(http.MethodPost, "/v1/pixel/track"); resp.StatusCode != 405 || resp.Header.Get("Allow") != "GET, OPTIONS" {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
	if resp, _ := r.fetch(http.MethodHead, "/pixel/v1/track?writeKey="+testKey+"&anonymousId=a&event=e"); resp.StatusCode != 405 {
		t.Errorf("HEAD: %d", resp.StatusCode)
	}
}

// A beacon has no headers of its own: the key is in the address and the label is text/plain.
func TestBeacon(t *testing.T) {
	r := start(t)
	body := `{"batch":[` + track("m1") + `,` + track("m2") + `],"sentAt":"2026-01-31T12:00:00Z"}`
	if g := r.post("/beacon/v1/batch?writeKey="+testKey, body, "Authorization", "", "Content-Type", "text/plain;charset=UTF-8"); g.Status != 200 || g.Accepted != 2 {
		t.Errorf("%+v", g)
	}
	for _, query := range []string{"", "?writeKey=", "?writeKey=wrong-write-key", "?writeKey=%FF%22"} {
		if g := r.post("/beacon/v1/batch"+query, body, "Authorization", ""); g.Status != 401 {
			t.Errorf("%q: %+v", query, g)
		}
	}
	if n := len(r.events()); n != 2 {
		t.Errorf("%d events", n)
	}
	// Elsewhere an address is no place for a key: it would end in logs.
	if g := r.post("/v1/batch?writeKey="+testKey, body, "Authorization", ""); g.Status != 401 {
		t.Errorf("%+v", g)
	}
}
