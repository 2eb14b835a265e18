package keyfile

import (
	"bytes"
	"errors"
	"io"
	"time"

	"gopkg.in/yaml.v3"
)

// Document is a file's text as a tree that keeps comments, while it is edited.
type Document struct {
	root *yaml.Node // a document with one mapping
	list string     // the key of the list of holders
	now  time.Time
}

// NewDocument reads text that has been found good. list is the key of the list of holders; header begins a file that had no text.
func NewDocument(data []byte, list, header string, now time.Time) (*Document, error) {
	d := &Document{root: &yaml.Node{}, list: list, now: now.UTC().Truncate(time.Second)}
	if err := yaml.NewDecoder(bytes.NewReader(data)).Decode(d.root); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
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

// Now is the moment of the edit, to the second.
func (d *Document) Now() time.Time { return d.now }

// Text is the file as it is now.
func (d *Document) Text() ([]byte, error) {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(d.root); err != nil {
		return nil, err
	}
	return b.Bytes(), enc.Close()
}

// Append adds a holder with its keys to the list.
func (d *Document) Append(holder *yaml.Node, keys ...Key) {
	for _, k := range keys {
		list := Sequence(holder, "keys")
		list.Content = append(list.Content, keyNode(k))
	}
	list := Sequence(d.root.Content[0], d.list)
	list.Content = append(list.Content, holder)
}

// stamp sets a time of a key.
func (d *Document) stamp(name, id, field string, at time.Time) {
	for _, k := range Sequence(d.member(name), "keys").Content {
		if n := value(k, "id"); n != nil && n.Value == id {
			Set(k, field, stampNode(at))
		}
	}
}

// member is a holder's mapping; there is one, since its Holder was found.
func (d *Document) member(name string) *yaml.Node {
	for _, s := range Sequence(d.root.Content[0], d.list).Content {
		if n := value(s, "name"); n != nil && n.Value == name {
			return resolve(s)
		}
	}
	return Mapping()
}

func keyNode(k Key) *yaml.Node {
	n := Mapping()
	n.Style = yaml.FlowStyle
	Set(n, "id", Text(k.ID))
	Set(n, "sha256", &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: k.SHA256, Style: yaml.DoubleQuotedStyle})
	Set(n, "last4", &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: k.Last4, Style: yaml.DoubleQuotedStyle})
	Set(n, "created", stampNode(k.Created))
	return n
}

// Mapping is an empty mapping.
func Mapping() *yaml.Node { return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"} }

// Plain is a scalar of a tag; an empty tag lets YAML tell it from the text.
func Plain(tag, v string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: v} }

// Text is a text, also where it looks like a number.
func Text(v string) *yaml.Node { return Plain("!!str", v) }

// Texts is a list of texts on one line.
func Texts(list []string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
	for _, v := range list {
		n.Content = append(n.Content, Text(v))
	}
	return n
}

func stampNode(at time.Time) *yaml.Node { return Plain("!!timestamp", at.UTC().Format(time.RFC3339)) }

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

// Set sets the value of a key in a mapping.
func Set(n *yaml.Node, key string, v *yaml.Node) {
	n = resolve(n)
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			n.Content[i+1] = v
			return
		}
	}
	n.Content = append(n.Content, Text(key), v)
}

// Sequence is the list at a key, made when it is absent or null.
func Sequence(n *yaml.Node, key string) *yaml.Node {
	if list := value(n, key); list != nil && list.Kind == yaml.SequenceNode {
		if len(list.Content) == 0 {
			list.Style = 0 // [] would put everything on one line
		}
		return list
	}
	list := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	Set(n, key, list)
	return list
}

// OneDocument refuses what would otherwise be left out without a word.
func OneDocument(data []byte) error {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var first, second yaml.Node
	if dec.Decode(&first) == nil && !errors.Is(dec.Decode(&second), io.EOF) {
		return errors.New("more than one YAML document: put everything into the first")
	}
	return nil
}
