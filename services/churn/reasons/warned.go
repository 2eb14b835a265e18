package reasons

import (
	"github.com/freshet/freshet/pkg/forecast"
	"github.com/freshet/freshet/services/churn/warning"
)

// Warning says that a warning holds, and by what evidence. What is personal is left out of it; without evidence it is the warning alone.
func (b *Book) Warning(l Language, w *forecast.Warning, evidence []warning.Evidence) string {
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
