package web

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/decode"
	"github.com/freshet/freshet/services/collector/directory"
	"github.com/freshet/freshet/services/collector/intake"
	"github.com/freshet/freshet/services/collector/intake/intaketest"
)

// noon is when everything is received, as Unix milliseconds.
const noon = 1_772_366_400_000

const track = `{"type":"track","event":"Product Viewed","userId":"42","messageId":"m"}`

// seeds are bodies to begin with.
var seeds = []string{track, `{"batch":[` + track + `,{"type":"nope"}]}`, ``, `{}`, `[]`, `{"event":"A","userId":"\ud83d"}`, `{"batch":[` + track + `],"x":NaN}`}

// detached is a door that nobody can reach, before an intake without a broker.
func detached(t testing.TB) (*Server, *directory.Source) {
	t.Helper()
	i, src := intaketest.New(t)
	return New(Config{Limits: directory.DefaultLimits()}, Deps{Logger: slog.New(slog.DiscardHandler), Intake: i}), src
}

// FuzzBody: a body is read to the byte as the standard library unpacks it, or refused with a
// 4xx; never beyond the limit, and the memory is accounted for.
func FuzzBody(f *testing.F) {
	for _, body := range seeds {
		f.Add([]byte(body), byte(0))
		f.Add([]byte(testkit.Gzip(f, []byte(body))), byte(1))
	}
	f.Add([]byte(testkit.Gzip(f, make([]byte, 100<<10))), byte(1))
	f.Add([]byte(testkit.Gzip(f, []byte("a"))+testkit.Gzip(f, []byte("b"))), byte(1))
	f.Add([]byte(testkit.Gzip(f, []byte(track)))[:30], byte(3))
	f.Add([]byte("\xef\xbb\xbf{}"), byte(2))
	s, _ := detached(f)
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

// FuzzPixel: what comes in an address becomes one good record or a clear refusal.
func FuzzPixel(f *testing.F) {
	event := base64.StdEncoding.EncodeToString([]byte(track))
	for kind := range byte(4) {
		for _, query := range []string{"", "data=" + event, "data=" + strings.TrimRight(event, "="), "data=e30", "data=%ff", "data=***", "writeKey=" + intaketest.Key + "&anonymousId=%22a%22&event=E&properties.x=1&properties.x.y=2",
			"a=1&a.b=2&a.b.c=3&type=track&userId=1", "%zz", "userId=%ff&event=E", "..=1&.a=2&event=E&userId=1", "event=E&userId=1&context.page.url=https%3A%2F%2Fx", strings.Repeat("a.", 500) + "=1"} {
			f.Add(query, kind)
		}
	}
	s, src := detached(f)
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
		if err := s.intake.Judge(w, &intake.Delivery{Source: src, Origin: decode.Origin{Rules: &src.Rules, Type: c.typ, Received: noon}}, nil); err != nil {
			t.Fatal(err)
		}
		if len(w.Items) != 1 || len(w.Records()) != 1 {
			t.Fatalf("%q: %d events, %d records", query, len(w.Items), len(w.Records()))
		}
		if w.Records()[0].Topic != topics.EventsRaw.Name {
			return
		}
		e := &eventv1.Event{}
		if err := proto.Unmarshal(w.Records()[0].Value, e); err != nil {
			t.Fatal(err)
		}
		if err := intaketest.Contract(e); err != nil {
			t.Fatalf("%q: %v in %v", query, err, e)
		}
	})
}
