package plan

import (
	"encoding/json"
	"errors"
	"strconv"
	"sync"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/freshet/freshet/services/collector/jsonscan"
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

// errUnsure ends a walk.
var errUnsure = errors.New("not for certain")

// walker is what one question needs; pooled.
type walker struct{ s jsonscan.Scanner }

var walkers = sync.Pool{New: func() any { return new(walker) }}

// maxRefs bounds references that lead to references at one value.
const maxRefs = 100

// fits says for certain that the text, a JSON value, fits.
func (q *quick) fits(raw []byte) bool {
	w := walkers.Get().(*walker)
	defer walkers.Put(w)
	w.s.Reset(raw, 0, jsonscan.Limits{})
	err := w.value(q, maxRefs)
	w.s.Reset(nil, 0, jsonscan.Limits{})
	return err == nil
}

// value consumes the value at the scanner's position.
func (w *walker) value(q *quick, refs int) error {
	if q == nil || q.all {
		_, err := w.s.Skip()
		return err
	}
	if q.unsure || refs == 0 {
		return errUnsure
	}
	if q.ref != nil || q.allOf != nil || q.anyOf != nil {
		if err := w.others(q, refs-1); err != nil {
			return err
		}
	}
	switch w.s.Peek() {
	case '{':
		return w.object(q)
	case '[':
		return w.array(q)
	}
	raw, err := w.s.Skip()
	if err != nil {
		return err
	}
	if !q.scalar(raw) {
		return errUnsure
	}
	return nil
}

// others asks the schemas that hold at the same value, and goes back to its beginning.
func (w *walker) others(q *quick, refs int) error {
	w.s.Peek()
	at := w.s.Offset()
	if q.ref != nil {
		if err := w.value(q.ref, refs); err != nil {
			return err
		}
		w.s.Seek(at)
	}
	for _, sub := range q.allOf {
		if err := w.value(sub, refs); err != nil {
			return err
		}
		w.s.Seek(at)
	}
	for i, sub := range q.anyOf {
		err := w.value(sub, refs)
		w.s.Seek(at)
		if err == nil {
			break
		}
		if i == len(q.anyOf)-1 {
			return err
		}
	}
	return nil
}

// takes says whether the type is allowed.
func (q *quick) takes(t types) bool { return q.types == 0 || q.types&t != 0 }

// scalar judges what is neither object nor array.
func (q *quick) scalar(raw []byte) bool {
	switch raw[0] {
	case '"':
		return q.takes(isString) && q.text(raw)
	case 't', 'f':
		return q.takes(isBoolean) && !q.listed
	case 'n':
		return q.takes(isNull) && !q.listed
	}
	return !q.listed && q.number(raw)
}

func (q *quick) text(raw []byte) bool {
	text := jsonscan.Text(raw)
	if q.listed {
		if _, ok := q.words[string(text)]; !ok {
			return false
		}
	}
	if q.minLength >= 0 || q.maxLength >= 0 {
		n := utf8.RuneCount(text)
		if n < q.minLength || (q.maxLength >= 0 && n > q.maxLength) {
			return false
		}
	}
	if q.pattern != nil && !q.pattern.MatchString(view(text)) {
		return false
	}
	return q.format == nil || q.format(view(text)) == nil
}

// number compares as floats, which is certain only where the floats differ: rounding never turns the order around.
func (q *quick) number(raw []byte) bool {
	if len(raw) > maxDigits {
		return false
	}
	whole, err := strconv.ParseInt(view(raw), 10, 64)
	if err == nil {
		return q.takes(isInteger) && q.low.below(float64(whole), whole, true) && q.high.above(float64(whole), whole, true)
	}
	if !q.takes(isNumber) || beyond(raw) {
		return false // 2.0 is an integer too: not looked at here
	}
	if q.low == nil && q.high == nil {
		return true
	}
	f, err := json.Number(view(raw)).Float64()
	return err == nil && q.low.below(f, 0, false) && q.high.above(f, 0, false)
}

func (w *walker) object(q *quick) error {
	if q.listed || !q.takes(isObject) {
		return errUnsure
	}
	var seen uint64
	members := 0
	err := w.s.Object(func(name []byte) error {
		members++
		m, named := q.members[string(name)]
		seen |= m.bit
		known := named && m.schema != nil
		if len(q.patterns) > 0 {
			at := w.s.Offset()
			for _, p := range q.patterns {
				if p.match.MatchString(view(name)) {
					known = true
					if err := w.value(p.schema, maxRefs); err != nil {
						return err
					}
					w.s.Seek(at)
				}
			}
		}
		switch {
		case known && m.schema != nil:
			return w.value(m.schema, maxRefs)
		case known:
			return w.value(nil, maxRefs)
		case q.closed:
			return errUnsure
		}
		return w.value(q.rest, maxRefs)
	})
	if err == nil && (seen != q.required || members < q.minMembers || (q.maxMembers >= 0 && members > q.maxMembers)) {
		return errUnsure
	}
	return err
}

func (w *walker) array(q *quick) error {
	if q.listed || !q.takes(isArray) {
		return errUnsure
	}
	n := 0
	err := w.s.Array(func() error {
		n++
		if n <= len(q.prefix) {
			return w.value(q.prefix[n-1], maxRefs)
		}
		return w.value(q.items, maxRefs)
	})
	if err == nil && (n < q.minItems || (q.maxItems >= 0 && n > q.maxItems)) {
		return errUnsure
	}
	return err
}
