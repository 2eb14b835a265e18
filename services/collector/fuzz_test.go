package collector

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/jsonscan"
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
		w := &work{}
		ref := s.readBody(w, r, s.cfg.Limits.BodyBytes)
		if len(w.body) > s.cfg.Limits.BodyBytes+1 || cap(w.body) > 2*s.cfg.Limits.BodyBytes || w.reserved < int64(len(w.body)) {
			t.Fatalf("%d bytes in %d of memory, %d reserved", len(w.body), cap(w.body), w.reserved)
		}
		s.memory.give(w.reserved)
		if used := s.memory.used.Load(); used != 0 {
			t.Fatalf("%d bytes are still reserved", used)
		}
		want, err := unpacked(body, encoding, s.cfg.Limits.BodyBytes)
		switch {
		case ref != nil && err == nil && reservedFlags(body):
			// RFC 1952 has a reader refuse these; the standard library does not look.
		case (ref == nil) != (err == nil):
			t.Fatalf("refused %+v, the standard library says %v", ref, err)
		case ref != nil && (ref.status < 400 || ref.status > 499):
			t.Fatalf("refused with %d", ref.status)
		case ref == nil && !bytes.Equal(w.body, bytes.TrimPrefix(want, bom)):
			t.Fatalf("read %q, want %q", w.body, want)
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
		src, why := s.byAuthorization(header)
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

// FuzzTime: what is taken is the time that the standard library reads, and RFC 3339 is always taken.
func FuzzTime(f *testing.F) {
	for _, text := range []string{"2026-03-01T12:00:00Z", "2026-03-01T12:00:00.123456789+05:30", "2026-03-01 12:00:00", "2026-03-01", "2026-03-01T12:00Z", "2026-03-01T12:00:00+0100",
		"0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-02-30T00:00:00Z", "2026-03-01T24:00:00Z", "2026-06-30T23:59:60Z", "now", " 2026-03-01T12:00:00Z ", "", "2026-03-01T12:00:00,5Z"} {
		f.Add(text, int64(0))
	}
	clock := Default().Clock
	f.Fuzz(func(t *testing.T, text string, sent int64) {
		raw, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		got, flt := timeOf("timestamp", raw)
		if want, err := time.Parse(time.RFC3339, strings.ToValidUTF8(text, "\ufffd")); err == nil && !want.Before(firstTime) && want.Before(lastTime) && (flt != nil || got != millis(want)) {
			t.Fatalf("%q: %d, %v; want %d", text, got, flt, want.UnixMilli())
		}
		if flt != nil {
			if flt.reason != reasonBadTimestamp || !utf8.ValidString(strings.ToValidUTF8(flt.detail, "?")) {
				t.Fatalf("%q: %+v", text, flt)
			}
			return
		}
		for _, history := range []bool{false, true} {
			at := times{original: got, sent: sent, received: noon.UnixMilli()}
			if !history {
				at.skew = clock.judge(facts{lag: at.received - sent}).skew
			}
			if f := clock.place(&at, history); f == nil && (at.occurred > at.received || at.occurred < 0) {
				t.Fatalf("%q, sent %d: occurred at %d", text, sent, at.occurred)
			}
		}
	})
}

// FuzzOrder: the money of an order is what exact arithmetic makes of the digits that encoding/json reads.
func FuzzOrder(f *testing.F) {
	for _, name := range slices.Sorted(maps.Keys(badEvents)) {
		var e struct{ Properties json.RawMessage }
		if json.Unmarshal([]byte(badEvents[name].item), &e) == nil && len(e.Properties) < 2000 && len(e.Properties) > 0 {
			f.Add([]byte(e.Properties))
		}
	}
	for _, text := range []string{`{"order_id":"1","total":"1.005","products":[{"price":"0.1","quantity":3},{}]}`, `{"order_id":7,"products":[{"price":1e-6,"quantity":1e2}]}`,
		`{"order_id":"1","revenue":-12.5,"currency":"gbp","products":null}`, `{"order_id":"1","value":1e999999999}`, `{"order_id":"1","total":9223372036854.775807}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, properties []byte) {
		var s jsonscan.Scanner
		s.Reset(properties, 0, jsonscan.Limits{Depth: 32, Keys: 10000})
		raw, err := s.Skip()
		if err != nil || s.End() != nil || s.Odd() || raw[0] != '{' {
			return // never gets here: see item.settle
		}
		e, _ := readAs(plainSource(), "Order Completed", string(raw))
		order := e.GetOrder()
		for _, n := range e.Notes {
			if !slices.Contains(noteKinds, n.Kind) || n.Path == "" || n.Detail == "" || !utf8.ValidString(n.Detail) || !utf8.ValidString(n.Path) {
				t.Fatalf("%s: note %v", raw, n)
			}
		}
		if len(order.GetOrderId()) > maxID || (order.TotalMicros != nil) != (order.Conversion != nil) || len(order.Currency) != 3 {
			t.Fatalf("%s: order %v", raw, order)
		}
		if len(e.Notes) > 0 {
			return // something of it cannot be read by the letter
		}
		checkOrder(t, raw, order)
	})
}

func checkOrder(t *testing.T, raw []byte, order *eventv1.Order) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var plain struct {
		Total, Revenue, Value any
		Products              []struct{ Price, Quantity any }
	}
	if err := d.Decode(&plain); err != nil {
		return // encoding/json folds the case of names and wants one type for each: it reads another document
	}
	var keys map[string]any
	if json.Unmarshal(raw, &keys) != nil || foldsCase(keys) {
		return
	}
	if len(plain.Products) < len(order.GetItems()) && len(plain.Products) > 0 {
		t.Fatalf("%s: %d lines of %d", raw, len(order.GetItems()), len(plain.Products))
	}
	for _, v := range []any{plain.Total, plain.Revenue, plain.Value} {
		text := strings.TrimSpace(fmt.Sprint(v))
		if v == nil || len(text) > 30 || strings.ContainsAny(text, "eE") {
			if v == nil {
				continue
			}
			return
		}
		want, ok := new(big.Rat).SetString(text)
		if !ok {
			return
		}
		diff := new(big.Rat).Sub(new(big.Rat).SetFrac64(order.GetTotalMicros(), 1_000_000), want)
		if diff.Abs(diff).Cmp(big.NewRat(1, 2_000_000)) > 0 {
			t.Fatalf("%s: total %d micros, want %s", raw, order.GetTotalMicros(), text)
		}
		return
	}
}

// foldsCase says that encoding/json, or the collector, might take a key for another.
func foldsCase(keys map[string]any) bool {
	for key := range keys {
		var room [16]byte
		name, _ := fold(room[:0], key)
		switch string(name) {
		case "total", "revenue", "value", "products":
			if key != string(name) {
				return true
			}
		default:
			if !utf8.ValidString(key) || len(key) != len(strings.ToUpper(key)) {
				return true
			}
		}
	}
	products, _ := keys["products"].([]any)
	for _, p := range products {
		if line, ok := p.(map[string]any); ok && foldsCase(line) {
			return true
		}
	}
	return false
}

// FuzzMerge: an envelope's context is added as encoding/json would: key by key, the event's own win.
func FuzzMerge(f *testing.F) {
	for _, pair := range [][2]string{{`{"a":1}`, `{"b":2}`}, {`{}`, `{"a":1}`}, {`{"a":{"x":1} }`, `{"a":{"y":2},"\u0062":[1]}`}, {`{"\"":1}`, `{"\"":2,"é":null}`}} {
		f.Add([]byte(pair[0]), []byte(pair[1]), "groupId", []byte(`"g"`))
	}
	f.Fuzz(func(t *testing.T, own, base []byte, key string, value []byte) {
		own, base = plainObject(own), plainObject(base)
		if own == nil || base == nil {
			return
		}
		want := map[string]any{}
		if json.Unmarshal(base, &want) != nil || json.Unmarshal(own, &want) != nil && len(want) == 0 {
			return // a number that encoding/json cannot keep
		}
		// Unmarshal merges nested objects of a map's interface values by replacing them: the event's own win whole.
		same(t, merge(own, base), want)
		if !json.Valid(value) || !utf8.Valid(value) || !utf8.ValidString(key) {
			return
		}
		one := map[string]any{}
		var v any
		if json.Unmarshal(own, &one) != nil || json.Unmarshal(value, &v) != nil {
			return
		}
		if _, ok := one[key]; !ok {
			one[key] = v
		}
		same(t, with(own, key, value), one)
	})
}

// plainObject is an object as merge gets it: checked and not odd; nil for everything else.
func plainObject(raw []byte) []byte {
	var s jsonscan.Scanner
	s.Reset(raw, 0, jsonscan.Limits{Depth: 32, Keys: 10000})
	value, err := s.Skip()
	if err != nil || s.End() != nil || s.Odd() || !utf8.Valid(raw) || value[0] != '{' {
		return nil
	}
	return value
}

func same(t *testing.T, raw []byte, want map[string]any) {
	t.Helper()
	got := map[string]any{}
	if err := json.Unmarshal(raw, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%s: %v, want %v", raw, err, want)
	}
}

// FuzzStreamGroup: events that come alone, as over gRPC: one record each, whatever the neighbours are.
func FuzzStreamGroup(f *testing.F) {
	for _, body := range corpus(f) {
		f.Add([]byte(body), []byte(track("neighbour")), int64(0))
	}
	s := detached(f)
	src := s.byKey([]byte(testKey))
	f.Fuzz(func(t *testing.T, first, second []byte, sent int64) {
		w := works.Get().(*work)
		defer s.release(w)
		group := []arrival{{event: first, sentMS: sent, receivedMS: noon.UnixMilli()}, {event: second, receivedMS: noon.UnixMilli()}, {event: []byte(track("good")), receivedMS: noon.UnixMilli()}}
		for _, a := range group {
			w.readArrival(a, s.cfg.Limits)
		}
		if err := s.encode(w, &origin{src: src, received: noon.UnixMilli()}, nil); err != nil {
			t.Fatal(err)
		}
		if len(w.msgs) != len(group) || len(w.items) != len(group) {
			t.Fatalf("%d records of %d events", len(w.msgs), len(group))
		}
		answers := decided(group, w, result{accepted: len(group) - len(w.rejections), rejected: w.rejections}, 0)
		for i, m := range w.msgs {
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
	src := s.byKey([]byte(testKey))
	paths := []string{"/v1/pixel/track", "/v1/pixel/identify", "/pixel/v1/track", "/pixel/v1/page"}
	f.Fuzz(func(t *testing.T, query string, kind byte) {
		c := calls[paths[int(kind)%len(paths)]]
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL.RawQuery = query
		w := works.Get().(*work)
		defer s.release(w)
		if ref := s.read(w, r, c, s.cfg.Limits); ref != nil {
			if ref.status < 400 || ref.status > 499 || !utf8.ValidString(ref.message) {
				t.Fatalf("%q: refused with %+v", query, ref)
			}
			return
		}
		if err := s.encode(w, &origin{src: src, typ: c.typ, received: noon.UnixMilli()}, nil); err != nil {
			t.Fatal(err)
		}
		if len(w.items) != 1 || len(w.msgs) != 1 {
			t.Fatalf("%q: %d events, %d records", query, len(w.items), len(w.msgs))
		}
		if w.msgs[0].Topic != topicsRaw.Name {
			return
		}
		e := &eventv1.Event{}
		if err := proto.Unmarshal(w.msgs[0].Value, e); err != nil {
			t.Fatal(err)
		}
		if err := contract(e); err != nil {
			t.Fatalf("%q: %v in %v", query, err, e)
		}
	})
}
