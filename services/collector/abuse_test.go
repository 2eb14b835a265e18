package collector

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/freshet/freshet/pkg/testkit"
	collectorv1 "github.com/freshet/freshet/proto/gen/freshet/collector/v1"
	"github.com/freshet/freshet/services/collector/decode"
	"github.com/freshet/freshet/services/collector/intake/intaketest"
)

const postHead = "POST /v1/track HTTP/1.1\r\nHost: x\r\nAuthorization: Basic d2ViLXdyaXRlLWtleTo=\r\n"

// connect opens a bare connection that no client's politeness bounds.
func connect(t testing.TB, r *rig) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", r.svc.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// neighbour is another client, who must be served whatever goes on.
func neighbour(t *testing.T, r *rig, id string) {
	t.Helper()
	if g := r.post("/v1/track", track(id)); g.Status != http.StatusOK {
		t.Errorf("the neighbour %s was answered %d %s", id, g.Status, g.Error)
	}
}

// settled waits until no memory is reserved any more.
func settled(t *testing.T, r *rig) {
	t.Helper()
	testkit.Eventually(t, time.Minute, func() error {
		if used := r.held(); used != 0 {
			return fmt.Errorf("%d bytes are still reserved", used)
		}
		return nil
	})
}

// Two hundred clients send a byte now and then, half of them headers, half a body: the
// others are served meanwhile, and at the read timeout the slow ones are gone.
func TestManySlowClients(t *testing.T) {
	r := start(t, func(s *setup) { s.cfg.ReadTimeout = 1500 * time.Millisecond })
	const each = 100
	var cut, told atomic.Int64
	var wg sync.WaitGroup
	for i := range 2 * each {
		conn := connect(t, r)
		begin := "POST /v1/track HTTP/1.1\r\nHost: x\r\nX-"
		if i%2 == 1 {
			begin = postHead + "Content-Length: 100000\r\n\r\n{"
		}
		if _, err := io.WriteString(conn, begin); err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			go func() {
				tick := time.NewTicker(100 * time.Millisecond)
				defer tick.Stop()
				for range tick.C {
					if _, err := io.WriteString(conn, "a"); err != nil {
						return
					}
				}
			}()
			line, err := bufio.NewReader(conn).ReadString('\n')
			var timeout net.Error
			switch {
			case errors.As(err, &timeout) && timeout.Timeout(): // our own patience
			case strings.Contains(line, " 408 "):
				told.Add(1)
			case err != nil, strings.Contains(line, " 400 "): // half a header is malformed
				cut.Add(1)
			}
		})
	}
	begun := time.Now()
	for i := range 20 {
		neighbour(t, r, fmt.Sprint("n", i))
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("20 requests took %s beside the slow clients", took)
	}
	wg.Wait()
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("the slow clients held on for %s with a read timeout of 1.5 s", took)
	}
	if told.Load() != each || cut.Load() != each {
		t.Errorf("%d slow bodies were told 408 and %d slow headers cut off, want %d each", told.Load(), cut.Load(), each)
	}
	settled(t, r)
}

// bomb is n bytes of a body that begins well, packed a thousand to one.
func bomb(t testing.TB, n int) string {
	t.Helper()
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(z, `{"batch":[`)
	blanks := bytes.Repeat([]byte(" "), 1<<20)
	for range n >> 20 {
		if _, err := z.Write(blanks); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Forty bombs at once, each unpacking to 256 MB: each is told so (or that there is no room), and
// the memory of the collector, its forty clients and their garbage together stays within five times limits.in_flight_bytes.
func TestZipBombsAreBoundedTogether(t *testing.T) {
	r := start(t, func(s *setup) { s.cfg.Limits.InFlightBytes = 32 << 20 })
	neighbour(t, r, "before")
	packed := bomb(t, 256<<20)
	if len(packed) > 512<<10 {
		t.Fatalf("the bomb has %d bytes", len(packed))
	}
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	done := make(chan struct{})
	var peak, reserved atomic.Uint64
	var watch sync.WaitGroup
	watch.Go(func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			runtime.ReadMemStats(&now)
			peak.Store(max(peak.Load(), now.HeapInuse))
			reserved.Store(max(reserved.Load(), uint64(r.held())))
			select {
			case <-done:
				return
			case <-tick.C:
			}
		}
	})
	var statuses sync.Map
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() {
			g := r.post("/v1/batch", packed, "Content-Encoding", "gzip")
			statuses.Store(g.Status, g.Error)
		})
	}
	wg.Wait()
	close(done)
	watch.Wait()
	statuses.Range(func(status, code any) bool {
		if !(status == http.StatusRequestEntityTooLarge && code == decode.ReasonTooLarge) && !(status == http.StatusServiceUnavailable && code == "busy") {
			t.Errorf("a bomb was answered %v %v", status, code)
		}
		return true
	})
	if reserved.Load() > 32<<20 {
		t.Errorf("%d bytes were reserved, the bound is %d", reserved.Load(), 32<<20)
	}
	if grown := int64(peak.Load()) - int64(before.HeapInuse); grown > 5*32<<20 {
		t.Errorf("the heap grew by %d MiB with a bound of 32 MiB", grown>>20)
	}
	settled(t, r)
	neighbour(t, r, "after")
	// A bomb in a bomb is unpacked once, and what comes out is no JSON.
	if g := r.post("/v1/batch", testkit.Gzip(t, []byte(packed)), "Content-Encoding", "gzip"); g.Status != http.StatusBadRequest || g.Error != decode.ReasonInvalidJSON {
		t.Errorf("a bomb in a bomb: %d %s", g.Status, g.Error)
	}
	if g := r.post("/v1/batch", testkit.Gzip(t, []byte(packed)), "Content-Encoding", "gzip, gzip"); g.Status != http.StatusUnsupportedMediaType || g.Error != "unsupported_encoding" {
		t.Errorf("a bomb in a bomb, declared: %d %s", g.Status, g.Error)
	}
}

// What unpacking holds counts as memory while a body arrives, however small the body is.
func TestSlowPackedBodiesCountWhatUnpackingHolds(t *testing.T) {
	const slow, each = 3, 44<<10 + 4<<10 // what unpacking holds, and the first read
	r := start(t, func(s *setup) {
		s.cfg.Limits.BodyBytes, s.cfg.Limits.InFlightBytes = 64<<10, slow*each+4<<10
	})
	packed := testkit.Gzip(t, []byte(track("slow")))
	conns := make([]net.Conn, slow)
	for i := range conns {
		conns[i] = connect(t, r)
		if _, err := io.WriteString(conns[i], postHead+"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\na\r\n"+packed[:10]+"\r\n"); err != nil {
			t.Fatal(err)
		}
	}
	testkit.Eventually(t, time.Minute, func() error {
		if used := r.held(); used != slow*each {
			return fmt.Errorf("%d packed bodies under way hold %d bytes", slow, used)
		}
		return nil
	})
	if g := r.post("/v1/track", packed, "Content-Encoding", "gzip"); g.Status != http.StatusServiceUnavailable || g.Error != "busy" || g.Header.Get("Retry-After") == "" {
		t.Errorf("one more: %+v", g)
	}
	neighbour(t, r, "plain")
	for _, conn := range conns {
		_ = conn.Close()
	}
	settled(t, r)
	if g := r.post("/v1/track", packed, "Content-Encoding", "gzip"); g.Status != http.StatusOK {
		t.Errorf("with room again: %+v", g)
	}
}

// A body without a length and without an end is read to the limit and no further.
func TestEndlessBody(t *testing.T) {
	r := start(t)
	for name, begin := range map[string]string{"blanks": "", "an event": `{"event":"E","userId":"1","x":"`} {
		conn := connect(t, r)
		if _, err := io.WriteString(conn, postHead+"Transfer-Encoding: chunked\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		var sent atomic.Int64
		go func() {
			chunk := fmt.Sprintf("%x\r\n%s\r\n", 64<<10, begin+strings.Repeat(" ", 64<<10-len(begin)))
			for {
				n, err := io.WriteString(conn, chunk)
				sent.Add(int64(n))
				if err != nil {
					return
				}
			}
		}()
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("%s: %v after %d bytes", name, err, sent.Load())
		}
		if resp.StatusCode != http.StatusRequestEntityTooLarge || !resp.Close {
			t.Errorf("%s: answered %d, connection closed %v", name, resp.StatusCode, resp.Close)
		}
		_ = resp.Body.Close()
	}
	settled(t, r)
	neighbour(t, r, "after")
}

// raw sends text on a connection of its own, and returns the statuses of what is answered until the server closes it.
func raw(t *testing.T, r *rig, text string, halfClose bool) (statuses []int) {
	t.Helper()
	conn := connect(t, r)
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	if halfClose {
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
	}
	answers := bufio.NewReader(conn)
	for {
		resp, err := http.ReadResponse(answers, nil)
		if err != nil {
			return statuses
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		statuses = append(statuses, resp.StatusCode)
	}
}

// What is no HTTP, or lies about its length, gets one clear answer and loses its connection;
// nothing of it is ever taken for another's request.
func TestGarbageOnTheWire(t *testing.T) {
	r := start(t, func(s *setup) { s.cfg.ReadTimeout = 2 * time.Second }, withoutSpool)
	good := func(id string) string {
		return fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", postHead, len(track(id)), track(id))
	}
	for name, c := range map[string]struct {
		text string
		want string
	}{
		"two requests at once are two answers":    {good("p1") + strings.Replace(good("p2"), "Host", "Connection: close\r\nHost", 1), "[200 200]"},
		"garbage after a request":                 {good("g1") + "\x16\x03\x01garbage\r\n\r\n", "[200 400]"},
		"garbage":                                 {"\x00\x01\x02\r\n\r\n", "[400]"},
		"a length too short: the rest is garbage": {postHead + "Content-Length: 20\r\n\r\n" + track("short"), "[400 400]"},
		"a length too long":                       {postHead + "Content-Length: 5000\r\n\r\n" + track("long"), "[400]"},
		"a negative length":                       {postHead + "Content-Length: -1\r\n\r\n" + track("negative"), "[400]"},
		"a length in words":                       {postHead + "Content-Length: ten\r\n\r\n" + track("words"), "[400]"},
		"two lengths":                             {postHead + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n" + track("two"), "[400]"},
		"a length beyond any disk":                {postHead + "Content-Length: 9223372036854775807\r\n\r\n{", "[413]"},
		"a length and chunks: chunks, then over":  {postHead + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + good("smuggled"), "[400]"},
		"chunks of no number":                     {postHead + "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", "[400]"},
		"chunks cut off":                          {postHead + "Transfer-Encoding: chunked\r\n\r\n10\r\n{", "[400]"},
		"an encoding nobody knows":                {postHead + "Transfer-Encoding: gzip\r\n\r\n{}", "[501]"},
		"a header without a name":                 {"POST /v1/track HTTP/1.1\r\nHost: x\r\n: x\r\n\r\n", "[400]"},
		"a NUL in a header":                       {"POST /v1/track HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n", "[400]"},
		"no host":                                 {"POST /v1/track HTTP/1.1\r\n\r\n", "[400]"},
		"HTTP/9":                                  {"POST /v1/track HTTP/9.9\r\nHost: x\r\n\r\n", "[505]"},
		"an address of 64 KB":                     {"POST /v1/" + strings.Repeat("t", 64<<10) + " HTTP/1.1\r\nHost: x\r\n\r\n", "[431]"},
		"ten thousand headers":                    {"POST /v1/track HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X: y\r\n", 10_000) + "\r\n", "[431]"},
		"TLS":                                     {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "[400]"},
	} {
		// A server that waits for more is shown the end; one that is not must not be: it takes that for a client that is gone.
		waits := strings.Contains(name, "too long") || strings.Contains(name, "cut off") || name == "TLS"
		if got := fmt.Sprint(raw(t, r, c.text, waits)); got != c.want {
			t.Errorf("%s: answered %s, want %s", name, got, c.want)
		}
	}
	settled(t, r)
	neighbour(t, r, "after")
	events := r.events()
	for id := range events {
		switch id {
		case "p1", "p2", "g1", "after":
		default:
			t.Errorf("event %s was taken", id)
		}
	}
	if len(events) != 4 {
		t.Errorf("%d events in Kafka, want 4", len(events))
	}
}

func TestWrongMethods(t *testing.T) {
	r := start(t)
	for _, method := range []string{"GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "post"} {
		statuses := raw(t, r, method+" /v1/batch HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", true)
		if method == "CONNECT" { // its target has to be a host
			if len(statuses) != 1 || statuses[0] < 400 {
				t.Errorf("CONNECT: %v", statuses)
			}
			continue
		}
		if fmt.Sprint(statuses) != "[405]" {
			t.Errorf("%s: answered %v, want 405", method, statuses)
		}
	}
}

// Legal JSON made to hurt: each event is judged alone, in a time that does not grow with its malice.
func TestHostileJSON(t *testing.T) {
	r := start(t, atNoon, withoutSpool)
	event := func(rest string) string {
		return `{"type":"track","event":"E","userId":"42","properties":{` + rest + `}}`
	}
	for name, c := range map[string]struct{ item, reason string }{
		"300,000 keys":                  {event(many(300_000, `"k%d":1`)), decode.ReasonTooManyKeys},
		"600,000 times one key":         {event(strings.Repeat(`"":1,`, 600_000) + `"":2`), decode.ReasonTooManyKeys},
		"9,000 times one key":           {event(strings.Repeat(`"a":1,`, 5000) + `"a":2`), ""},
		"a million brackets":            {event(`"x":` + strings.Repeat(`[`, 1_000_000) + strings.Repeat(`]`, 1_000_000)), decode.ReasonTooDeep},
		"a million brackets that close": {event(`"x":[` + strings.Repeat(`[],`, 1_000_000) + `[]]`), decode.ReasonTooLarge},
		"a number of a million digits":  {event(`"x":` + strings.Repeat(`9`, 1_000_000)), decode.ReasonTooLarge},
		"1e999999999":                   {event(`"x":1e999999999,"y":-1E+999999999,"z":1e-999999999`), ""},
		"1e999999999 as money":          {order(`"total":1e999999999`), ""},
		"1e-999999999 as money":         {order(`"total":1e-999999999`), ""},
		"30,000 digits as money":        {order(`"total":` + strings.Repeat("1", 30_000)), ""},
		"30,000 zeros behind money":     {order(`"total":1.` + strings.Repeat("0", 30_000)), ""},
		"a NUL":                         {event("\"x\":\"a\x00b\""), decode.ReasonInvalidJSON},
		"an escaped NUL":                {event(`"x":"a\u0000b"`), ""},
		"half a pair":                   {event(`"x":"\ud83d","\ude00":1`), ""},
		"UTF-8 of half a pair":          {event("\"x\":\"\xed\xa0\xbd\""), decode.ReasonInvalidUTF8},
		"an overlong slash":             {event("\"x\":\"\xc0\xaf\""), decode.ReasonInvalidUTF8},
		"beyond Unicode":                {event("\"x\":\"\xf4\x90\x80\x80\""), decode.ReasonInvalidUTF8},
		"U+2028 and a BOM":              {event("\"x\":\"\u2028\ufeff\""), ""},
		"30,000 escapes":                {event(`"x":"` + strings.Repeat(`\u0041`, 5000) + `"`), ""},
		"__proto__":                     {event(`"__proto__":{"admin":true},"constructor":{}`), ""},
	} {
		begun := time.Now()
		g := r.post("/v1/batch", `{"batch":[`+track("left")+`,`+c.item+`,`+track("right")+`]}`)
		if took := time.Since(begun); took > 3*time.Second {
			t.Errorf("%s: took %s", name, took)
		}
		if g.Status != http.StatusOK || strings.Join(g.reasons(), " ") != c.reason {
			t.Errorf("%s: answered %d %s, %v; want %q", name, g.Status, g.Error, g.reasons(), c.reason)
		}
	}
	settled(t, r)
	for id, e := range r.events() {
		if err := intaketest.Contract(e); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
}

// Of a key that comes twice the last counts, for us and for whoever reads the record.
func TestDuplicateKeysHaveOneMeaning(t *testing.T) {
	r := start(t, atNoon, withoutSpool)
	g := r.post("/v1/track", `{"event":"A","userId":"first","messageId":"1","properties":{"x":1,"x":2},"event":"B","userId":"second","messageId":"2"}`)
	if e := r.events()["2"]; g.Status != http.StatusOK || e == nil || e.GetName() != "B" || e.GetIdentifiers()[0].GetValue() != "second" || string(e.GetPropertiesJson()) != `{"x":2}` {
		t.Errorf("%+v, stored %v", g, e)
	}
	// In the envelope as well: the first batch is not judged, nor its broken events stored.
	g = r.post("/v1/batch", `{"batch":[{"type":"nonsense"},`+track("first")+`],"batch":[`+track("last")+`]}`)
	if events := r.events(); g.Accepted != 1 || len(g.Rejected) != 0 || events["last"] == nil || events["first"] != nil {
		t.Errorf("%+v, %d events", g, len(events))
	}
}

// A gRPC message beyond the limit ends its call and no other's.
func TestOversizedGRPCMessages(t *testing.T) {
	r := start(t)
	conn, _ := serveGRPC(t, r)
	client := collectorv1.NewCollectorServiceClient(conn)
	ctx := withKey(t.Context(), testKey)
	_, err := client.Ingest(ctx, &collectorv1.IngestRequest{Events: [][]byte{make([]byte, 5<<20)}})
	if status.Code(err) != codes.ResourceExhausted {
		t.Errorf("5 MB: %v", err)
	}
	var nothing [][]byte
	for range 2500 {
		nothing = append(nothing, nil)
	}
	resp, err := client.Ingest(ctx, &collectorv1.IngestRequest{Events: nothing})
	if err != nil || len(resp.GetRejected()) != 2500 {
		t.Errorf("2,500 empty events: %d rejected, %v", len(resp.GetRejected()), err)
	}
	if resp, err := client.Ingest(ctx, &collectorv1.IngestRequest{Events: [][]byte{[]byte(track("after"))}}); err != nil || resp.GetAccepted() != 1 {
		t.Errorf("after: %v, %v", resp, err)
	}
	settled(t, r)
}
