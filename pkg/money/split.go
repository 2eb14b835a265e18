package money

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// parts are an amount's text taken apart.
type parts struct {
	// number is what stands between the first and the last digit, with a mark before and behind.
	number   string
	negative bool
	// codes are the currencies that the text may mean, blanks between them; empty when it has neither sign nor code.
	codes    string
	sign     string // as it is written, in capitals
	signs    int    // plus and minus
	open     int    // opening brackets less closing ones
	brackets bool
}

// split takes a plain text apart; false when there is something in it that belongs to no amount.
func split(text string) (parts, bool) {
	var p parts
	from := strings.IndexAny(text, "0123456789")
	if from < 0 {
		return p, false
	}
	to := strings.LastIndexAny(text, "0123456789") + 1
	if from > 0 && isMark(text[from-1]) && !lettersBefore(text, from-1) {
		from--
	}
	behind := text[to:]
	if behind != "" && isMark(behind[0]) {
		to++
		behind = text[to:]
		if dashes := strings.TrimLeft(behind, "-"); behind != dashes { // "12,-": twelve, and not less than zero
			if len(behind)-len(dashes) > 2 {
				return p, false
			}
			behind = dashes
		}
	}
	p.number = text[from:to]
	if strings.HasPrefix(behind, "/-") || strings.HasPrefix(behind, "/=") {
		behind = behind[2:]
	}
	ok := p.around(text[:from]) && p.around(behind) && p.open == 0 && p.signs <= 1 && (!p.brackets || p.signs == 0)
	p.negative = p.negative || p.brackets
	return p, ok
}

func isMark(c byte) bool { return c == '.' || c == ',' || c == decimalMark }

// lettersBefore says that a mark ends a word, as in "Rs.500".
func lettersBefore(text string, at int) bool {
	if at == 0 {
		return false
	}
	r, _ := utf8.DecodeLastRuneInString(text[:at])
	return unicode.IsLetter(r) || r == '/'
}

// around reads what stands before or behind the number.
func (p *parts) around(text string) bool {
	for text != "" {
		switch text[0] {
		case ' ':
		case '-', '+':
			p.signs++
			p.negative = p.negative || text[0] == '-'
		case '(':
			p.open++
			p.brackets = true
			if p.open > 1 || p.number == "" {
				return false
			}
		case ')':
			p.open--
			if p.open < 0 {
				return false
			}
		default:
			end := strings.IndexAny(text, " -+()")
			if end < 0 {
				end = len(text)
			}
			if !p.take(text[:end]) {
				return false
			}
			text = text[end:]
			continue
		}
		text = text[1:]
	}
	return true
}

// take takes a sign or code of a currency. Two are fine when the one says which of the other's is meant: "$12 CAD".
func (p *parts) take(text string) bool {
	sign := token(text)
	codes := codesOf(sign)
	switch {
	case codes == "":
		return false
	case p.codes == "", strings.Contains(p.codes, codes):
		p.codes, p.sign = codes, sign
	case !strings.Contains(codes, p.codes):
		return false
	}
	return true
}
