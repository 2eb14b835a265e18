package number

// Parse reads a number. digits is a JSON number with the digits of the text, currency the ISO 4217 code that stands beside it, or the sign when
// that is one of several currencies ("$", "¥", "kr"); empty when there is none. ok is false for what is no number in this convention.
func Parse(text string, c Convention) (digits, currency string, ok bool) {
	return "", "", false
}
