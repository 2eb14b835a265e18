package rule

import (
	"errors"
	"fmt"

	"github.com/freshet/freshet/pkg/catalog"
)

// SchemaOf is the features, and with tags the tags, of a layout.
func SchemaOf(l *catalog.Layout, tags bool) Schema { return layout{l, tags} }

type layout struct {
	*catalog.Layout
	tags bool
}

// Field finds a field of the layout.
func (l layout) Field(name string) (Field, bool) {
	i, ok := l.Position(name)
	if !ok || l.Fields[i].Kind == catalog.KindTag && !l.tags {
		return Field{}, false
	}
	f := l.Fields[i]
	out := Field{Index: i, Kind: f.Kind, UnitMs: f.UnitMs, EntryScale: 1, EntryMoments: f.EntryKind == catalog.KindMoment}
	if f.EntryKind == catalog.KindDecimal {
		out.EntryScale = million
	}
	return out, true
}

// Tags compiles the tags of a catalogue, in its order. They look at features and traits, not at tags. The error joins every fault.
func Tags(c *catalog.Catalog) (*Set, error) {
	s := NewSet(SchemaOf(c.Layout(), false))
	var faults []error
	for i, t := range c.Tags {
		for _, err := range s.Add(Rule{Name: t.Name, Description: t.Description, When: t.When}) {
			faults = append(faults, fmt.Errorf("tags[%d] %q: when: %w", i, t.Name, err))
		}
	}
	return s, errors.Join(faults...)
}
