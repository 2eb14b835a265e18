package source

import (
	"fmt"
	"strconv"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/freshet/freshet/pkg/keyfile"
)

// header begins a file that an edit makes.
const header = "Who may send events: see docs/sources.md. Keys are here as hashes only."

// Document is a sources file being edited: what it says, and its text as a tree that keeps comments.
type Document struct {
	file File
	doc  *keyfile.Document
}

// newDocument reads the text of a file; an empty one is a file without sources.
func newDocument(data []byte, name string, now time.Time) (*Document, error) {
	f, err := Parse(data, name, now)
	if err != nil {
		return nil, err
	}
	doc, err := keyfile.NewDocument(data, "sources", header, now)
	if err != nil {
		return nil, fmt.Errorf("sources file %s: %w", name, err)
	}
	return &Document{file: f, doc: doc}, nil
}

// sourceNode is a source as the file has it, without its keys.
func sourceNode(s Source) *yaml.Node {
	node := keyfile.Mapping()
	keyfile.Set(node, "name", keyfile.Text(s.Name))
	if s.Workspace != "" {
		keyfile.Set(node, "workspace", keyfile.Text(s.Workspace))
	}
	if s.Grade != "" {
		keyfile.Set(node, "grade", keyfile.Text(s.Grade))
	}
	if len(s.Origins) > 0 {
		keyfile.Set(node, "origins", keyfile.Texts(s.Origins))
	}
	limits := keyfile.Mapping()
	limits.Style = yaml.FlowStyle
	if s.Limits.Rate > 0 {
		keyfile.Set(limits, "rate", keyfile.Plain("", strconv.FormatFloat(s.Limits.Rate, 'f', -1, 64)))
	}
	if s.Limits.Burst > 0 {
		keyfile.Set(limits, "burst", keyfile.Plain("", strconv.Itoa(s.Limits.Burst)))
	}
	if len(limits.Content) > 0 {
		keyfile.Set(node, "limits", limits)
	}
	if s.Trusted {
		keyfile.Set(node, "trusted", keyfile.Plain("!!bool", "true"))
	}
	return node
}
