package plan

import (
	"encoding/json"
	"math/big"
	"slices"
	"sort"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// The drafts a schema may be written in.
const (
	draft2020 = 2020
	draft07   = 7
)

// drafts are the values of $schema.
var drafts = map[string]int{
	"https://json-schema.org/draft/2020-12/schema": draft2020,
	"http://json-schema.org/draft-07/schema":       draft07,
}

// draftOf is the draft a schema says, 2020-12 when it says none, 0 when it is none of ours.
func draftOf(doc any) int {
	object, _ := doc.(map[string]any)
	uri, ok := object["$schema"].(string)
	if !ok {
		return draft2020
	}
	return drafts[strings.TrimSuffix(uri, "#")]
}

// place is what the value of a keyword is made of.
type place int

const (
	plainValue place = iota
	oneSchema
	manySchemas  // an array of schemas
	namedSchemas // an object of schemas
	mixedSchemas // a schema, or an array of schemas or texts
)

// keywords are those of both drafts; the meta-schema knows which belongs to which.
var keywords = map[string]place{
	"$schema": plainValue, "$ref": plainValue, "$anchor": plainValue, "$comment": plainValue, "$defs": namedSchemas,
	"definitions": namedSchemas, "title": plainValue, "description": plainValue, "default": plainValue, "examples": plainValue,
	"deprecated": plainValue, "readOnly": plainValue, "writeOnly": plainValue,
	"type": plainValue, "enum": plainValue, "const": plainValue, "format": plainValue, "pattern": plainValue,
	"minLength": plainValue, "maxLength": plainValue, "minimum": plainValue, "maximum": plainValue,
	"exclusiveMinimum": plainValue, "exclusiveMaximum": plainValue, "multipleOf": plainValue,
	"minItems": plainValue, "maxItems": plainValue, "uniqueItems": plainValue, "minContains": plainValue, "maxContains": plainValue,
	"minProperties": plainValue, "maxProperties": plainValue, "required": plainValue, "dependentRequired": plainValue,
	"allOf": manySchemas, "anyOf": manySchemas, "oneOf": manySchemas, "prefixItems": manySchemas,
	"not": oneSchema, "if": oneSchema, "then": oneSchema, "else": oneSchema, "contains": oneSchema, "propertyNames": oneSchema,
	"additionalProperties": oneSchema, "additionalItems": oneSchema, "unevaluatedItems": oneSchema, "unevaluatedProperties": oneSchema,
	"properties": namedSchemas, "patternProperties": namedSchemas, "dependentSchemas": namedSchemas, "dependencies": namedSchemas,
	"items": mixedSchemas,
}

// only07 and only2020 are keywords that the other draft passes over without a word.
var (
	only07   = []string{"additionalItems", "dependencies"}
	only2020 = []string{"$anchor", "dependentRequired", "dependentSchemas", "prefixItems", "unevaluatedItems", "unevaluatedProperties",
		"minContains", "maxContains"}
)

// formats are the values of `format` that are checked. JSON Schema passes over others: a typing error would go unnoticed.
var formats = []string{"date", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "iri", "iri-reference", "json-pointer", "period",
	"regex", "relative-json-pointer", "semver", "time", "uri", "uri-reference", "uri-template", "uuid"}

// lint finds what JSON Schema allows and a plan does not: keywords that nothing knows, references to elsewhere, and schemas that contradict
// themselves.
type lint struct {
	d     *document
	at    *yaml.Node
	draft int
	mode  Mode
	count int // of schemas
}

// maxSchemas bounds the schemas within one event's: the compiler looks for each among all others.
const maxSchemas = 10_000

func (l *lint) fault(path, format string, args ...any) { l.d.fault(l.at, path, format, args...) }

// schema walks one schema; root is true for that of an event.
func (l *lint) schema(doc any, path string, root bool) {
	s, ok := doc.(map[string]any)
	if !ok {
		if _, ok := doc.(bool); !ok {
			l.fault(path, "a schema is a mapping, true or false")
		}
		return
	}
	if l.draft == 0 {
		l.fault(path+".$schema", "only JSON Schema 2020-12 and draft-07 are known")
		return
	}
	if l.count++; l.count == maxSchemas {
		l.fault(path, "the event's schema holds more than %d schemas", maxSchemas)
	}
	if l.count >= maxSchemas {
		return
	}
	for _, word := range sorted(s) {
		l.keyword(s, word, path, root)
	}
	l.bounds(s, path)
	l.closed(s, path)
	l.enum(s, path)
}

func (l *lint) keyword(s map[string]any, word, path string, root bool) {
	at := path + "." + word
	what, known := keywords[word]
	switch {
	case strings.HasPrefix(word, "x-"):
		return
	case !known && strings.HasPrefix(word, "$"):
		l.fault(at, "is not supported here: schemas refer to their own $defs only")
		return
	case !known:
		l.fault(at, "is no keyword of JSON Schema that is checked here; notes of your own begin with x-")
		return
	case l.draft == draft2020 && slices.Contains(only07, word), l.draft == draft07 && slices.Contains(only2020, word):
		l.fault(at, "does not exist in this schema's draft: 2020-12 unless $schema says draft-07")
		return
	case word == "$schema" && !root:
		l.fault(at, "belongs at the top of the schema")
		return
	case word == "$ref":
		if to, ok := s[word].(string); ok && !strings.HasPrefix(to, "#") {
			l.fault(at, "%q is elsewhere, nothing is fetched: put it under $defs and refer to it as #/$defs/name", clip(to))
		}
	case word == "format":
		if f, ok := s[word].(string); ok && !slices.Contains(formats, f) {
			l.fault(at, "%q is not checked: %s are", clip(f), strings.Join(formats, ", "))
		}
	}
	l.below(s[word], what, at)
}

// below walks the schemas in the value of a keyword. What is no schema where one belongs is the meta-schema's to tell.
func (l *lint) below(v any, what place, at string) {
	switch v := v.(type) {
	case []any:
		if what == manySchemas || what == mixedSchemas {
			for i, sub := range v {
				l.schema(sub, at+"["+strconv.Itoa(i)+"]", false)
			}
		}
	case map[string]any:
		switch what {
		case oneSchema, mixedSchemas:
			l.schema(v, at, false)
		case namedSchemas:
			for _, name := range sorted(v) {
				if _, names := v[name].([]any); !names { // dependencies may list names
					l.schema(v[name], at+"."+name, false)
				}
			}
		}
	}
}

// bounds finds a least that is above its most: no value fits.
func (l *lint) bounds(s map[string]any, path string) {
	for _, b := range [][2]string{{"minimum", "maximum"}, {"exclusiveMinimum", "exclusiveMaximum"}, {"minLength", "maxLength"},
		{"minItems", "maxItems"}, {"minProperties", "maxProperties"}, {"minContains", "maxContains"}} {
		low, high := rational(s[b[0]]), rational(s[b[1]])
		if low != nil && high != nil && low.Cmp(high) > 0 {
			l.fault(path+"."+b[0], "%s is above %s, which is %s: no value fits", s[b[0]], b[1], s[b[1]])
		}
	}
}

func rational(v any) *big.Rat {
	n, ok := v.(json.Number)
	if !ok {
		return nil
	}
	r, ok := new(big.Rat).SetString(n.String())
	if !ok {
		return nil
	}
	return r
}

// closed finds a required member that is not among the only ones allowed, or that strip would take out.
func (l *lint) closed(s map[string]any, path string) {
	for _, word := range []string{"patternProperties", "allOf", "anyOf", "oneOf", "if", "$ref", "dependentSchemas", "dependencies"} {
		if s[word] != nil {
			return // these may name it
		}
	}
	required, _ := s["required"].([]any)
	properties, listed := s["properties"].(map[string]any)
	shut := s["additionalProperties"] == false
	stripped := l.mode == Strip && listed && s["additionalProperties"] == nil && s["unevaluatedProperties"] == nil
	if !shut && !stripped {
		return
	}
	for _, r := range required {
		name, _ := r.(string)
		if _, ok := properties[name]; !ok && shut {
			l.fault(path+".required", "%q is required, and additionalProperties: false forbids it: put it under properties", clip(name))
		} else if !ok && path[strings.LastIndexByte(path, '.')+1:] == "schema" {
			l.fault(path+".required", "%q is required, and mode strip takes it out: put it under properties", clip(name))
		}
	}
}

// enum finds values that the type beside them does not take.
func (l *lint) enum(s map[string]any, path string) {
	values, ok := s["enum"].([]any)
	if !ok {
		return
	}
	if len(values) == 0 {
		l.fault(path+".enum", "is empty: no value fits")
	}
	var types []string
	switch t := s["type"].(type) {
	case string:
		types = []string{t}
	case []any:
		for _, v := range t {
			name, _ := v.(string)
			types = append(types, name)
		}
	default:
		return
	}
	for i, v := range values {
		if name := jsonType(v); !slices.Contains(types, name) && (name != "number" || !slices.Contains(types, "integer")) {
			l.fault(path+".enum["+strconv.Itoa(i)+"]", "is a %s, and the type beside it is %s", name, strings.Join(types, " or "))
		}
	}
}

func jsonType(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	}
	return "number"
}

func sorted(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
