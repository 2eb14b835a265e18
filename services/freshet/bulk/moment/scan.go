package moment

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// scan is a position in a text that is read as a time.
type scan struct {
	s    string
	i    int
	home map[string]int // abbreviations of the clock's own zone, in seconds east of UTC
	w    wall
	name string // of the zone, if it has one
}

// fold writes a text with ASCII digits, signs and blanks, whatever script they came in, and without what cannot be seen. Letters stay.
func fold(text string) string {
	plain := true
	for i := range len(text) {
		if text[i] >= 0x80 || text[i] < ' ' {
			plain = false
			break
		}
	}
	if plain {
		return strings.Trim(text, " ")
	}
	return strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r > ' ' && r < 0x80:
			return r
		case unicode.IsSpace(r):
			return ' '
		case r >= 0xff01 && r <= 0xff5e: // full width
			return r - 0xff01 + '!'
		case r == '−', r == '‐', r == '‑', r == '–':
			return '-'
		case r == '،':
			return ','
		case unicode.Is(unicode.Cf, r):
			return -1
		case unicode.IsDigit(r):
			return digit(r)
		}
		return r
	}, text), " ")
}

// digit is a decimal digit in ASCII: Unicode keeps the ten of a script in a row, and rows that touch begin at a zero.
func digit(r rune) rune {
	for _, rows := range unicode.Nd.R16 {
		if lo, hi := rune(rows.Lo), rune(rows.Hi); r >= lo && r <= hi {
			return '0' + (r-lo)%10
		}
	}
	return r
}

func (c *scan) done() bool { return c.i >= len(c.s) }

func (c *scan) peek() byte {
	if c.i < len(c.s) {
		return c.s[c.i]
	}
	return 0
}

func (c *scan) eat(b byte) bool {
	if c.peek() != b || c.done() {
		return false
	}
	c.i++
	return true
}

func (c *scan) blanks() (some bool) {
	for c.eat(' ') {
		some = true
	}
	return some
}

// number takes from least to most digits.
func (c *scan) number(least, most int) (n int, ok bool) {
	from := c.i
	for c.i < len(c.s) && c.i-from < most && c.s[c.i] >= '0' && c.s[c.i] <= '9' {
		n = n*10 + int(c.s[c.i]-'0')
		c.i++
	}
	return n, c.i-from >= least
}

// fraction takes what stands behind the seconds, if anything; beyond nanoseconds it is cut.
func (c *scan) fraction() {
	if c.i+1 >= len(c.s) || c.s[c.i] != '.' && c.s[c.i] != ',' || c.s[c.i+1] < '0' || c.s[c.i+1] > '9' {
		return
	}
	c.i++
	for unit := 100_000_000; c.i < len(c.s) && c.s[c.i] >= '0' && c.s[c.i] <= '9'; c.i++ {
		c.w.nanos += int(c.s[c.i]-'0') * unit
		unit /= 10
	}
}

// word takes a run of letters.
func (c *scan) word() string {
	from := c.i
	for c.i < len(c.s) {
		b := c.s[c.i]
		if b|0x20 >= 'a' && b|0x20 <= 'z' {
			c.i++
			continue
		}
		if b < utf8.RuneSelf {
			break
		}
		r, size := utf8.DecodeRuneInString(c.s[c.i:])
		if !unicode.IsLetter(r) && !unicode.IsMark(r) {
			break
		}
		c.i += size
	}
	return c.s[from:c.i]
}

// halves are before and after noon, in small letters without blanks and dots, as far as they are no ASCII.
var halves = []struct {
	name string
	half int
}{{"上午", 1}, {"凌晨", 1}, {"早上", 1}, {"下午", 2}, {"晚上", 2}, {"오전", 1}, {"오후", 2}, {"午前", 1}, {"午後", 2}}

// noon takes AM or PM in any writing: am, A.M., "p. m.", 下午.
func (c *scan) noon() bool {
	from := c.i
	for _, h := range halves {
		if strings.HasPrefix(c.s[c.i:], h.name) {
			c.i += len(h.name)
			c.w.half = h.half
			return true
		}
	}
	switch c.peek() | 0x20 {
	case 'a':
		c.w.half = 1
	case 'p':
		c.w.half = 2
	default:
		return false
	}
	c.i++
	if c.eat('.') {
		c.eat(' ')
	}
	if c.peek()|0x20 != 'm' {
		c.i, c.w.half = from, 0
		return false
	}
	c.i++
	if c.eat('.'); c.peek()|0x20 >= 'a' && c.peek()|0x20 <= 'z' {
		c.i, c.w.half = from, 0
		return false
	}
	return true
}

// zone takes a time zone: Z, an offset, a name, a name with an offset behind it, or an offset with a name.
func (c *scan) zone() bool {
	if b := c.peek(); b == '+' || b == '-' {
		if !c.offset() {
			return false
		}
		c.label()
		return true
	}
	if c.peek() == 'Z' && c.i+1 == len(c.s) {
		c.i++
		c.w.zoned = true
		return true
	}
	from := c.i
	name := c.word()
	if c.peek() == '/' {
		return c.place(from)
	}
	seconds, ok := c.home[name]
	if !ok {
		seconds, ok = abbreviation(name)
	}
	if !ok {
		return false
	}
	c.name = name
	if b := c.peek(); (b == '+' || b == '-') && seconds == 0 {
		return c.offset()
	}
	c.w.zoned, c.w.offset = true, seconds
	return true
}

// place takes an IANA name, of which the first word is read.
func (c *scan) place(from int) bool {
	for !c.done() && (c.peek()|0x20 >= 'a' && c.peek()|0x20 <= 'z' || strings.IndexByte("/_-+", c.peek()) >= 0 || c.peek() >= '0' && c.peek() <= '9') {
		c.i++
	}
	c.w.place = place(c.s[from:c.i])
	c.w.zoned = c.w.place != nil
	return c.w.zoned
}

// offset takes +2, +02, +0200, +02:00 and +02:00:00.
func (c *scan) offset() bool {
	sign := 1
	if c.peek() == '-' {
		sign = -1
	}
	c.i++
	from := c.i
	hours, ok := c.number(1, 2)
	if !ok {
		return false
	}
	seconds := hours * 3600
	for _, unit := range []int{60, 1} {
		colon := c.eat(':')
		if b := c.peek(); b < '0' || b > '9' {
			if colon {
				return false
			}
			break
		}
		n, ok := c.number(2, 2)
		if !ok || n > 59 {
			if c.i-from == 3 { // +530
				hours, n, ok = hours/10, hours%10*10+n, true
				seconds = hours * 3600
			}
			if !ok || n > 59 {
				return false
			}
		}
		seconds += n * unit
	}
	c.w.zoned, c.w.offset = true, sign*seconds
	return hours <= 18
}

// label passes over the name of a zone behind its offset: "+0000 UTC", "+01:00[Europe/Berlin]", "+0100 (CET)".
func (c *scan) label() {
	from := c.i
	c.blanks()
	if open := c.peek(); open == '[' || open == '(' {
		if end := strings.IndexAny(c.s[c.i:], "])"); end > 0 {
			c.i += end + 1
			return
		}
	}
	if word := c.word(); word == "" || len(word) > 6 || word != strings.ToUpper(word) {
		c.i = from
	}
}
