package plan

import (
	"encoding/json"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// stripped is docs/tracking-plans.md on strip, read word for word on decoded values: slow, and sharing nothing with shape and strip.
// at are the schemas that hold at the place of v.
func stripped(root map[string]any, at []any, v any) any {
	var all []map[string]any
	for _, s := range at {
		all = together(root, s, all)
	}
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, value := range v {
			switch below, whole, known := known(all, name); {
			case whole:
				out[name] = value
			case known:
				out[name] = stripped(root, below, value)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = stripped(root, elements(all, i), v[i])
		}
		return out
	}
	return v
}

// together adds a schema and those that are applied to the same value.
func together(root map[string]any, s any, to []map[string]any) []map[string]any {
	m, ok := s.(map[string]any)
	if !ok {
		return to
	}
	for _, known := range to {
		if reflect.ValueOf(known).Pointer() == reflect.ValueOf(m).Pointer() {
			return to
		}
	}
	to = append(to, m)
	if ref, ok := m["$ref"].(string); ok {
		to = together(root, root["$defs"].(map[string]any)[strings.TrimPrefix(ref, "#/$defs/")], to)
	}
	for _, word := range []string{"allOf", "anyOf", "oneOf"} {
		list, _ := m[word].([]any)
		for _, sub := range list {
			to = together(root, sub, to)
		}
	}
	for _, word := range []string{"if", "then", "else"} {
		to = together(root, m[word], to)
	}
	named, _ := m["dependentSchemas"].(map[string]any)
	for _, sub := range named {
		to = together(root, sub, to)
	}
	return to
}

// known says whether a member is, and which schemas describe it; whole that everything below it is kept: several patterns match it, or
// nothing names it and a part takes anything.
func known(all []map[string]any, name string) (below []any, whole, ok bool) {
	said, open, anything, outright, patterns := false, false, false, false, 0
	for _, s := range all {
		own := false
		properties, has := s["properties"].(map[string]any)
		said = said || has
		if sub, ok := properties[name]; ok {
			below, own, outright = append(below, sub), true, true
		}
		expressions, has := s["patternProperties"].(map[string]any)
		said = said || has
		for re, sub := range expressions {
			if regexp.MustCompile(re).MatchString(name) {
				below, own = append(below, sub), true
				patterns++
			}
		}
		switch rest := s["additionalProperties"].(type) {
		case bool:
			said, anything = true, anything || rest
		case map[string]any:
			said, open = true, true
			if !own {
				below = append(below, rest)
			}
		}
	}
	named := outright || patterns > 0
	whole = !outright && patterns > 1 || !named && anything
	return below, whole, named || open || !said
}

// elements are the schemas of an array's element i.
func elements(all []map[string]any, i int) (below []any) {
	for _, s := range all {
		prefix, _ := s["prefixItems"].([]any)
		if i < len(prefix) {
			below = append(below, prefix[i])
		} else if rest, ok := s["items"]; ok {
			below = append(below, rest)
		}
	}
	return below
}

// shaped are schemas that say something of members.
func shaped(depth int) *rapid.Generator[string] {
	if depth == 0 {
		return rapid.SampledFrom([]string{`{}`, `true`, `{"type":"object"}`, `{"properties":{"b":{}}}`, `{"$ref":"#/$defs/d"}`, `{"additionalProperties":false}`})
	}
	sub := rapid.Deferred(func() *rapid.Generator[string] { return shaped(depth - 1) })
	return rapid.Custom(func(t *rapid.T) string {
		a, b := sub.Draw(t, "a"), sub.Draw(t, "b")
		return rapid.SampledFrom([]string{
			a, `{"properties":{"a":` + a + `,"b":` + b + `}}`, `{"properties":{"a":` + a + `},"additionalProperties":` + b + `}`,
			`{"properties":{"a":` + a + `},"additionalProperties":false}`, `{"properties":{"a":` + a + `},"additionalProperties":true}`,
			`{"patternProperties":{"^a":` + a + `},"properties":{"b":` + b + `}}`, `{"items":` + a + `}`, `{"prefixItems":[` + a + `],"items":` + b + `}`,
			`{"prefixItems":[` + a + `]}`, `{"allOf":[` + a + `,` + b + `]}`, `{"anyOf":[` + a + `,` + b + `],"properties":{"c":{}}}`, `{"oneOf":[` + a + `,` + b + `]}`,
			`{"if":` + a + `,"then":` + b + `}`, `{"dependentSchemas":{"a":` + a + `},"properties":{"a":{}}}`, `{"not":` + a + `,"properties":{"b":` + b + `}}`,
		}).Draw(t, "form")
	})
}

// documents are objects of a few names, some of them written with escapes and blanks.
func documents(depth int) *rapid.Generator[string] {
	leaf := rapid.SampledFrom([]string{`1`, `"}"`, `"\",\""`, `null`, `[]`, `{ }`, `-0.0e1`})
	if depth == 0 {
		return leaf
	}
	sub := rapid.Deferred(func() *rapid.Generator[string] { return documents(depth - 1) })
	return rapid.Custom(func(t *rapid.T) string {
		blank := func() string { return rapid.SampledFrom([]string{"", " ", "\n\t"}).Draw(t, "blank") }
		var parts []string
		if rapid.Bool().Draw(t, "array") {
			for range rapid.IntRange(0, 3).Draw(t, "elements") {
				parts = append(parts, blank()+sub.Draw(t, "element")+blank())
			}
			return "[" + blank() + strings.Join(parts, ",") + "]"
		}
		for _, name := range rapid.Permutation([]string{`a`, `b`, `c`, `\u0061b`, `x\"~/`, `ä`}).Draw(t, "names")[:rapid.IntRange(0, 5).Draw(t, "members")] {
			parts = append(parts, blank()+`"`+name+`"`+blank()+":"+blank()+sub.Draw(t, "value")+blank())
		}
		return "{" + blank() + strings.Join(parts, ",") + "}"
	})
}

// What strip leaves is what the page on plans says, however the schema's parts are put together.
func TestStripLeavesWhatItsPageSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := `{"$defs":{"d":{"properties":{"c":{}}}},"allOf":[` + shaped(3).Draw(t, "schema") + `]}`
		p, err := Parse([]byte(shop("strip", text)))
		if err != nil {
			t.Skip(err)
		}
		var schema map[string]any
		if err := json.Unmarshal([]byte(text), &schema); err != nil {
			t.Fatal(err)
		}
		for range 5 {
			body := `{"a":` + documents(3).Draw(t, "a") + `, "b":` + documents(2).Draw(t, "b") + ` ,"z":1}`
			var before, got any
			if err := json.Unmarshal([]byte(body), &before); err != nil {
				t.Fatal(err, strconv.Quote(body))
			}
			v := p.Check(track("Order Completed", body))
			if err := json.Unmarshal(v.Body, &got); err != nil {
				t.Fatalf("strip made %s of %s: %v", v.Body, body, err)
			}
			if want := stripped(schema, []any{schema}, before); !reflect.DeepEqual(got, want) {
				t.Fatalf("schema %s\nbody   %s\nleft   %s\nwant   %v", text, body, v.Body, want)
			}
		}
	})
}
