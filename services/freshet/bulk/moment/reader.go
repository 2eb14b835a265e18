package moment

import (
	"strings"
	"time"
)

var utc = time.UTC

// reader writes a text's layout while it reads it.
type reader struct {
	scan
	shaped  strings.Builder
	numbers []numeralAt
	month   int // named
	behind  int // numbers met before the month's name
	ok      shape
}

// numeralAt is a number of the date: its place in the layout is a byte \x01 to \x03.
type numeralAt struct{ value, length int }

// hour stands for the hours in a layout whose clock is not known to have twelve or twenty-four.
const hour = "\x04"

// shape reads a whole text.
func (r *reader) shape() (shape, bool) {
	for !r.done() {
		if !r.next() {
			return shape{}, false
		}
	}
	if !r.date() {
		return shape{}, false
	}
	verb := "%H"
	if r.ok.halved {
		verb = "%I"
	}
	r.ok.layout = strings.Replace(r.ok.layout, hour, verb, 1)
	return r.ok, true
}

// next takes one number, word or sign.
func (r *reader) next() bool {
	b := r.peek()
	switch {
	case b == ' ':
		r.blanks()
		r.shaped.WriteByte(' ')
		return true
	case b >= '0' && b <= '9':
		return r.clock() || r.numeral()
	case (b == '+' || b == '-') && r.ok.timed && !r.ok.zoned:
		if !r.scan.offset() {
			return false
		}
		r.ok.zoned = true
		r.shaped.WriteString("%z")
		r.scan.label()
		return true
	case b == ':' && r.dated() && !r.ok.timed: // of web servers
		r.i++
		r.shaped.WriteByte(b)
		return true
	case b == '(':
		return r.weekday()
	case b == '/' || b == '-' || b == '.' || b == ',' || b == '\'':
		if len(r.numbers) == 1 && r.month == 0 {
			r.ok.sep = b
		}
		r.i++
		r.shaped.WriteByte(b)
		return true
	}
	return r.named()
}

// weekday takes one in brackets: (Mon), (月).
func (r *reader) weekday() bool {
	inner, _, ok := strings.Cut(r.s[r.i+1:], ")")
	if !ok || !weekdays[strings.ToLower(inner)] && !strings.Contains("月火水木金土日월화수목금토일", inner) || inner == "" {
		return false
	}
	r.i += len(inner) + 2
	r.shaped.WriteString("(%a)")
	return true
}

// clock takes 10:00, 10:00:00.5, 10h30, 10时30分0秒, and, behind a date, 10.30.
func (r *reader) clock() bool {
	from := r.i
	if r.ok.timed {
		return false
	}
	if _, ok := r.scan.number(1, 2); !ok {
		return false
	}
	for _, s := range []struct{ first, second, end string }{{":", ":", ""}, {"h", "m", ""}, {"时", "分", "秒"}, {"時", "分", "秒"}, {"시", "분", "초"}, {"点", "分", "秒"}, {"시 ", "분 ", "초"}, {".", ".", ""}} {
		if s.first == "." && !r.dated() || !strings.HasPrefix(r.s[r.i:], s.first) {
			continue
		}
		if r.minutes(s.first, s.second, s.end) {
			r.ok.timed = true
			return true
		}
	}
	r.i = from
	return false
}

// dated says that a whole date stands before.
func (r *reader) dated() bool {
	return len(r.numbers) == 3 || r.month > 0 && len(r.numbers) == 2
}

// minutes goes on behind the hours.
func (r *reader) minutes(first, second, end string) bool {
	at := r.i
	r.i += len(first)
	layout := hour + first
	least := 2
	if len(first) > 1 {
		least = 1 // 10时5分
	}
	minutes, ok := r.scan.number(least, 2)
	if !ok || minutes > 59 {
		r.i = at
		return false
	}
	layout += "%M"
	behind := r.i
	if strings.HasPrefix(r.s[r.i:], second) {
		r.i += len(second)
		if seconds, ok := r.scan.number(1, 2); ok && seconds < 61 && r.s[r.i-1] >= '0' {
			r.scan.fraction()
			layout += second + "%S"
			if end != "" && strings.HasPrefix(r.s[r.i:], end) {
				r.i += len(end)
				layout += end
			}
		} else if r.i = behind; end != "" {
			r.i += len(second)
			layout += second
		}
	}
	r.shaped.WriteString(layout)
	return true
}

// numeral takes a number of the date.
func (r *reader) numeral() bool {
	from := r.i
	n, _ := r.scan.number(1, 4)
	if b := r.peek(); b >= '0' && b <= '9' || len(r.numbers) == 3 || r.i-from == 3 {
		return false
	}
	r.numbers = append(r.numbers, numeralAt{n, r.i - from})
	r.shaped.WriteByte(byte(len(r.numbers)))
	if length := r.i - from; length <= 2 {
		r.scan.ordinal()
	}
	return true
}

// named takes a word: a month, a weekday, noon, a zone, a filler, or a sign of year, month and day.
func (r *reader) named() bool {
	from := r.i
	for _, sign := range []string{"年", "月", "日", "년", "월", "일", "号"} {
		if strings.HasPrefix(r.s[r.i:], sign) {
			r.i += len(sign)
			r.shaped.WriteString(sign)
			return len(r.numbers) > 0
		}
	}
	if !r.ok.halved && r.scan.noon() {
		r.ok.halved = true
		r.shaped.WriteString("%p")
		return true
	}
	r.i = from
	word := r.scan.word()
	lower := strings.ToLower(word)
	switch {
	case word == "":
		return false
	case r.month == 0 && monthOf(word) > 0 && len(r.numbers) < 3:
		r.month, r.behind = monthOf(word), len(r.numbers)
		r.shaped.WriteString("%b")
		r.eat('.')
	case weekdays[lower]:
		r.shaped.WriteString("%a")
		r.eat('.')
	case fillers[lower]:
		r.shaped.WriteString(word)
	default:
		r.i = from
		if !r.ok.timed || r.ok.zoned || !r.scan.zone() {
			return false
		}
		r.ok.zoned, r.ok.zone = true, r.scan.name
		r.shaped.WriteString("%Z")
	}
	return true
}

// date says what the numbers are.
func (r *reader) date() bool {
	n, s := r.numbers, &r.ok
	s.layout = r.shaped.String()
	if r.month > 0 {
		return r.monthNamed()
	}
	if len(n) != 3 {
		return false
	}
	for i := range n {
		s.dates[i], s.length[i] = n[i].value, n[i].length
	}
	s.padded = n[0].length == 2 && n[1].length == 2
	s.open = true
	switch {
	case n[0].length == 4:
		s.year4 = true
		s.day = s.on("Ymd")
		s.layout, s.open = s.ordered("Ymd"), false
		return s.day > 0
	case n[1].length > 2:
		return false
	}
	s.year4 = n[2].length == 4
	if n[2].length == 1 {
		return false
	}
	return s.on("dmY") > 0 || s.on("mdY") > 0 || s.on("Ymd") > 0
}

// monthNamed tells day and year beside a month's name.
func (r *reader) monthNamed() bool {
	n, s := r.numbers, &r.ok
	if len(n) != 2 {
		return false
	}
	day, year := 0, 1
	if n[0].length == 4 || n[0].value > 31 || n[0].length == 2 && n[1].length == 1 {
		day, year = 1, 0
	}
	verb := "%y"
	switch n[year].length {
	case 4:
		verb = "%Y"
	case 1:
		return false
	}
	if n[day].length > 2 {
		return false
	}
	s.layout = strings.Replace(strings.Replace(s.layout, string(rune(1+day)), "%d", 1), string(rune(1+year)), verb, 1)
	w := wall{year: n[year].value, month: r.month, day: n[day].value}
	if verb == "%y" {
		if w.year += 1900; w.year < 1969 {
			w.year += 100
		}
	}
	s.day = w.year*10000 + w.month*100 + w.day
	return w.ready()
}
