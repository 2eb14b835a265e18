package collector

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/freshet/freshet/pkg/testkit"
	collectorv1 "github.com/freshet/freshet/proto/gen/freshet/collector/v1"
	"github.com/freshet/freshet/services/collector/decode"
)

// Clients read "code" and "message" of an error, and take an answer without them for a broken network.
func TestEveryErrorHasACode(t *testing.T) {
	r := start(t, withoutSpool, func(s *setup) { s.cfg.Limits.BodyBytes = 64 << 10 })
	for name, g := range map[string]got{
		"401":                    r.post("/v1/batch", `{}`, "Authorization", "Basic bm9ib2R5Og=="),
		"404":                    r.post("/v1/nothing", `{}`),
		"404 of settings":        r.post("/v1/projects/a/b/settings", `{}`),
		"405":                    r.post("/sourceConfig", `{}`),
		"413":                    r.post("/v1/batch", strings.Repeat(" ", 100_000)),
		"415":                    r.post("/v1/batch", `{}`, "Content-Encoding", "br"),
		"400 of a body":          r.post("/v1/batch", `{"batch":`),
		"400 of an event":        r.post("/v1/track", `{"userId":"1"}`),
		"400 of a CloudEvent":    r.post("/v1/cloudevents", `{}`, "Content-Type", "application/cloudevents+json"),
		"400 of no CloudEvent":   r.post("/v1/cloudevents", `{}`),
		"400 of a beacon":        r.post("/beacon/v1/batch", `{}`),
		"405 of a pixel":         r.post("/v1/pixel/track", `{}`),
		"400 of an empty body":   r.post("/v1/page", ""),
		"400 of a wrong array":   r.post("/v1/batch", `{"batch":{}}`),
		"401 of Bearer, no key":  r.post("/v1/track", track("1"), "Authorization", "Bearer "+testKey),
		"unreadable gzip is 400": r.post("/v1/batch", `{}`, "Content-Encoding", "gzip"),
	} {
		if g.Status < 400 || g.Success || g.Code == "" || g.Code != g.Error || g.Message == "" {
			t.Errorf("%s: answered %d, error %q, code %q, message %q", name, g.Status, g.Error, g.Code, g.Message)
		}
	}
	if g := r.post("/v1/batch", `{"batch":[{}]}`); g.Status != 200 || g.Code != "" || g.Error != "" {
		t.Errorf("a batch whose events are all refused: %+v", g)
	}
}

// A refusal tells whoever wrote the request what to change.
func TestWhatRefusalsSay(t *testing.T) {
	r := start(t, withoutSpool)
	good := `{"batch":[` + track("1") + `]}`
	for name, c := range map[string]struct {
		path, body string
		headers    []string
		status     int
		says       string
	}{
		"no key":                      {"/v1/batch", good, []string{"Authorization", ""}, 401, "there is no write key"},
		"an unknown key":              {"/v1/batch", good, []string{"Authorization", "Basic bm9ib2R5Og=="}, 401, "is unknown"},
		"an unknown key in the body":  {"/v1/batch", `{"writeKey":"nobody",` + good[1:], []string{"Authorization", ""}, 401, "is unknown"},
		"an empty key in the body":    {"/v1/batch", `{"writeKey":"",` + good[1:], []string{"Authorization", ""}, 401, "there is no write key"},
		"the key as a token":          {"/v1/batch", good, []string{"Authorization", "Bearer " + testKey}, 401, "Bearer token is not looked at"},
		"the key alone":               {"/v1/batch", good, []string{"Authorization", testKey}, 401, "neither Basic nor Bearer"},
		"the key not encoded":         {"/v1/batch", good, []string{"Authorization", "Basic " + testKey}, 401, "no base64"},
		"the key as the password":     {"/v1/batch", good, []string{"Authorization", "Basic OndlYi13cml0ZS1rZXk="}, 401, "not into the password"},
		"the path twice":              {"/v1/v1/batch", good, nil, 404, "post to /v1/batch. Was the client's address given with /v1 at its end?"},
		"the path twice, and a slash": {"/v1//v1/batch/", good, nil, 404, "post to /v1/batch. Was the client's address given with /v1"},
		"a whole path for a host":     {"/v1/batch/v1/batch", good, nil, 404, "post to /v1/batch. The client's address should have no path \"/v1/batch\""},
		"a track twice":               {"/v1/v1/track", good, nil, 404, "post to /v1/track"},
		"an import twice":             {"/v1/v1/import", good, nil, 404, "post to /v1/import"},
		"a proxy's path":              {"/collect/v1/batch", good, nil, 404, "post to /v1/batch. The client's address should have no path \"/collect\""},
		"the path in capitals":        {"/V1/Batch", good, nil, 404, "post to /v1/batch: the path's case counts"},
		"settings twice":              {"/v1/v1/projects/k/settings", good, nil, 404, "/v1/projects/k/settings"},
		"another path":                {"/v1/purchase", good, nil, 404, "there is nothing at \"/v1/purchase\": post to /v1/batch"},
		"brotli":                      {"/v1/batch", good, []string{"Content-Encoding", "br"}, 415, "use gzip or none"},
		"deflate":                     {"/v1/batch", good, []string{"Content-Encoding", "deflate"}, 415, "use gzip or none"},
		"gzip, not said":              {"/v1/batch", testkit.Gzip(t, []byte(good)), nil, 400, "looks like gzip: send Content-Encoding: gzip"},
		"an event in gzip, not said":  {"/v1/track", testkit.Gzip(t, []byte(track("1"))), nil, 400, "looks like gzip: send Content-Encoding: gzip"},
		"gzip, not said, no key":      {"/v1/track", testkit.Gzip(t, []byte(track("1"))), []string{"Authorization", ""}, 400, "looks like gzip: send Content-Encoding: gzip"},
		"CloudEvents in gzip":         {"/v1/cloudevents", testkit.Gzip(t, []byte(`{}`)), []string{"Content-Type", "application/cloudevents+json"}, 400, "looks like gzip"},
		"CloudEvents in gzip, many":   {"/v1/cloudevents", testkit.Gzip(t, []byte(`[]`)), []string{"Content-Type", "application/cloudevents-batch+json"}, 400, "looks like gzip"},
		"gzip twice, said once":       {"/v1/batch", testkit.Gzip(t, []byte(testkit.Gzip(t, []byte(good)))), []string{"Content-Encoding", "gzip"}, 400, "once unpacked"},
		"zstd":                        {"/v1/batch", "\x28\xb5\x2f\xfd\x00", nil, 400, "looks like zstd"},
		"zlib":                        {"/v1/batch", "\x78\x9c\x00", nil, 400, "looks like deflate"},
		"UTF-16, PowerShell's":        {"/v1/batch", "\xff\xfe{\x00}\x00", nil, 400, "looks like UTF-16"},
		"UTF-16 without a mark":       {"/v1/batch", "{\x00}\x00", nil, 400, "looks like UTF-16"},
		"a CloudEvent of nobody":      {"/v1/cloudevents", `{"specversion":"1.0","id":"1","source":"/s","type":"T"}`, []string{"Content-Type", "application/cloudevents+json"}, 400, "userid"},
		"an event of nobody":          {"/v1/track", `{"event":"E"}`, nil, 400, "userId or anonymousId"},
	} {
		g := r.post(c.path, c.body, c.headers...)
		if g.Status != c.status || !strings.Contains(g.Message, c.says) {
			t.Errorf("%s: answered %d %s %q, want %d %q", name, g.Status, g.Code, g.Message, c.status, c.says)
		}
		if g.Status == 415 && g.Header.Get("Accept-Encoding") != "gzip" {
			t.Errorf("%s: %v does not say what is read", name, g.Header)
		}
	}
	if n := len(r.events()); n != 0 {
		t.Errorf("%d events were taken", n)
	}
}

// The same over gRPC, whose key comes in the metadata.
func TestWhatGRPCSaysOfAKey(t *testing.T) {
	r := start(t, withoutSpool)
	client := dial(t, r)
	for name, c := range map[string]struct {
		ctx  context.Context
		says string
	}{
		"no key":      {t.Context(), "there is no write key"},
		"a wrong key": {withKey(t.Context(), "nobody-has-it"), "is unknown"},
	} {
		_, err := client.Ingest(c.ctx, &collectorv1.IngestRequest{Events: [][]byte{[]byte(track("1"))}})
		if status.Code(err) != codes.Unauthenticated || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		stream, err := client.IngestStream(c.ctx)
		if err == nil {
			_, err = stream.Recv()
		}
		if status.Code(err) != codes.Unauthenticated || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s, a stream: %v", name, err)
		}
	}
}

// An event that cannot be read keeps the id its sender gave it, wherever the fault stands: each repeat is the same event.
func TestARefusedEventKeepsItsID(t *testing.T) {
	r := start(t, withoutSpool)
	cloud := []string{"Content-Type", "application/cloudevents+json"}
	wants := string(decode.CloudEventID([]byte("/s"), []byte("1")))
	wants = wants[1 : len(wants)-1]
	for name, c := range map[string]struct {
		path, body string
		headers    []string
		want       string
	}{
		"a bare NaN before it":           {"/v1/batch", `{"batch":[{"type":"track","properties":{"n":NaN},"messageId":"m1"}]}`, nil, "m1"},
		"a control character before it":  {"/v1/batch", "{\"batch\":[{\"event\":\"a\x01b\",\"messageId\":\"m2\"}]}", nil, "m2"},
		"no UTF-8":                       {"/v1/batch", "{\"batch\":[{\"event\":\"a\xffb\",\"messageId\":\"m3\"}]}", nil, "m3"},
		"too deep before it":             {"/v1/batch", `{"batch":[{"p":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `,"messageId":"m4"}]}`, nil, "m4"},
		"alone":                          {"/v1/track", `{"event":"E","n":NaN,"messageId":"m5"}`, nil, "m5"},
		"alone, cut off":                 {"/v1/track", `{"event":"E","n":NaN,"messageId":"m6"`, nil, "m6"},
		"a single-quoted key before it":  {"/v1/track", `{'event':1,"messageId":"m7"}`, nil, "m7"},
		"behind the id":                  {"/v1/track", `{"messageId":"m8","event":NaN}`, nil, "m8"},
		"a number":                       {"/v1/track", `{"event":NaN,"messageId":9}`, nil, "9"},
		"a CloudEvent":                   {"/v1/cloudevents", `{"specversion":"1.0","id":"1","source":"/s","type":"T","data":{"n":NaN}}`, cloud, wants},
		"a CloudEvent, before its names": {"/v1/cloudevents", `{"data":NaN,"specversion":"1.0","id":"1","source":"/s","type":"T"}`, cloud, wants},
		"a CloudEvent, a bad attribute":  {"/v1/cloudevents", `{"x":{},"specversion":"1.0","id":"1","source":"/s","type":"T"}`, cloud, wants},
		"a CloudEvent without a type":    {"/v1/cloudevents", `{"specversion":"1.0","id":"1","source":"/s"}`, cloud, wants},
		"text/plain in binary mode": {"/v1/cloudevents", "hello", []string{"Content-Type", "text/plain", "ce-id", "1", "ce-source", "/s", "ce-type", "T",
			"ce-specversion", "1.0"}, wants},
		"no JSON in binary mode": {"/v1/cloudevents", "hello", []string{"Content-Type", "application/json", "ce-id", "1", "ce-source", "/s", "ce-type", "T",
			"ce-specversion", "1.0"}, wants},
	} {
		for range 2 {
			if g := r.post(c.path, c.body, c.headers...); len(g.Rejected) != 1 || g.Rejected[0].MessageID != c.want {
				t.Errorf("%s: %d %s, %+v, want the id %s", name, g.Status, g.Message, g.Rejected, c.want)
			}
		}
	}
}

// A source with a percent sign is one source in both modes, whether or not its sender wrote the sign as a code in the header.
func TestASourceWithAPercentSignHasOneID(t *testing.T) {
	r := start(t, withoutSpool)
	body := `{"specversion":"1.0","id":"1","source":"/a%20b","type":"T","userid":"42"}`
	binary := func(source string) []string {
		return []string{"Content-Type", "application/json", "ce-id", "1", "ce-source", source, "ce-type", "T", "ce-specversion", "1.0", "ce-userid", "42"}
	}
	for name, g := range map[string]got{
		"structured":             r.post("/v1/cloudevents", body, "Content-Type", "application/cloudevents+json"),
		"binary, as it is":       r.post("/v1/cloudevents", `{}`, binary("/a%20b")...),
		"binary, sign as code":   r.post("/v1/cloudevents", `{}`, binary("/a%2520b")...),
		"many":                   r.post("/v1/cloudevents", "["+body+"]", "Content-Type", "application/cloudevents-batch+json"),
		"another source, not it": r.post("/v1/cloudevents", `{}`, binary("/a%zzb")...),
	} {
		if g.Status != 200 {
			t.Errorf("%s: %+v", name, g)
		}
	}
	if n := len(r.events()); n != 2 {
		t.Errorf("%d message ids, want one, and one of another source", n)
	}
}

// http2 is a client that speaks HTTP/2 without TLS and without asking, as meshes do.
func http2(t *testing.T) *http.Client {
	t.Helper()
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 30 * time.Second}
}

func TestHTTP2WithoutTLS(t *testing.T) {
	r := start(t, withoutSpool, func(s *setup) { s.cfg.Limits.BodyBytes = 1 << 20 })
	client := http2(t)
	send := func(path, key, body string) *http.Response {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth(key, "")
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp
	}
	for name, c := range map[string]struct {
		path, key, body string
		status          int
	}{
		"an event":          {"/v1/track", testKey, track("one"), 200},
		"a batch of 500 KB": {"/v1/batch", testKey, `{"batch":[` + track("two") + `]}` + strings.Repeat(" ", 500<<10), 200},
		"a wrong key, 3 MB": {"/v1/batch", "wrong-write-key", strings.Repeat(" ", 3<<20), 401},
		"too large":         {"/v1/batch", testKey, strings.Repeat(" ", 3<<20), 413},
	} {
		if resp := send(c.path, c.key, c.body); resp.StatusCode != c.status || resp.ProtoMajor != 2 {
			t.Errorf("%s: answered %d over HTTP/%d", name, resp.StatusCode, resp.ProtoMajor)
		}
	}
	if events := r.events(); len(events) != 2 {
		t.Errorf("%d events in Kafka, want 2", len(events))
	}
	settled(t, r)
}

// Who asks whether HTTP/2 is spoken gets an answer over HTTP/1.1, as curl --http2 does.
func TestAnUpgradeIsNotNeeded(t *testing.T) {
	r := start(t, withoutSpool)
	const upgrade = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n"
	request := fmt.Sprintf("%s%sContent-Length: %d\r\n\r\n%s", postHead, upgrade, len(track("up")), track("up"))
	if got := fmt.Sprint(raw(t, r, request, true)); got != "[200]" || len(r.events()) != 1 {
		t.Errorf("answered %s, %d events in Kafka", got, len(r.events()))
	}
}

// A stream of HTTP/2 that is given no room for its answer ends, and holds none of the memory for bodies meanwhile.
func TestHTTP2AnswersThatNobodyReads(t *testing.T) {
	r := start(t, withoutSpool, func(s *setup) {
		s.cfg.ReadTimeout, s.cfg.AckTimeout, s.cfg.WriteTimeout = 2*time.Second, 2*time.Second, time.Second
	})
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols, HTTP2: &http.HTTP2Config{MaxReceiveBufferPerStream: 16 << 10}}
	t.Cleanup(transport.CloseIdleConnections)
	_, body, _ := strings.Cut(string(refusedBatch(`{"messageId":"`+strings.Repeat("m", 200)+`","type":"nope"}`)), "\r\n\r\n")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+"/v1/batch", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(testKey, "")
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() // nothing of it is read before
	settled(t, r)
	if r.count("requests_in_flight") == 0 {
		t.Fatal("the answer does not wait for its reader: the test no longer tests")
	}
	testkit.Eventually(t, time.Minute, func() error {
		if n := r.count("requests_in_flight"); n != 0 {
			return fmt.Errorf("%v answers still wait", n)
		}
		return nil
	})
}
