package mapping

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/freshet/freshet/services/freshet/bulk/rows"
)

// object writes a JSON object whose members come from the rows of an event. Members without a value, and objects without members, are left out.
type object struct{ members []member }

type member struct {
	name  string // of the member
	key   string // `"name":`
	value *value
	inner *object
}

// build makes the tree of dotted paths.
func (c *compiler) build(at string, fields map[string]Field) *object {
	o := &object{}
	for _, path := range slices.Sorted(maps.Keys(fields)) {
		f := fields[path]
		full := at + "." + path
		if slices.Contains(strings.Split(path, "."), "") {
			c.fault("%s: the path has an empty part", full)
			continue
		}
		if strings.Count(path, ".") > 10 {
			c.fault("%s: the path is more than 10 deep", full)
			continue
		}
		if err := o.add(strings.Split(path, "."), c.value(full, &f)); err != nil {
			c.fault("%s: %v", full, err)
		}
	}
	return o
}

func (o *object) add(path []string, v *value) error {
	i := slices.IndexFunc(o.members, func(m member) bool { return m.name == path[0] })
	if i < 0 {
		o.members = append(o.members, member{name: path[0], key: string(rows.AppendText(nil, path[0])) + ":"})
		i = len(o.members) - 1
	}
	m := &o.members[i]
	switch {
	case len(path) == 1 && m.value == nil && m.inner == nil:
		m.value = v
		return nil
	case len(path) == 1 || m.value != nil:
		return fmt.Errorf("%s is a value and an object at once", path[0])
	case m.inner == nil:
		m.inner = &object{}
	}
	return m.inner.add(path[1:], v)
}

// has says whether a member of the first level has that name.
func (o *object) has(name string) bool {
	return slices.ContainsFunc(o.members, func(m member) bool { return m.name == name })
}

// append writes the members without braces, each with a comma behind it.
func (o *object) append(b []byte, rs []*rows.Row) ([]byte, *rows.Fault) {
	for i := range o.members {
		m := &o.members[i]
		if m.inner != nil {
			from := len(b)
			b = append(append(b, m.key...), '{')
			inside := len(b)
			var fault *rows.Fault
			if b, fault = m.inner.append(b, rs); fault != nil {
				return b, fault
			}
			if len(b) == inside {
				b = b[:from]
				continue
			}
			b[len(b)-1] = '}'
			b = append(b, ',')
			continue
		}
		v, fault := m.value.of(rs)
		if fault != nil {
			return b, fault
		}
		if v.Kind != rows.Absent {
			b = append(v.Append(append(b, m.key...)), ',')
		}
	}
	return b, nil
}

// shut ends an object of members that end in commas.
func shut(b []byte) []byte {
	if b[len(b)-1] == ',' {
		b[len(b)-1] = '}'
		return b
	}
	return append(b, '}')
}
