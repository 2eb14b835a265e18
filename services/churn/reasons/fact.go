package reasons

import (
	"math"
	"strings"

	"github.com/freshet/freshet/pkg/catalog"
)

// Contribution is what one column adds to a score.
type Contribution struct {
	// Column is a feature or a tag by its name.
	Column string
	// Number is its value as models take it: days of moments, ages and durations, units of money and counts, 1 and 0 of tags. Not of texts.
	Number float64
	// Text is the value of a text.
	Text string
	// Missing says that there is none.
	Missing bool
	// Phi is what it adds, in the unit of the model: logits for probabilities.
	Phi float64
}

// fact is what is told of a column's value, without a full stop.
func (b *Book) fact(l Language, c *column, x Contribution) string {
	if c.tag != nil {
		return b.tagFact(l, c, x.Number != 0 && !math.IsNaN(x.Number) && !x.Missing)
	}
	isText := c.feature.Kind == catalog.KindText
	missing := x.Missing || isText && x.Text == "" || !isText && math.IsNaN(x.Number)
	if c.words == nil || c.words.in(l).Say == "" {
		return b.ownFact(l, c, x, missing)
	}
	s := c.words.in(l)
	template, forms := s.Say, b.words.forms.in(l)
	never := false
	switch shown := math.Abs(x.Number) >= smallest(s.Say); {
	case missing && s.Missing == "":
		return upper(of(forms.Missing, "name", s.Name))
	case missing:
		template, never = s.Missing, true
	case !isText && !shown && s.Zero != "":
		template, never = s.Zero, true
	case x.Number == 1 && s.Once != "":
		template = s.Once
	case x.Number >= 1-smallest(s.Say) && s.Full != "":
		template = s.Full
	}
	text := upper(expand(template, func(key string) string { return b.fill(l, c, x, key, never) }))
	if isText {
		return text // as it was sent
	}
	return l.close(text)
}

// smallest is the least value that a sentence does not show as 0.
func smallest(say string) float64 {
	switch {
	case strings.Contains(say, "{share}"):
		return 0.0005
	case strings.Contains(say, "{money}"):
		return 0.005
	case strings.Contains(say, "{n}"):
		return 0.05
	}
	return math.SmallestNonzeroFloat64
}

// fill is what stands for a key of a sentence. never says that the sentence tells of nothing.
func (b *Book) fill(l Language, c *column, x Contribution, key string, never bool) string {
	s, f := c.words.in(l), b.words.forms.in(l)
	switch key {
	case "window":
		ever := head(s.Ever, f.Ever)
		if never {
			ever = f.Never
		}
		return b.window(l, c.feature.Window, ever)
	case "n", "has":
		n := l.number(x.Number)
		if key == "has" {
			return noun([]string{"has", "have"}, x.Number, n)
		}
		return counted(s, f, x.Number, n)
	case "text":
		return b.text(l, c.words.Values, x.Text)
	}
	return b.value(l, key, x.Number)
}

// counted is a number with what is counted: no orders, 1 order, 3 orders; once, 3 times.
func counted(s *said, f *forms, x float64, n string) string {
	switch {
	case s.One == "":
		return n
	case n == "0":
		return of(f.Nothing, "noun", s.Other)
	case s.One == single && n == "1" && x > 0:
		return single
	}
	return n + " " + noun([]string{s.One, s.Other}, x, n)
}

// single stands for 1 and what is counted.
const single = "once"

// value writes a number as a key says.
func (b *Book) value(l Language, key string, x float64) string {
	switch key {
	case "money":
		return l.money(x, b.currency)
	case "share":
		return l.share(x)
	case "span":
		return b.span(l, x, math.Round)
	case "ago":
		return b.ago(l, x)
	}
	return l.number(x)
}

// text writes a text: by its word where there is one, else quoted.
func (b *Book) text(l Language, values, text string) string {
	name, ok := "", false
	switch values {
	case "country":
		name, ok = l.country(text)
	case "language":
		name, ok = l.tongue(text)
	default:
		if w := b.words.forms.Values[values][text]; w != nil {
			name, ok = *w.in(l), true
		}
	}
	if ok {
		return name
	}
	return of(b.words.forms.in(l).Quoted, "text", clean(text))
}

func (b *Book) tagFact(l Language, c *column, holds bool) string {
	f := b.words.forms.in(l)
	yes, no := f.Own.Yes, f.Own.No
	if c.tagWords != nil {
		yes, no = c.tagWords.in(l).Yes, c.tagWords.in(l).No
	}
	if !holds {
		yes = no
	}
	return upper(of(yes, "what", c.tag.Name, "description", lower(sentence(c.tag.Description))))
}

// ownFact is what is told of a workspace's own feature.
func (b *Book) ownFact(l Language, c *column, x Contribution, missing bool) string {
	f, d := b.words.forms.in(l), c.feature
	over := f.Own.Ways[d.Aggregate]
	if d.Window.Name != "" {
		over = b.window(l, d.Window, f.Ever) + over
	}
	if over != "" {
		over = of(f.Own.Over, "window", over)
	}
	value := of(f.Quoted, "text", clean(x.Text))
	if key := keyOf(d); key != "text" {
		value = b.value(l, key, x.Number)
	}
	template := f.Own.Say
	if missing {
		template = f.Own.Missing
	}
	return upper(of(template, "what", b.called(l, c), "over", over, "value", value))
}

// called is what a feature is called: by its words, else its description in English and its name in Chinese.
func (b *Book) called(l Language, c *column) string {
	switch {
	case c.words != nil:
		return c.words.in(l).Name
	case l == English:
		return sentence(c.feature.Description)
	}
	return c.feature.Definition.Name
}

// sentence is a description as a part of a sentence.
func sentence(description string) string {
	return clean(strings.TrimSuffix(strings.TrimSpace(description), "."))
}

// keyOf is how a feature's value is written, by its kind and unit.
func keyOf(f *catalog.Feature) string {
	switch f.Kind {
	case catalog.KindText:
		return "text"
	case catalog.KindMoment:
		return "ago"
	case catalog.KindAge, catalog.KindDuration:
		return "span"
	}
	switch f.Unit {
	case "currency":
		return "money"
	case "share":
		return "share"
	}
	return "number"
}
