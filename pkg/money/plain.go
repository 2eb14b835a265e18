package money

import (
	"strings"
	"unicode"
)

// decimalMark stands for U+066B, which is nothing but a decimal mark, in plain text.
const decimalMark = '\x01'

// plain writes a text with ASCII digits, marks, signs and blanks, whatever script they came in, and without what cannot be seen. The rest
// stays: currency signs, letters.
func plain(text string) string {
	if ascii(text) {
		return text
	}
	return strings.Map(plainRune, text)
}

func ascii(text string) bool {
	for i := range len(text) {
		if text[i] >= 0x80 || text[i] < ' ' {
			return false
		}
	}
	return true
}

func plainRune(r rune) rune {
	if r >= '！' && r <= '～' { // the full-width forms of ASCII
		r -= '！' - '!'
	}
	switch r {
	case '\'', '’', '‘', 'ʼ', '′', '´', '`', '\u066c': // the last is the Arabic thousands separator
		return '\''
	case '\u066b':
		return decimalMark
	case '−', '–', '—', '‐', '‑', '‒', '﹣', '⁻':
		return '-'
	case '﹢', '⁺':
		return '+'
	case '،', '﹐', '、':
		return ','
	case '﹒', '。', '｡':
		return '.'
	case '﹩':
		return '$'
	case '￡':
		return '£'
	case '￥':
		return '¥'
	case '￦':
		return '₩'
	case '“', '”', '«', '»':
		return '"'
	}
	switch {
	case r < 0x80 && r > ' ':
		return r
	case unicode.Is(unicode.Cf, r), r == '\ufeff': // marks of direction, joiners: nobody sees them
		return -1
	case unicode.IsSpace(r):
		return ' '
	case unicode.IsDigit(r):
		return digit(r)
	}
	return unicode.ToUpper(r)
}

// digit is the ASCII form of a decimal digit of any script: Unicode keeps the ten of each together, in their order.
func digit(r rune) rune {
	for _, t := range unicode.Nd.R16 {
		if lo, hi := rune(t.Lo), rune(t.Hi); r >= lo && r <= hi {
			return '0' + (r-lo)%10
		}
	}
	for _, t := range unicode.Nd.R32 {
		if lo, hi := rune(t.Lo), rune(t.Hi); r >= lo && r <= hi {
			return '0' + (r-lo)%10
		}
	}
	return r
}
