package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/freshet/freshet/pkg/embedded/dirlock"
)

// header begins a file that an edit makes.
const header = "Who may send events: see docs/sources.md. Keys are here as hashes only."

// Document is a sources file being edited: what it says, and its text as a tree that keeps comments.
type Document struct {
	file File
	root *yaml.Node // a document with one mapping
	now  time.Time
}

// newDocument reads the text of a file; an empty one is a file without sources.
func newDocument(data []byte, name string, now time.Time) (*Document, error) {
	f, err := Parse(data, name, now)
	if err != nil {
		return nil, err
	}
	d := &Document{file: f, root: &yaml.Node{}, now: now.UTC().Truncate(time.Second)}
	if err := yaml.NewDecoder(bytes.NewReader(data)).Decode(d.root); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("sources file %s: %w", name, err)
	}
	if d.root.Kind == 0 {
		d.root.Kind, d.root.HeadComment = yaml.DocumentNode, string(bytes.TrimSpace(data))
		if d.root.HeadComment == "" {
			d.root.HeadComment = header
		}
	}
	if len(d.root.Content) == 0 || d.root.Content[0].Kind != yaml.MappingNode {
		d.root.Content = []*yaml.Node{{Kind: yaml.MappingNode, Tag: "!!map"}}
	}
	return d, nil
}

// text is the file as it is now.
func (d *Document) text() ([]byte, error) {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(d.root); err != nil {
		return nil, err
	}
	return b.Bytes(), enc.Close()
}

// find is what the file says of a source, before the edit.
func (d *Document) find(name string) (Source, bool) {
	for _, s := range d.file.Sources {
		if s.Name == name {
			return s, true
		}
	}
	return Source{}, false
}

func (d *Document) appendSource(s Source) {
	list := sequence(d.root.Content[0], "sources")
	node := mapping()
	set(node, "name", text(s.Name))
	if s.Workspace != "" {
		set(node, "workspace", text(s.Workspace))
	}
	if s.Grade != "" {
		set(node, "grade", text(s.Grade))
	}
	if len(s.Origins) > 0 {
		origins := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
		for _, o := range s.Origins {
			origins.Content = append(origins.Content, text(o))
		}
		set(node, "origins", origins)
	}
	limits := mapping()
	limits.Style = yaml.FlowStyle
	if s.Limits.Rate > 0 {
		set(limits, "rate", plain("", strconv.FormatFloat(s.Limits.Rate, 'f', -1, 64)))
	}
	if s.Limits.Burst > 0 {
		set(limits, "burst", plain("", strconv.Itoa(s.Limits.Burst)))
	}
	if len(limits.Content) > 0 {
		set(node, "limits", limits)
	}
	for _, k := range s.Keys {
		keys := sequence(node, "keys")
		keys.Content = append(keys.Content, keyNode(k))
	}
	list.Content = append(list.Content, node)
}

func (d *Document) appendKey(source string, k Key) {
	keys := sequence(d.member(source), "keys")
	keys.Content = append(keys.Content, keyNode(k))
}

// stamp sets a time of a key.
func (d *Document) stamp(source, id, field string, at time.Time) {
	for _, k := range sequence(d.member(source), "keys").Content {
		if n := value(k, "id"); n != nil && n.Value == id {
			set(k, field, stampNode(at))
		}
	}
}

// member is a source's mapping; there is one, since find found it.
func (d *Document) member(name string) *yaml.Node {
	for _, s := range sequence(d.root.Content[0], "sources").Content {
		if n := value(s, "name"); n != nil && n.Value == name {
			return resolve(s)
		}
	}
	return mapping()
}

func keyNode(k Key) *yaml.Node {
	n := mapping()
	n.Style = yaml.FlowStyle
	set(n, "id", text(k.ID))
	set(n, "sha256", &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: k.SHA256, Style: yaml.DoubleQuotedStyle})
	set(n, "last4", &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: k.Last4, Style: yaml.DoubleQuotedStyle})
	set(n, "created", stampNode(k.Created))
	return n
}

func mapping() *yaml.Node { return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"} }

func plain(tag, v string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: v} }

func text(v string) *yaml.Node { return plain("!!str", v) }

func stampNode(at time.Time) *yaml.Node { return plain("!!timestamp", at.UTC().Format(time.RFC3339)) }

// resolve follows an alias.
func resolve(n *yaml.Node) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// value is the value of a key in a mapping, nil when it is absent.
func value(n *yaml.Node, key string) *yaml.Node {
	n = resolve(n)
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return resolve(n.Content[i+1])
		}
	}
	return nil
}

// set sets the value of a key in a mapping.
func set(n *yaml.Node, key string, v *yaml.Node) {
	n = resolve(n)
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			n.Content[i+1] = v
			return
		}
	}
	n.Content = append(n.Content, text(key), v)
}

// sequence is the list at a key, made when it is absent or null.
func sequence(n *yaml.Node, key string) *yaml.Node {
	if list := value(n, key); list != nil && list.Kind == yaml.SequenceNode {
		if len(list.Content) == 0 {
			list.Style = 0 // [] would put everything on one line
		}
		return list
	}
	list := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	set(n, key, list)
	return list
}

// lock keeps two edits of one file apart. The kernel drops it when its holder dies.
func lock(ctx context.Context, path string) (release func(), err error) {
	l, err := dirlock.Wait(ctx, filepath.Dir(path), "."+filepath.Base(path)+".lock")
	if err != nil {
		return nil, fmt.Errorf("wait for another change of the sources file: %w", err)
	}
	return func() { _ = l.Close() }, nil
}
