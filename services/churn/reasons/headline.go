package reasons

import (
	"math"
	"strings"

	"github.com/freshet/freshet/pkg/forecast"
)

// Target is what a score is of.
type Target struct {
	// Name is the score's.
	Name string
	// Counts is the feature that is watched, such as orders_lifetime.
	Counts string
	// Outcome is none, any or sum.
	Outcome string
	// Days is the horizon; 0 for one of the customer's own that is not known here.
	Days int
}

// TargetOf is a target of the file; cycleMs is the customer's rhythm in milliseconds, 0 for none: it matters where the horizon follows it.
func TargetOf(t *forecast.Target, cycleMs int64) Target {
	return Target{Name: t.Name, Counts: t.Counts, Outcome: string(t.Outcome), Days: int(t.Horizon(cycleMs) / day)}
}

// other stands for what is counted where there are no words of its own.
const other = "other"

// counted is the definition that a target counts, where the forms know it.
func (b *Book) counted(t Target) string {
	if c := b.columns[t.Counts]; c != nil && c.words != nil {
		return c.feature.Definition.Name
	}
	return other
}

// Headline is what a score comes to, in a sentence: a probability, or an amount in the unit of what is counted. who is the customer's name; it is nobody's
// business but the reader's, so a caller without the right to it leaves it empty.
func (b *Book) Headline(l Language, t Target, who string, score float64) string {
	f := b.words.forms.in(l)
	templates := f.Head[t.Outcome]
	template, ok := templates[b.counted(t)]
	if !ok {
		template = templates[other]
	}
	name := f.Yours
	if who = clean(who); who != "" {
		name = l.apart(who)
	}
	horizon := f.Rhythm
	if t.Days > 0 {
		n := l.number(float64(t.Days))
		horizon = of(f.Horizon, "span", n+" "+noun(f.Nouns["day"], float64(t.Days), n))
	}
	what := t.Counts
	if c := b.columns[t.Counts]; c != nil {
		what = b.called(l, c)
	}
	share, hundred := b.outOfHundred(l, score)
	amount := max(score, 0)
	text := l.close(of(template, "who", "{who}", "what", "{what}", "horizon", horizon, "share", share, "hundred", hundred,
		"money", l.money(amount, b.currency), "number", l.amount(amount)))
	text = strings.TrimSpace(of(text, "who", name, "what", what)) // names stay as they are
	if who == "" {
		return upper(text)
	}
	return text
}

// outOfHundred writes a probability as a share, and as how many of a hundred. No model is sure.
func (b *Book) outOfHundred(l Language, p float64) (share, hundred string) {
	f := b.words.forms.in(l)
	switch {
	case p < 0.01:
		return f.Least.Share, f.Least.Hundred
	case p > 0.99:
		return f.Most.Share, f.Most.Hundred
	}
	p = math.Round(p*100) / 100
	return l.share(p), l.number(p * 100)
}
