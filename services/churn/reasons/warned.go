package reasons

import (
	"github.com/freshet/freshet/pkg/forecast"
)

// Evidence is a value that a warning looked at, as package warning gives it: the first is what was compared, with what; the others are what that was made of.
type Evidence struct {
	Feature string
	// Value is counts, or days.
	Value, Against float64
}

// Warning says that a warning holds, and by what. What is personal is left out of it.
func (b *Book) Warning(l Language, w *forecast.Warning, evidence []Evidence) string {
	f := b.words.forms.in(l)
	what := f.Warnings[w.Name]
	switch {
	case what != "":
	case l == English:
		what = sentence(w.Description)
	default:
		what = of(f.Quoted, "text", w.Name)
	}
	facts := ""
	for i, e := range evidence {
		c := b.columns[e.Feature]
		if c == nil || c.secret || i > 0 && w.Kind == forecast.Fell {
			continue
		}
		fact := b.fact(l, c, Contribution{Column: e.Feature, Number: e.Value})
		if w.Kind == forecast.Fell {
			fact = of(f.Usual, "fact", fact, "usual", b.usual(l, c, e.Against))
		}
		if facts != "" {
			fact = of(f.And, "fact", facts, "other", lower(fact))
		}
		facts = fact
	}
	if facts == "" {
		return of(f.Bare, "what", what)
	}
	return of(f.Warned, "what", what, "facts", lower(facts))
}

// usual is what a value is compared with, written as the value is.
func (b *Book) usual(l Language, c *column, x float64) string {
	if key := keyOf(c.feature); c.tag == nil && key == "money" {
		return b.value(l, key, x)
	}
	return l.number(x)
}
