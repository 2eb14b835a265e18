package plan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestStripCutsWhatTheSchemaDoesNotKnow(t *testing.T) {
	for name, c := range map[string]struct {
		schema, body, want string
		stripped           []string
	}{
		"nothing":           {"{properties: {a: {}}}", `{ "a" : 1 }`, `{ "a" : 1 }`, nil},
		"the first":         {"{properties: {a: {}}}", `{ "x" : {"y":2} , "a" : 1 }`, `{ "a" : 1 }`, []string{"/properties/x"}},
		"the last":          {"{properties: {a: {}}}", `{ "a" : 1 , "x" : [1, 2] }`, `{ "a" : 1 }`, []string{"/properties/x"}},
		"one in the middle": {"{properties: {a: {}, b: {}}}", `{"a":1, "x":0, "b":2}`, `{"a":1, "b":2}`, []string{"/properties/x"}},
		"runs":              {"{properties: {a: {}, b: {}}}", `{"x":1,"y":2,"a":1,"z":0,"w":"\"}","b":2,"v":3,"u":4}`, `{"a":1,"b":2}`, []string{"/properties/x", "/properties/y", "/properties/z", "/properties/w", "/properties/v", "/properties/u"}},
		"all":               {"{properties: {a: {}}}", `{ "x":1, "y":2 }`, `{  }`, []string{"/properties/x", "/properties/y"}},
		"within objects":    {"{properties: {a: {properties: {b: {}}}}}", `{"a":{"c":1,"b":2},"d":3}`, `{"a":{"b":2}}`, []string{"/properties/a/c", "/properties/d"}},
		"within arrays":     {"{properties: {l: {items: {properties: {b: {}}}}}}", `{"l":[{"b":1},{"c":2},3,{"b":1,"c":2}]}`, `{"l":[{"b":1},{},3,{"b":1}]}`, []string{"/properties/l/1/c", "/properties/l/3/c"}},
		"elements by place": {"{properties: {l: {prefixItems: [{properties: {a: {}}}], items: {properties: {b: {}}}}}}", `{"l":[{"a":1,"b":2},{"a":1,"b":2}]}`, `{"l":[{"a":1},{"b":2}]}`, []string{"/properties/l/0/b", "/properties/l/1/a"}},
		"escaped keys":      {`{properties: {"ä": {}}}`, `{"\u00e4":1,"x~\/":2}`, `{"\u00e4":1}`, []string{"/properties/x~0~1"}},
		"patterns":          {`{patternProperties: {"^utm_": {}}, properties: {a: {}}}`, `{"utm_x":1,"b":2,"a":3}`, `{"utm_x":1,"a":3}`, []string{"/properties/b"}},
		"open by true":      {"{properties: {a: {}}, additionalProperties: true}", `{"x":1}`, `{"x":1}`, nil},
		"open by a schema":  {"{properties: {a: {}}, additionalProperties: {type: string}}", `{"x":"1"}`, `{"x":"1"}`, nil},
		"a name of one part, described by the other": {"{properties: {o: {properties: {a: {}}}}, allOf: [{additionalProperties: {properties: {b: {}}}}]}", `{"o":{"a":1,"b":2,"c":3}}`,
			`{"o":{"a":1,"b":2}}`, []string{"/properties/o/c"}},
		"a name of one part's pattern, described by the other": {"{patternProperties: {'^o': {properties: {a: {}}}}, allOf: [{additionalProperties: {properties: {b: {}}}}]}",
			`{"o1":{"a":1,"b":2,"c":3}}`, `{"o1":{"a":1,"b":2}}`, []string{"/properties/o1/c"}},
		"a name of two patterns": {"{patternProperties: {'^o': {properties: {a: {}}}, '1$': {properties: {b: {}}}}}", `{"o1":{"a":1,"b":2,"c":3},"p":1}`,
			`{"o1":{"a":1,"b":2,"c":3}}`, []string{"/properties/p"}},
		"within the others": {"{additionalProperties: {properties: {a: {}}}}", `{"x":{"a":1,"b":2}}`, `{"x":{"a":1}}`, []string{"/properties/x/b"}},
		"within the others, of which one part says anything": {"{allOf: [{additionalProperties: true}, {additionalProperties: {properties: {a: {}}}}]}", `{"x":{"a":1,"b":2}}`,
			`{"x":{"a":1,"b":2}}`, nil},
		"closed":                 {"{properties: {a: {}}, additionalProperties: false}", `{"x":1}`, `{}`, []string{"/properties/x"}},
		"closed, naming nobody":  {"{additionalProperties: false}", `{"x":1}`, `{}`, []string{"/properties/x"}},
		"a free form":            {"{properties: {a: {type: object}, b: true}}", `{"a":{"x":1},"b":{"y":2}}`, `{"a":{"x":1},"b":{"y":2}}`, nil},
		"a schema of everything": {"{}", `{"x":1}`, `{"x":1}`, nil},
		"parts together":         {"{allOf: [{properties: {a: {}}}, {anyOf: [{properties: {b: {}}}, {$ref: '#/$defs/c'}]}], if: {properties: {d: {}}}, $defs: {c: {properties: {c: {}}}}}", `{"a":1,"b":2,"c":3,"d":4,"e":5}`, `{"a":1,"b":2,"c":3,"d":4}`, []string{"/properties/e"}},
		"one member, two schemas": {"{properties: {o: {properties: {a: {}}}}, allOf: [{properties: {o: {properties: {b: {}}}}}]}", `{"o":{"a":1,"b":2,"c":3}}`,
			`{"o":{"a":1,"b":2}}`, []string{"/properties/o/c"}},
		"recursion": {"{$ref: '#/$defs/node', $defs: {node: {properties: {v: {}, next: {$ref: '#/$defs/node'}}}}}", `{"v":1,"next":{"x":1,"next":{"v":2,"x":2}}}`,
			`{"v":1,"next":{"next":{"v":2}}}`, []string{"/properties/next/x", "/properties/next/next/x"}},
		"draft-07": {`{$schema: "http://json-schema.org/draft-07/schema#", properties: {l: {items: {properties: {a: {}}}}}}`, `{"l":[{"a":1,"b":2}]}`, `{"l":[{"a":1}]}`, []string{"/properties/l/0/b"}},
	} {
		t.Run(name, func(t *testing.T) {
			v := must(t, shop("strip", c.schema)).Check(track("Order Completed", c.body))
			if string(v.Body) != c.want {
				t.Errorf("got  %s\nwant %s", v.Body, c.want)
			}
			if d := cmp.Diff(c.stripped, v.Check.GetStripped()); d != "" || len(v.Rules) != len(c.stripped) || len(v.Check.GetViolations()) > 0 {
				t.Errorf("%s, rules %v, %v", d, v.Rules, lines(v))
			}
		})
	}
}

func TestWhatIsStrippedIsNoViolationAndTheRestIsJudged(t *testing.T) {
	p := must(t, shop("strip", "{properties: {a: {type: string}}, additionalProperties: false, maxProperties: 1}"))
	v := p.Check(track("Order Completed", `{"x":1,"a":2}`))
	if string(v.Body) != `{"a":2}` || len(lines(v)) != 1 || v.Check.Violations[0].Rule != "type" || v.Reason != "" || v.Check.Version != "1" {
		t.Errorf("%s %+v", v.Body, v)
	}
}

func TestAtMostAHundredPointersAreNotedAndAllAreCounted(t *testing.T) {
	var b strings.Builder
	for i := range 250 {
		fmt.Fprintf(&b, `,"k%d":1`, i)
	}
	v := must(t, shop("strip", "{properties: {a: {}}}")).Check(track("Order Completed", `{"a":1`+b.String()+"}"))
	if len(v.Check.Stripped) != 100 || len(v.Rules) != 250 || string(v.Body) != `{"a":1}` {
		t.Errorf("%d pointers, %d counted, %s", len(v.Check.Stripped), len(v.Rules), v.Body)
	}
}
