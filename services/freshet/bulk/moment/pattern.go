package moment

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// pattern is a compiled strftime pattern.
type pattern []step

// step is a verb, or the text that has to stand there.
type step struct {
	verb  byte // 0 for a text
	text  string
	exact bool // digits of a fixed number: another verb of digits touches it
	maybe bool // a text that may be missing: the blank before AM or a zone
}

const verbs = "YymdeHIMSfpbBhaAzZFTRDj"

// compile reads a strftime pattern. ".%f" needs no place of its own: a fraction may stand behind any seconds.
func compile(layout string) (pattern, error) {
	var p pattern
	text := strings.NewReplacer(".%f", "", ",%f", "", "%-", "%").Replace(layout)
	for i := 0; i < len(text); i++ {
		if text[i] != '%' || i+1 < len(text) && text[i+1] == '%' {
			if text[i] >= '0' && text[i] <= '9' {
				return nil, fmt.Errorf("%q: digits outside of a %% verb cannot be told from a time", layout)
			}
			from := i
			if text[i] == '%' {
				i++
				from = i
			}
			p = append(p, step{text: text[from : i+1]})
			continue
		}
		if i++; i == len(text) {
			return nil, fmt.Errorf("%q ends in the middle of a verb", layout)
		}
		if strings.IndexByte(verbs, text[i]) < 0 {
			return nil, fmt.Errorf("%q: %%%c is none of Y y m d e H I M S f p b B a A z Z F T R D j", layout, text[i])
		}
		p = append(p, step{verb: text[i]})
	}
	if !p.dated() {
		return nil, fmt.Errorf("%q has no year: a time needs %%Y or %%y, %%F, or %%D", layout)
	}
	return p.joined(), nil
}

// dated says that the pattern has a year.
func (p pattern) dated() bool { return p.has("YyFD") }

func (p pattern) has(any string) bool {
	for _, s := range p {
		if s.verb != 0 && strings.IndexByte(any, s.verb) >= 0 {
			return true
		}
	}
	return false
}

// joined writes texts as one, and finds what touches and what may be missing.
func (p pattern) joined() (out pattern) {
	for _, s := range p {
		if last := len(out) - 1; s.verb == 0 && last >= 0 && out[last].verb == 0 && out[last].text != " " && s.text != " " {
			out[last].text += s.text
			continue
		}
		out = append(out, s)
	}
	numeric := func(i int) bool {
		return i >= 0 && i < len(out) && strings.IndexByte("YymdeHIMSFTRDj", out[i].verb) >= 0 && out[i].verb != 0
	}
	for i := range out {
		out[i].exact = numeric(i) && (numeric(i-1) || numeric(i+1))
		out[i].maybe = out[i].text == " " && i+1 < len(out) && strings.IndexByte("pzZ", out[i+1].verb) >= 0 && out[i+1].verb != 0
	}
	return out
}

// read matches a whole text.
func (p pattern) read(c *scan) bool {
	for i := range p {
		if !p[i].read(c) {
			return false
		}
	}
	c.blanks()
	return c.done()
}

func (s *step) read(c *scan) bool {
	switch s.verb {
	case 0:
		return s.literal(c)
	case 'p':
		return c.noon()
	case 'b', 'B', 'h':
		c.w.month = monthOf(c.word())
		c.eat('.')
		return c.w.month > 0
	case 'a', 'A':
		word := c.word()
		c.eat('.')
		return word != ""
	case 'z', 'Z':
		return c.zone()
	case 'f':
		_, ok := c.number(1, 9)
		return ok
	}
	return s.digits(c)
}

func (s *step) literal(c *scan) bool {
	if s.text == " " {
		return c.blanks() || s.maybe
	}
	if len(c.s)-c.i >= len(s.text) && strings.EqualFold(c.s[c.i:c.i+len(s.text)], s.text) {
		c.i += len(s.text)
		return true
	}
	return false
}

// digits reads the verbs of numbers.
func (s *step) digits(c *scan) (ok bool) {
	least := 1
	if s.exact {
		least = 2
	}
	w := &c.w
	switch s.verb {
	case 'Y':
		w.year, ok = c.number(4, 4)
	case 'y':
		if w.year, ok = c.number(2, 2); w.year < 69 {
			w.year += 100
		}
		w.year += 1900
	case 'm':
		w.month, ok = c.number(least, 2)
	case 'd', 'e':
		if s.verb == 'e' {
			c.blanks()
		}
		w.day, ok = c.number(least, 2)
		c.ordinal()
	case 'H':
		w.hour, ok = c.number(least, 2)
	case 'I':
		w.hour, ok = c.number(least, 2)
		ok = ok && w.hour <= 12
	case 'M':
		w.minute, ok = c.number(least, 2)
	case 'S':
		w.second, ok = c.number(least, 2)
		c.fraction()
	case 'j':
		w.dayOfYear, ok = c.number(1, 3)
		ok = ok && w.dayOfYear > 0
	default:
		return s.several(c)
	}
	return ok
}

// several reads the verbs that stand for more than one.
func (s *step) several(c *scan) bool {
	for _, inner := range shorthands[s.verb] {
		if !inner.read(c) {
			return false
		}
	}
	return true
}

var shorthands = map[byte]pattern{
	'F': {{verb: 'Y'}, {text: "-"}, {verb: 'm'}, {text: "-"}, {verb: 'd'}},
	'D': {{verb: 'm'}, {text: "/"}, {verb: 'd'}, {text: "/"}, {verb: 'y'}},
	'T': {{verb: 'H'}, {text: ":"}, {verb: 'M'}, {text: ":"}, {verb: 'S'}},
	'R': {{verb: 'H'}, {text: ":"}, {verb: 'M'}},
}

// ordinal passes over the letters of 1st, 2nd, 1er.
func (c *scan) ordinal() {
	if c.i+2 > len(c.s) {
		return
	}
	switch strings.ToLower(c.s[c.i : c.i+2]) {
	case "st", "nd", "rd", "th", "er":
	default:
		return
	}
	if c.i+2 < len(c.s) {
		if r, _ := utf8.DecodeRuneInString(c.s[c.i+2:]); r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return
		}
	}
	c.i += 2
}

// day is the part of the pattern before the time of day, without what parts the two; nil when the time does not stand behind the date.
func (p pattern) day() pattern {
	for i, s := range p {
		if s.verb != 0 && strings.IndexByte("HITRMSp", s.verb) >= 0 {
			rest := p[:i]
			for len(rest) > 0 && rest[len(rest)-1].verb == 0 {
				rest = rest[:len(rest)-1]
			}
			if p[i:].has("YymdeFDbBhj") || !rest.dated() {
				return nil
			}
			return rest
		}
	}
	return nil
}
