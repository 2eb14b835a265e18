package collector

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/decode"
	"github.com/freshet/freshet/services/collector/intake"
)

// FuzzBody: a body is read to the byte as the standard library unpacks it, or refused with a
// 4xx; never beyond the limit, and the memory is accounted for.
func FuzzBody(f *testing.F) {
	for _, body := range corpus(f) {
		f.Add([]byte(body), byte(0))
		f.Add([]byte(zip(f, []byte(body))), byte(1))
	}
	f.Add([]byte(zip(f, make([]byte, 100<<10))), byte(1))
	f.Add([]byte(zip(f, []byte("a"))+zip(f, []byte("b"))), byte(1))
	f.Add([]byte(zip(f, []byte(track("1"))))[:30], byte(3))
	f.Add([]byte("\xef\xbb\xbf{}"), byte(2))
	s := detached(f)
	s.cfg.Limits.BodyBytes = 64 << 10
	encodings := []string{"", "gzip", "identity", "x-gzip", "br", "GZIP"}
	f.Fuzz(func(t *testing.T, body []byte, kind byte) {
		encoding := encodings[int(kind)%len(encodings)]
		r := httptest.NewRequest(http.MethodPost, "/v1/batch", io.NopCloser(bytes.NewReader(body)))
		if kind&0x80 != 0 {
			r.ContentLength = int64(len(body))
		}
		r.Header.Set("Content-Encoding", encoding)
		w := &intake.Work{}
		ref := s.readBody(w, r, s.cfg.Limits.BodyBytes)
		if held := s.intake.Memory.Used(); len(w.Body) > s.cfg.Limits.BodyBytes+1 || cap(w.Body) > 2*s.cfg.Limits.BodyBytes || held < int64(len(w.Body)) {
			t.Fatalf("%d bytes in %d of memory, %d reserved", len(w.Body), cap(w.Body), held)
		}
		got := bytes.Clone(w.Body)
		s.intake.End(w)
		if used := s.intake.Memory.Used(); used != 0 {
			t.Fatalf("%d bytes are still reserved", used)
		}
		want, err := unpacked(body, encoding, s.cfg.Limits.BodyBytes)
		switch {
		case ref != nil && err == nil && reservedFlags(body):
			// RFC 1952 has a reader refuse these; the standard library does not look.
		case (ref == nil) != (err == nil):
			t.Fatalf("refused %+v, the standard library says %v", ref, err)
		case ref != nil && (ref.Status < 400 || ref.Status > 499):
			t.Fatalf("refused with %d", ref.Status)
		case ref == nil && !bytes.Equal(got, bytes.TrimPrefix(want, bom)):
			t.Fatalf("read %q, want %q", got, want)
		}
	})
}

// reservedFlags says that a gzip header in body sets a bit that must be zero.
func reservedFlags(body []byte) bool {
	for at := 0; ; at++ {
		next := bytes.Index(body[at:], []byte("\x1f\x8b\x08"))
		if next < 0 {
			return false
		}
		at += next
		if at+3 < len(body) && body[at+3]&0xe0 != 0 {
			return true
		}
	}
}

// unpacked is what a body means, by the standard library.
func unpacked(body []byte, encoding string, limit int) ([]byte, error) {
	from := io.Reader(bytes.NewReader(body))
	switch strings.ToLower(encoding) {
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(from)
		if err != nil {
			return nil, err
		}
		from = z
	case "br":
		return nil, fmt.Errorf("not taken")
	}
	out, err := io.ReadAll(io.LimitReader(from, int64(limit)+1))
	if err == nil && len(out) > limit {
		err = fmt.Errorf("too large")
	}
	return out, err
}

// FuzzAuthorization: a key is found exactly when net/http reads it as the user of a Basic authorization. Any other
// authorization leaves the word to the body.
func FuzzAuthorization(f *testing.F) {
	for _, header := range []string{"", "Basic", "Basic " + base64.StdEncoding.EncodeToString([]byte(testKey+":")), "basic  " + base64.StdEncoding.EncodeToString([]byte(testKey+":x:y")),
		"BASIC " + base64.StdEncoding.EncodeToString([]byte(testKey)), "Bearer x", "Basic ***", "Basic " + strings.Repeat("QUFB", 300), "Basic " + base64.RawStdEncoding.EncodeToString([]byte(testKey+":"))} {
		f.Add(header)
	}
	s := detached(f)
	f.Fuzz(func(t *testing.T, header string) {
		src, why := s.directory.ByAuthorization(header)
		scheme, _, blank := strings.Cut(header, " ")
		if given := why != "" || src != nil; given != (blank && strings.EqualFold(scheme, "basic")) {
			t.Fatalf("%q: given %v", header, why)
		}
		// net/http wants one blank and a colon; clients that write more of the one or none of the other mean the same.
		strict := header
		if scheme, rest, ok := strings.Cut(header, " "); ok {
			strict = scheme + " " + strings.TrimSpace(rest)
			if raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(rest)); err == nil && !bytes.Contains(raw, []byte(":")) {
				strict = scheme + " " + base64.StdEncoding.EncodeToString(append(raw, ':'))
			}
		}
		user, _, ok := (&http.Request{Header: http.Header{"Authorization": {strict}}}).BasicAuth()
		if want := ok && user == testKey && len(header) < 600; (src != nil) != want && len(header) < 600 {
			t.Fatalf("%q: found %v, net/http reads the user %q (%v)", header, src != nil, user, ok)
		}
	})
}

// FuzzStreamGroup: events that come alone, as over gRPC: one record each, whatever the neighbours are.
func FuzzStreamGroup(f *testing.F) {
	for _, body := range corpus(f) {
		f.Add([]byte(body), []byte(track("neighbour")), int64(0))
	}
	s := detached(f)
	src, _ := s.directory.ByKey([]byte(testKey))
	f.Fuzz(func(t *testing.T, first, second []byte, sent int64) {
		w := s.intake.Begin()
		defer s.intake.End(w)
		group := []arrival{{event: first, sentMS: sent, receivedMS: noon.UnixMilli()}, {event: second, receivedMS: noon.UnixMilli()}, {event: []byte(track("good")), receivedMS: noon.UnixMilli()}}
		for _, a := range group {
			readArrival(w, a, s.cfg.Limits.Form())
		}
		if err := s.intake.Judge(w, &intake.Delivery{Source: src, Origin: decode.Origin{Rules: &src.Rules, Received: noon.UnixMilli()}}, nil); err != nil {
			t.Fatal(err)
		}
		if len(w.Records()) != len(group) || len(w.Items) != len(group) {
			t.Fatalf("%d records of %d events", len(w.Records()), len(group))
		}
		answers := decided(group, w, intake.Result{Accepted: len(group) - len(w.Rejections()), Rejected: w.Rejections()}, 0)
		for i, m := range w.Records() {
			var id string
			accepted := m.Topic == topicsRaw.Name
			if accepted {
				e := &eventv1.Event{}
				if err := proto.Unmarshal(m.Value, e); err != nil {
					t.Fatal(err)
				}
				if err := contract(e); err != nil {
					t.Fatalf("%q: %v", group[i].event, err)
				}
				id = e.GetEventId()
			} else {
				e := &eventv1.RejectedEvent{}
				if err := proto.Unmarshal(m.Value, e); err != nil {
					t.Fatal(err)
				}
				id = e.GetEventId()
			}
			a := &answers[i]
			if a.GetEventId() != id || (a.GetStatus().String() == "INGEST_STATUS_ACCEPTED") != accepted || !utf8.ValidString(a.GetDetail()) {
				t.Fatalf("%q: answered %v, stored under %q (accepted %v)", group[i].event, a, id, accepted)
			}
		}
		if answers[2].GetEventId() != "good" || answers[2].GetReason() != "" {
			t.Fatalf("the good neighbour was answered %v", &answers[2])
		}
	})
}

// FuzzPixel: what comes in an address becomes one good record or a clear refusal.
func FuzzPixel(f *testing.F) {
	event := base64.StdEncoding.EncodeToString([]byte(track("p")))
	for kind := range byte(4) {
		for _, query := range []string{"", "data=" + event, "data=" + strings.TrimRight(event, "="), "data=e30", "data=%ff", "data=***", "writeKey=" + testKey + "&anonymousId=%22a%22&event=E&properties.x=1&properties.x.y=2",
			"a=1&a.b=2&a.b.c=3&type=track&userId=1", "%zz", "userId=%ff&event=E", "..=1&.a=2&event=E&userId=1", "event=E&userId=1&context.page.url=https%3A%2F%2Fx", strings.Repeat("a.", 500) + "=1"} {
			f.Add(query, kind)
		}
	}
	s := detached(f)
	src, _ := s.directory.ByKey([]byte(testKey))
	paths := []string{"/v1/pixel/track", "/v1/pixel/identify", "/pixel/v1/track", "/pixel/v1/page"}
	f.Fuzz(func(t *testing.T, query string, kind byte) {
		c := calls[paths[int(kind)%len(paths)]]
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL.RawQuery = query
		w := s.intake.Begin()
		defer s.intake.End(w)
		if ref := s.read(w, r, c, s.cfg.Limits); ref != nil {
			if ref.Status < 400 || ref.Status > 499 || !utf8.ValidString(ref.Message) {
				t.Fatalf("%q: refused with %+v", query, ref)
			}
			return
		}
		if err := s.intake.Judge(w, &intake.Delivery{Source: src, Origin: decode.Origin{Rules: &src.Rules, Type: c.typ, Received: noon.UnixMilli()}}, nil); err != nil {
			t.Fatal(err)
		}
		if len(w.Items) != 1 || len(w.Records()) != 1 {
			t.Fatalf("%q: %d events, %d records", query, len(w.Items), len(w.Records()))
		}
		if w.Records()[0].Topic != topicsRaw.Name {
			return
		}
		e := &eventv1.Event{}
		if err := proto.Unmarshal(w.Records()[0].Value, e); err != nil {
			t.Fatal(err)
		}
		if err := contract(e); err != nil {
			t.Fatalf("%q: %v in %v", query, err, e)
		}
	})
}
