package moment

// iso reads a text that begins with the year, followed by month and day: ISO 8601, and what people make of it: other separators, no leading zeros,
// AM and PM, names of zones. The whole text has to be used up.
func (c *scan) iso() bool {
	year, ok := c.number(4, 4)
	if !ok {
		return false
	}
	c.w.year = year
	switch b := c.peek(); {
	case b >= '0' && b <= '9':
		return c.basic()
	case b == '-', b == '/', b == '.':
		c.i++
		if c.w.month, ok = c.number(1, 2); !ok || !c.eat(b) {
			return false
		}
		if c.w.day, ok = c.number(1, 2); !ok {
			return false
		}
	default:
		return false
	}
	return c.afterDate(false)
}

// basic goes on behind a year without separators: 20260105, 20260105T100000Z, 20260105100000.
func (c *scan) basic() (ok bool) {
	if c.w.month, ok = c.number(2, 2); !ok {
		return false
	}
	if c.w.day, ok = c.number(2, 2); !ok {
		return false
	}
	return c.afterDate(true)
}

// afterDate takes the time and the zone, if there are any.
func (c *scan) afterDate(basic bool) bool {
	if c.done() {
		return true
	}
	c.eat(',')
	if !c.eat('T') && !c.eat('t') && !c.blanks() && !basic {
		return false
	}
	if !c.clock(basic) {
		return false
	}
	blank := c.blanks()
	if c.done() {
		return !blank
	}
	if c.noon() {
		if c.blanks(); c.done() {
			return true
		}
	}
	return c.zone() && c.done()
}

// clock takes hours, minutes and perhaps seconds.
func (c *scan) clock(basic bool) (ok bool) {
	if c.w.hour, ok = c.number(1, 2); !ok {
		return false
	}
	colon := c.eat(':')
	if !colon && !basic {
		return false
	}
	if c.w.minute, ok = c.number(2, 2); !ok {
		return false
	}
	if b := c.peek(); colon && !c.eat(':') || !colon && (b < '0' || b > '9') {
		return true
	}
	if c.w.second, ok = c.number(2, 2); !ok {
		return false
	}
	c.fraction()
	return true
}
