package infer

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/plan"
)

// Write writes the plan as YAML, the same for the same events in whatever order they came: calls by their type, events and members by
// their names.
func (in *Inference) Write(w io.Writer) error {
	p := &writer{o: in.o}
	p.line(0, "# Inferred from %d events: read it, and make it say what you mean.", in.seen)
	if in.beyond > 0 {
		p.line(0, "# %d events have names beyond the first %d (or beyond what is remembered): they are not planned.", in.beyond, maxEvents)
	}
	p.line(0, "name: %s", p.text(in.o.Name))
	p.line(0, "mode: %s", in.o.Mode)
	p.line(0, "unplanned: warn")
	if len(in.events) == 0 {
		p.line(0, "events: []")
	} else {
		p.line(0, "events:")
	}
	keys := make([]key, 0, len(in.events))
	for k := range in.events {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b key) int { return cmp.Or(cmp.Compare(a.typ, b.typ), cmp.Compare(a.name, b.name)) })
	for _, k := range keys {
		n := in.events[k]
		if k.typ == eventv1.EventType_EVENT_TYPE_TRACK {
			p.line(1, "- event: %s # %d times", p.text(k.name), n.count)
		} else {
			p.line(1, "- type: %s # %d times", plan.TypeName(k.typ), n.count)
		}
		p.line(2, "schema:")
		p.node(n, 3)
	}
	if _, err := plan.Parse(p.b.Bytes()); err != nil {
		return fmt.Errorf("the inferred plan is too large to be one (--enum 0 makes it smaller): %w", err)
	}
	if _, err := w.Write(p.b.Bytes()); err != nil {
		return fmt.Errorf("write the plan: %w", err)
	}
	return nil
}

// writer writes YAML. Each node takes at least one line.
type writer struct {
	b bytes.Buffer
	o Options
}

func (p *writer) line(level int, format string, args ...any) {
	p.b.WriteString(strings.Repeat("  ", level))
	fmt.Fprintf(&p.b, format, args...)
	p.b.WriteByte('\n')
}

// node writes the keywords of one place.
func (p *writer) node(n *node, level int) {
	types := n.types()
	if n.anything || len(types) == 0 {
		p.line(level, "{} # anything: null only, too deep, or numbers nobody can compare")
		return
	}
	p.line(level, "type: %s", list(types))
	if format := n.format(); format != "" {
		p.line(level, "format: %s", format)
	} else if n.enum(p.o) {
		p.line(level, "enum: %s", p.values(n))
	}
	if n.objects > 0 {
		p.object(n, level)
	}
	if n.arrays > 0 && n.items != nil {
		p.line(level, "items:")
		p.node(n.items, level+1)
	}
}

// types are the JSON types seen; none when only null was.
func (n *node) types() []string {
	var out []string
	for _, t := range []struct {
		count int64
		name  string
	}{{n.objects, "object"}, {n.arrays, "array"}, {n.texts, "string"}, {n.bools, "boolean"}} {
		if t.count > 0 {
			out = append(out, t.name)
		}
	}
	if n.decimals > 0 {
		out = append(out, "number")
	} else if n.integers > 0 {
		out = append(out, "integer")
	}
	if n.nulls > 0 && len(out) > 0 {
		out = append(out, `"null"`)
	}
	return out
}

func list(words []string) string {
	if len(words) == 1 {
		return words[0]
	}
	return "[" + strings.Join(words, ", ") + "]"
}

// values are an enum's, sorted.
func (p *writer) values(n *node) string {
	words := make([]string, 0, len(n.words))
	for w := range n.words {
		words = append(words, w)
	}
	slices.Sort(words)
	for i, w := range words {
		words[i] = strconv.Quote(w)
	}
	if n.nulls > 0 {
		words = append(words, "null")
	}
	return "[" + strings.Join(words, ", ") + "]"
}

func (p *writer) object(n *node, level int) {
	names := make([]string, 0, len(n.members))
	var required []string
	for name, m := range n.members {
		names = append(names, name)
		if m.count >= int64(math.Ceil(p.o.RequiredAt*float64(n.objects))) {
			required = append(required, p.text(name))
		}
	}
	slices.Sort(names)
	slices.Sort(required)
	if len(required) > 0 {
		p.line(level, "required: [%s]", strings.Join(required, ", "))
	}
	if n.open {
		p.line(level, "additionalProperties: true # more members than are remembered: names that are data?")
	}
	if len(names) == 0 {
		return
	}
	p.line(level, "properties:")
	for _, name := range names {
		m := n.members[name]
		p.line(level+1, "%s: # in %d of %d", p.text(name), m.count, n.objects)
		p.node(m, level+2)
	}
}

var plainText = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*( [A-Za-z0-9_-]+)*$`)

// text writes a string so that YAML reads the same: without quotes where it is plain words.
func (p *writer) text(s string) string {
	switch strings.ToLower(s) {
	case "null", "true", "false", "yes", "no", "on", "off", "y", "n":
		return strconv.Quote(s)
	}
	if plainText.MatchString(s) {
		return s
	}
	return strconv.Quote(s)
}
