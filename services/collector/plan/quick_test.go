package plan

import (
	"errors"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"github.com/freshet/freshet/services/collector/jsonscan"
)

// accepts asks the validator alone.
func accepts(t interface{ Fatal(...any) }, v *version, body []byte) bool {
	var s jsonscan.Scanner
	s.Reset(body, 0, jsonscan.Limits{})
	doc, err := value(&s)
	if err != nil {
		t.Fatal(err)
	}
	var invalid *jsonschema.ValidationError
	return !errors.As(v.schema.Validate(doc), &invalid)
}

// schemas are JSON Schemas of everything the quick way knows, and of some that it does not.
func schemas(depth int) *rapid.Generator[string] {
	leaf := []string{
		`true`, `false`, `{}`, `{"type":"string"}`, `{"type":["integer","null"]}`, `{"type":"number","minimum":0}`, `{"minimum":0.5,"maximum":2}`,
		`{"exclusiveMinimum":1,"exclusiveMaximum":2.0}`, `{"enum":["a","b"]}`, `{"enum":["a",1,null]}`, `{"const":"a"}`, `{"const":2}`,
		`{"minLength":1,"maxLength":2}`, `{"pattern":"^a"}`, `{"format":"email"}`, `{"multipleOf":0.5}`, `{"type":"integer","maximum":9007199254740992}`,
		`{"type":"object"}`, `{"type":"array","minItems":1,"maxItems":2}`, `{"type":"boolean"}`, `{"minProperties":1,"maxProperties":1}`, `{"uniqueItems":true}`,
		`{"enum":["a"],"type":"number"}`, `{"$ref":"#/$defs/d"}`, `{"type":"integer","minimum":1}`, `{"const":"a","enum":["a"]}`,
	}
	if depth == 0 {
		return rapid.SampledFrom(leaf)
	}
	sub := rapid.Deferred(func() *rapid.Generator[string] { return schemas(depth - 1) })
	return rapid.Custom(func(t *rapid.T) string {
		a, b := sub.Draw(t, "a"), sub.Draw(t, "b")
		return rapid.SampledFrom([]string{
			`{"properties":{"a":` + a + `,"b":` + b + `}}`, `{"properties":{"a":` + a + `},"required":["a","b","a"]}`,
			`{"properties":{"a":` + a + `},"additionalProperties":false}`, `{"properties":{"a":` + a + `},"additionalProperties":` + b + `}`,
			`{"patternProperties":{"^a":` + a + `,"b$":` + b + `},"additionalProperties":false}`, `{"items":` + a + `}`,
			`{"prefixItems":[` + a + `],"items":` + b + `}`, `{"allOf":[` + a + `,` + b + `]}`, `{"anyOf":[` + a + `,` + b + `]}`, `{"oneOf":[` + a + `,` + b + `]}`,
			`{"not":` + a + `}`, `{"if":` + a + `,"then":` + b + `}`, `{"type":["object","array"],"allOf":[` + a + `]}`, a,
			`{"unevaluatedProperties":false,"properties":{"a":` + a + `}}`, `{"required":["b"],"anyOf":[` + a + `]}`,
		}).Draw(t, "form")
	})
}

func values(depth int) *rapid.Generator[string] {
	leaf := []string{`null`, `true`, `0`, `-0`, `1`, `2`, `2.0`, `0.5`, `0.50`, `1e0`, `1.5`, `-1`, `9007199254740993`, `1e999999999`, `"a"`, `"b"`, `""`, `"abc"`, `"\u0061"`,
		`"a@b.example"`, `[]`, `{}`, `"ä"`}
	if depth == 0 {
		return rapid.SampledFrom(leaf)
	}
	sub := rapid.Deferred(func() *rapid.Generator[string] { return values(depth - 1) })
	return rapid.Custom(func(t *rapid.T) string {
		a, b := sub.Draw(t, "a"), sub.Draw(t, "b")
		return rapid.SampledFrom([]string{a, `{"a":` + a + `}`, `{"a":` + a + `,"b":` + b + `}`, `{ "b" : ` + b + ` }`, `{"ab":` + a + `}`, `[` + a + `]`,
			`[` + a + `, ` + b + `]`, `{"\u0061":` + a + `,"c":` + b + `}`}).Draw(t, "form")
	})
}

// The quick way may only say yes where the validator does. That it says yes at all is the benchmark's and the next test's.
func TestTheQuickWayNeverTakesWhatTheValidatorRefuses(t *testing.T) {
	yes := 0
	rapid.Check(t, func(t *rapid.T) {
		schema := schemas(2).Draw(t, "schema")
		d := &document{}
		text := `{"$defs":{"d":{"type":"string"}},"allOf":[` + schema + `]}`
		root, err := d.open([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		v := d.compile(root, "", Strip)
		if v == nil {
			t.Skip(errors.Join(d.faults...))
		}
		for range 10 {
			body := []byte(values(2).Draw(t, "value"))
			if v.quick.fits(body) {
				yes++
				if !accepts(t, v, body) {
					t.Fatalf("the quick way takes %s, the validator does not, by %s", body, text)
				}
			}
		}
	})
	if yes == 0 {
		t.Error("the quick way never said yes")
	}
}

func TestTheQuickWayKnowsWhatPlansAreMadeOf(t *testing.T) {
	p := must(t, replaceMode("warn"))
	if v := p.events[key{1, "Product Viewed"}].versions[0]; !v.quick.fits([]byte(benchBody)) {
		t.Error("the benchmark's event is not judged quickly")
	}
}
