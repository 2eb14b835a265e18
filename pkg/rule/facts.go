package rule

import "github.com/freshet/freshet/pkg/catalog"

// Field is what a condition has to know of a feature or a tag.
type Field struct {
	// Index is the place in Facts.
	Index int
	Kind  catalog.Kind
	// UnitMs is the unit in which a duration or an age is compared, in milliseconds; 0 for other kinds.
	UnitMs int64
	// EntryScale is how many integer steps the unit of a list's entries has; EntryMoments says that they are moments.
	EntryScale   int64
	EntryMoments bool
	// EntryTexts says that the entries of a list are texts, which are also compared with numbers where they are such, as traits are: list.key and list["key"].
	EntryTexts bool
}

// Schema says which features and tags there are.
type Schema interface {
	// Field finds one by its name.
	Field(name string) (Field, bool)
	// Names lists all, for messages and documentation.
	Names() []string
}

// Explainer is a Schema that says in its own words that it has no such name; others are taken to be the catalogue of features.
type Explainer interface {
	// Unknown is a sentence such as `"x" is no feature of the catalogue`.
	Unknown(name string) string
}

// Facts are one customer's values by index. A vector of package catalog is one. Absent values give false.
type Facts interface {
	// Int is the value of every kind but text and list.
	Int(i int) (int64, bool)
	// Text is the value of a text.
	Text(i int) (string, bool)
	// Entry is the entry of a list that has the key.
	Entry(i int, key string) (catalog.Entry, bool)
}

// The features behind the functions of a condition: the last times of events by name, and the last values of traits by name.
const (
	LastEvents = "last_events"
	Traits     = "traits"
)
