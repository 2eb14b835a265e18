package known

import (
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// fitter names columns as a file has them.
type fitter struct {
	place map[string]string // a file's columns by their folded names
}

// fields fits the fields of a mapping's level and takes those away whose column the file does not have. only, when not nil, are the keys that hold
// fields; keep says that the others stay as they are.
func (f fitter) fields(n *yaml.Node, only []string, keep bool) {
	var out []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, field := n.Content[i], n.Content[i+1]
		switch {
		case only != nil && !slices.Contains(only, key.Value) || key.Value == "external_ids":
			if key.Value == "when" && keep {
				field.Value = f.condition(field.Value)
			}
		case field.Kind == yaml.SequenceNode: // alternatives of an event
			field.Content = slices.DeleteFunc(field.Content, func(one *yaml.Node) bool { return !f.field(one) })
		case key.Value == "event" && field.Kind == yaml.ScalarNode: // a name
		case !f.field(field):
			continue
		}
		out = append(out, key, field)
	}
	n.Content = out
}

// list fits a list of columns and leaves out those that the file does not have.
func (f fitter) list(n *yaml.Node) {
	n.Content = slices.DeleteFunc(n.Content, func(one *yaml.Node) bool { return !f.column(one) })
}

// further fits events beside an event. One of whose message id a column is missing is left out: what it would say, the file does not have.
func (f fitter) further(n *yaml.Node) {
	n.Content = slices.DeleteFunc(n.Content, func(one *yaml.Node) bool {
		for _, key := range Member(one, "message_id").Content {
			if !f.column(key) {
				return true
			}
		}
		f.fields(one, []string{"event", "timestamp"}, true)
		f.fields(Member(one, "properties"), nil, false)
		return false
	})
}

// field fits one field; false when the file does not have its column.
func (f fitter) field(n *yaml.Node) bool {
	if n.Kind == yaml.ScalarNode {
		return f.column(n)
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, v := n.Content[i].Value, n.Content[i+1]
		switch key {
		case "column", "sum":
			if !f.column(v) {
				return false
			}
		case "template":
			if !f.template(v) {
				return false
			}
		case "when":
			v.Value = f.condition(v.Value)
		}
	}
	for i := 0; i+1 < len(n.Content); i += 2 { // a zone that is not there is taken from the format
		if n.Content[i].Value == "zone_column" && !f.column(n.Content[i+1]) {
			n.Content = slices.Delete(n.Content, i, i+2)
			break
		}
	}
	return true
}

func (f fitter) column(n *yaml.Node) bool {
	is, ok := f.place[fold(n.Value)]
	if ok {
		n.Value = is
		if strings.ContainsAny(is, `#:{}[],&*?|-<>=!%@"'`+"`") {
			n.Style = yaml.DoubleQuotedStyle
		}
	}
	return ok
}

var (
	braces = regexp.MustCompile(`\{([^{}]+)\}`)
	reads  = regexp.MustCompile(`row\["([^"]+)"\]|row\.([A-Za-z_][A-Za-z0-9_]*)`)
)

// template fits "{a} {b}"; false when the file has not all its columns.
func (f fitter) template(n *yaml.Node) bool {
	ok := true
	n.Value = braces.ReplaceAllStringFunc(n.Value, func(s string) string {
		is, has := f.place[fold(s[1:len(s)-1])]
		ok = ok && has
		return "{" + is + "}"
	})
	return ok
}

// condition names columns as the file has them. One that the file does not have is never there: the empty text.
func (f fitter) condition(text string) string {
	return reads.ReplaceAllStringFunc(text, func(s string) string {
		m := reads.FindStringSubmatch(s)
		if is, ok := f.place[fold(m[1]+m[2])]; ok {
			return `row["` + is + `"]`
		}
		return `""`
	})
}
