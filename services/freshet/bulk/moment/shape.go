package moment

import (
	"strings"
)

// shape is how a text is written: a strftime pattern in which the numbers of the date stand as \x01, \x02 and \x03 where their order is to be
// found, or a layout by its name.
type shape struct {
	layout  string
	open    bool   // the order of day, month and year is not told by the text
	dates   [3]int // the numbers behind \x01, \x02 and \x03
	year4   bool   // the last of them has four digits
	padded  bool   // none of the first two is a single digit
	timed   bool
	halved  bool // AM or PM
	zoned   bool
	numeric bool
	sep     byte   // between the numbers of the date
	day     int    // yyyymmdd, where the order is told
	length  [3]int // digits of each
	zone    string // its name, if it has one
}

// orders of the numbers of a date, as verbs.
var orders = []string{"dmY", "mdY", "Ymd"}

// named writes the layout with an order.
func (s *shape) ordered(order string) string {
	if !s.open {
		return s.layout
	}
	year := "y"
	if s.year4 {
		year = "Y"
	}
	l := s.layout
	for i := range 3 {
		verb := string(order[i])
		if verb == "Y" {
			verb = year
		}
		l = strings.Replace(l, string(rune(1+i)), "%"+verb, 1)
	}
	return l
}

// on is the day that the shape's numbers mean in an order, as yyyymmdd; 0 for none.
func (s *shape) on(order string) int {
	if !s.open {
		return s.day
	}
	var w wall
	for i := range 3 {
		if order[i] != 'Y' && s.length[i] > 2 { // 1001-0001-1 is the number of something
			return 0
		}
		switch n := s.dates[i]; order[i] {
		case 'd':
			w.day = n
		case 'm':
			w.month = n
		case 'Y':
			if s.year4 != (s.length[i] == 4) {
				return 0
			}
			if w.year = n; s.length[i] == 2 {
				if w.year += 1900; w.year < 1969 {
					w.year += 100
				}
			} else if s.length[i] != 4 {
				return 0
			}
		}
	}
	if !w.ready() {
		return 0
	}
	return w.year*10000 + w.month*100 + w.day
}

// shapeOf finds how a text is written; false for what is no date.
func shapeOf(text string) (shape, bool) {
	text = fold(text)
	if len(text) > 60 || !strings.ContainsAny(text, "0123456789") {
		return shape{}, false
	}
	if strings.Trim(text, "0123456789.") == "" && strings.Count(text, ".") < 2 {
		return numeral(text)
	}
	c := scan{s: text, home: several}
	if c.iso() && c.w.ready() {
		return shape{layout: "iso", timed: strings.Contains(text, ":") || strings.ContainsAny(text, "Tt"), zoned: c.w.zoned, day: c.w.year*10000 + c.w.month*100 + c.w.day, halved: c.w.half > 0, zone: c.name}, true
	}
	r := reader{scan: scan{s: text, home: several}}
	return r.shape()
}

// numeral is the shape of a pure number.
func numeral(text string) (shape, bool) {
	whole, fraction, cut := strings.Cut(text, ".")
	var layout string
	between := func(low, high string) bool { return len(whole) == len(low) && whole >= low && whole < high }
	switch {
	case between("0946684800", "2051222400"):
		layout = "unix"
	case between("946684800", "999999999"):
		layout = "unix"
	case between("946684800000", "999999999999"), between("1000000000000", "2051222400000"):
		layout = "unix_ms"
	case between("1000000000000000", "2051222400000000"):
		layout = "unix_us"
	case between("1000000000000000000", "2051222400000000000"):
		layout = "unix_ns"
	case between("32874", "51500"): // 1990 to 2040
		layout = "excel"
	case cut && fraction != "":
		return shape{}, false
	case between("19000101", "21000000"):
		layout = "%Y%m%d"
	case between("190001010000", "210000000000"):
		layout = "%Y%m%d%H%M"
	case between("19000101000000", "21000000000000"):
		layout = "%Y%m%d%H%M%S"
	default:
		return shape{}, false
	}
	l, err := newLayout(layout)
	if err != nil {
		return shape{}, false
	}
	at, err := l.read(text, utc, nil, false)
	if err != nil {
		return shape{}, false
	}
	timed := layout != "%Y%m%d" && (layout != "excel" || strings.Trim(fraction, "0") != "")
	return shape{layout: layout, numeric: true, timed: timed, zoned: l.kind == unix, day: at.Year()*10000 + int(at.Month())*100 + at.Day()}, true
}
