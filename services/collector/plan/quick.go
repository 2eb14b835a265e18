package plan

import (
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// quick is a schema prepared for one question, asked of the raw text without building values: does this fit for certain? It answers no
// both for what does not fit and for what it cannot tell; the validator then decides. It may therefore know only a part of JSON Schema,
// and must never say yes to what the validator refuses: a test and a fuzz target compare the two.
type quick struct {
	unsure bool // holds a keyword that is not looked at here
	all    bool // takes everything
	types  types
	words  map[string]struct{} // of an enum or const of texts
	listed bool                // words counts

	ref          *quick
	allOf, anyOf []*quick
	format       func(any) error
	pattern      jsonschema.Regexp

	minLength, maxLength int // -1: none
	minItems, maxItems   int
	minMembers           int
	maxMembers           int
	low, high            *limit

	members  map[string]namedMember
	patterns []quickPattern
	required uint64 // one bit for each required member
	closed   bool
	rest     *quick

	prefix []*quick
	items  *quick
}

// namedMember is a member that a schema names.
type namedMember struct {
	schema *quick // nil when only `required` names it
	bit    uint64 // its bit in required
}

type quickPattern struct {
	match  jsonschema.Regexp
	schema *quick
}

// limit is a bound of numbers, as a float to compare with, and exactly where it is a whole number.
type limit struct {
	float     float64
	whole     int64
	exact     bool
	exclusive bool
}

type types uint8

const (
	isNull types = 1 << iota
	isBoolean
	isNumber
	isInteger
	isString
	isArray
	isObject
)

var typeBits = map[string]types{"null": isNull, "boolean": isBoolean, "number": isNumber, "integer": isInteger, "string": isString,
	"array": isArray, "object": isObject}

// quicken prepares a schema.
func quicken(s *jsonschema.Schema) *quick {
	return (&quickener{made: map[*jsonschema.Schema]*quick{}}).of(s)
}

type quickener struct{ made map[*jsonschema.Schema]*quick }

func (m *quickener) of(s *jsonschema.Schema) *quick {
	if s == nil {
		return nil
	}
	if q, ok := m.made[s]; ok {
		return q
	}
	q := &quick{minLength: -1, maxLength: -1, minItems: -1, maxItems: -1, minMembers: -1, maxMembers: -1}
	m.made[s] = q
	if s.Bool != nil {
		q.all, q.unsure = *s.Bool, !*s.Bool
		return q
	}
	q.unsure = s.RecursiveRef != nil || s.DynamicRef != nil || s.Not != nil || s.OneOf != nil || s.If != nil ||
		s.PropertyNames != nil || s.Dependencies != nil || s.DependentRequired != nil || s.DependentSchemas != nil ||
		s.UnevaluatedProperties != nil || s.UnevaluatedItems != nil || s.UniqueItems || s.Contains != nil || s.MultipleOf != nil ||
		s.Extensions != nil || len(s.Required) > 64
	m.anywhere(q, s)
	m.numbers(q, s)
	m.objects(q, s)
	m.arrays(q, s)
	return q
}

func (m *quickener) list(schemas []*jsonschema.Schema) []*quick {
	var out []*quick
	for _, s := range schemas {
		out = append(out, m.of(s))
	}
	return out
}

func (m *quickener) anywhere(q *quick, s *jsonschema.Schema) {
	if s.Types != nil {
		for _, name := range s.Types.ToStrings() {
			q.types |= typeBits[name]
		}
		if q.types&isNumber != 0 {
			q.types |= isInteger
		}
	}
	var values []any
	if s.Enum != nil {
		values = append(values, s.Enum.Values...)
	}
	if s.Const != nil {
		values, q.unsure = append(values, *s.Const), q.unsure || s.Enum != nil
	}
	if q.listed = s.Enum != nil || s.Const != nil; q.listed {
		q.words = map[string]struct{}{}
		for _, v := range values {
			if text, ok := v.(string); ok {
				q.words[text] = struct{}{}
			}
		}
	}
	q.ref, q.allOf, q.anyOf = m.of(s.Ref), m.list(s.AllOf), m.list(s.AnyOf)
	q.pattern = s.Pattern
	if s.Format != nil {
		q.format = s.Format.Validate
	}
	for _, n := range []struct {
		to   *int
		from *int
	}{{&q.minLength, s.MinLength}, {&q.maxLength, s.MaxLength}, {&q.minItems, s.MinItems}, {&q.maxItems, s.MaxItems},
		{&q.minMembers, s.MinProperties}, {&q.maxMembers, s.MaxProperties}} {
		if n.from != nil {
			*n.to = *n.from
		}
	}
}

func (m *quickener) numbers(q *quick, s *jsonschema.Schema) {
	if (s.Minimum != nil && s.ExclusiveMinimum != nil) || (s.Maximum != nil && s.ExclusiveMaximum != nil) {
		q.unsure = true
	}
	if s.Minimum != nil {
		q.low = &limit{}
		q.low.set(s.Minimum, false)
	}
	if s.ExclusiveMinimum != nil {
		q.low = &limit{}
		q.low.set(s.ExclusiveMinimum, true)
	}
	if s.Maximum != nil {
		q.high = &limit{}
		q.high.set(s.Maximum, false)
	}
	if s.ExclusiveMaximum != nil {
		q.high = &limit{}
		q.high.set(s.ExclusiveMaximum, true)
	}
}

func (m *quickener) objects(q *quick, s *jsonschema.Schema) {
	q.members = make(map[string]namedMember, len(s.Properties))
	for name, sub := range s.Properties {
		q.members[name] = namedMember{schema: m.of(sub)}
	}
	for i, name := range s.Required {
		if i < 64 {
			was := q.members[name]
			was.bit |= 1 << i // a name may be listed twice
			q.members[name] = was
			q.required |= 1 << i
		}
	}
	for re, sub := range s.PatternProperties {
		q.patterns = append(q.patterns, quickPattern{re, m.of(sub)})
	}
	switch additional := s.AdditionalProperties.(type) {
	case bool:
		q.closed = !additional
	case *jsonschema.Schema:
		q.rest = m.of(additional)
	}
}

func (m *quickener) arrays(q *quick, s *jsonschema.Schema) {
	q.prefix, q.items = m.list(s.PrefixItems), m.of(s.Items2020)
	switch items := s.Items.(type) {
	case *jsonschema.Schema:
		q.items = m.of(items)
	case []*jsonschema.Schema:
		q.prefix = m.list(items)
	}
	switch additional := s.AdditionalItems.(type) {
	case bool:
		q.unsure = q.unsure || !additional
	case *jsonschema.Schema:
		if _, list := s.Items.([]*jsonschema.Schema); list {
			q.items = m.of(additional)
		} else {
			q.unsure = true
		}
	}
}
