package main

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/freshet/freshet/pkg/service"
)

// row is one line of a table.
type row struct{ key, kind, value, doc string }

// rows lists the keys of a configuration struct with their values.
func rows(src *source, v reflect.Value, prefix string) ([]row, error) {
	var out []row
	for _, f := range service.Fields(v.Type()) {
		path, ok := strings.CutPrefix(f.Owner.PkgPath(), module)
		if !ok {
			return nil, fmt.Errorf("%s is not of this repository", f.Owner)
		}
		p, err := src.load(path)
		if err != nil {
			return nil, err
		}
		doc, err := p.fieldDoc(f.Owner.Name(), f.Name, f.Key)
		if err != nil {
			return nil, err
		}
		value := v.FieldByIndex(f.Index)
		r := row{key: prefix + f.Key, kind: kindOf(f.Type), value: text(value), doc: doc}
		inside, below, nested := reflect.Value{}, "", true
		switch {
		case f.Section():
			r.value, inside, below = "", value, "."
		case f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Struct:
			inside, below = reflect.Zero(f.Type.Elem()), "[]."
		case f.Type.Kind() == reflect.Map && f.Type.Elem().Kind() == reflect.Struct:
			inside, below = reflect.Zero(f.Type.Elem()), ".<name>."
		default:
			nested = false
		}
		out = append(out, r)
		if !nested {
			continue
		}
		more, err := rows(src, inside, r.key+below)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

func kindOf(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return "duration"
	case t.Kind() == reflect.Struct:
		return "section"
	case t.Kind() == reflect.Slice:
		return "list of " + plural(kindOf(t.Elem()))
	case t.Kind() == reflect.Map:
		return "map of " + plural(kindOf(t.Elem()))
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.Float64:
		return "number"
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64:
		return "whole number"
	}
	return "text"
}

func plural(kind string) string {
	if kind == "text" {
		return kind
	}
	return kind + "s"
}

// text writes a default as the user would.
func text(v reflect.Value) string {
	switch {
	case v.Type() == reflect.TypeFor[time.Duration]():
		return "`" + shortDuration(v.Interface().(time.Duration)) + "`"
	case v.Kind() == reflect.Slice || v.Kind() == reflect.Map:
		if v.Len() == 0 {
			return "none"
		}
		if v.Kind() == reflect.Slice {
			var parts []string
			for i := range v.Len() {
				parts = append(parts, fmt.Sprint(v.Index(i).Interface()))
			}
			return "`[" + strings.Join(parts, ", ") + "]`"
		}
		return fmt.Sprintf("`%v`", v.Interface()) // fmt sorts the keys
	case v.Kind() == reflect.String && v.String() == "":
		return "empty"
	}
	return fmt.Sprintf("`%v`", v.Interface())
}

// shortDuration drops the zero parts that Duration.String writes: "1h0m0s" is "1h".
func shortDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
