package money

import (
	"errors"
	"strings"
)

// ErrAmbiguous is the error of text that is one amount to some people and another to others: "19,99", "1,980".
var ErrAmbiguous = errors.New("could be two numbers")

// Habit is how a text's writer is known to write.
type Habit struct {
	// Decimal is the decimal mark, '.' or ','. Zero: not known.
	Decimal byte
	// Currency is the ISO 4217 code of the amount where the text does not say it; empty when not known. It tells only how many decimals
	// an amount may have.
	Currency string
}

// Amount is what a text says.
type Amount struct {
	// Micros is the amount in millionths of a unit.
	Micros int64
	// Currency is the code that the text names, beside the number or by a sign; empty when it names none, or one of several ("$").
	Currency string
}

// maxText bounds what is read by other rules than ParseMicros, in bytes: nobody writes a price of a hundred letters.
const maxText = 100

// Read reads an amount as people and shops write it. What ParseMicros takes, it takes as the same number, with one exception: where the
// decimal mark is a comma, "1.980" is 1980. Beyond that it takes
//
//   - blanks around it, and digits, marks and signs of other scripts;
//   - a currency's sign or code before or behind: "$12", "12.00 EUR", "EUR12", "Rs. 500", "12 zł";
//   - a sign before or behind: "+12", "−12", "12.00-"; brackets for less than zero: "(12.00)"; "12,-" and "500/-" for whole amounts;
//   - groups of three digits, or as in India (1,00,000), by comma, point, blank, apostrophe or underscore.
//
// Of comma and point the last is the decimal mark when both are there, and one that repeats is none. A single comma is ErrAmbiguous unless
// the habit tells, or a zero before it ("0,500"), or blanks or apostrophes between the groups, or a currency without decimals: "1,980" yen are
// no 1.98. A single point is the decimal mark: "1.980" is how programs write numbers. But where the habit is a comma, the three digits
// behind a point are a group, and beside a sign or code they are ErrAmbiguous ("1.980 €"), unless the currency has no decimals ("1.980 ₫")
// or three ("1.980 KWD").
//
// Everything else is ErrSyntax: percent, words, NaN, two currencies. Blank text is ErrSyntax too: whoever calls knows what it means.
func Read(text string, habit Habit) (Amount, error) {
	a, _, err := read(text, habit)
	return a, err
}

// ReadNumber reads a number as Read does, without currency: a quantity.
func ReadNumber(text string, habit Habit) (int64, error) {
	a, marked, err := read(text, Habit{Decimal: habit.Decimal})
	if err == nil && marked {
		err = fault(text, ErrSyntax)
	}
	return a.Micros, err
}

// read also says whether the text names a currency.
func read(text string, habit Habit) (a Amount, marked bool, err error) {
	trimmed := strings.Trim(text, " \t\r\n")
	if d, ok := scan(trimmed); ok && (habit.Decimal != ',' || strings.ContainsAny(trimmed, "eE") || !strings.Contains(trimmed, ".")) {
		a.Micros, ok = d.micros()
		if !ok {
			err = fault(text, ErrRange)
		}
		return a, false, err
	}
	if len(text) > maxText {
		return a, false, fault(text, ErrSyntax)
	}
	p, ok := split(unquote(plain(trimmed)))
	if !ok {
		return a, false, fault(text, ErrSyntax)
	}
	if isCode(p.codes) {
		a.Currency, habit.Currency = p.codes, p.codes
	}
	marked = p.codes != ""
	d, err := number(p.number, habit, marked)
	if err != nil {
		return Amount{}, marked, fault(text, err)
	}
	d.negative = p.negative
	if a.Micros, ok = d.micros(); !ok {
		return Amount{}, marked, fault(text, ErrRange)
	}
	return a, marked, nil
}

// unquote takes away the marks that spreadsheets and careless programs put around a text.
func unquote(text string) string {
	text = strings.Trim(text, " ")
	if len(text) > 1 && text[0] == '"' && text[len(text)-1] == '"' {
		text = strings.Trim(text[1:len(text)-1], " ")
	}
	return strings.TrimPrefix(text, "'")
}
