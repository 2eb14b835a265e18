package catalog

import (
	"fmt"
	"strings"
	"time"
)

// Definition is one entry of a catalogue's file, checked. It makes a feature for each of its windows.
type Definition struct {
	Name        string
	Description string
	// Unit is what one of it is, for people: events, currency, share, days.
	Unit string
	// Owner answers for it.
	Owner string
	// Sensitivity is none, personal or sensitive.
	Sensitivity string
	// Level is basic, behaviour, preference, value or service.
	Level string
	// From is events or orders; empty for what is made of other features.
	From string
	// Where, Each, Value and By are expressions of package expr; with From orders, Value is orders, quantity, spend, refunds or refund.
	Where, Each, Value, By string
	// Aggregate is what is made of them: see Aggregates.
	Aggregate string
	// Windows are as written; empty where the aggregate has none, or for the lifetime alone.
	Windows []string
	// Mode is sawtooth or exact.
	Mode     string
	HalfLife time.Duration
	// Keep is how many entries a list has, 1 to MaxKeys.
	Keep int
	// Of are the features that a ratio or a span between two moments is made of.
	Of []string
	// Complement turns a ratio into 1 less it, and keeps it within 0 and 1.
	Complement bool
	// Default stands where there is no value, in the integer steps of the kind; nil leaves it absent.
	Default *int64
	// Shipped says that it came with the software.
	Shipped bool
}

// Feature is one value of every customer.
type Feature struct {
	// Name is what rules, models and reads call it.
	Name string
	// Position is where it stands in a vector.
	Position int
	Kind     Kind
	// Window is what it is computed over; the zero Window where that means nothing.
	Window Window
	// UnitMs is what rules compare a duration or an age in, in milliseconds.
	UnitMs int64
	// EntryKind is the kind of a list's entries.
	EntryKind Kind
	*Definition
	// slots are what it reads, in the order of its aggregate's columns.
	slots []int
	// of are the positions of the features it is made of.
	of []int
	// scales bring those features to millionths.
	scales []int64
	// finish makes its value.
	finish finisher
	// halfLife of a decayed one.
	halfLife time.Duration
}

// Tag is a named condition over features and traits.
type Tag struct {
	Name        string
	Description string
	// Level is basic, behaviour, preference or value.
	Level string
	// When is the condition, in the language of package rule.
	When string
	// Position is where it stands in a vector, behind the features.
	Position int
	Shipped  bool
}

// Catalog is a checked set of definitions. It does not change; many goroutines may use it.
type Catalog struct {
	Definitions []*Definition
	// Features are all values, by position.
	Features []Feature
	Tags     []Tag
	plan     *Plan
	layout   *Layout
	derived  []int // positions of features made of others, which come last
	byName   map[string]int
	source   []byte
}

// Plan is what an engine is to accumulate.
func (c *Catalog) Plan() *Plan { return c.plan }

// Layout is how vectors are laid out.
func (c *Catalog) Layout() *Layout { return c.layout }

// Source is the definitions as YAML: the shipped ones with a workspace's own laid over them. Parse(nil, source) gives the same catalogue.
func (c *Catalog) Source() []byte { return c.source }

// Feature finds a feature by its name; nil when there is none.
func (c *Catalog) Feature(name string) *Feature {
	if i, ok := c.byName[name]; ok && i < len(c.Features) {
		return &c.Features[i]
	}
	return nil
}

// Tag finds a tag by its name; nil when there is none.
func (c *Catalog) Tag(name string) *Tag {
	if i, ok := c.byName[name]; ok && i >= len(c.Features) {
		return &c.Tags[i-len(c.Features)]
	}
	return nil
}

// Formula says in one line how a feature is made.
func (f *Feature) Formula() string {
	var b strings.Builder
	b.WriteString(f.Aggregate)
	if f.Value != "" {
		fmt.Fprintf(&b, "(%s)", f.Value)
	}
	if len(f.Of) > 0 {
		fmt.Fprintf(&b, "(%s)", strings.Join(f.Of, ", "))
	}
	if f.By != "" {
		fmt.Fprintf(&b, " by %s", f.By)
	}
	if f.From != "" {
		fmt.Fprintf(&b, " of %s", f.From)
	}
	if f.Each != "" {
		fmt.Fprintf(&b, ", each %s", f.Each)
	}
	if f.Where != "" {
		fmt.Fprintf(&b, ", where %s", strings.Join(strings.Fields(f.Where), " "))
	}
	if f.HalfLife > 0 {
		fmt.Fprintf(&b, ", half-life %s", days(f.HalfLife))
	}
	if f.Complement {
		b.WriteString(", taken from 1")
	}
	return b.String()
}

func days(d time.Duration) string {
	if d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	return fmt.Sprintf("%dh", d/time.Hour)
}
