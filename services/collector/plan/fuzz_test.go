package plan

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/freshet/freshet/services/collector/jsonscan"
)

// FuzzParse loads any text as a plan, and asks what it made of it.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{versions, mixed, replaceMode("strip"), shop("strip", "{$ref: '#/$defs/a', $defs: {a: {properties: {a: {$ref: '#/$defs/a'}}}}}"),
		shop("warn", "&a {properties: {a: *a}}"), `{"name":"a","events":[{"event":"A","schema":{"enum":["a"]}}]}`, "name: a\nevents: [{type: page, schema: true}]\n"} {
		f.Add([]byte(seed))
	}
	if text, err := os.ReadFile("../../../docs/examples/ecommerce-plan.yaml"); err == nil {
		f.Add(text)
	} else {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := Parse(text)
		if err != nil {
			return
		}
		for _, e := range p.Entries() {
			p.Check(Event{Type: e.Type, Name: e.Name, Body: []byte(`{"a":{"a":[1,{"b":"c"}]},"price":"1"}`)})
		}
	})
}

// seeds are schemas and bodies for FuzzCheck.
var seeds = [][2]string{
	{"{properties: {a: {}}}", `{"x":1,"a":{"b":2},"y":[]}`},
	{"{properties: {a: {properties: {b: {type: integer}}}, l: {items: {properties: {c: {}}}}}}", `{"a":{"b":1.0,"c":2},"l":[{"c":1,"d":2},3,[]],"\u0061":1}`},
	{"{patternProperties: {'^a': {properties: {b: {}}}}, required: [a]}", `{ "ab" : { "b" : 1 , "c" : 2 } , "z" : "}\"," }`},
	{"{additionalProperties: false, properties: {a: {enum: [x, 1, null]}}}", `{"a":1e9,"b":1e999999}`},
	{"{anyOf: [{properties: {a: {minimum: 0.5}}}, {required: [b]}], properties: {b: {format: email, maxLength: 3}}}", `{"a":0.50,"b":"a@b.c"}`},
}

// FuzzCheck holds any body against a schema in every mode: the quick way never takes what the validator refuses, what strip leaves is JSON and
// a part of what came, and stripping it again takes nothing out.
func FuzzCheck(f *testing.F) {
	for _, s := range seeds {
		f.Add(s[0], []byte(s[1]))
	}
	plans := map[string]*Plan{}
	f.Fuzz(func(t *testing.T, schema string, body []byte) {
		if strings.ContainsAny(schema, "\r\n") || len(body) > 4<<10 || !utf8.Valid(body) {
			return
		}
		var s jsonscan.Scanner
		s.Reset(body, 0, jsonscan.Limits{Depth: 64})
		if s.Peek() != '{' {
			return
		}
		if _, err := s.Skip(); err != nil || s.End() != nil {
			return
		}
		if body = bytes.TrimSpace(body); s.Odd() {
			var err error
			if body, err = jsonscan.Canonical(body); err != nil {
				t.Fatal(err)
			}
		}
		p := plans[schema]
		if p == nil {
			var err error
			if p, err = Parse([]byte(shop("strip", schema))); err != nil {
				return
			}
			plans[schema] = p
		}
		checkBody(t, p, body)
	})
}

func checkBody(t *testing.T, p *Plan, body []byte) {
	v := p.events[key{1, "Order Completed"}].versions[0]
	if v.quick.fits(body) && !accepts(t, v, body) {
		t.Fatalf("the quick way takes %s, the validator does not", body)
	}
	got := p.Check(track("Order Completed", string(body)))
	var before, after map[string]any
	if err := json.Unmarshal(body, &before); err != nil {
		return // a number no float holds
	}
	if err := json.Unmarshal(got.Body, &after); err != nil {
		t.Fatalf("strip made %s of %s: %v", got.Body, body, err)
	}
	if !within(after, before) {
		t.Fatalf("%s is no part of %s", got.Body, body)
	}
	if len(got.Check.GetStripped()) == 0 && !bytes.Equal(got.Body, body) {
		t.Fatalf("%s became %s without a word", body, got.Body)
	}
	if again := p.Check(track("Order Completed", string(got.Body))); !bytes.Equal(again.Body, got.Body) {
		t.Fatalf("%s stripped again is %s", got.Body, again.Body)
	} else if d := cmp.Diff(lines(got), lines(again)); d != "" {
		t.Fatalf("what strip leaves is judged in two ways: %s", d)
	}
}

// within says that every member of a is in b, with a value that is within b's; elements of arrays have the same places.
func within(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		object, ok := b.(map[string]any)
		for k, v := range a {
			other, has := object[k]
			ok = ok && has && within(v, other)
		}
		return ok
	case []any:
		list, ok := b.([]any)
		if ok = ok && len(a) == len(list); ok {
			for i := range a {
				ok = ok && within(a[i], list[i])
			}
		}
		return ok
	}
	return cmp.Equal(a, b)
}
