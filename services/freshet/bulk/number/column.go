package number

import (
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/freshet/freshet/pkg/money"
)

// conventions that are looked for, the plainest first.
var conventions = []Convention{{Decimal: "."}, {Decimal: ","}, {".", ","}, {",", "."}, {".", " "}, {",", " "}, {".", "'"}, {",", "'"}}

// Column gathers how the numbers of a column are written. The zero Column is empty.
type Column struct {
	// Money says that the column's name speaks of money, which has no three decimals: "1.980" is then read as two thousand where nothing
	// else speaks.
	Money bool

	values, unread int
	example        string // of unread ones
	fits           [8]int // by conventions
	names          bool   // some value has a leading zero, which no number has
	comma, point   threes
	below, above   int // whole numbers without groups, below a thousand and from there on
	whole, percent int
	currencies     map[string]int
	worded, letter bool   // a currency stands in letters, in a single one
	grouped, cut   string // the first value with groups, and with decimals
}

// threes are the values with a single mark and three digits behind it: either a thousand or a thousandth.
type threes struct {
	n    int
	tens bool // some have more than one digit before the mark
	text string
}

// Finding is how the numbers of a column are written.
type Finding struct {
	Convention
	// Sure says that the values leave no other reading. What is not sure may be overruled by a sure column of the same file: see Fits.
	Sure bool
	// Why is the evidence, for people, without a full stop: `the groups of "1,980" have three digits, and no value has other decimals`.
	Why string
	// Alternatives are other conventions that the values fit, with another meaning; of what is not sure only.
	Alternatives []Convention
	// Currency is the ISO 4217 code that stands beside the numbers, or the sign when that is one of several currencies; empty when there is
	// none, or more than one: Currencies has them all.
	Currency   string
	Currencies []string
	// Whole says that no value has decimals; Percent that all are written with a percent sign.
	Whole, Percent bool
	// Unread is how many values are no numbers: at most one of fifty, and Example is one of them.
	Unread  int
	Example string
}

// Add takes the next value. Blank ones count as absent.
func (c *Column) Add(text string) {
	if text = strings.TrimSpace(text); text == "" {
		return
	}
	c.values++
	if _, ok := Plain(text, '.'); ok && strings.ContainsAny(text, "eE") {
		for i, conv := range conventions {
			if conv.Decimal == "." {
				c.fits[i]++
			}
		}
		return
	}
	w, percent, ok := apart(text)
	if !ok || !c.read(w.Number) {
		c.unread++
		if c.example == "" {
			c.example = text
		}
		return
	}
	if percent {
		c.percent++
	}
	if w.Currency != "" {
		if c.currencies == nil {
			c.currencies = map[string]int{}
		}
		c.currencies[w.Currency]++
		c.word(text)
	}
	c.shape(w.Number, text)
}

// read counts the conventions that a number fits, and says that some do.
func (c *Column) read(number string) (some bool) {
	for i, conv := range conventions {
		if _, ok := conv.read(number, true); !ok {
			continue
		}
		c.fits[i]++
		some = true
	}
	return some
}

// word notes that the currency of a text is made of letters: so are many names of other things.
func (c *Column) word(text string) {
	letters := 0
	for _, r := range text {
		if unicode.IsLetter(r) && !unicode.In(r, unicode.Han, unicode.Hangul) {
			letters++
		} else if unicode.Is(unicode.Sc, r) {
			return
		}
	}
	c.worded = c.worded || letters > 0
	c.letter = c.letter || letters == 1
}

// shape notes what a number's marks say.
func (c *Column) shape(number, text string) {
	at := strings.IndexFunc(number, func(r rune) bool { return r < '0' || r > '9' })
	if at < 0 {
		c.whole++
		c.names = c.names || len(number) > 1 && number[0] == '0'
		if len(number) <= 3 {
			c.below++
		} else {
			c.above++
		}
		return
	}
	mark := number[at]
	single := strings.LastIndexByte(number, mark) == at && foreign(number[at+1:]) == 0
	if single && (mark == ',' || mark == '.') && len(number)-at-1 == 3 && at >= 1 && at <= 3 && number[0] != '0' {
		t := &c.comma
		if mark == '.' {
			t = &c.point
		}
		t.n++
		t.tens = t.tens || at > 1
		if t.text == "" {
			t.text = text
		}
		return
	}
	if single && (mark == ',' || mark == '.') {
		c.cut = first(c.cut, text)
		return
	}
	c.grouped = first(c.grouped, text)
	if last := strings.LastIndexAny(number, ".,"); last >= 0 && number[last] != mark {
		c.cut = first(c.cut, text)
	} else {
		c.whole++
	}
}

func first(have, text string) string {
	if have != "" {
		return have
	}
	return text
}

// enough says that nearly all values are counted: of fifty one may be none, as one bad row in a good file is one reject.
func (c *Column) enough(n int) bool { return c.values > 0 && c.values-n <= c.values/50 }

// Fits says that the values are numbers in another convention too, as Finding's are in its own.
func (c *Column) Fits(other Convention) bool {
	for i, conv := range conventions {
		if conv.decimal() == other.decimal() && conv.thousands() == other.thousands() {
			return c.enough(c.fits[i])
		}
	}
	return false
}

// Finding says how the numbers are written. ok is false for a column of something else: texts, and numbers that are names (with leading zeros).
func (c *Column) Finding() (f Finding, ok bool) {
	most := slices.Max(c.fits[:])
	marked := c.grouped != "" || c.cut != "" || c.comma.n+c.point.n > 0
	beside := 0
	for _, n := range c.currencies {
		beside += n
	}
	if !c.enough(most) || c.names || c.worded && !marked && (c.letter || !c.enough(beside)) {
		return f, false
	}
	var fitting []Convention
	for i, conv := range conventions {
		if c.fits[i] == most {
			fitting = append(fitting, conv)
		}
	}
	f = Finding{Sure: true, Unread: c.values - most, Example: c.example, Percent: c.enough(c.percent), Currencies: slices.Sorted(maps.Keys(c.currencies))}
	if len(f.Currencies) == 1 {
		f.Currency = f.Currencies[0]
	}
	c.choose(&f, fitting)
	f.Whole = c.whole+c.groups(f.Convention) >= most
	return f, true
}

// groups is how many of the values with three digits behind a single mark are whole numbers in a convention.
func (c *Column) groups(conv Convention) int {
	switch conv.Thousands {
	case ",":
		return c.comma.n
	case ".":
		return c.point.n
	}
	return 0
}

// choose picks one of the conventions that fit equally well.
func (c *Column) choose(f *Finding, fitting []Convention) {
	mark, t := ",", c.comma
	if c.point.n > c.comma.n {
		mark, t = ".", c.point
	}
	var parts, cuts []Convention
	for _, conv := range fitting {
		if conv.Thousands == mark {
			parts = append(parts, conv)
		} else if conv.Decimal == mark {
			cuts = append(cuts, conv)
		}
	}
	if t.n == 0 || len(parts) == 0 || len(cuts) == 0 {
		f.Convention = fitting[0]
		f.Why = c.plainly(f.Convention, t)
		return
	}
	var thousands bool
	thousands, f.Sure, f.Why = c.weigh(mark, t, f.Currency)
	f.Convention, f.Alternatives = cuts[0], parts[:1]
	if thousands {
		f.Convention, f.Alternatives = parts[0], cuts[:1]
	}
	if f.Sure {
		f.Alternatives = nil
	}
}

// plainly is the evidence where only one convention fits, or all mean the same.
func (c *Column) plainly(conv Convention, t threes) string {
	example := first(c.cut, first(c.grouped, t.text))
	switch {
	case conv.Thousands != "":
		return "groups of digits as in " + quote(first(c.grouped, t.text))
	case example != "":
		return "the decimal sign is that of " + quote(example)
	}
	return "whole numbers"
}

// weigh decides whether the mark of t parts thousands, when the values fit both.
func (c *Column) weigh(mark string, t threes, currency string) (thousands, sure bool, why string) {
	says := quote(t.text)
	decimals, known := money.MinorDigits(currency)
	switch {
	case known && decimals == 3:
		return false, false, says + " may have three decimals, as " + currency + " has, or be thousands"
	case known && decimals == 0:
		return true, true, currency + " has no decimals, so that " + says + " is thousands"
	case c.below > 0 && c.above == 0 && c.values >= 3:
		return true, true, "all of a thousand and more are written as " + says + ", all below without a sign"
	case len(c.currencies) > 0:
		return true, t.tens && t.n > 1, "money has no three decimals, so that " + says + " is thousands"
	case c.Money:
		return true, false, "money has no three decimals, so that " + says + " is taken for thousands; no value proves it"
	case mark == ",":
		return true, false, "every comma has three digits behind it, as in " + says + ": taken for thousands; no value proves it"
	}
	return false, false, "every point has three digits behind it, as in " + says + ": taken for decimals, as programs write them; no value proves it"
}

// quote shows a value.
func quote(text string) string {
	if r := []rune(text); len(r) > 30 {
		text = string(r[:30]) + "..."
	}
	return `"` + text + `"`
}
