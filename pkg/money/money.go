// Package money turns decimal text into integer micros (millionths of a currency
// unit) and back, exactly: ParseMicros reads numbers as programs write them, Read
// amounts as people do. It is not for rates, rounding rules of a country or
// sums: those of micros are sums of int64.
//
// Invariants: what ParseMicros reads, Read reads as the same (TestACanonicalNumberReadsAsItself);
// an amount written in any of the conventions is read back to the millionth under the
// habit of its writer (TestEveryConventionReadsBack); what could be two numbers is an
// error, not a guess (TestRead).
package money

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Unit is one currency unit in micros.
const Unit = 1_000_000

// places is how many decimals a micro has, ratePlaces how many a rate has.
const places, ratePlaces = 6, 12

var (
	// ErrSyntax is the error of text that is no decimal number.
	ErrSyntax = errors.New(`is no decimal number, such as "12.50"`)
	// ErrRange is the error of numbers that do not fit: beyond ±9,223,372,036,854.775807.
	ErrRange = errors.New("is out of range: more than 9223372036854.775807 or less than -9223372036854.775808")
)

// ParseMicros reads a decimal number, such as "-12.5", "1e3" or ".5", as micros.
// Up to six decimals are exact; what is beyond is rounded to the nearest micro,
// halves to the even one ("0.0000005" is 0, "0.0000015" is 2). The grammar is
// that of JSON numbers, with a leading "+", a missing digit before or after the
// point and leading zeros also allowed; blanks, separators, currency signs,
// NaN and Inf are not. Errors are ErrSyntax or ErrRange, with the text.
// Example: ParseMicros("9747747.934") is 9747747934000.
func ParseMicros(text string) (int64, error) {
	d, ok := scan(text)
	if !ok {
		return 0, fault(text, ErrSyntax)
	}
	micros, ok := d.micros()
	if !ok {
		return 0, fault(text, ErrRange)
	}
	return micros, nil
}

// ParseRate reads a rate of exchange in units of 1e-12, by the rules of ParseMicros. The largest is 9,223,372.036854775807.
// Example: ParseRate("1.0842") is 1084200000000.
func ParseRate(text string) (int64, error) {
	d, ok := scan(text)
	if !ok {
		return 0, fault(text, ErrSyntax)
	}
	d.exponent += ratePlaces - places
	e12, ok := d.micros()
	if !ok {
		return 0, fault(text, errors.New("is out of range: more than 9223372.036854775807"))
	}
	return e12, nil
}

func fault(text string, err error) error {
	if len(text) > 40 {
		text = text[:40] + "..."
	}
	return fmt.Errorf("%q %w", text, err)
}

// Format writes micros as a decimal number with at least two and at most six
// decimals; ParseMicros reads it back. Example: Format(12500000) is "12.50".
func Format(micros int64) string {
	sign, abs := "", uint64(micros)
	if micros < 0 {
		sign, abs = "-", -abs
	}
	fraction := fmt.Sprintf("%06d", abs%Unit)
	fraction = fraction[:2] + strings.TrimRight(fraction[2:], "0")
	return sign + strconv.FormatUint(abs/Unit, 10) + "." + fraction
}

// FormatQuantity writes a number of units in millionths with as many decimals as it needs. Example: 1250000 is "1.25", 2000000 is "2".
func FormatQuantity(micros int64) string {
	return strings.TrimSuffix(strings.TrimRight(Format(micros), "0"), ".")
}

// decimal is a number as text: whole.fraction × 10^exponent.
type decimal struct {
	negative        bool
	whole, fraction string // digits; either may be empty
	exponent        int
}

// maxExponent bounds exponents before they are added up: no number with so large
// a one is anything but 0 or out of range, whatever digits it has.
const maxExponent = 1 << 20

func scan(text string) (decimal, bool) {
	var d decimal
	rest := text
	if rest != "" && (rest[0] == '-' || rest[0] == '+') {
		d.negative = rest[0] == '-'
		rest = rest[1:]
	}
	mantissa := rest
	if i := strings.IndexAny(rest, "eE"); i >= 0 {
		mantissa = rest[:i]
		n, ok := scanExponent(rest[i+1:])
		if !ok {
			return d, false
		}
		d.exponent = n
	}
	d.whole, d.fraction, _ = strings.Cut(mantissa, ".")
	return d, len(d.whole)+len(d.fraction) > 0 && isDigits(d.whole) && isDigits(d.fraction)
}

func isDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}

func scanExponent(text string) (int, bool) {
	digits := strings.TrimPrefix(strings.TrimPrefix(text, "+"), "-")
	if digits == "" || strings.Trim(digits, "0123456789") != "" || len(text)-len(digits) > 1 {
		return 0, false
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n > maxExponent {
		n = maxExponent
	}
	if text[0] == '-' {
		n = -n
	}
	return n, true
}

// micros shifts the point six places to the right and rounds.
func (d decimal) micros() (int64, bool) {
	whole := strings.TrimLeft(d.whole, "0")
	fraction := d.fraction
	if whole == "" {
		fraction = strings.TrimLeft(fraction, "0")
	}
	point := len(whole) + d.exponent + places // that many digits are the whole micros
	if whole == "" {
		point -= len(d.fraction) - len(fraction)
	}
	switch {
	case whole == "" && fraction == "", point < 0: // nothing, or below a twentieth of a micro
		return 0, true
	case point > 19: // 19 digits hold every int64
		return 0, false
	}
	var n uint64
	for i := range point {
		n = n*10 + uint64(digitAt(whole, fraction, i)-'0') // at most 19 digits: no overflow of 64 bits
	}
	if roundsUp(n, whole, fraction, point) {
		n++
	}
	switch {
	case d.negative && n <= 1<<63:
		return -int64(n), true // also for 1<<63, whose negative is itself
	case !d.negative && n <= math.MaxInt64:
		return int64(n), true
	}
	return 0, false
}

// digitAt is the digit at a place, counted from the first one of whole; 0 beyond the last.
func digitAt(whole, fraction string, i int) byte {
	switch {
	case i < len(whole):
		return whole[i]
	case i-len(whole) < len(fraction):
		return fraction[i-len(whole)]
	}
	return '0'
}

// roundsUp says whether n, followed by the digits from point on as decimals, is nearer to n+1, or as near and n is odd.
func roundsUp(n uint64, whole, fraction string, point int) bool {
	if first := digitAt(whole, fraction, point); first != '5' {
		return first > '5'
	}
	for i := point + 1; i < len(whole)+len(fraction); i++ {
		if digitAt(whole, fraction, i) != '0' {
			return true
		}
	}
	return n%2 == 1
}
