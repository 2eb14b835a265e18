package plan

import (
	"maps"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// fanout looks for a schema that leads back to itself along one member in two ways, as when two branches of anyOf both describe it by the
// same $ref. Each level of such an event is checked twice as often as the one above it: thirty levels, which any client may send, would
// keep a core busy for minutes. A member that one part names and another describes among its others is not looked for.
type fanout struct {
	index, low, group map[*jsonschema.Schema]int
	stack             []*jsonschema.Schema
	groups            int
}

// maxApplied bounds the schemas that hold at one place.
const maxApplied = 1_000

// elementsOf and anyMember stand for the elements of an array, and for members that are not named.
const elementsOf, anyMember = "[]", "*"

// doubled names the member of the first such place; "" when there is none.
func doubled(schema *jsonschema.Schema) string {
	f := &fanout{index: map[*jsonschema.Schema]int{}, low: map[*jsonschema.Schema]int{}, group: map[*jsonschema.Schema]int{}}
	f.visit(schema)
	size := map[int]int{}
	for _, g := range f.group {
		size[g]++
	}
	var found []string
	for s, g := range f.group {
		if size[g] > 1 {
			ways, left := map[string]int{}, maxApplied
			f.ways(s, g, ways, &left)
			for name, n := range ways {
				if n > 1 || left < 0 {
					found = append(found, name)
				}
			}
		}
	}
	if len(found) == 0 {
		return ""
	}
	return slices.Min(found)
}

// visit finds the groups of schemas that lead to each other (Tarjan's algorithm).
func (f *fanout) visit(s *jsonschema.Schema) {
	f.index[s] = len(f.index)
	f.low[s] = f.index[s]
	f.stack = append(f.stack, s)
	next := beside(s)
	for _, subs := range below(s) {
		next = append(next, subs...)
	}
	for _, n := range next {
		if _, seen := f.index[n]; !seen {
			f.visit(n)
			f.low[s] = min(f.low[s], f.low[n])
		} else if _, done := f.group[n]; !done {
			f.low[s] = min(f.low[s], f.index[n])
		}
	}
	if f.low[s] != f.index[s] {
		return
	}
	f.groups++
	for {
		last := f.stack[len(f.stack)-1]
		f.stack = f.stack[:len(f.stack)-1]
		f.group[last] = f.groups
		if last == s {
			return
		}
	}
}

// ways counts, for each member, how often what holds at s leads into the group along it.
func (f *fanout) ways(s *jsonschema.Schema, group int, to map[string]int, left *int) {
	if *left--; *left < 0 {
		return
	}
	for name, subs := range below(s) {
		for _, sub := range subs {
			if f.group[sub] != group {
				continue
			}
			if to[name]++; name == anyMember {
				break // of its patterns and its rest one describes a member
			}
		}
	}
	// Of then and else one holds.
	then, otherwise := map[string]int{}, map[string]int{}
	for _, sub := range beside(s) {
		switch sub {
		case s.Then:
			f.ways(sub, group, then, left)
		case s.Else:
			f.ways(sub, group, otherwise, left)
		default:
			f.ways(sub, group, to, left)
		}
	}
	for name, n := range otherwise {
		then[name] = max(then[name], n)
	}
	for name, n := range then {
		to[name] += n
	}
}

// beside are the schemas that are applied to the same value.
func beside(s *jsonschema.Schema) []*jsonschema.Schema {
	out := slices.Concat([]*jsonschema.Schema{s.Ref, s.Not, s.If, s.Then, s.Else}, s.AllOf, s.AnyOf, s.OneOf, slices.Collect(maps.Values(s.DependentSchemas)))
	for _, sub := range s.Dependencies {
		if schema, ok := sub.(*jsonschema.Schema); ok {
			out = append(out, schema)
		}
	}
	return slices.DeleteFunc(out, func(s *jsonschema.Schema) bool { return s == nil })
}

// below are the schemas of members and elements, by name.
func below(s *jsonschema.Schema) map[string][]*jsonschema.Schema {
	out := map[string][]*jsonschema.Schema{}
	add := func(name string, sub any) {
		if schema, ok := sub.(*jsonschema.Schema); ok && schema != nil {
			out[name] = append(out[name], schema)
		}
	}
	for name, sub := range s.Properties {
		add(name, sub)
	}
	for _, sub := range s.PatternProperties {
		add(anyMember, sub)
	}
	add(anyMember, s.AdditionalProperties)
	add(anyMember, s.UnevaluatedProperties)
	for _, sub := range []any{s.Items, s.Items2020, s.AdditionalItems, s.UnevaluatedItems, s.Contains} {
		add(elementsOf, sub)
	}
	return out
}
