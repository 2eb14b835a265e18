package instant

import "strings"

// months and weekdays by the first three letters; any more have to be the rest of the name.
var (
	months   = []string{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"}
	weekdays = []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}
)

// nth finds a name by itself or its beginning of three or more letters, from 1; 0 when it is none.
func nth(names []string, word string) int {
	if len(word) < 3 {
		return 0
	}
	for i, name := range names {
		if strings.HasPrefix(name, word) {
			return i + 1
		}
	}
	return 0
}

// loose is a text read word by word, in any order: a date in words or with its year last, a time with a colon, a zone.
type loose struct {
	cursor
	p       *parts
	numbers []numeral
	months  int // names of months met
	seps    string
	labels  int // names of zones behind a number for one
}

// numeral is a number of the date.
type numeral struct {
	value, width int
	afterMonth   bool
}

// words reads what does not begin with the year: RFC 822, 850 and 1123, ctime, Date.toString() of Java and JavaScript, a web server's log,
// and dates in local order where it can be only one.
func words(s string, p *parts) bool {
	l := &loose{cursor: cursor{s: s}, p: p}
	for l.blanks(); !l.done(); l.blanks() {
		if !l.next() {
			return false
		}
	}
	return l.date()
}

// next takes one word, number or sign.
func (l *loose) next() bool {
	b := l.peek()
	switch {
	case isDigit(b) && !l.p.timed && l.run() <= 2 && l.at(l.run()) == ':' && isDigit(l.at(l.run()+1)):
		return l.clock(l.p)
	case isDigit(b):
		return l.numeral()
	case (b == '+' || b == '-') && l.p.timed && l.behindTime():
		return !l.p.zoned && l.offset(l.p, false)
	case b == '-' || b == '/' || b == '.' || b == ':':
		l.seps += string(b)
		l.i++
		return l.i > 1
	case b == ',':
		l.i++
		return l.i > 1
	}
	word := l.word()
	return word != "" && l.named(word)
}

// behindTime says that a sign at the position belongs to a zone: it follows a time or a blank, not a number of the date.
func (l *loose) behindTime() bool {
	before := l.at(-1)
	return before == ' ' || len(l.numbers) == 0 || !isDigit(before) || l.at(-3) == ':' || l.at(-4) == '.'
}

func (l *loose) numeral() bool {
	width := l.run()
	if width > 4 || width == 3 || len(l.numbers) == 3 {
		return false
	}
	value, _ := l.number(width)
	l.numbers = append(l.numbers, numeral{value, width, l.months > 0})
	switch from := l.i; strings.ToLower(l.word()) { // 28th
	case "", "st", "nd", "rd", "th":
	default:
		l.i = from
		return l.peek()|0x20 == 't' // 28-11-2026T00:42
	}
	return true
}

// named takes a word that was read.
func (l *loose) named(word string) bool {
	lower := strings.ToLower(word)
	if m := nth(months, lower); m > 0 || lower == "sept" {
		if lower == "sept" {
			m = 9
		}
		l.p.month = m
		l.months++
		l.eat(".")
		return l.months == 1
	}
	switch {
	case nth(weekdays, lower) > 0 || lower == "at" || lower == "on" || lower == "of" || lower == "t" || lower == "um" || lower == "à":
		l.eat(".")
		return true
	case !l.p.timed:
		return false
	case l.p.zoned:
		l.labels++
		return l.labels == 1 && isLabel(word) // "+0100 CET"
	}
	l.i -= len(word)
	return l.zoneName(l.p)
}

// date makes a date of the numbers.
func (l *loose) date() bool {
	n, p := l.numbers, l.p
	if l.months == 1 && len(n) == 2 {
		day, year := n[0], n[1]
		if day.width == 4 {
			day, year = year, day
		}
		p.day, p.year = day.value, year.value
		if year.width == 2 && !day.afterMonth && year.afterMonth { // 28-Nov-26
			if p.year += 1900; p.year < 1969 {
				p.year += 100
			}
			return day.width <= 2
		}
		return year.width == 4 && day.width <= 2
	}
	if l.months > 0 || len(n) != 3 || len(l.seps) < 2 || l.seps[0] != l.seps[1] || n[1].width == 4 {
		return false
	}
	if n[0].width == 4 {
		p.year, p.month, p.day = n[0].value, n[1].value, n[2].value
		return n[2].width <= 2
	}
	p.day, p.month, p.year = n[0].value, n[1].value, n[2].value
	if p.month > 12 {
		p.day, p.month = p.month, p.day
	} else if p.day <= 12 && p.day != p.month {
		return false // a day and a month, who knows which
	}
	return n[2].width == 4
}
