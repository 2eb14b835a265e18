package decode

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/jsonscan"
)

// FuzzTime: what is taken is the time that the standard library reads, and RFC 3339 is always taken.
func FuzzTime(f *testing.F) {
	for _, text := range []string{"2026-03-01T12:00:00Z", "2026-03-01T12:00:00.123456789+05:30", "2026-03-01 12:00:00", "2026-03-01", "2026-03-01T12:00Z", "2026-03-01T12:00:00+0100",
		"0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-02-30T00:00:00Z", "2026-03-01T24:00:00Z", "2026-06-30T23:59:60Z", "now", " 2026-03-01T12:00:00Z ", "", "2026-03-01T12:00:00,5Z"} {
		f.Add(text, int64(0))
	}
	clock := DefaultClock()
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
			if flt.Reason != ReasonBadTimestamp || !utf8.ValidString(strings.ToValidUTF8(flt.Detail, "?")) {
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
	f.Add([]byte(strings.Repeat(`{"x":`, 40) + `1` + strings.Repeat(`}`, 40)))
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
			if !slices.Contains(NoteKinds, n.Kind) || n.Path == "" || n.Detail == "" || !utf8.ValidString(n.Detail) || !utf8.ValidString(n.Path) {
				t.Fatalf("%s: note %v", raw, n)
			}
		}
		if len(order.GetOrderId()) > MaxID || (order.TotalMicros != nil) != (order.Conversion != nil) || len(order.Currency) != 3 {
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
