package mapping

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/freshet/freshet/pkg/money"
	"github.com/freshet/freshet/pkg/service"
	"github.com/freshet/freshet/services/freshet/bulk/rows"
)

// File is what of a file goes into events and their ids.
type File struct {
	// Name is the file's name; Sum the SHA-256 of its content.
	Name, Sum string
}

// compiler finds the places of columns and gathers faults.
type compiler struct {
	spec     *Spec
	known    []string
	closed   bool
	slots    map[string]int
	columns  []string
	faults   []error
	warnings []string
}

// Compile prepares a mapping for a file with these columns; closed says that there are no others. Warnings are about columns that
// the first rows of an open file do not have.
func (s *Spec) Compile(f File, columns []string, closed bool) (m *Mapper, warnings []string, err error) {
	c := &compiler{spec: s, known: columns, closed: closed, slots: map[string]int{}}
	m = &Mapper{source: s.SourceName, file: f, kind: s.Type, rest: s.Rest, sorted: s.GroupBySorted == nil || *s.GroupBySorted, seen: map[uint64]struct{}{}}
	m.properties, m.traits = c.build("properties", s.Properties), c.build("traits", s.Traits)
	m.events = c.events()
	if m.timestamp = c.value("timestamp", s.Timestamp); m.timestamp != nil {
		m.timestamp.required = true
		m.timestamp.hint = ", and the event would count as of its import: give a default, or a when that is false here if that is meant"
	}
	c.identifiers(m)
	m.when = c.condition("when", s.When)
	m.id, m.idNames = c.keys("message_id", s.MessageID), s.MessageID
	m.key, m.keyNames = c.keys("group_by", s.GroupBy), s.GroupBy
	m.lines = &object{}
	if s.Lines != nil {
		m.lines, m.into = c.build("lines.fields", s.Lines.Fields), string(rows.AppendText(nil, s.Lines.Into))+":["
	}
	c.also(m)
	m.columns = c.columns
	return m, c.warnings, errors.Join(c.faults...)
}

func (c *compiler) fault(format string, args ...any) {
	c.faults = append(c.faults, fmt.Errorf(format, args...))
}

// slot is the place of a column among the bound ones.
func (c *compiler) slot(at, column string) int {
	if i, ok := c.slots[column]; ok {
		return i
	}
	if !slices.Contains(c.known, column) {
		says := fmt.Sprintf("%s: there is no column %q", at, column)
		if near := service.Nearest(column, c.known); near != "" {
			says += fmt.Sprintf("; the nearest is %q", near)
		}
		if c.closed {
			c.fault("%s", says)
		} else {
			c.warnings = append(c.warnings, says+" (in the first rows)")
		}
	}
	c.slots[column] = len(c.columns)
	c.columns = append(c.columns, column)
	return c.slots[column]
}

func (c *compiler) keys(at string, columns []string) (slots []int) {
	for i, column := range columns {
		slots = append(slots, c.slot(fmt.Sprintf("%s[%d]", at, i), column))
	}
	return slots
}

func (c *compiler) condition(at, expression string) *condition {
	if expression == "" {
		return nil
	}
	cond, err := newCondition(at, expression, c.spec.Format, c.slot)
	if err != nil {
		c.fault("%v", err)
	}
	return cond
}

// value compiles a field; nil gives a value that is never there.
func (c *compiler) value(at string, f *Field) *value {
	if f == nil {
		return nil
	}
	v := &value{at: at, slot: -1, required: f.Required, standIn: constant(f.Default), constant: constant(f.Value), absolute: f.Absolute, sum: f.Sum != ""}
	if f.When != "" {
		v.when = c.condition(at+".when", f.When)
	}
	switch {
	case f.Sum != "":
		v.slot, v.source = c.slot(at+".sum", f.Sum), "column "+f.Sum
	case f.Column != "":
		v.slot, v.source = c.slot(at+".column", f.Column), "column "+f.Column
	case f.Template != "":
		v.source = "the template's text"
		v.parts = c.template(at, f.Template)
	}
	for k, means := range f.Map {
		if sign, known := money.Sign(k); known && f.Type == "currency" {
			k = sign // as it is found in the values
		}
		if begins, ok := strings.CutSuffix(k, "*"); ok {
			v.prefixes = append(v.prefixes, prefix{begins, means})
			continue
		}
		if v.exact == nil {
			v.exact = map[string]string{}
		}
		v.exact[k] = means
	}
	slices.SortFunc(v.prefixes, func(a, b prefix) int {
		if len(a.begins) != len(b.begins) {
			return len(b.begins) - len(a.begins)
		}
		return strings.Compare(a.begins, b.begins)
	})
	if f.Type == "date" || f.Type == "timestamp" {
		v.times(c, f)
		return v
	}
	v.convert, v.reason = converter(f, c.spec.Format), reasonValue
	v.currency = f.Type == "currency"
	return v
}

// constant is a literal as a value; a null is none.
func constant(l *Literal) *rows.Value {
	if l == nil {
		return nil
	}
	v := rows.Value{Kind: rows.JSON, Text: l.JSON}
	switch {
	case l.JSON == "null":
		v = rows.Value{}
	case l.JSON[0] == '"':
		v.Kind = rows.Text
		_ = json.Unmarshal([]byte(l.JSON), &v.Text) // it was written by AppendText
	}
	return &v
}

// template cuts "{a}-{b}" into texts and columns; {{ and }} are braces.
func (c *compiler) template(at, text string) (parts []part) {
	var plain strings.Builder
	flush := func() {
		if plain.Len() > 0 {
			parts = append(parts, part{plain.String(), -1})
			plain.Reset()
		}
	}
	for i := 0; i < len(text); i++ {
		switch ch := text[i]; {
		case (ch == '{' || ch == '}') && i+1 < len(text) && text[i+1] == ch:
			plain.WriteByte(ch)
			i++
		case ch == '{':
			name, _, ok := strings.Cut(text[i+1:], "}")
			if !ok {
				c.fault("%s.template: %q opens a brace and does not close it", at, text)
				return []part{{"", -1}}
			}
			flush()
			parts = append(parts, part{"", c.slot(at+".template", name)})
			i += len(name) + 1
		case ch == '}':
			c.fault("%s.template: %q closes a brace that is not open: write }} for a brace", at, text)
			return []part{{"", -1}}
		default:
			plain.WriteByte(ch)
		}
	}
	flush()
	return parts
}

// identifiers compiles what names people.
func (c *compiler) identifiers(m *Mapper) {
	i := &c.spec.Identifiers
	m.top = []named{
		{`"userId":`, c.value("identifiers.user_id", i.UserID)}, {`"anonymousId":`, c.value("identifiers.anonymous_id", i.AnonymousID)},
		{`"groupId":`, c.value("identifiers.group_id", i.GroupID)}, {`"previousId":`, c.value("identifiers.previous_id", i.PreviousID)},
	}
	m.person = []named{{`"email":`, c.value("identifiers.email", i.Email)}, {`"phone":`, c.value("identifiers.phone", i.Phone)}}
	m.device = named{`"device":{"id":`, c.value("identifiers.device_id", i.DeviceID)}
	external := c.build("identifiers.external_ids", i.ExternalIDs)
	for _, e := range external.members {
		m.external = append(m.external, named{`,"type":` + string(rows.AppendText(nil, e.name)) + `,"collection":"users","encoding":"none"},`, e.value})
		if e.inner != nil {
			c.fault("identifiers.external_ids.%s: a type has no dots", e.name)
		}
	}
	for _, list := range [][]named{m.top, m.person, m.external} {
		for _, n := range list {
			if n.value != nil {
				m.who = append(m.who, n.value)
			}
		}
	}
}
