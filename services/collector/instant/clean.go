package instant

import (
	"strings"
	"unicode"
)

// clean writes a text in ASCII as far as it says the same: digits of every script (a phone formats dates in its owner's), full-width signs,
// the many blanks, minuses and invisible marks, and the signs for year, month and day of Chinese and Japanese.
func clean(text []byte) string {
	plain := true
	for _, c := range text {
		if c >= 0x80 || c < ' ' {
			plain = false
			break
		}
	}
	if plain {
		return string(text)
	}
	var b strings.Builder
	for _, r := range string(text) {
		if c := ascii(r); c != 0 {
			b.WriteRune(c)
		}
	}
	return strings.TrimRight(halves.Replace(b.String()), ": ")
}

// halves are before and after noon as Chinese, Korean and Japanese write them, in front of the hour.
var halves = strings.NewReplacer("上午", " AM ", "下午", " PM ", "오전", " AM ", "오후", " PM ", "午前", " AM ", "午後", " PM ")

// ascii is what a letter counts as; 0 for nothing.
func ascii(r rune) rune {
	switch {
	case r > ' ' && r < 0x80:
		return r
	case unicode.IsSpace(r):
		return ' '
	case r >= 0xff01 && r <= 0xff5e: // full width
		return r - 0xff01 + '!'
	case unicode.IsDigit(r):
		return digit(r)
	case unicode.Is(unicode.Cf, r):
		return 0
	}
	switch r {
	case '−', '‐', '‑', '–', '年', '月':
		return '-'
	case '،':
		return ','
	case '日', '秒':
		return ' '
	case '時', '时', '分':
		return ':'
	}
	return r
}

// digit is a decimal digit in ASCII. Unicode keeps each script's ten in a row, and rows that touch begin at a zero.
func digit(r rune) rune {
	for _, rows := range unicode.Nd.R16 {
		if lo, hi := rune(rows.Lo), rune(rows.Hi); r >= lo && r <= hi {
			return '0' + (r-lo)%10
		}
	}
	for _, rows := range unicode.Nd.R32 {
		if lo, hi := rune(rows.Lo), rune(rows.Hi); r >= lo && r <= hi {
			return '0' + (r-lo)%10
		}
	}
	return r
}
