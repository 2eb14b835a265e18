package customer

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/unicode/norm"
)

const (
	// minDigits and maxDigits bound what is a telephone number; an extension is not counted. E.164 has 15 digits, an
	// international prefix before them up to three.
	minDigits, maxDigits = 5, 18
	// bareDigits is the least a number without plus and without region has to be taken for an international one. National ones as
	// long begin with a zero nearly everywhere.
	bareDigits = 11
	// longDigits is the least from which that goes before what the region says.
	longDigits = 12
)

var (
	extension = regexp.MustCompile(`(?i)[\s,;]*(?:;\s*ext=|\bext(?:ension|ensión|n)?\b[.:]?|x|#|доб[.:]?|durchwahl|dw[.:])\s*([0-9]{1,7})#?$`)
	trunkZero = regexp.MustCompile(`\(\s*0\s*\)`)
	telephone = regexp.MustCompile(`(?i)^(?:tel|phone|callto|sms|whatsapp|wa\.me)\s*[:/]+\s*`)
)

// phone writes a number as E.164 where its country is plain: from "+", from an international prefix ("00", "011"), from the region, or
// because its digits, eleven at least, are a valid number behind a plus. Else it is its digits, so that one number written in two ways
// stays one. An extension stays, as ";ext=5": behind it is another person. What is no number stays as it is written.
func (h Habits) phone(value string) string {
	text := digitsOf(norm.NFKC.String(visible(value)))
	for before := ""; before != text; {
		before = text
		text = strings.TrimSpace(strings.TrimLeft(telephone.ReplaceAllString(text, ""), "'’`\"=‘"))
	}
	base, ext := text, ""
	if m := extension.FindStringSubmatchIndex(text); m != nil && countDigits(text[:m[0]]) >= minDigits {
		base, ext = text[:m[0]], ";ext="+text[m[2]:m[3]]
	}
	if number := h.number(base); number != "" {
		return number + ext
	}
	return text
}

// number reads what is before an extension; empty when it is no telephone number.
func (h Habits) number(text string) string {
	if n := vanity(text, h.Region); n != "" {
		return n
	}
	text, ok := core(text)
	if !ok {
		return ""
	}
	rest, plus := strings.CutPrefix(text, "+")
	rest = strings.TrimLeft(rest, "+ ")
	n := countDigits(rest)
	if n < minDigits || n > maxDigits || strings.ContainsFunc(rest, foreign) {
		return ""
	}
	all := onlyDigits(rest)
	switch {
	case plus && strings.HasPrefix(all, "00"): // "+0049": twice said
		return international(strings.TrimLeft(all, "0"), all)
	case plus:
		abroad := onlyDigits(trunkZero.ReplaceAllString(rest, ""))
		return international(abroad, "+"+abroad)
	}
	if len(all) >= longDigits && all[0] != '0' { // longer than nearly every national number
		if valid := parse("+"+all, ""); valid != "" {
			return valid
		}
	}
	if valid := parse(all, h.Region); valid != "" && h.Region != "" {
		return valid
	}
	for _, prefix := range []string{"00", "011"} {
		if _, found := strings.CutPrefix(all, prefix); found {
			abroad := onlyDigits(trunkZero.ReplaceAllString(rest, ""))
			return international(strings.TrimPrefix(abroad, prefix), all)
		}
	}
	if len(all) >= bareDigits {
		return international(all, all)
	}
	return all
}

// core cuts off the remarks around a number. Letters that touch its digits are none: "ABC12345" and "12345xx" are no numbers.
func core(text string) (number string, ok bool) {
	digit := func(r rune) bool { return r >= '0' && r <= '9' }
	from := strings.IndexFunc(text, func(r rune) bool { return r == '+' || digit(r) })
	to := strings.LastIndexFunc(text, digit) + 1
	if from < 0 || to <= from {
		return "", false
	}
	before, _ := utf8.DecodeLastRuneInString(text[:from])
	after, _ := utf8.DecodeRuneInString(text[to:])
	return text[from:to], (from == 0 || !foreign(before)) && (to == len(text) || !foreign(after))
}

// international reads digits behind a plus, and gives otherwise when no country gives such a number out.
func international(digits, otherwise string) string {
	if valid := parse("+"+digits, ""); valid != "" {
		return valid
	}
	return otherwise
}

// parse gives a valid number as E.164, else nothing. Numbers that no country gives out are left alone: what the library leaves out
// of them depends on how they were written.
func parse(text, region string) string {
	n, err := phonenumbers.Parse(text, region)
	if err != nil || n.GetExtension() != "" || !phonenumbers.IsValidNumber(n) {
		return ""
	}
	return phonenumbers.Format(n, phonenumbers.E164)
}

// vanity reads numbers with letters for digits, as North America writes them; elsewhere letters are a remark.
func vanity(text, region string) string {
	if !strings.ContainsFunc(text, unicode.IsLetter) {
		return ""
	}
	n, err := phonenumbers.Parse(text, region)
	if err != nil || n.GetCountryCode() != 1 || n.GetExtension() != "" || !phonenumbers.IsValidNumber(n) {
		return ""
	}
	return phonenumbers.Format(n, phonenumbers.E164)
}

// foreign is what cannot stand within a number: a letter, a second plus, a mask.
func foreign(r rune) bool { return r == '+' || r == '*' || r == '#' || r == '@' || unicode.IsLetter(r) }

// digitsOf writes the digits of every script as 0 to 9.
func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 || !unicode.IsDigit(r) {
			return r
		}
		for _, run := range unicode.Nd.R16 {
			if uint16(r) >= run.Lo && uint16(r) <= run.Hi && r <= 0xffff {
				return '0' + (r-rune(run.Lo))%10
			}
		}
		return r
	}, s)
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

func countDigits(s string) int { return len(onlyDigits(s)) }
