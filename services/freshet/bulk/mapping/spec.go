// Package mapping turns rows into events of the Segment API as a YAML file says. It is not for reading files (rows) or for sending (run).
//
// It is deterministic: the same rows under the same Spec give the same events with the same message ids, which is what makes an import
// resumable and its repetition harmless.
package mapping

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/freshet/freshet/services/freshet/bulk/rows"
)

// Spec is a mapping file. docs/import.md explains every key.
type Spec struct {
	// SourceName says where the rows come from, 1 to 64 of a-z 0-9 - _: it is part of every message id and of context.import. Needed.
	SourceName string `yaml:"source_name"`
	// Description is for people.
	Description string `yaml:"description,omitempty"`
	// Format says how the file is written.
	Format rows.Format `yaml:"format,omitempty"`
	// When is a condition in CEL over row: rows it is false for are skipped.
	When string `yaml:"when,omitempty"`
	// Type is the call: track (the default), identify, group, page, screen or alias.
	Type string `yaml:"type,omitempty"`
	// Event is the event's name, of a page or screen its name: a text, a field of a column with a map, or a list of such with a when each, of which
	// the first that holds counts.
	Event *Name `yaml:"event,omitempty"`
	// Identifiers say whose event it is.
	Identifiers Identifiers `yaml:"identifiers"`
	// Timestamp is when it happened; without it, when it is imported. A row for which it is empty is refused.
	Timestamp *Field `yaml:"timestamp,omitempty"`
	// MessageID names the columns that make the message id; by default it is made of the file's content and the row's number.
	MessageID []string `yaml:"message_id,omitempty"`
	// Properties and Traits by their dotted path in the event.
	Properties map[string]Field `yaml:"properties,omitempty"`
	Traits     map[string]Field `yaml:"traits,omitempty"`
	// Rest says where columns go that the mapping does not name: properties or traits. By default they are left out.
	Rest string `yaml:"rest,omitempty"`
	// GroupBy names columns: consecutive rows with the same values become one event, with a line for each row.
	GroupBy []string `yaml:"group_by,omitempty"`
	// GroupBySorted set to false takes rows of one event from anywhere in the file: they are held in memory, up to a bound.
	GroupBySorted *bool `yaml:"group_by_sorted,omitempty"`
	// Lines is the list that the rows of a group become.
	Lines *Lines `yaml:"lines,omitempty"`
	// Also are further events that the rows of an event make beside it.
	Also []Also `yaml:"also,omitempty" json:",omitempty"`
}

// Also is a further event, a track call, of the row or rows that make an event: the refund that stands in a column of its order. It is of whom
// the event is. Where the event cannot be made it is not made either.
type Also struct {
	// When is a condition in CEL: it is made when the condition holds for one of the rows. Empty for always.
	When string `yaml:"when,omitempty"`
	// Event is its name. Needed.
	Event *Name `yaml:"event"`
	// Timestamp is when it happened; where it is empty, or not given, when the event happened.
	Timestamp *Field `yaml:"timestamp,omitempty"`
	// MessageID names the columns that make its message id, whose end is its name; by default those of the event.
	MessageID []string `yaml:"message_id,omitempty"`
	// Properties by their dotted path.
	Properties map[string]Field `yaml:"properties,omitempty"`
}

// Lines are the elements that rows of one group become.
type Lines struct {
	// Into is the property that holds them; products by default.
	Into string `yaml:"into,omitempty"`
	// Fields of each element by their dotted path.
	Fields map[string]Field `yaml:"fields"`
}

// Identifiers say whose event it is; at least one must have a value in every row.
type Identifiers struct {
	UserID      *Field           `yaml:"user_id,omitempty"`
	AnonymousID *Field           `yaml:"anonymous_id,omitempty"`
	Email       *Field           `yaml:"email,omitempty"`
	Phone       *Field           `yaml:"phone,omitempty"`
	DeviceID    *Field           `yaml:"device_id,omitempty"`
	ExternalIDs map[string]Field `yaml:"external_ids,omitempty"`
	// GroupID is what a group call joins, PreviousID what an alias call replaces.
	GroupID    *Field `yaml:"group_id,omitempty"`
	PreviousID *Field `yaml:"previous_id,omitempty"`
}

// Field is where a value comes from and what becomes of it. A text in place of a field is its column.
type Field struct {
	// One of Column, Template ("{a}-{b}"), Value (a constant) and Sum: a column whose numbers are added, exactly, over the rows of the event.
	Column   string   `yaml:"column,omitempty"`
	Template string   `yaml:"template,omitempty"`
	Value    *Literal `yaml:"value,omitempty"`
	Sum      string   `yaml:"sum,omitempty"`
	// Absolute leaves the minus of a number out: what a refund's rows have below zero.
	Absolute bool `yaml:"absolute,omitempty"`
	// When is a condition in CEL: the field is left out where it is false.
	When string `yaml:"when,omitempty"`
	// Map replaces texts; a key that ends in * takes every text that begins so. A text without an entry takes Default, or refuses the row.
	Map map[string]string `yaml:"map,omitempty"`
	// Type is string, integer, decimal, boolean, date, timestamp, json or currency (the code that stands beside an amount); by default what the
	// file has, which in CSV is always a string.
	Type string `yaml:"type,omitempty"`
	// Default stands in for a value that is not there.
	Default *Literal `yaml:"default,omitempty"`
	// Required refuses a row without a value.
	Required bool `yaml:"required,omitempty"`
	// TrueWords and FalseWords are what boolean takes, in any case; by default true yes y t 1 and false no n f 0.
	TrueWords  []string `yaml:"true_words,omitempty"`
	FalseWords []string `yaml:"false_words,omitempty"`
	// Decimal and Thousands are the signs in the numbers of this field; by default those of the format.
	Decimal   string `yaml:"decimal,omitempty"`
	Thousands string `yaml:"thousands,omitempty"`
	// Layouts of date and timestamp, tried in order: iso (the default), unix, unix_ms, unix_us, unix_ns, excel, excel1904, strftime such as
	// %d.%m.%Y %H:%M, or Go's.
	Layouts []string `yaml:"layouts,omitempty"`
	// Zone is the time zone of times that name none; by default that of the format.
	Zone string `yaml:"zone,omitempty"`
	// ZoneColumn names the column that holds the zone of times that name none; where it is empty, Zone counts.
	ZoneColumn string `yaml:"zone_column,omitempty"`
}

// Name is a Field for which a text is a constant, not a column.
type Name struct {
	Field
	// Any are alternatives, in place of the Field.
	Any []Name
}

// Literal is a constant: JSON, its numbers digit for digit as they are written.
type Literal struct{ JSON string }

// Hash is the identity of what the mapping does: comments, the order of keys and the description do not change it.
func (s *Spec) Hash() string {
	c := *s
	c.Description = ""
	b, err := json.Marshal(struct {
		Version int
		Spec    Spec
	}{version, c})
	if err != nil {
		return fmt.Sprintf("unhashable: %v", err) // there is nothing in a Spec that does not marshal
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// version changes when the same Spec gives other events than before.
const version = 3
