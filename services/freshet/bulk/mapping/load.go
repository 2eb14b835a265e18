package mapping

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/freshet/freshet/pkg/service"
	"github.com/freshet/freshet/services/freshet/bulk/number"
	"github.com/freshet/freshet/services/freshet/bulk/rows"
)

// MaxFile is the longest mapping file taken, in bytes.
const MaxFile = 1 << 20

// Load reads a mapping file and reports every fault it can see without the data, each under its key.
func Load(r io.Reader) (*Spec, error) {
	raw, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read the mapping: %w", err)
	}
	if len(raw) > MaxFile {
		return nil, fmt.Errorf("the mapping has more than %d bytes", MaxFile)
	}
	var node yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	if err := decoder.Decode(&node); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.New("the mapping is empty: `freshet import FILE --infer` drafts one")
		}
		return nil, fmt.Errorf("the mapping is no YAML: %w", err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("the mapping file holds more than one YAML document")
	}
	if faults := unknown(&node, reflect.TypeFor[Spec](), "", 0); len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	s := &Spec{}
	if err := node.Decode(s); err != nil {
		return nil, fmt.Errorf("the mapping: %w", err)
	}
	return s, s.validate()
}

// unknown lists the keys that the types do not have.
func unknown(n *yaml.Node, t reflect.Type, path string, depth int) (faults []error) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if n.Kind == yaml.DocumentNode && len(n.Content) == 1 {
		return unknown(n.Content[0], t, path, depth)
	}
	if n.Kind == yaml.AliasNode && n.Alias != nil {
		n = n.Alias
	}
	list := t == reflect.TypeFor[Name]()
	if t.Kind() == reflect.Slice {
		list, t = true, t.Elem()
	}
	if list && n.Kind == yaml.SequenceNode && depth <= 20 {
		for i, one := range n.Content {
			faults = append(faults, unknown(one, t, fmt.Sprintf("%s[%d].", strings.TrimSuffix(path, "."), i), depth+1)...)
		}
		return faults
	}
	if depth > 20 || n.Kind != yaml.MappingNode || t == reflect.TypeFor[Literal]() {
		return nil
	}
	if t == reflect.TypeFor[Name]() {
		t = reflect.TypeFor[Field]()
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i].Value, n.Content[i+1]
		switch t.Kind() {
		case reflect.Map:
			faults = append(faults, unknown(value, t.Elem(), path+key+".", depth+1)...)
		case reflect.Struct:
			inner, known := memberOf(t, key)
			if inner == nil {
				faults = append(faults, fmt.Errorf("line %d: %s%s: unknown key; the nearest known key is %s", n.Content[i].Line, path, key, service.Nearest(key, known)))
				continue
			}
			faults = append(faults, unknown(value, inner, path+key+".", depth+1)...)
		}
	}
	return faults
}

// memberOf is the type of a struct's key, nil when it has none such; known are its keys.
func memberOf(t reflect.Type, key string) (inner reflect.Type, known []string) {
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		if name == key {
			return t.Field(i).Type, nil
		}
		known = append(known, name)
	}
	return nil, known
}

// UnmarshalYAML takes a text for a column.
func (f *Field) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*f = Field{Column: n.Value}
		return nil
	}
	type plain Field
	return n.Decode((*plain)(f))
}

// UnmarshalYAML takes a text for a constant, and a list for alternatives.
func (f *Name) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.SequenceNode {
		for _, one := range n.Content {
			if one.Kind == yaml.SequenceNode {
				return fmt.Errorf("line %d: event: a list inside a list", one.Line)
			}
		}
		return n.Decode(&f.Any)
	}
	if n.Kind == yaml.ScalarNode {
		f.Field = Field{Value: &Literal{string(rows.AppendText(nil, n.Value))}}
		return nil
	}
	return f.Field.UnmarshalYAML(n)
}

// UnmarshalYAML keeps numbers as they are written.
func (l *Literal) UnmarshalYAML(n *yaml.Node) error {
	b, err := literal(nil, n, 0)
	l.JSON = string(b)
	return err
}

func literal(b []byte, n *yaml.Node, depth int) ([]byte, error) {
	if depth > 20 {
		return nil, fmt.Errorf("line %d: a constant nested more than 20 deep", n.Line)
	}
	switch n.Kind {
	case yaml.AliasNode:
		return nil, fmt.Errorf("line %d: a constant cannot be an alias", n.Line)
	case yaml.ScalarNode:
		return scalar(b, n), nil
	}
	begin, end, step := byte('['), byte(']'), 1
	if n.Kind == yaml.MappingNode {
		begin, end, step = '{', '}', 2
	}
	b = append(b, begin)
	for i := 0; i+step <= len(n.Content); i += step {
		if i > 0 {
			b = append(b, ',')
		}
		if step == 2 {
			b = append(rows.AppendText(b, n.Content[i].Value), ':')
		}
		var err error
		if b, err = literal(b, n.Content[i+step-1], depth+1); err != nil {
			return nil, err
		}
	}
	return append(b, end), nil
}

func scalar(b []byte, n *yaml.Node) []byte {
	switch n.ShortTag() {
	case "!!null":
		return append(b, "null"...)
	case "!!bool":
		return append(b, strings.ToLower(n.Value)...)
	case "!!int", "!!float":
		if number, ok := number.Plain(n.Value, '.'); ok {
			return append(b, number...)
		}
	}
	return rows.AppendText(b, n.Value)
}
