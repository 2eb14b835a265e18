package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"gopkg.in/yaml.v3"

	"github.com/freshet/freshet/services/collector/jsonscan"
)

// Bounds of a plan's text: aliases can make a small file a huge tree.
const (
	maxNodes = 500_000
	maxNest  = 100
)

// document reads a plan's YAML and gathers its faults.
type document struct {
	faults []error
	lined  bool // the lines are those of the text
	nodes  int
}

// fault notes what is wrong at a place.
func (d *document) fault(n *yaml.Node, path, format string, args ...any) {
	if path == "" {
		path = "the file"
	}
	message := fmt.Sprintf(format, args...)
	if d.lined && n != nil && n.Line > 0 {
		d.faults = append(d.faults, fmt.Errorf("%s (line %d): %s", path, n.Line, message))
		return
	}
	d.faults = append(d.faults, fmt.Errorf("%s: %s", path, message))
}

// open parses the text: one YAML document, or JSON.
func (d *document) open(data []byte) (*yaml.Node, error) {
	d.lined = true
	if trimmed := bytes.TrimSpace(data); len(trimmed) > 0 && trimmed[0] == '{' && json.Valid(trimmed) {
		// YAML takes no tabs between JSON's tokens and no surrogate pairs in its strings.
		var err error
		if data, err = plainJSON(trimmed); err != nil {
			return nil, err
		}
		d.lined = false
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var root yaml.Node
	switch err := dec.Decode(&root); {
	case errors.Is(err, io.EOF):
		return nil, errors.New("the file is empty")
	case err != nil:
		return nil, fmt.Errorf("not YAML: %w", err)
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("the file holds more than one YAML document")
	}
	return root.Content[0], nil
}

// plainJSON writes JSON so that a YAML parser reads the same from it.
func plainJSON(data []byte) ([]byte, error) {
	var s jsonscan.Scanner
	s.Reset(data, 0, jsonscan.Limits{Depth: maxNest})
	if _, err := s.Skip(); err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	if s.Odd() {
		return nil, errors.New("an object of the JSON holds a key twice")
	}
	return jsonscan.Canonical(data)
}

// pair is a member of a mapping.
type pair struct {
	key   string
	at    *yaml.Node
	value *yaml.Node
}

// mapping lists the members of a mapping; nil, and a fault, when n is none.
func (d *document) mapping(n *yaml.Node, path string) []pair {
	n = d.resolve(n)
	if n.Kind != yaml.MappingNode {
		d.fault(n, path, "must be a mapping, not %s", nodeKind(n))
		return nil
	}
	pairs := make([]pair, 0, len(n.Content)/2)
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := d.resolve(n.Content[i])
		switch {
		case k.Kind != yaml.ScalarNode || k.ShortTag() == "!!merge":
			d.fault(k, path, "a key must be plain text; merging with << is not supported")
			continue
		case seen[k.Value]:
			d.fault(k, path, "%q is there twice", clip(k.Value))
			continue
		}
		seen[k.Value] = true
		pairs = append(pairs, pair{key: k.Value, at: k, value: n.Content[i+1]})
	}
	return pairs
}

// list returns the elements of a sequence.
func (d *document) list(n *yaml.Node, path string) []*yaml.Node {
	n = d.resolve(n)
	if n.Kind != yaml.SequenceNode {
		d.fault(n, path, "must be a list, not %s", nodeKind(n))
		return nil
	}
	return n.Content
}

// text returns a scalar's text: a number without quotes is its digits.
func (d *document) text(n *yaml.Node, path string) string {
	n = d.resolve(n)
	if n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" {
		d.fault(n, path, "must be text, not %s", nodeKind(n))
		return ""
	}
	return n.Value
}

// resolve follows aliases. An alias of an alias does not exist in YAML.
func (d *document) resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode && n.Alias != nil {
		return n.Alias
	}
	return n
}

// value makes JSON of a node: objects, arrays, text, json.Number, bool and nil.
func (d *document) value(n *yaml.Node, path string, depth int) any {
	n = d.resolve(n)
	d.nodes++
	if d.nodes > maxNodes || depth > maxNest {
		if d.nodes <= maxNodes+1 { // say it once
			d.nodes = maxNodes + 1
			d.fault(n, path, "is too large or nested too deeply (aliases counted in full)")
		}
		return nil
	}
	switch n.Kind {
	case yaml.MappingNode:
		out := map[string]any{}
		for _, p := range d.mapping(n, path) {
			out[p.key] = d.value(p.value, path+"."+p.key, depth+1)
		}
		return out
	case yaml.SequenceNode:
		out := make([]any, 0, len(n.Content))
		for i, c := range n.Content {
			out = append(out, d.value(c, path+"["+strconv.Itoa(i)+"]", depth+1))
		}
		return out
	}
	return d.scalar(n, path)
}

// scalar keeps the digits of numbers.
func (d *document) scalar(n *yaml.Node, path string) any {
	switch n.ShortTag() {
	case "!!str", "!!timestamp":
		return n.Value
	case "!!null":
		return nil
	case "!!bool":
		var b bool
		if n.Decode(&b) == nil {
			return b
		}
	case "!!int", "!!float":
		if v, ok := number(n); ok {
			return v
		}
	}
	d.fault(n, path, "%q is neither text nor a number, boolean or null that JSON knows", clip(n.Value))
	return nil
}

// number reads a YAML number as JSON writes it.
func number(n *yaml.Node) (json.Number, bool) {
	if json.Valid([]byte(n.Value)) && !beyond([]byte(n.Value)) {
		return json.Number(n.Value), true
	}
	var i int64
	if n.ShortTag() == "!!int" && n.Decode(&i) == nil { // 0x10, 1_000
		return json.Number(strconv.FormatInt(i, 10)), true
	}
	var f float64
	if n.ShortTag() == "!!float" && n.Decode(&f) == nil { // .5, 1.
		b, err := json.Marshal(f)
		return json.Number(b), err == nil
	}
	return "", false
}

func nodeKind(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	if n.ShortTag() == "!!null" {
		return "nothing"
	}
	return fmt.Sprintf("%q", clip(n.Value))
}
