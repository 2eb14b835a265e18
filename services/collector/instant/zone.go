package instant

import "strings"

// zones are names that mean one offset, in minutes east of UTC. Left out are those that several countries use for different
// ones: CST (America, China, Cuba), IST, BST, AST, AMT, GST.
var zones = map[string]int{
	"z": 0, "ut": 0, "utc": 0, "gmt": 0, "zulu": 0, "wet": 0, "west": 60, "cet": 60, "cest": 120, "mez": 60, "mesz": 120, "eet": 120, "eest": 180, "msk": 180,
	"est": -300, "edt": -240, "cdt": -300, "mst": -420, "mdt": -360, "pst": -480, "pdt": -420, "akst": -540, "akdt": -480, "hst": -600,
	"nst": -210, "ndt": -150, "brt": -180, "art": -180, "clt": -240, "clst": -180, "sast": 120, "cat": 120, "eat": 180, "wat": 60, "pkt": 300, "npt": 345,
	"ict": 420, "wib": 420, "wita": 480, "wit": 540, "hkt": 480, "sgt": 480, "pht": 480, "awst": 480, "jst": 540, "kst": 540,
	"acst": 570, "acdt": 630, "aest": 600, "aedt": 660, "nzst": 720, "nzdt": 780,
	"etc/utc": 0, "etc/gmt": 0, "coordinated universal time": 0, "greenwich mean time": 0,
}

// named sets the zone by its name.
func (p *parts) named(name string) bool {
	minutes, ok := zones[strings.ToLower(name)]
	if ok {
		p.zoned, p.offset = true, minutes*60
	}
	return ok
}

// zone takes a zone, by number or by name, and what is written behind a number for people. Nothing is fine too.
func (c *cursor) zone(p *parts) bool {
	c.blanks()
	switch b := c.peek(); {
	case c.done():
		return true
	case b == '+' || b == '-':
		return c.offset(p, false) && c.label()
	case isDigit(b) && p.timed && c.s[c.i-1] == ' ': // an address turns + into a blank
		return c.digits(p, 1, false)
	}
	return c.zoneName(p) && c.label()
}

// zoneName takes a name, with or without an offset behind it: UTC, GMT+0100, UTC-3.
func (c *cursor) zoneName(p *parts) bool {
	if name := c.word(); name == "" || !p.named(name) {
		return false
	}
	if b := c.peek(); (b == '+' || b == '-') && p.offset == 0 {
		return c.offset(p, true)
	}
	return true
}

// offset takes +02, +0200, +02:00 or +02:00:00, and behind a name +2 and +2:30 too.
func (c *cursor) offset(p *parts, short bool) bool {
	sign := 1
	if c.peek() == '-' {
		sign = -1
	}
	c.i++
	return c.digits(p, sign, short)
}

func (c *cursor) digits(p *parts, sign int, short bool) bool {
	n, width := c.run(), 2
	if short && (n == 1 || n == 3) {
		width = 1
	} else if n != 2 && n != 4 && n != 6 {
		return false
	}
	hours, _ := c.number(width)
	seconds := hours * 3600
	for _, unit := range []int{60, 1} {
		from := c.i
		c.eat(":")
		if c.run() < 2 {
			c.i = from
			break
		}
		v, _ := c.number(2)
		if v > 59 {
			return false
		}
		seconds += v * unit
	}
	p.zoned, p.offset = true, sign*seconds
	return hours <= 18 && !isDigit(c.peek())
}

// label skips the zone's name behind its offset: "+0100 CET", "+03 +03".
func (c *cursor) label() bool {
	c.blanks()
	if b := c.peek(); b == '+' || b == '-' {
		c.i++
		n := c.run()
		_, ok := c.number(n)
		return ok && (n == 2 || n == 4)
	}
	word := c.word()
	return word == "" || isLabel(word)
}

// isLabel says that a word may be a zone's name, whichever.
func isLabel(word string) bool { return len(word) <= 6 && word == strings.ToUpper(word) }

// Offset is what an abbreviation of a time zone means, in seconds east of UTC. It does not know those that several countries use for different
// ones.
func Offset(abbreviation string) (seconds int, known bool) {
	minutes, known := zones[strings.ToLower(abbreviation)]
	return minutes * 60, known
}
