// Package known has mappings for the exports of products that many companies use, and recognises a file by its header. They were made from what the
// vendors say of their exports in public. It is not for files of one's own: see draft.
//
// A mapping is a file of YAML in mappings/, with the header of the widest export that its vendor makes. Two comments at its head are read: "known by"
// lists the columns that recognise it, "unlike" those by which a file is another product's, "says" what a person should know. Exports leave columns out, by their age, country and settings: a field whose
// column a file does not have is left out of the mapping for it (TestAFieldWithoutItsColumnIsLeftOut). No file is taken for another's
// (TestNoExportIsTakenForAnother), and every mapping gives what its example in testdata says (TestEveryExport).
package known

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/width"
	"gopkg.in/yaml.v3"
)

//go:embed mappings/*.yaml
var files embed.FS

// Export is a product's export that there is a mapping for.
type Export struct {
	// Name is the file's, such as shopify-orders; Title is for people.
	Name, Title string
	// Says is what a person should know of the mapping; may be empty.
	Says string

	by, unlike []string
	node       *yaml.Node
}

// All lists the exports, by name.
func All() ([]Export, error) { return all() }

var all = sync.OnceValues(load)

func load() ([]Export, error) {
	entries, err := files.ReadDir("mappings")
	if err != nil {
		return nil, err
	}
	var all []Export
	for _, e := range entries {
		text, err := files.ReadFile(path.Join("mappings", e.Name()))
		if err != nil {
			return nil, err
		}
		x := Export{Name: strings.TrimSuffix(e.Name(), ".yaml"), node: &yaml.Node{}}
		if err := yaml.Unmarshal(text, x.node); err != nil {
			return nil, fmt.Errorf("mappings/%s: %w", e.Name(), err)
		}
		for line := range strings.Lines(string(text)) {
			switch key, value, _ := strings.Cut(strings.TrimSpace(line), ": "); key {
			case "# title":
				x.Title = value
			case "# says":
				x.Says = value
			case "# known by":
				x.by = strings.Split(value, " | ")
			case "# unlike":
				x.unlike = strings.Split(value, " | ")
			}
		}
		if x.Title == "" || len(x.by) < 4 {
			return nil, fmt.Errorf("mappings/%s: it needs a title, and at least four columns that it is known by", e.Name())
		}
		x.node.HeadComment, x.node.Content[0].HeadComment = "", ""
		if len(x.node.Content[0].Content) > 0 {
			x.node.Content[0].Content[0].HeadComment = ""
		}
		all = append(all, x)
	}
	return all, nil
}

// Find recognises an export by the columns of a file: the one that is known by the most of them. ok is false for none.
func Find(columns []string) (x Export, ok bool, err error) {
	all, err := All()
	if err != nil {
		return x, false, err
	}
	place := places(columns)
	has := func(c string) bool { _, ok := place[fold(c)]; return ok }
	lacks := func(c string) bool { return !has(c) }
	for _, e := range all {
		if len(e.by) > len(x.by) && !slices.ContainsFunc(e.by, lacks) && !slices.ContainsFunc(e.unlike, has) {
			x, ok = e, true
		}
	}
	return x, ok, nil
}

// For is the mapping for a file with these columns, as YAML: columns are named as the file has them, and fields whose column it does not have are
// left out. set puts what is known of the file at the mapping's first level: format, or keys of its timestamp.
func (x Export) For(columns []string, set func(mapping *yaml.Node) error) (string, error) {
	root := clone(x.node)
	f := fitter{places(columns)}
	top := root.Content[0]
	f.fields(top, []string{"event", "timestamp"}, true)
	for i := 0; i+1 < len(top.Content); i += 2 {
		switch inner := top.Content[i+1]; top.Content[i].Value {
		case "identifiers":
			f.fields(inner, nil, false)
			if ids := Member(inner, "external_ids"); ids != nil {
				if f.fields(ids, nil, false); len(ids.Content) == 0 {
					remove(inner, "external_ids")
				}
			}
		case "properties", "traits":
			f.fields(inner, nil, false)
		case "lines":
			if fields := Member(inner, "fields"); fields != nil {
				f.fields(fields, nil, false)
			}
		case "message_id", "group_by":
			f.list(inner)
		case "also":
			f.further(inner)
		}
	}
	if also := Member(top, "also"); also != nil && len(also.Content) == 0 {
		remove(top, "also")
	}
	if err := set(top); err != nil {
		return "", err
	}
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := errors.Join(enc.Encode(root), enc.Close()); err != nil {
		return "", fmt.Errorf("write the mapping %s: %w", x.Name, err)
	}
	return b.String(), nil
}

// fold is a column's name without capitals, blanks around it, and the width of its letters: （元） is (元).
func fold(name string) string {
	return strings.ToLower(strings.Join(strings.Fields(width.Fold.String(name)), " "))
}

// places are the columns by their folded names.
func places(columns []string) map[string]string {
	out := map[string]string{}
	for _, c := range slices.Backward(columns) {
		out[fold(c)] = c
	}
	return out
}

// Member is the value under a key of a mapping in YAML; nil for none.
func Member(n *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// remove takes a key away.
func remove(n *yaml.Node, key string) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			n.Content = slices.Delete(n.Content, i, i+2)
			return
		}
	}
}

func clone(n *yaml.Node) *yaml.Node {
	if n == nil {
		return nil
	}
	c := *n
	c.Content = make([]*yaml.Node, len(n.Content))
	for i, inner := range n.Content {
		c.Content[i] = clone(inner)
	}
	return &c
}
