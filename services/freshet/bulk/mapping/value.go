package mapping

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

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
	raw := v.raw(row)
	if raw.Kind == rows.Absent {
		return raw, nil
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
	if v.convert == nil {
		return raw, nil
	}
	out, err := v.convert(raw)
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

func (v *value) raw(row *rows.Row) rows.Value {
	if v.parts == nil {
		return row.Value(v.slot)
	}
	var b strings.Builder
	for _, p := range v.parts {
		if p.slot < 0 {
			b.WriteString(p.text)
			continue
		}
		cell := row.Value(p.slot)
		if cell.Kind == rows.Absent {
			return cell
		}
		b.WriteString(cell.Text)
	}
	return rows.Value{Kind: rows.Text, Text: b.String()}
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
func converter(f *Field, format rows.Format) (convert func(rows.Value) (rows.Value, error), reason string, err error) {
	point, thousands := format.DecimalSign(), format.Thousands
	signs := func(v rows.Value) (string, string) {
		if v.Kind == rows.Number {
			return ".", "" // JSON and Parquet have their own way to write a number
		}
		return point, thousands
	}
	switch f.Type {
	case "string":
		return func(v rows.Value) (rows.Value, error) { return rows.Value{Kind: rows.Text, Text: v.Text}, nil }, reasonValue, nil
	case "integer":
		return func(v rows.Value) (rows.Value, error) {
			p, t := signs(v)
			n, ok := integer(v.Text, p, t)
			if !ok {
				return v, problem("is no whole number within 64 bits")
			}
			return rows.Value{Kind: rows.Number, Text: n}, nil
		}, reasonValue, nil
	case "decimal":
		return func(v rows.Value) (rows.Value, error) {
			p, t := signs(v)
			n, ok := decimal(v.Text, p, t)
			if !ok {
				return v, noNumber(v.Text, p)
			}
			return rows.Value{Kind: rows.Number, Text: n}, nil
		}, reasonValue, nil
	case "boolean":
		return boolean(f), reasonValue, nil
	case "json":
		return asJSON, reasonValue, nil
	case "date", "timestamp":
		zone := f.Zone
		if zone == "" {
			zone = format.Zone
		}
		c, err := newClock(f.Layouts, zone)
		if err != nil {
			return nil, "", err
		}
		return c.converter(f.Type), reasonTime, nil
	}
	return nil, "", nil
}

// noNumber says what speaks against a number, and where to change it when it is one elsewhere.
func noNumber(text, point string) error {
	says := fmt.Sprintf("is no number with the decimal sign %q", point)
	for _, other := range [][2]string{{",", "."}, {".", ","}, {",", "'"}, {".", "'"}, {",", " "}} {
		if _, ok := decimal(text, other[0], other[1]); ok {
			return problem(says + ": format.decimal and format.thousands say how numbers are written")
		}
	}
	return problem(says)
}

// name is the value as one that names somebody or something: a text or a number, never an object.
func (v *value) name(rs []*rows.Row) (rows.Value, *rows.Fault) {
	got, fault := v.of(rs)
	if fault == nil && got.Kind == rows.JSON {
		return got, v.fault(reasonValue, got, "is an object or a list: name the member that is meant by its dotted path")
	}
	return got, fault
}

// moment is how a time is sent.
const moment = "2006-01-02T15:04:05.000Z"

func (c *clock) converter(kind string) func(rows.Value) (rows.Value, error) {
	return func(v rows.Value) (rows.Value, error) {
		t, err := c.parse(v)
		if err != nil {
			return v, err
		}
		if kind == "date" {
			if v.Kind == rows.Instant {
				t = t.In(c.zone)
			}
			return rows.Value{Kind: rows.Text, Text: t.Format(time.DateOnly)}, nil
		}
		if t = t.UTC(); t.Year() < 0 || t.Year() > 9999 {
			return v, problem("is not within the years 0 to 9999")
		}
		return rows.Value{Kind: rows.Text, Text: t.Format(moment)}, nil
	}
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
