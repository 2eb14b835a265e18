package instant

// cursor is a position in a text.
type cursor struct {
	s string
	i int
}

func (c *cursor) done() bool { return c.i >= len(c.s) }

// peek is the next byte, 0 at the end.
func (c *cursor) peek() byte { return c.at(0) }

// at is the byte n places on, 0 beyond the text.
func (c *cursor) at(n int) byte {
	if n += c.i; n >= 0 && n < len(c.s) {
		return c.s[n]
	}
	return 0
}

// eat takes the next byte if it is one of these.
func (c *cursor) eat(any string) bool {
	b := c.peek()
	for i := range len(any) {
		if b == any[i] && !c.done() {
			c.i++
			return true
		}
	}
	return false
}

func (c *cursor) blanks() {
	for c.eat(" ") {
	}
}

// run is the number of digits that follow.
func (c *cursor) run() int {
	n := 0
	for isDigit(c.at(n)) {
		n++
	}
	return n
}

// number takes n digits, of which there have to be as many; n is at most nine.
func (c *cursor) number(n int) (v int, ok bool) {
	if n < 1 || c.run() < n {
		return 0, false
	}
	for range n {
		v = v*10 + int(c.s[c.i]-'0')
		c.i++
	}
	return v, true
}

// short takes a run of one or two digits.
func (c *cursor) short() (int, bool) {
	if n := c.run(); n == 1 || n == 2 {
		return c.number(n)
	}
	return 0, false
}

// word takes a run of letters, of any script.
func (c *cursor) word() string {
	from := c.i
	for b := c.peek(); b|0x20 >= 'a' && b|0x20 <= 'z' || b >= 0x80; b = c.peek() {
		c.i++
	}
	return c.s[from:c.i]
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }
