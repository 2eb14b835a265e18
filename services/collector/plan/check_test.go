package plan

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

func track(name, body string) Event {
	return Event{Type: eventv1.EventType_EVENT_TYPE_TRACK, Name: name, Body: []byte(body)}
}

// lines shows a verdict's violations as "rule path: message".
func lines(v Verdict) []string {
	var out []string
	for _, f := range v.Check.GetViolations() {
		out = append(out, f.Rule+" "+f.Path+": "+f.Message)
	}
	return out
}

func TestViolationsSayWhatToChange(t *testing.T) {
	for name, c := range map[string]struct {
		schema, body string
		want         []string
	}{
		"what fits is not noted": {"{properties: {a: {type: string}}}", `{"a":"b","c":1}`, nil},
		"type": {"{properties: {price: {type: number}}}", `{"price":"9"}`,
			[]string{"type /properties/price: properties.price is a string, and must be a number: send it without quotes"}},
		"integer": {"{properties: {n: {type: integer}}}", `{"n":1.5}`,
			[]string{"type /properties/n: properties.n is a number, and must be an integer: send it without a fraction"}},
		"2.0 is an integer": {"{properties: {n: {type: integer}}}", `{"n":2.0}`, nil},
		"required": {"{required: [b, a]}", `{}`,
			[]string{`required /properties/a: properties.a is missing: send "a"`, `required /properties/b: properties.b is missing: send "b"`}},
		"additional": {"{additionalProperties: false, properties: {a: {}}}", `{"z/~":1,"b":1}`, []string{
			"additionalProperties /properties/b: properties.b is not planned: do not send it, or put it into the plan",
			"additionalProperties /properties/z~1~0: properties.z/~ is not planned: do not send it, or put it into the plan"}},
		"enum":    {"{properties: {c: {enum: [EUR, GBP]}}}", `{"c":"DEM"}`, []string{`enum /properties/c: properties.c is "DEM": send one of "EUR", "GBP"`}},
		"const":   {"{properties: {c: {const: 1}}}", `{"c":2}`, []string{`const /properties/c: properties.c is 2: it must be 1`}},
		"format":  {"{properties: {c: {format: email}}}", `{"c":"a"}`, []string{`format /properties/c: properties.c is "a": send it in the format email`}},
		"pattern": {"{properties: {c: {pattern: ^a}}}", `{"c":"b"}`, []string{`pattern /properties/c: properties.c is "b": it must match ^a`}},
		"minimum": {"{properties: {c: {minimum: 0.1}}}", `{"c":0.05}`, []string{`minimum /properties/c: properties.c is 0.05: it must be at least 0.1`}},
		"digits beyond a float": {"{properties: {c: {maximum: 9007199254740992}}}", `{"c":9007199254740993}`,
			[]string{`maximum /properties/c: properties.c is 9007199254740993: it must be at most 9007199254740992`}},
		"digits that a float rounds up": {"{properties: {c: {minimum: 0.3}}}", `{"c":0.29999999999999999999}`,
			[]string{`minimum /properties/c: properties.c is 0.29999999999999999999: it must be at least 0.3`}},
		"digits that a float rounds down": {"{properties: {c: {maximum: 0.4}}}", `{"c":0.40000000000000000001}`,
			[]string{`maximum /properties/c: properties.c is 0.40000000000000000001: it must be at most 0.4`}},
		"maxLength":             {"{properties: {c: {maxLength: 2}}}", `{"c":"äöü"}`, []string{`maxLength /properties/c: properties.c has 3 characters: it must have at most 2`}},
		"characters, not bytes": {"{properties: {c: {minLength: 3}}}", `{"c":"äö"}`, []string{`minLength /properties/c: properties.c has 2 characters: it must have at least 3`}},
		"within arrays": {"{properties: {products: {items: {properties: {price: {minimum: 0}}, required: [sku]}}}}", `{"products":[{"sku":"a","price":-1},{}]}`,
			[]string{"minimum /properties/products/0/price: properties.products[0].price is -1: it must be at least 0",
				`required /properties/products/1/sku: properties.products[1].sku is missing: send "sku"`}},
		"references": {"{$defs: {money: {type: number}}, properties: {a: {$ref: '#/$defs/money'}}}", `{"a":true}`,
			[]string{"type /properties/a: properties.a is a boolean, and must be a number"}},
		"anyOf is one violation": {"{properties: {a: {anyOf: [{type: number}, {pattern: '^[0-9]+$'}]}}}", `{"a":"x"}`,
			[]string{"anyOf /properties/a: properties.a fits none of the alternatives of the plan's anyOf"}},
		"false":       {"{properties: {a: false}}", `{"a":1}`, []string{"false /properties/a: properties.a is not planned: do not send it, or put it into the plan"}},
		"unevaluated": {"{allOf: [{properties: {a: {}}}], unevaluatedProperties: false}", `{"a":1,"b":2}`, []string{"unevaluatedProperties /properties/b: properties.b is not planned: do not send it, or put it into the plan"}},
		"null":        {"{properties: {a: {type: string}}}", `{"a":null}`, []string{"type /properties/a: properties.a is null, and must be a string: leave it out when there is none"}},
		"a number nobody compares": {"{properties: {a: {type: number, minimum: 0}}}", `{"a":1e999999999}`,
			[]string{"type /properties/a: properties.a: the number has more than 400 digits: send one that can be compared"}},
		"draft-07": {`{$schema: "http://json-schema.org/draft-07/schema#", dependencies: {a: [b]}, properties: {l: {items: [{type: string}], additionalItems: false}}}`,
			`{"a":1,"l":["x",2]}`, []string{"dependencies /properties/b: properties.b is missing: events with \"a\" need it",
				"additionalItems /properties/l: properties.l has 1 elements too many"}},
		"no properties at all": {"{required: [a]}", ``, []string{`required /properties/a: properties.a is missing: send "a"`}},
	} {
		t.Run(name, func(t *testing.T) {
			v := must(t, shop("warn", c.schema)).Check(track("Order Completed", c.body))
			if d := cmp.Diff(c.want, lines(v)); d != "" {
				t.Error(d)
			}
			if v.Reason != "" || string(v.Body) != c.body || len(v.Rules) != len(c.want) {
				t.Errorf("reason %q, body %s, rules %v", v.Reason, v.Body, v.Rules)
			}
		})
	}
}

func TestManyViolationsAreCountedAndTheFirstTwentyListed(t *testing.T) {
	var b strings.Builder
	for i := range 50 {
		fmt.Fprintf(&b, `,"k%02d":1`, i)
	}
	v := must(t, shop("warn", "{additionalProperties: {type: string}}")).Check(track("Order Completed", "{"+b.String()[1:]+"}"))
	if len(v.Rules) != 50 || len(v.Check.Violations) != 20 || v.Check.Violations[19].Path != "/properties/k19" {
		t.Errorf("%d rules, %v", len(v.Rules), lines(v))
	}
}

func TestBlockedEventsSayTheFirstThree(t *testing.T) {
	v := must(t, shop("block", "{required: [a, b, c, d, e]}")).Check(track("Order Completed", `{}`))
	want := `plan shop, version 1: properties.a is missing: send "a"; properties.b is missing: send "b"; properties.c is missing: send "c"; and 2 more`
	if v.Reason != ReasonViolation || v.Detail != want || v.Check != nil {
		t.Errorf("got %+v", v)
	}
}

const versions = `
name: shop
events:
  - {event: A, version: 10, schema: {required: [ten]}}
  - {event: A, version: "2", mode: block, schema: {required: [two]}}
  - {event: A, version: 3, schema: {required: [three]}}
`

// Segment: an event without context.protocols.event_version, or with one that the plan has not, is held against the oldest version.
func TestTheClientSaysTheVersionElseTheOldestCounts(t *testing.T) {
	p := must(t, versions)
	for name, c := range map[string]struct{ context, want string }{
		"none":             {``, "two"},
		"no protocols":     {`{"app":{}}`, "two"},
		"protocols null":   {`{"protocols":null}`, "two"},
		"an integer":       {`{"app":{"protocols":{"event_version":3}},"protocols":{"x":[1],"event_version": 10}}`, "ten"},
		"its digits":       {`{"protocols":{"event_version":"3"}}`, "three"},
		"an unknown one":   {`{"protocols":{"event_version":4}}`, "two"},
		"no whole number":  {`{"protocols":{"event_version":3.2}}`, "two"},
		"no number at all": {`{"protocols":{"event_version":{"a":3}}}`, "two"},
	} {
		t.Run(name, func(t *testing.T) {
			e := track("A", `{}`)
			e.Context = []byte(c.context)
			v := p.Check(e)
			if text := v.Detail + strings.Join(lines(v), ""); !strings.Contains(text, fmt.Sprintf("send %q", c.want)) {
				t.Errorf("got %+v %s", v, text)
			}
		})
	}
}

const mixed = `
name: shop
unplanned: %s
events:
  - {event: A, schema: {}}
  - {type: identify, schema: {required: [email]}}
  - {type: page, name: Home, schema: {required: [home]}}
  - {type: page, name: Shop, schema: {required: [shop]}}
  - {type: screen, schema: {required: [any]}}
  - {type: screen, name: Start, schema: {required: [start]}}
`

func TestWhichEntryAnEventIsHeldAgainst(t *testing.T) {
	const trackCall, identify, page, screen, group, alias = eventv1.EventType_EVENT_TYPE_TRACK, eventv1.EventType_EVENT_TYPE_IDENTIFY,
		eventv1.EventType_EVENT_TYPE_PAGE, eventv1.EventType_EVENT_TYPE_SCREEN, eventv1.EventType_EVENT_TYPE_GROUP, eventv1.EventType_EVENT_TYPE_ALIAS
	for name, c := range map[string]struct {
		typ        eventv1.EventType
		event      string
		want, path string
	}{
		"a planned event":                     {trackCall, "A", "", ""},
		"an unplanned one":                    {trackCall, "B", RuleUnplanned, "/event"},
		"traits":                              {identify, "", "required", "/traits/email"},
		"a page by its name":                  {page, "Shop", "required", "/properties/shop"},
		"a page that is not planned":          {page, "Cart", RuleUnplanned, "/name"},
		"a screen by its name":                {screen, "Start", "required", "/properties/start"},
		"a screen by its type":                {screen, "Other", "required", "/properties/any"},
		"a type of which nothing is planned":  {group, "", "", ""},
		"an alias is never judged":            {alias, "", "", ""},
		"an event that says no type is left":  {0, "", "", ""},
		"a type from a later version is left": {99, "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			v := must(t, fmt.Sprintf(mixed, "warn")).Check(Event{Type: c.typ, Name: c.event})
			var rule, path string
			if v.Check != nil {
				rule, path = v.Check.Violations[0].Rule, v.Check.Violations[0].Path
			}
			if rule != c.want || path != c.path || v.Reason != "" {
				t.Errorf("got %s %s", rule, path)
			}
		})
	}
}

func TestUnplannedEventsAreAllowedNotedOrRefused(t *testing.T) {
	e := track("a", `{}`)
	if v := must(t, fmt.Sprintf(mixed, "allow")).Check(e); v.Check != nil || v.Reason != "" || v.Rules != nil {
		t.Errorf("allow: %+v", v)
	}
	v := must(t, fmt.Sprintf(mixed, "warn")).Check(e)
	if want := []string{`unplanned_event /event: "a" is not in the plan: it is written "A"`}; !slices.Equal(lines(v), want) || v.Check.Version != "" {
		t.Errorf("warn: %v", lines(v))
	}
	v = must(t, fmt.Sprintf(mixed, "block")).Check(e)
	if v.Reason != ReasonUnplanned || v.Detail != `plan shop: "a" is not in the plan: it is written "A"` || v.Check != nil || len(v.Rules) != 1 {
		t.Errorf("block: %+v", v)
	}
}

// Every rule that a validation can say is one of the closed set that metrics are made of.
func TestRulesAreAClosedSet(t *testing.T) {
	if !slices.IsSorted(Rules()) {
		t.Error("not sorted")
	}
	for word := range keywords {
		switch word {
		case "allOf", "if", "then", "else", "properties", "patternProperties", "items", "prefixItems", "dependentSchemas": // they only hold schemas
			continue
		case "$schema", "$ref", "$anchor", "$comment", "$defs", "definitions", "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly":
			continue
		}
		if !ruleSet[word] {
			t.Errorf("%s is no rule", word)
		}
	}
}

// An event can hold thousands of disagreements under one very long name: what is written of them stays short.
func TestLongNamesAreCutAndManyViolationsStaySmall(t *testing.T) {
	name := strings.Repeat("n", 200_000)
	body := `{"` + name + `":[1` + strings.Repeat(",1", 100_000) + `],"x":{"` + name + `":1}}`
	p := must(t, shop("strip", "{additionalProperties: {items: {type: string}, properties: {a: {}}}}"))
	var v Verdict
	grown := allocated(func() { v = p.Check(track("Order Completed", body)) })
	if len(v.Rules) != 100_002 || len(v.Check.Violations) != 20 || len(v.Check.Violations[3].Path) > 1100 || len(v.Check.Violations[3].Message) > 1100 || len(v.Check.Stripped[0]) > 1100 {
		t.Errorf("%d rules, %.200v", len(v.Rules), v.Check)
	}
	if grown > 200<<20 {
		t.Errorf("%d MB were allocated for an event of 400 KB", grown>>20)
	}
}

// allocated is how much memory f takes in all, in bytes.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
