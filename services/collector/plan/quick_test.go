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
		`{"minLength":1,"maxLength":2}`, `{"minLength":2}`, `{"pattern":"^a"}`, `{"format":"email"}`, `{"multipleOf":0.5}`, `{"type":"integer","maximum":9007199254740992}`,
		`{"type":"object"}`, `{"type":"array","minItems":1,"maxItems":2}`, `{"type":"boolean"}`, `{"minProperties":1,"maxProperties":1}`, `{"uniqueItems":true}`,
		`{"enum":["a"],"type":"number"}`, `{"$ref":"#/$defs/d"}`, `{"type":"integer","minimum":1}`, `{"const":"a","enum":["a"]}`,
		`{"const":null}`, `{"enum":[1.0,"ä","\ud83d\ude00"]}`, `{"type":["string","null"],"maxLength":1}`, `{"format":"date-time"}`, `{"format":"uuid","type":"string"}`,
		`{"maximum":1e400}`, `{"minimum":-9223372036854775808,"exclusiveMaximum":9223372036854775808}`, `{"minimum":9007199254740993}`, `{"multipleOf":0.01}`,
		`{"dependentRequired":{"a":["b"]}}`, `{"propertyNames":{"maxLength":1}}`, `{"contains":{"const":1},"minContains":2}`, `{"pattern":"^\\p{L}$"}`, `{"const":{"a":1.0}}`,
		`{"enum":[[],{}]}`, `{"minItems":1,"uniqueItems":true}`, `{"type":["number","object"],"maxProperties":0}`,
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
			`{"properties":{"a":` + a + `,"ab":true},"patternProperties":{"^a":` + b + `},"additionalProperties":false}`, `{"$ref":"#/$defs/r","properties":{"b":` + a + `}}`,
			`{"dependentSchemas":{"a":` + a + `}}`, `{"contains":` + a + `}`, `{"prefixItems":[` + a + `],"unevaluatedItems":` + b + `}`, `{"anyOf":[` + a + `,` + b + `],"type":"object"}`,
			`{"propertyNames":` + a + `}`, `{"prefixItems":[` + a + `,` + b + `],"items":false}`, `{"patternProperties":{"a":` + a + `,"b":` + b + `},"additionalProperties":` + a + `}`,
		}).Draw(t, "form")
	})
}

func values(depth int) *rapid.Generator[string] {
	leaf := []string{`null`, `true`, `0`, `-0`, `1`, `2`, `2.0`, `0.5`, `0.50`, `1e0`, `1.5`, `-1`, `9007199254740993`, `1e999999999`, `"a"`, `"b"`, `""`, `"abc"`, `"\u0061"`,
		`"a@b.example"`, `[]`, `{}`, `"ä"`, `1e400`, `-1E400`, `1e-400`, `1E2`, `1.0e0`, `1.00`, `20e-1`, `9223372036854775807`, `9223372036854775808`, `-9223372036854775808`,
		`9007199254740992`, `9007199254740992.5`, `"😀"`, `"\ud83d\ude00"`, `"e\u0301"`, `"2026-01-31T12:00:00Z"`, `"00000000-0000-0000-0000-000000000000"`, `false`, `1e401`}
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

// older are schemas of what draft-07 has otherwise.
func older(depth int) *rapid.Generator[string] {
	if depth == 0 {
		return rapid.SampledFrom([]string{`true`, `false`, `{}`, `{"type":"integer"}`, `{"$ref":"#/$defs/d","maxLength":0}`, `{"required":["a"]}`, `{"const":"a"}`, `{"minLength":1}`})
	}
	sub := rapid.Deferred(func() *rapid.Generator[string] { return older(depth - 1) })
	return rapid.Custom(func(t *rapid.T) string {
		a, b := sub.Draw(t, "a"), sub.Draw(t, "b")
		return rapid.SampledFrom([]string{`{"items":[` + a + `],"additionalItems":` + b + `}`, `{"items":[` + a + `,` + b + `],"additionalItems":false}`,
			`{"items":` + a + `,"additionalItems":` + b + `}`, `{"additionalItems":` + a + `}`, `{"dependencies":{"a":["b"],"b":` + a + `}}`, `{"items":[` + a + `]}`,
			`{"$ref":"#/$defs/r","required":["zz"]}`, `{"properties":{"a":` + a + `},"required":["b"]}`, `{"anyOf":[` + a + `,` + b + `]}`, a}).Draw(t, "form")
	})
}

// The quick way may only say yes where the validator does. That it says yes at all is the benchmark's and the next test's.
func TestTheQuickWayNeverTakesWhatTheValidatorRefuses(t *testing.T) {
	for draft, c := range map[string]struct {
		head string
		of   *rapid.Generator[string]
	}{
		"2020-12":  {`{`, schemas(2)},
		"draft-07": {`{"$schema":"http://json-schema.org/draft-07/schema",`, older(2)},
	} {
		t.Run(draft, func(t *testing.T) {
			yes := 0
			rapid.Check(t, func(t *rapid.T) {
				text := c.head + `"$defs":{"d":{"type":"string"},"r":{"properties":{"a":{"$ref":"#/$defs/r"}}}},"allOf":[` + c.of.Draw(t, "schema") + `]}`
				yes += agree(t, text)
			})
			if yes == 0 {
				t.Error("the quick way never said yes")
			}
		})
	}
}

// agree holds ten values against a schema in both ways, and counts what the quick way takes.
func agree(t *rapid.T, text string) (yes int) {
	d := &document{}
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
	return yes
}

func TestTheQuickWayKnowsWhatPlansAreMadeOf(t *testing.T) {
	p := must(t, replaceMode("warn"))
	if v := p.events[key{1, "Product Viewed"}].versions[0]; !v.quick.fits([]byte(benchBody)) {
		t.Error("the benchmark's event is not judged quickly")
	}
}
