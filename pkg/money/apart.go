package money

import "strings"

// Written is an amount's text taken apart, for readers that keep its digits as they are.
type Written struct {
	// Number is what stands between the first and the last digit, with a mark before and behind: digits, points, commas, blanks, apostrophes
	// and underscores in ASCII. It begins with neither sign nor currency.
	Number   string
	Negative bool
	// Currency is the ISO 4217 code that the text names, by itself or by its sign, or the sign of several currencies in capitals ("$", "KR");
	// empty when it names none.
	Currency string
}

// Apart takes the text of an amount apart by the rules of Read, without reading its number. It reports false when there is something in it that
// belongs to no amount. Example: Apart("(US$ 1,234.50)") is {"1,234.50", true, "USD"}.
func Apart(text string) (Written, bool) {
	if len(text) > maxText {
		return Written{}, false
	}
	p, ok := split(unquote(plain(strings.Trim(text, " \t\r\n"))))
	if !ok {
		return Written{}, false
	}
	w := Written{Number: strings.ReplaceAll(p.number, string(rune(decimalMark)), ArabicMark), Negative: p.negative, Currency: p.sign}
	if isCode(p.codes) {
		w.Currency = p.codes
	}
	return w, true
}

// ArabicMark is U+066B, which Apart leaves as it is: nothing but a decimal mark, whatever the comma means.
const ArabicMark = "\u066b"

// Sign writes the sign or code of a currency as Apart does: "us$" is USD, "Kr." is KR. It reports false for what is neither.
func Sign(text string) (sign string, known bool) {
	t := token(strings.Trim(plain(text), " "))
	codes := codesOf(t)
	if isCode(codes) {
		return codes, true
	}
	return t, codes != ""
}
