package mapping

import (
	"strconv"
	"strings"
)

// decimal turns a number as people write it into a JSON number with the same digits. point is the decimal sign; thousands, when not empty, may
// stand between groups of three digits. A minus may stand behind, as some ERP systems write it.
func decimal(s, point, thousands string) (string, bool) {
	s = strings.TrimSpace(s)
	sign := ""
	switch {
	case strings.HasPrefix(s, "-"):
		sign, s = "-", s[1:]
	case strings.HasPrefix(s, "+"):
		s = s[1:]
	case strings.HasSuffix(s, "-"):
		sign, s = "-", s[:len(s)-1]
	}
	mantissa, exponent, hasExponent := s, "", false
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa, exponent, hasExponent = s[:i], s[i+1:], true
	}
	whole, fraction, _ := strings.Cut(mantissa, point)
	if thousands != "" && strings.Contains(whole, thousands) {
		groups := strings.Split(whole, thousands)
		for i, g := range groups {
			if i > 0 && len(g) != 3 || i == 0 && (len(g) == 0 || len(g) > 3) {
				return "", false
			}
		}
		whole = strings.Join(groups, "")
	}
	if !digits(whole) || !digits(fraction) || whole+fraction == "" || len(whole)+len(fraction) > 200 {
		return "", false
	}
	if whole = strings.TrimLeft(whole, "0"); whole == "" {
		whole = "0"
	}
	out := sign + whole
	if fraction != "" {
		out += "." + fraction
	}
	if hasExponent {
		bare := strings.TrimLeft(exponent, "+-")
		if bare == "" || !digits(bare) || len(exponent)-len(bare) > 1 || len(bare) > 4 {
			return "", false
		}
		out += "e" + exponent
	}
	return out, true
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// integer turns a whole number into its digits; 17850.0 is one, 1e3 and 2.5 are not, nor is what 64 bits do not hold.
func integer(s, point, thousands string) (string, bool) {
	n, ok := decimal(s, point, thousands)
	if !ok {
		return "", false
	}
	whole, fraction, _ := strings.Cut(n, ".")
	if strings.Trim(fraction, "0") != "" {
		return "", false
	}
	v, err := strconv.ParseInt(whole, 10, 64)
	return strconv.FormatInt(v, 10), err == nil
}
