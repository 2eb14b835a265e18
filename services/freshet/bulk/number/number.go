// Package number reads numbers and amounts of money as people and shops write them, digit for digit: no value passes through a float or is
// rounded. Signs and codes of currencies are those of pkg/money, which reads amounts into micros; here the digits stay as they are. It is not
// for knowing which column is money, or what a file holds: see draft.
package number

// Convention is how numbers are written. The zero Convention has the decimal sign "." and no sign between groups.
type Convention struct {
	// Decimal is the decimal sign, "." or ","; empty for ".".
	Decimal string
	// Thousands is the sign between groups of digits; empty when there is none. " " means any blank, "'" any apostrophe.
	Thousands string
}
