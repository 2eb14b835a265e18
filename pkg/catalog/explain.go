package catalog

import (
	"fmt"
	"strings"
	"time"
)

// Reads are the slots of the plan that the feature is made of, in the order of its accumulations; none when it is made of other features.
func (f *Feature) Reads() []int { return f.slots }

// MadeOf are the positions of the features that it is made of, in the order of its definition; none when it reads slots.
func (f *Feature) MadeOf() []int { return f.of }

// Ranked are all keys of a reading that are worth something at asOf, the most first, each with its share of all: what a top is cut from.
func (f *Feature) Ranked(r *Reading, asOf int64) []Entry { return best(f, r, asOf, len(r.Keys), nil) }

// Visits are the sessions of a reading that the feature's window at asOf counts.
func (f *Feature) Visits(r *Reading, asOf int64) []Session { return visits(f, r, asOf) }

// Decayed is what spans are worth at asOf, Unix milliseconds, toward zero. Example: what was added a half-life ago counts half.
func Decayed(spans []Span, asOf int64, halfLife time.Duration) int64 {
	return decayedValue(spans, asOf, halfLife)
}

// Words say how a feature is made to somebody who does not know the language of the file.
func (f *Feature) Words() string {
	var b strings.Builder
	doc := f.Aggregate
	if a, ok := aggregates[f.Aggregate]; ok {
		doc = a.doc
	}
	b.WriteString(doc)
	for _, x := range []struct{ before, text string }{
		{"; of ", strings.Join(f.Of, " and ")},
		{"; of ", f.Value},
		{", by ", f.By},
		{", for each of ", f.Each},
	} {
		if x.text != "" {
			b.WriteString(x.before + x.text)
		}
	}
	switch f.From {
	case "orders":
		b.WriteString(", over orders")
	case "events":
		b.WriteString(", over events")
	}
	if f.Where != "" {
		b.WriteString(" where " + strings.Join(strings.Fields(f.Where), " "))
	}
	if f.HalfLife > 0 {
		fmt.Fprintf(&b, ", counting half after %s", days(f.HalfLife))
	}
	if f.Complement {
		b.WriteString(", taken from 1")
	}
	return b.String()
}
