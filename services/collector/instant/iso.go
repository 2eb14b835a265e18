package instant

import "time"

// iso reads a text that begins with the year: ISO 8601 in all its forms, extended and basic, calendar, ordinal and week dates, and what
// people make of it with other separators. The whole text has to be used up.
func iso(s string, p *parts) bool {
	c := &cursor{s: s}
	if !c.date(p) {
		return false
	}
	if c.done() || p.timed && c.zone(p) && c.done() {
		return true
	}
	if p.timed {
		return false
	}
	behind := c.i
	if c.zone(p) && c.done() { // the date of XML Schema: 2026-11-28+01:00
		return true
	}
	c.i, p.zoned, p.offset = behind, false, 0
	return c.separator() && c.clock(p) && c.zone(p) && c.done()
}

// separator takes what stands between a date and a time.
func (c *cursor) separator() bool {
	from := c.i
	if c.eat("-") && !(c.run() == 2 && c.at(5) == ':') { // 2026-11-28-00:42 could be a date with a zone
		return false
	}
	if c.i == from {
		c.eat(",.:_")
		c.blanks()
		c.eat("Tt")
		c.blanks()
	}
	return c.i > from
}

// date takes a date, and of fourteen digits the time behind it.
func (c *cursor) date(p *parts) (ok bool) {
	signed := c.peek()
	if c.eat("+-") {
		if c.run() < 6 { // JavaScript writes years beyond four digits with a sign and six
			return false
		}
		if p.year, ok = c.number(6); signed == '-' {
			p.year = -p.year
		}
		return ok && c.monthAndDay(p)
	}
	n := c.run()
	switch n {
	case 4, 7, 8, 10, 12, 14, 17:
		p.year, _ = c.number(4)
	default:
		return false
	}
	if n == 4 {
		return c.monthAndDay(p)
	}
	if n == 7 {
		day, _ := c.number(3)
		return p.ordinal(day)
	}
	p.month, _ = c.number(2)
	p.day, _ = c.number(2)
	return n == 8 || c.clock(p)
}

// monthAndDay takes what follows the year.
func (c *cursor) monthAndDay(p *parts) (ok bool) {
	sep := c.peek()
	c.eat("-/.:")
	if c.eat("Ww") {
		return c.weekAndDay(p)
	}
	if c.blanks(); c.s[c.i-1] != ' ' && isDigit(c.s[c.i-1]) {
		return false // no separator
	}
	if c.run() == 3 && sep == '-' {
		day, _ := c.number(3)
		return p.ordinal(day)
	}
	if p.month, ok = c.short(); !ok || !c.eat(string(sep)) {
		return false
	}
	c.blanks()
	if p.day, ok = c.short(); ok && sep == '.' {
		c.eat(".")
	}
	return ok
}

func (c *cursor) weekAndDay(p *parts) bool {
	week, ok := c.number(2)
	c.eat("-")
	day, ok2 := c.number(1)
	return ok && ok2 && p.week(week, day)
}

// clock takes a time of day, with colons or without, down to the hour alone, with a fraction of its smallest part, and am or pm.
func (c *cursor) clock(p *parts) (ok bool) {
	if !c.half(p) { // in front
		return false
	}
	c.blanks()
	n := c.run()
	smallest := int64(time.Hour)
	switch {
	case n == 1 && c.at(1) == ':', n == 2:
		p.hour, _ = c.number(n)
		if c.at(0) == ':' && isDigit(c.at(1)) {
			c.i++
			smallest = int64(time.Minute)
			if p.minute, ok = c.number(2); !ok {
				return false
			}
			if c.eat(":") {
				smallest = int64(time.Second)
				if p.second, ok = c.number(2); !ok {
					return false
				}
			}
		}
	case n == 4, n == 6, n == 9: // nine are with milliseconds
		smallest = int64(time.Minute)
		p.hour, _ = c.number(2)
		if p.minute, _ = c.number(2); n > 4 {
			smallest = int64(time.Second)
			p.second, _ = c.number(2)
		}
	default:
		return false
	}
	p.timed = true
	return c.fraction(p, smallest) && c.half(p)
}

// fraction takes a fraction of a part of so many nanoseconds.
func (c *cursor) fraction(p *parts, part int64) bool {
	switch n := c.run(); {
	case n == 3: // 004235123
	case (c.peek() == '.' || c.peek() == ',') && isDigit(c.at(1)):
		c.i++
	case part == int64(time.Second) && c.peek() == ':' && isDigit(c.at(3)) && !isDigit(c.at(4)): // 00:42:35:123
		c.i++
	default:
		return n == 0
	}
	for ; isDigit(c.peek()); c.i++ {
		part /= 10 // 0 beyond the nanosecond
		p.nanos += part * int64(c.peek()-'0')
	}
	return true
}

// half takes am or pm, with or without dots; nothing is fine too.
func (c *cursor) half(p *parts) bool {
	from := c.i
	c.blanks()
	h := c.peek() | 0x20
	if h != 'a' && h != 'p' {
		c.i = from
		return true
	}
	c.i++
	if c.eat(".") {
		c.blanks() // Spanish: a. m.
	}
	if !c.eat("mM") {
		c.i = from
		return true
	}
	c.eat(".")
	if c.word() != "" {
		return false
	}
	p.half = h
	return true
}
