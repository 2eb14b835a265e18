// Package number reads numbers and amounts of money as people and shops write them, digit for digit: no value passes through a float or is
// rounded. Signs and codes of currencies are those of pkg/money, which reads amounts into micros; here the digits stay as they are. It is not
// for knowing which column is money, or what a file holds: see draft.
//
// Invariants: an amount written in a convention is read back with its digits (TestWhatIsWrittenIsReadBack); what pkg/money reads and this
// package reads are the same amount (TestMoneyReadsTheSame); a column is never found to be written in a way that one of its values
// speaks against without saying so (TestAFindingReadsItsColumn).
package number

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Convention is how numbers are written. The zero Convention has the decimal sign "." and no sign between groups.
type Convention struct {
	// Decimal is the decimal sign, "." or ","; empty for ".".
	Decimal string
	// Thousands is the sign between groups of digits; empty when there is none. Any blank means all blanks, any apostrophe all apostrophes.
	Thousands string
}

func (c Convention) decimal() byte {
	if c.Decimal == "" {
		return '.'
	}
	return c.Decimal[0]
}

// thousands is the sign as money.Apart writes it; 0 for none.
func (c Convention) thousands() byte {
	r, size := utf8.DecodeRuneInString(c.Thousands)
	switch {
	case size == 0:
		return 0
	case strings.ContainsRune("'’‘`´ʼ′٬", r):
		return '\''
	case unicode.IsSpace(r):
		return ' '
	}
	return c.Thousands[0]
}
