package number

import (
	"strconv"
	"strings"

	"github.com/freshet/freshet/pkg/money"
)

// maxDigits bounds what is taken for a number.
const maxDigits = 200

// Parse reads a number. digits is a JSON number with the digits of the text ("12.50" stays 12.50), currency the ISO 4217 code that stands beside
// it, or the sign when that is one of several currencies ("$", "¥", "KR"); empty when there is none. ok is false for what is no number in this
// convention. Beside digits, signs and groups it reads what pkg/money does: currencies before and behind, accounting brackets, a minus in front,
// behind or in between, blanks of every kind, digits of every script; and percent: "12.5 %" is 12.5.
//
// Groups are three digits each, or India's (1,00,000). Without a sign between groups in the convention those are read that can be nothing else:
// with blanks or apostrophes between them, or before the decimal sign ("1,234.50"; but "1,234" is none).
func Parse(text string, c Convention) (digits, currency string, ok bool) {
	if digits, ok = Plain(text, c.decimal()); ok {
		return digits, "", true
	}
	if begin := strings.TrimPrefix(text, "-"); marksOnly(begin) {
		if digits, ok = c.read(begin, false); ok && len(begin) < len(text) {
			digits = "-" + digits
		}
		return digits, "", ok
	}
	w, _, ok := apart(text)
	if !ok {
		return "", "", false
	}
	digits, ok = c.read(w.Number, false)
	if !ok {
		return "", "", false
	}
	if w.Negative {
		digits = "-" + digits
	}
	return digits, w.Currency, true
}

// Integer reads a whole number within 64 bits: 17850.0 is one, 2.5 and 1e3 are not.
func Integer(text string, c Convention) (string, bool) {
	n, _, ok := Parse(text, c)
	if !ok {
		return "", false
	}
	whole, fraction, _ := strings.Cut(n, ".")
	if strings.Trim(fraction, "0") != "" {
		return "", false
	}
	v, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return "", false
	}
	if strconv.FormatInt(v, 10) == whole {
		return whole, true
	}
	return strconv.FormatInt(v, 10), true // -0
}

// Currency is the ISO 4217 code that a text names, alone or beside an amount in whatever convention, or the sign when that is one of several
// currencies, as money.Sign writes it; empty when there is none.
func Currency(text string) string {
	if w, _, ok := apart(text); ok {
		return w.Currency
	}
	if sign, known := money.Sign(text); known {
		return sign
	}
	return ""
}

// Plain reads what programs write: a sign, digits, a decimal sign and an exponent, blanks around them. A text that is a JSON number already is
// given back as it is.
func Plain(text string, decimal byte) (string, bool) {
	s := strings.TrimSpace(text)
	begin, point, end := 0, -1, len(s)
	if s != "" && (s[0] == '-' || s[0] == '+') {
		begin = 1
	}
	for i := begin; i < len(s); i++ {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
		case c == decimal && point < 0:
			point = i
		case c|0x20 == 'e':
			if !exponent(s[i+1:]) {
				return "", false
			}
			end = i
		default:
			return "", false
		}
		if end < len(s) {
			break
		}
	}
	whole, fraction := s[begin:end], ""
	if point >= 0 {
		whole, fraction = s[begin:point], s[point+1:end]
	}
	if len(whole)+len(fraction) == 0 || len(whole)+len(fraction) > maxDigits {
		return "", false
	}
	if canonical(whole) && s[0] != '+' && (point < 0 || decimal == '.' && fraction != "") {
		return s, true
	}
	sign := ""
	if s[0] == '-' {
		sign = "-"
	}
	return sign + join(whole, fraction) + s[end:], true
}

// canonical says that JSON takes the digits before a point.
func canonical(whole string) bool { return whole != "" && (whole[0] != '0' || len(whole) == 1) }

// join writes digits as JSON does.
func join(whole, fraction string) string {
	if whole = strings.TrimLeft(whole, "0"); whole == "" {
		whole = "0"
	}
	if fraction == "" {
		return whole
	}
	return whole + "." + fraction
}

func exponent(s string) bool {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	return s != "" && len(s) <= 4 && digitsOnly(s)
}

func digitsOnly(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// apart takes a text apart; percent says that it has the sign.
func apart(text string) (w money.Written, percent, ok bool) {
	s := strings.TrimSpace(text)
	for _, sign := range []string{"%", "％", "٪"} {
		if strings.Contains(s, sign) {
			before, behind, _ := strings.Cut(s, sign)
			if s, percent = strings.TrimSpace(before)+strings.TrimSpace(behind), true; strings.Contains(s, sign) || strings.TrimSpace(before) != "" && strings.ContainsAny(behind, "0123456789") {
				return w, true, false
			}
			break
		}
	}
	w, ok = money.Apart(s)
	return w, percent, ok && (!percent || w.Currency == "")
}

// read reads what stands between the signs; strict takes the convention's groups only.
func (c Convention) read(number string, strict bool) (string, bool) {
	whole, fraction, pointed := number, "", false
	if before, behind, found := strings.Cut(number, money.ArabicMark); found {
		whole, fraction, pointed = before, behind, true
	} else if at := strings.LastIndexByte(number, c.decimal()); at >= 0 {
		whole, fraction, pointed = number[:at], number[at+1:], true
	}
	if !digitsOnly(fraction) || whole+fraction == "" || len(number) > maxDigits {
		return "", false
	}
	if !digitsOnly(whole) {
		mark := foreign(whole)
		if !c.parts(mark, pointed, strict) || !money.Grouped(whole, mark) {
			return "", false
		}
		whole = strings.ReplaceAll(whole, string(rune(mark)), "")
	}
	return join(whole, fraction), true
}

// marksOnly says that a text is digits and the marks between them, as most amounts are.
func marksOnly(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && c != '.' && c != ',' && c != '\'' {
			return false
		}
	}
	return s != "" && s[0] != '\''
}

// foreign is the first byte that is no digit; 0 when there is none.
func foreign(s string) byte {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return s[i]
		}
	}
	return 0
}

// parts says that a sign stands between groups.
func (c Convention) parts(mark byte, pointed, strict bool) bool {
	switch {
	case mark == c.decimal():
		return false
	case mark == c.thousands():
		return true
	case strict:
		return false
	case mark == ' ', mark == '\'', mark == '_':
		return true
	}
	return c.Thousands == "" && pointed && (mark == ',' || mark == '.')
}
