package collector

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// slowly sends a head, and then a body in pieces, some milliseconds apart, as a proxy does with what its client uploads. It returns what is answered.
func slowly(t *testing.T, r *rig, head string, size int, chunked bool) (got, error) {
	t.Helper()
	conn := connect(t, r)
	if _, err := io.WriteString(conn, head); err != nil {
		return got{}, err
	}
	piece := strings.Repeat(" ", 16<<10)
	pace := time.NewTicker(time.Millisecond)
	defer pace.Stop()
	for sent := 0; sent < size; sent += len(piece) {
		<-pace.C
		out := piece[:min(len(piece), size-sent)]
		if chunked {
			out = fmt.Sprintf("%x\r\n%s\r\n", len(out), out)
		}
		if _, err := io.WriteString(conn, out); err != nil {
			return got{}, fmt.Errorf("after %d bytes of the body: %w", sent, err)
		}
	}
	if chunked {
		if _, err := io.WriteString(conn, "0\r\n\r\n"); err != nil {
			return got{}, err
		}
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return got{}, err
	}
	defer resp.Body.Close()
	g := got{Status: resp.StatusCode, Header: resp.Header}
	return g, json.NewDecoder(resp.Body).Decode(&g)
}

// Whoever sends a large body and then looks for the answer finds it, although it was decided before the body was read.
func TestRefusalsReachWhoIsStillSending(t *testing.T) {
	var path string
	clock := &hand{t: noon}
	r := start(t, withoutSpool, func(s *setup) { s.now, s.cfg.Limits.BodyBytes = clock.now, 1<<20 }, sourcesFile(t, &path, `
sources:
  - {name: poor, keys: [`+keyed("k1", "the-poor-key")+`], limits: {rate: 1, burst: 1}}
  - {name: shop, keys: [`+keyed("k2", "the-shop-key")+`], origins: ["https://shop.example"]}
`))
	r.post("/v1/batch", batchOfTracks(60), as("the-poor-key")...)
	basic := func(key string) string {
		req := &http.Request{Header: http.Header{}}
		req.SetBasicAuth(key, "")
		return "Authorization: " + req.Header.Get("Authorization") + "\r\n"
	}
	for name, c := range map[string]struct {
		line, headers string
		size, status  int
		chunked       bool
		code          string
	}{
		"a wrong key, 100 KB":           {"POST /v1/batch", basic("wrong-write-key"), 100_000, 401, false, "unknown_write_key"},
		"a wrong key, 3 KB":             {"POST /v1/batch", basic("wrong-write-key"), 3000, 401, false, "unknown_write_key"},
		"a wrong key, 4 MB":             {"POST /v1/track", basic("wrong-write-key"), 4 << 20, 401, false, "unknown_write_key"},
		"a wrong key, chunks":           {"POST /v1/batch", basic("wrong-write-key"), 900_000, 401, true, "unknown_write_key"},
		"a key that is no base64":       {"POST /v1/batch", "Authorization: Basic ***\r\n", 500_000, 401, false, "unknown_write_key"},
		"too large":                     {"POST /v1/batch", basic(testKey), 3 << 20, 413, false, "too_large"},
		"too large, no key yet":         {"POST /v1/batch", "", 3 << 20, 413, false, "too_large"},
		"too large, in chunks":          {"POST /v1/batch", basic(testKey), 3 << 20, 413, true, "too_large"},
		"over its rate":                 {"POST /v1/batch", basic("the-poor-key"), 500_000, 429, false, "rate_limited"},
		"from another page":             {"POST /v1/batch", basic("the-shop-key") + "Origin: https://evil.example\r\n", 500_000, 403, false, "origin_not_allowed"},
		"an encoding that is not read":  {"POST /v1/batch", basic(testKey) + "Content-Encoding: br\r\n", 500_000, 415, false, "unsupported_encoding"},
		"a wrong path":                  {"POST /v1/v1/batch", basic(testKey), 500_000, 404, false, "not_found"},
		"a wrong method":                {"PUT /v1/batch", basic(testKey), 500_000, 405, false, "method_not_allowed"},
		"a wrong method of settings":    {"POST /sourceConfig", basic(testKey), 500_000, 405, false, "method_not_allowed"},
		"CloudEvents in another format": {"POST /v1/cloudevents", basic(testKey) + "Content-Type: application/cloudevents+avro\r\n", 500_000, 415, false, "unsupported_format"},
		"gzip that is none":             {"POST /v1/batch", basic(testKey) + "Content-Encoding: gzip\r\n", 500_000, 400, false, "unreadable_body"},
	} {
		for how, version := range map[string]string{
			"HTTP/1.0":                   " HTTP/1.0\r\n",
			"HTTP/1.1, close":            " HTTP/1.1\r\nConnection: close\r\n",
			"HTTP/1.1":                   " HTTP/1.1\r\n",
			"HTTP/1.0, keep-alive":       " HTTP/1.0\r\nConnection: keep-alive\r\n",
			"HTTP/1.1, close, uppercase": " HTTP/1.1\r\nConnection: CLOSE\r\n",
		} {
			if c.chunked && strings.Contains(version, "1.0") {
				continue
			}
			t.Run(name+", "+how, func(t *testing.T) {
				head := c.line + version + "Host: x\r\n" + c.headers
				if c.chunked {
					head += "Transfer-Encoding: chunked\r\n\r\n"
				} else {
					head += fmt.Sprintf("Content-Length: %d\r\n\r\n", c.size)
				}
				g, err := slowly(t, r, head, c.size, c.chunked)
				if err != nil {
					t.Fatal(err)
				}
				if g.Status != c.status || g.Error != c.code || g.Code != c.code || c.status == 429 && g.Header.Get("Retry-After") == "" {
					t.Errorf("answered %d %s %s, %v", g.Status, g.Error, g.Code, g.Header)
				}
			})
		}
	}
	settled(t, r)
}

// What is read for nothing is bounded: in time by read_timeout, in bytes, in number; and it takes none of the memory for bodies.
func TestReadingOnIsBounded(t *testing.T) {
	const head = "POST /v1/batch HTTP/1.0\r\nAuthorization: Basic d3Jvbmd3cm9uZzo=\r\nContent-Length: "
	r := start(t, withoutSpool, func(s *setup) { s.cfg.ReadTimeout = 700 * time.Millisecond })
	ends := func(name string, conn net.Conn, within time.Duration, answered bool) {
		t.Helper()
		begun := time.Now()
		answer, _ := io.ReadAll(conn) // a reset ends it as well
		if took := time.Since(begun); took > within || answered && !strings.Contains(string(answer), " 401 ") {
			t.Errorf("%s: the connection ended after %s with %.60q", name, took, answer)
		}
	}
	idle := connect(t, r)
	if _, err := io.WriteString(idle, head+"1000000\r\n\r\n{"); err != nil {
		t.Fatal(err)
	}
	ends("nothing more comes", idle, 10*time.Second, true)

	gone := connect(t, r)
	if _, err := io.WriteString(gone, head+"1000000\r\n\r\n{"); err != nil {
		t.Fatal(err)
	}
	if err := gone.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	ends("the client has closed its side", gone, 10*time.Second, true)

	endless := connect(t, r)
	if _, err := io.WriteString(endless, head+"1000000000\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	sent, piece := 0, []byte(strings.Repeat(" ", 1<<20))
	for sent < 512<<20 {
		n, err := endless.Write(piece)
		if sent += n; err != nil {
			break
		}
	}
	if sent > (16+64)<<20 { // 16 MiB are read for nothing; the kernel's buffers are its own
		t.Errorf("%d bytes were taken from one that is not known", sent)
	}
	if used := r.held(); used != 0 {
		t.Errorf("%d bytes of the memory for bodies are held", used)
	}
}
