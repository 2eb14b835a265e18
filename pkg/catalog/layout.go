package catalog

import (
	"encoding/binary"
	"slices"

	"github.com/cespare/xxhash/v2"
)

// Field is one position of a vector.
type Field struct {
	Name string
	Kind Kind
	// UnitMs is what a duration or an age is compared in, in milliseconds; 0 for other kinds.
	UnitMs int64
	// EntryKind is the kind of a list's entries.
	EntryKind Kind
	// Zero says that an absent value reads as 0.
	Zero bool
}

// Layout says what the positions of a vector mean. It does not change.
type Layout struct {
	Fields []Field
	// Fingerprint is of names, kinds and positions: FeatureSet.schema.
	Fingerprint uint64

	byName map[string]int
}

// NewLayout is the layout of fields.
func NewLayout(fields []Field) *Layout {
	l := &Layout{Fields: fields, byName: map[string]int{}}
	var b []byte
	for i, f := range fields {
		l.byName[f.Name] = i
		b = append(b, f.Name...)
		zero := byte(0)
		if f.Zero {
			zero = 1
		}
		b = append(b, 0, byte(f.Kind), byte(f.EntryKind), zero)
		b = binary.AppendVarint(b, f.UnitMs)
	}
	l.Fingerprint = xxhash.Sum64(b)
	return l
}

// Position finds a field by its name.
func (l *Layout) Position(name string) (int, bool) {
	i, ok := l.byName[name]
	return i, ok
}

// Names are the fields' names, sorted.
func (l *Layout) Names() []string {
	var out []string
	for _, f := range l.Fields {
		out = append(out, f.Name)
	}
	slices.Sort(out)
	return out
}

// Onto says where each position of l stands in another layout: -1 where it has no such field, or one of another kind.
func (l *Layout) Onto(other *Layout) []int {
	out := make([]int, len(l.Fields))
	for i, f := range l.Fields {
		out[i] = -1
		if j, ok := other.Position(f.Name); ok && other.Fields[j].Kind == f.Kind && other.Fields[j].EntryKind == f.EntryKind {
			out[i] = j
		}
	}
	return out
}
