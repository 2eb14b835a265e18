package draft

import (
	"strings"
	"unicode"
)

// currency writes the currency that stands beside the amounts, where no column names it.
func (w *writer) currency() {
	if w.has(currency) >= 0 || w.paths["currency"] {
		return
	}
	if c := w.money(); c != nil {
		switch code := c.numbers.Currency; {
		case len(c.numbers.Currencies) > 1:
			w.line("  currency: {column: %s, type: currency}", quoted(c.name))
			w.note(Sure, "the currency stands beside the amount: %s", strings.Join(c.numbers.Currencies, ", "))
		case code == "" && w.order < 0:
		case code == "":
			w.note(Guessed, "nothing names the currency: amounts count as the workspace's own. Set properties.currency, such as {value: EUR}")
		case len(code) == 3 && code == strings.ToUpper(code) && code[0] < 0x80:
			w.line("  currency: {value: %s}", code)
			w.note(Sure, "the currency is %s: it stands beside the amounts", code)
		default:
			likely, others := w.likely(code, c)
			w.line("  currency: {value: %s}  # CHECK: %s is the sign of %s as well", likely, code, others)
			w.note(Ask, "%s stands beside the amounts: %s is taken, and it may be %s. Set properties.currency", code, likely, others)
		}
	}
}

// money is the column of amounts whose currency is the event's: of an order, or the first that a currency stands in; nil for none.
func (w *writer) money() *column {
	for _, r := range []role{orderTotal, lineTotal, unitPrice} {
		if i := w.has(r); i >= 0 {
			return w.columns[i]
		}
	}
	for _, c := range w.columns {
		if w.order < 0 && c.numeric() && len(c.numbers.Currencies)+len(c.numbers.Currency) > 0 {
			return c
		}
	}
	return nil
}

// likely is the currency that a sign of several most often means: yen have no decimals, and a file in Chinese is of yuan.
func (w *writer) likely(sign string, c *column) (code, others string) {
	switch sign {
	case "¥", "￥":
		if c.numbers.Whole && !w.chinese() {
			return "JPY", "CNY"
		}
		return "CNY", "JPY"
	case "kr":
		return "SEK", "NOK, DKK or ISK"
	case "£":
		return "GBP", "another pound"
	}
	return "USD", "another dollar (CAD, AUD, HKD)"
}

// chinese says that the header is in Chinese: it has characters, and no letters of Japanese.
func (w *writer) chinese() bool {
	han := false
	for _, c := range w.columns {
		for _, r := range c.name {
			if unicode.In(r, unicode.Hiragana, unicode.Katakana) {
				return false
			}
			han = han || unicode.Is(unicode.Han, r)
		}
	}
	return han
}
