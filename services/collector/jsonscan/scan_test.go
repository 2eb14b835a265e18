package jsonscan

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

var corpus = []string{
	``, ` `, `{}`, `[]`, `null`, `true`, `false`, `tru`, `nul`, `0`, `-0`, `-`, `01`, `1.`, `1.5`, `1e5`, `1E+5`, `1e`, `.5`, `+1`, `NaN`, `Infinity`, `-Infinity`,
	`""`, `"a"`, `"a`, `"\"`, `"\u00e9"`, `"\u00g9"`, `"\u12"`, `"\ud83d\ude00"`, `"\ud83d"`, `"\ude00"`, `"\ud83d\u0041"`, `"\x"`, "\"\x01\"", "\"\xff\"", "\"tab\tinside\"",
	`{"a":1}`, `{"a":1,}`, `{"a" 1}`, `{a:1}`, `{,}`, `{"a":1 "b":2}`, `{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, `[1,2`, `[1,]`, `[,1]`, `[1 2]`, `{}{}`, `[[[[]]]]`, `{"a":{"b":[{"c":null}]}}`,
	" {\n\t\"a\" : [ 1 , 2 ] ,\r\n \"b\":\"x\" } ", "\v1", "\x00", `"a very long string without anything special in it at all, é"`, `{"k":"v\\"}`, `[""]`, `{"":""}`,
	`{"type":"track","event":"Product Viewed","properties":{"price":NaN}}`,
}

// check compares one text with encoding/json.
func check(t *testing.T, text []byte) {
	t.Helper()
	var s Scanner
	s.Reset(text, 0, Limits{Depth: 9000})
	raw, err := s.Skip()
	if err == nil {
		err = s.End()
	}
	if errors.Is(err, ErrDepth) {
		return
	}
	if got, want := err == nil, json.Valid(text); got != want {
		t.Fatalf("%q: valid = %v (%v), encoding/json says %v", text, got, err, want)
	}
	var syntax *SyntaxError
	if errors.As(err, &syntax) && (syntax.Offset < 0 || syntax.Offset > len(text)) {
		t.Fatalf("%q: offset %d is outside the text", text, syntax.Offset)
	}
	if err != nil {
		return
	}
	if want := bytes.Trim(text, " \t\r\n"); !bytes.Equal(raw, want) {
		t.Fatalf("%q: Skip returned %q", text, raw)
	}
	checkMembers(t, raw)
	if !s.Odd() && utf8.Valid(raw) {
		checkSurrogates(t, raw)
	}
}

// checkMembers walks the top level as a caller would and compares keys and values.
func checkMembers(t *testing.T, raw []byte) {
	t.Helper()
	if raw[0] != '{' {
		return
	}
	want := map[string]json.RawMessage{}
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatalf("%q: %v", raw, err)
	}
	got := map[string]json.RawMessage{}
	n := 0
	var s Scanner
	s.Reset(raw, 0, Limits{})
	err := s.Object(func(key []byte) error {
		n++
		k := strings.ToValidUTF8(string(key), "\ufffd")
		v, err := s.Skip()
		got[k] = append([]byte{}, v...)
		return err
	})
	if err != nil {
		t.Fatalf("%q: %v", raw, err)
	}
	if n != len(got) && !s.Odd() && utf8.Valid(raw) {
		t.Fatalf("%q: a key came twice and Odd is false", raw)
	}
	if !utf8.Valid(raw) {
		return
	}
	if len(got) != len(want) {
		t.Fatalf("%q: keys %d, want %d", raw, len(got), len(want))
	}
	for k, v := range want {
		if !bytes.Equal(got[k], v) {
			t.Fatalf("%q: key %q is %q, want %q", raw, k, got[k], v)
		}
	}
}

// checkSurrogates: a value that is not odd survives a round trip through
// encoding/json without a replacement character of its own making.
func checkSurrogates(t *testing.T, raw []byte) {
	t.Helper()
	if bytes.Contains(raw, []byte("\ufffd")) || bytes.Contains(bytes.ToLower(raw), []byte(`\ufffd`)) {
		return
	}
	out, err := Canonical(raw)
	if err != nil {
		return // a number beyond what encoding/json keeps
	}
	if bytes.Contains(out, []byte("\ufffd")) {
		t.Fatalf("%q: holds half a surrogate pair and Odd is false", raw)
	}
}

func TestAgreesWithEncodingJSON(t *testing.T) {
	for _, text := range corpus {
		check(t, []byte(text))
		check(t, []byte(`{"pad":"0123456","v":`+text+`}`))
	}
}

func FuzzScan(f *testing.F) {
	for _, text := range corpus {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) { check(t, text) })
}

// FuzzResync: whatever the text, Resync ends, and where it finds a whole valid
// element it finds the same bytes as Skip.
func FuzzResync(f *testing.F) {
	for _, text := range corpus {
		f.Add([]byte("[" + text + `,{"next":1}]`))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var s Scanner
		s.Reset(text, 0, Limits{Depth: 9000})
		loose, ok := s.Resync(0)
		s.Reset(text, 0, Limits{Depth: 9000})
		raw, err := s.Skip()
		if err != nil || s.Peek() != ',' {
			return
		}
		if !ok || !bytes.Equal(bytes.Trim(loose, " \t\r\n"), raw) {
			t.Fatalf("%q: Resync gave %q %v, Skip %q", text, loose, ok, raw)
		}
	})
}

// FuzzCanonical: what is written anew means what encoding/json reads, and nobody can read it in two ways.
func FuzzCanonical(f *testing.F) {
	for _, text := range corpus {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var s Scanner
		s.Reset(text, 0, Limits{Depth: 100})
		raw, err := s.Skip()
		if err != nil || s.End() != nil {
			return
		}
		out, err := Canonical(raw)
		if err != nil {
			t.Fatalf("%q: %v", raw, err)
		}
		s.Reset(out, 0, Limits{Depth: 100})
		if _, err := s.Skip(); err != nil || s.End() != nil || s.Odd() || !utf8.Valid(out) {
			t.Fatalf("%q became %q: %v, odd %v", raw, out, err, s.Odd())
		}
		if again, err := Canonical(out); err != nil || !bytes.Equal(again, out) {
			t.Fatalf("%q became %q and then %q", raw, out, again)
		}
		var before, after any
		if json.Unmarshal(raw, &before) == nil && (json.Unmarshal(out, &after) != nil || !reflect.DeepEqual(before, after)) {
			t.Fatalf("%q became %q", raw, out)
		}
	})
}

func TestLimits(t *testing.T) {
	var s Scanner
	s.Reset([]byte(strings.Repeat("[", 1<<20)), 0, Limits{Depth: 32})
	if _, err := s.Skip(); !errors.Is(err, ErrDepth) {
		t.Errorf("a million brackets: %v, want ErrDepth", err)
	}
	s.Reset([]byte(`{"a":{"b":1},"c":2}`), 0, Limits{Keys: 2})
	if _, err := s.Skip(); !errors.Is(err, ErrKeys) {
		t.Errorf("three keys of two: %v, want ErrKeys", err)
	}
	s.Reset([]byte(`{"a":{"b":1},"c":[]}`), 0, Limits{Keys: 3, Depth: 2})
	if _, err := s.Skip(); err != nil {
		t.Errorf("at the limits: %v", err)
	}
}

func TestResyncSplitsAroundABadElement(t *testing.T) {
	text := []byte(`[{"a":1},{"price":NaN,"s":"],}\"","b":[Infinity]} ,{"c":3}]`)
	var outer, inner Scanner
	outer.Reset(text, 0, Limits{})
	var got []string
	err := outer.Array(func() error {
		outer.Peek()
		start := outer.Offset()
		inner.Reset(text, start, Limits{})
		raw, err := inner.Skip()
		if err != nil {
			var ok bool
			if raw, ok = inner.Resync(start); !ok {
				return err
			}
		}
		got = append(got, string(bytes.TrimSpace(raw)))
		outer.Seek(inner.Offset())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{`{"a":1}`, `{"price":NaN,"s":"],}\"","b":[Infinity]}`, `{"c":3}`}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("elements\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestCanonicalKeepsTheLastKeyAndEveryDigit(t *testing.T) {
	got, err := Canonical([]byte(`{"a":1,"b":{"x":1,"x":12345678901234567890.10},"a":"<\ud83d>"}`))
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"a":"<` + "\ufffd" + `>","b":{"x":12345678901234567890.10}}`; string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestTwoHundredKeysWithOneTwice(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"k0":0`)
	for i := range 200 {
		b.WriteString(`,"k` + strings.Repeat("x", i+1) + `":0`)
	}
	var s Scanner
	s.Reset([]byte(b.String()+`}`), 0, Limits{})
	if _, err := s.Skip(); err != nil || s.Odd() {
		t.Fatalf("distinct keys: %v, odd %v", err, s.Odd())
	}
	s.Reset([]byte(b.String()+`,"k0":1}`), 0, Limits{})
	if _, err := s.Skip(); err != nil || !s.Odd() {
		t.Fatalf("k0 twice: %v, odd %v", err, s.Odd())
	}
}
