package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// shape is which members a schema knows at one place of an event, all its applicators taken together: what any of allOf, anyOf, oneOf,
// if, then, else, dependentSchemas or $ref names is known.
type shape struct {
	// open takes members that nobody names: additionalProperties or unevaluatedProperties is true or a schema, or the schema says nothing
	// of members at all.
	open bool
	// rest is the shape of those members.
	rest     *shape
	members  map[string]*shape
	patterns []pattern
	prefix   []*shape
	items    *shape
}

// pattern is the members of patternProperties. Of a name that several patterns match everything below is kept.
type pattern struct {
	match jsonschema.Regexp
	shape *shape
}

// free knows everything.
var free = func() *shape {
	sh := &shape{open: true}
	sh.rest, sh.items = sh, sh
	return sh
}()

// maxShapes bounds the outline of one schema; beyond it everything is known.
const maxShapes = 20_000

// outliner builds shapes, one for each set of schemas that hold at one place, so that recursive schemas end.
type outliner struct{ made map[string]*shape }

// outline is the shape of an event's schema.
func outline(schema *jsonschema.Schema) *shape {
	return (&outliner{made: map[string]*shape{}}).of([]*jsonschema.Schema{schema})
}

func (o *outliner) of(schemas []*jsonschema.Schema) *shape {
	var all []*jsonschema.Schema
	for _, s := range schemas {
		all = inPlace(s, all)
	}
	slices.SortFunc(all, func(a, b *jsonschema.Schema) int { return strings.Compare(a.Location, b.Location) })
	id := setID(all)
	if made, ok := o.made[id]; ok {
		return made
	}
	if len(o.made) >= maxShapes {
		return free
	}
	sh := &shape{members: map[string]*shape{}}
	o.made[id] = sh
	o.objects(sh, all)
	o.arrays(sh, all)
	return sh
}

func setID(all []*jsonschema.Schema) string {
	var b strings.Builder
	for _, s := range all {
		fmt.Fprintf(&b, "%p ", s)
	}
	return b.String()
}

// inPlace adds s and every schema that is applied to the same value.
func inPlace(s *jsonschema.Schema, to []*jsonschema.Schema) []*jsonschema.Schema {
	if s == nil || slices.Contains(to, s) {
		return to
	}
	to = append(to, s)
	for _, list := range [][]*jsonschema.Schema{{s.Ref, s.If, s.Then, s.Else}, s.AllOf, s.AnyOf, s.OneOf} {
		for _, sub := range list {
			to = inPlace(sub, to)
		}
	}
	for _, sub := range s.DependentSchemas {
		to = inPlace(sub, to)
	}
	for _, sub := range s.Dependencies {
		if schema, ok := sub.(*jsonschema.Schema); ok {
			to = inPlace(schema, to)
		}
	}
	return to
}

// objects fills in what is known of members.
func (o *outliner) objects(sh *shape, all []*jsonschema.Schema) {
	names := map[string][]*jsonschema.Schema{}
	var rest []*jsonschema.Schema
	said, anything := false, false
	for _, s := range all {
		said = said || s.Properties != nil || s.PatternProperties != nil || s.AdditionalProperties != nil || s.UnevaluatedProperties != nil
		anything = anything || s.AdditionalProperties == true || accepting(s.UnevaluatedProperties)
		if sub, ok := s.AdditionalProperties.(*jsonschema.Schema); ok {
			rest = append(rest, sub)
		}
		for name, sub := range s.Properties {
			names[name] = append(names[name], sub)
		}
	}
	sh.open, sh.rest = anything || !said || len(rest) > 0, free
	if !anything && len(rest) > 0 {
		sh.rest = o.of(rest)
	}
	for _, s := range all {
		for re, sub := range s.PatternProperties {
			sh.patterns = append(sh.patterns, pattern{match: re, shape: o.of(append(others(all, s), sub))})
			for name := range names {
				if re.MatchString(name) {
					names[name] = append(names[name], sub)
				}
			}
		}
	}
	for name, subs := range names {
		for _, s := range all { // what one part names, another may describe among its others
			if sub, ok := s.AdditionalProperties.(*jsonschema.Schema); ok && !mentions(s, name) {
				subs = append(subs, sub)
			}
		}
		sh.members[name] = o.of(subs)
	}
}

// others are what the parts but one say of members that they do not name.
func others(all []*jsonschema.Schema, but *jsonschema.Schema) (subs []*jsonschema.Schema) {
	for _, s := range all {
		if sub, ok := s.AdditionalProperties.(*jsonschema.Schema); ok && s != but {
			subs = append(subs, sub)
		}
	}
	return subs
}

// mentions says whether a schema names a member by itself.
func mentions(s *jsonschema.Schema, name string) bool {
	if _, ok := s.Properties[name]; ok {
		return true
	}
	for re := range s.PatternProperties {
		if re.MatchString(name) {
			return true
		}
	}
	return false
}

// accepting says that a schema is there and not false.
func accepting(s *jsonschema.Schema) bool { return s != nil && (s.Bool == nil || *s.Bool) }

// arrays fills in what is known of elements.
func (o *outliner) arrays(sh *shape, all []*jsonschema.Schema) {
	longest := 0
	for _, s := range all {
		longest = max(longest, len(listed(s)))
	}
	for i := range longest {
		sh.prefix = append(sh.prefix, o.elements(all, i))
	}
	sh.items = o.elements(all, longest)
}

// elements is the shape of the elements at place i.
func (o *outliner) elements(all []*jsonschema.Schema, i int) *shape {
	var subs []*jsonschema.Schema
	for _, s := range all {
		if list := listed(s); i < len(list) {
			subs = append(subs, list[i])
			continue
		}
		for _, rest := range []any{s.Items2020, s.Items, s.AdditionalItems} {
			if sub, ok := rest.(*jsonschema.Schema); ok && sub != nil {
				subs = append(subs, sub)
				break
			}
		}
	}
	if len(subs) == 0 {
		return free
	}
	return o.of(subs)
}

// listed are the schemas of the first elements, one each.
func listed(s *jsonschema.Schema) []*jsonschema.Schema {
	if list, ok := s.Items.([]*jsonschema.Schema); ok {
		return list
	}
	return s.PrefixItems
}

// below is the shape of a member, and whether the member is known at all.
func (sh *shape) below(name []byte) (*shape, bool) {
	if sub, ok := sh.members[string(name)]; ok {
		return sub, true
	}
	var found *shape
	for _, p := range sh.patterns {
		if !p.match.MatchString(view(name)) {
			continue
		}
		if found != nil {
			return free, true
		}
		found = p.shape
	}
	if found != nil {
		return found, true
	}
	return sh.rest, sh.open
}

// element is the shape of an array's element i.
func (sh *shape) element(i int) *shape {
	if i < len(sh.prefix) {
		return sh.prefix[i]
	}
	return sh.items
}
