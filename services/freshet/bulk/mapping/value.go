package mapping

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/freshet/freshet/services/freshet/bulk/rows"
)

// value is a compiled Field.
type value struct {
	at       string // "properties.total"
	source   string // "column Total", for sentences
	slot     int
	parts    []part // of a template
	constant *rows.Value
	when     *condition
	exact    map[string]string
	prefixes []prefix // the longest first
	convert  func(rows.Value) (rows.Value, error)
	reason   string // of a conversion that fails
	time     *timing
	currency bool
	standIn  *rows.Value
	required bool
	absolute bool   // the number without its minus
	sum      bool   // over the rows of the event
	hint     string // behind the sentence about a required value that is absent
}

type prefix struct{ begins, means string }

// part is a text of a template, or the column behind it.
type part struct {
	text string
	slot int // -1 for a text
}

// of gives the value for the rows of an event: that of the first row which has one, or the sum; Absent when there is none.
func (v *value) of(rs []*rows.Row) (rows.Value, *rows.Fault) {
	if v.sum {
		return v.total(rs)
	}
	applies := false
	for _, row := range rs {
		is, fault := v.when.holds(row)
		if fault != nil {
			return rows.Value{}, about(row, rs, fault)
		}
		if !is {
			continue
		}
		applies = true
		if got, fault := v.alone(row); fault != nil || got.Kind != rows.Absent {
			return got, about(row, rs, fault)
		}
	}
	if !applies {
		return rows.Value{}, nil
	}
	return v.missing()
}

// alone gives the value of one row for which the condition holds, without what stands in for an absent one.
func (v *value) alone(row *rows.Row) (rows.Value, *rows.Fault) {
	if v.constant != nil {
		return *v.constant, nil
	}
	raw, short := v.raw(row)
	if raw.Kind == rows.Absent {
		return raw, nil
	}
	if v.currency {
		return v.code(raw)
	}
	if v.exact != nil || v.prefixes != nil {
		means, ok := v.mapped(raw.Text)
		if !ok && v.standIn != nil {
			return *v.standIn, nil
		}
		if !ok {
			return raw, v.fault(reasonUnmapped, raw, "has no entry in the map, and there is no default")
		}
		if raw = (rows.Value{Kind: rows.Text, Text: means}); means == "" {
			return rows.Value{}, nil
		}
	}
	if v.convert == nil && v.time == nil {
		return raw, nil
	}
	var out rows.Value
	var err error
	if v.time != nil {
		out, err = v.time.convert(raw, row, short)
	} else {
		out, err = v.convert(raw)
	}
	if err != nil {
		return raw, v.fault(v.reason, raw, err.Error())
	}
	return v.unsigned(out), nil
}

func (v *value) missing() (rows.Value, *rows.Fault) {
	switch {
	case v.standIn != nil:
		return *v.standIn, nil
	case v.required:
		return rows.Value{}, &rows.Fault{Reason: reasonMissing, Detail: fmt.Sprintf("%s: %s is empty%s", v.at, v.source, v.hint)}
	}
	return rows.Value{}, nil
}

// raw is the text before any change. A template is absent when one of its columns is; but of a time's, what stands behind the first column may
// be missing: short then says that it is, and the text is what stands before.
func (v *value) raw(row *rows.Row) (raw rows.Value, short bool) {
	if v.parts == nil {
		return row.Value(v.slot), false
	}
	var b strings.Builder
	end := 0
	for _, p := range v.parts {
		if p.slot < 0 {
			b.WriteString(p.text)
			continue
		}
		cell := row.Value(p.slot)
		if cell.Kind == rows.Absent && v.time != nil && end > 0 {
			return rows.Value{Kind: rows.Text, Text: b.String()[:end]}, true
		}
		if cell.Kind == rows.Absent {
			return cell, false
		}
		b.WriteString(cell.Text)
		end = b.Len()
	}
	return rows.Value{Kind: rows.Text, Text: b.String()}, false
}

func (v *value) mapped(text string) (string, bool) {
	if means, ok := v.exact[text]; ok {
		return means, true
	}
	for _, p := range v.prefixes {
		if strings.HasPrefix(text, p.begins) {
			return p.means, true
		}
	}
	return "", false
}

func (v *value) fault(reason string, got rows.Value, problem string) *rows.Fault {
	text := got.Text
	if len(text) > 60 {
		text = strings.ToValidUTF8(text[:60], "") + "..."
	}
	return &rows.Fault{Reason: reason, Detail: fmt.Sprintf("%s: %s %q %s", v.at, v.source, text, problem)}
}

// problem is an error without wrapping: it is shown to people once.
type problem string

func (p problem) Error() string { return string(p) }

// converter returns what a type does to a value; nil for none.
func converter(f *Field, format rows.Format) func(rows.Value) (rows.Value, error) {
	switch f.Type {
	case "string":
		return func(v rows.Value) (rows.Value, error) { return rows.Value{Kind: rows.Text, Text: v.Text}, nil }
	case "integer", "decimal":
		return numeric(f, format)
	case "boolean":
		return boolean(f)
	case "json":
		return asJSON
	}
	return nil
}

// name is the value as one that names somebody or something: a text or a number, never an object.
func (v *value) name(rs []*rows.Row) (rows.Value, *rows.Fault) {
	got, fault := v.of(rs)
	if fault == nil && got.Kind == rows.JSON {
		return got, v.fault(reasonValue, got, "is an object or a list: name the member that is meant by its dotted path")
	}
	return got, fault
}

func boolean(f *Field) func(rows.Value) (rows.Value, error) {
	words := map[string]string{}
	add := func(list, otherwise []string, means string) {
		if len(f.TrueWords)+len(f.FalseWords) == 0 {
			list = otherwise
		}
		for _, w := range list {
			words[strings.ToLower(w)] = means
		}
	}
	add(f.FalseWords, []string{"false", "no", "n", "f", "0"}, "false")
	add(f.TrueWords, []string{"true", "yes", "y", "t", "1"}, "true")
	return func(v rows.Value) (rows.Value, error) {
		if v.Kind == rows.Boolean {
			return v, nil
		}
		means, ok := words[strings.ToLower(v.Text)]
		if !ok {
			return v, problem("is none of the words for true and false")
		}
		return rows.Value{Kind: rows.Boolean, Text: means}, nil
	}
}

func asJSON(v rows.Value) (rows.Value, error) {
	if v.Kind != rows.Text {
		return v, nil
	}
	if !json.Valid([]byte(v.Text)) {
		return v, problem("is no JSON")
	}
	return rows.Value{Kind: rows.JSON, Text: v.Text}, nil
}
