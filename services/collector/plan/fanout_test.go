package plan

import (
	"strings"
	"testing"
)

// A client chooses how deeply an event is nested. What a level costs must not depend on how many are below it.
func TestRecursionThatDoublesIsAFault(t *testing.T) {
	for name, c := range map[string]struct{ schema, member string }{
		"two branches":          {"{$defs: {n: {anyOf: [{properties: {n: {$ref: '#/$defs/n'}}, required: [x]}, {properties: {n: {$ref: '#/$defs/n'}}}]}}, $ref: '#/$defs/n'}", "n"},
		"one schema twice":      {"{$defs: {n: {properties: {n: {allOf: [{$ref: '#/$defs/n'}, {$ref: '#/$defs/n'}]}}}}, $ref: '#/$defs/n'}", "n"},
		"elements":              {"{oneOf: [{properties: {l: {items: {$ref: '#'}}}}, {required: [a], properties: {l: {items: {$ref: '#'}}}}]}", "l"},
		"elements, in one part": {"{items: {$ref: '#'}, contains: {$ref: '#'}}", "[]"},
		"the others":            {"{oneOf: [{additionalProperties: {$ref: '#'}}, {patternProperties: {a: {$ref: '#'}}}]}", "*"},
		"beside a condition":    {"{properties: {n: {$ref: '#'}}, if: {required: [a]}, then: {properties: {n: {$ref: '#'}}}}", "n"},

		"a list":                    {"{properties: {v: {type: integer}, next: {$ref: '#'}}}", ""},
		"a tree":                    {"{properties: {left: {$ref: '#'}, right: {$ref: '#'}}, additionalProperties: {$ref: '#'}}", ""},
		"branches of other members": {"{oneOf: [{properties: {and: {items: {$ref: '#'}}}}, {properties: {or: {items: {$ref: '#'}}}}, {type: string}]}", ""},
		"one branch of two":         {"{properties: {parent: {anyOf: [{type: string}, {$ref: '#'}]}}}", ""},
		"then and else":             {"{if: {required: [a]}, then: {properties: {n: {$ref: '#'}}}, else: {properties: {n: {$ref: '#'}}}}", ""},
		"patterns and the rest":     {"{patternProperties: {'^a': {$ref: '#'}}, additionalProperties: {$ref: '#'}}", ""},
		"the same, not recursive":   {"{$defs: {d: {properties: {b: {type: string}}}}, anyOf: [{properties: {a: {$ref: '#/$defs/d'}}}, {properties: {a: {$ref: '#/$defs/d'}}}]}", ""},
	} {
		switch _, err := Parse([]byte(shop("warn", c.schema))); {
		case c.member == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.member != "" && (err == nil || !strings.Contains(err.Error(), `"`+c.member+`" leads back to the same schema in two ways`)):
			t.Errorf("%s: %v, want a fault of %q", name, err, c.member)
		}
	}
}
