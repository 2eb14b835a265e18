package instant

import (
	"strconv"
	"strings"
	"time"
)

// number reads a count of seconds, milliseconds, microseconds or nanoseconds since 1970. It works on the digits: no float lies between.
func number(s string) (time.Time, bool) {
	digits, point, ok := decimal(s)
	if !ok || len(s) == 8 || calendar(s) {
		return time.Time{}, false
	}
	var below int // digits between the unit and the nanosecond
	switch {
	case point < 9:
		return time.Time{}, false
	case point <= 11:
		below = 9
	case point <= 14:
		below = 6
	case point <= 17:
		below = 3
	case point > 19:
		return time.Time{}, false
	}
	whole, err := strconv.ParseInt(pad(digits, point), 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	var part int64
	if below > 0 && len(digits) > point {
		part, _ = strconv.ParseInt(pad(digits[point:], below), 10, 64) // digits only, at most nine
	}
	perSecond := int64(1)
	for range 9 - below {
		perSecond *= 10
	}
	unit := int64(time.Second) / perSecond
	return ranged(time.Unix(whole/perSecond, whole%perSecond*unit+part).UTC())
}

// decimal takes a number apart into its digits, without zeros in front, and the place of its point among them.
func decimal(s string) (digits string, point int, ok bool) {
	s = strings.TrimPrefix(s, "+")
	if at := strings.IndexAny(s, "eE"); at > 0 {
		exponent, err := strconv.Atoi(s[at+1:])
		if err != nil || exponent < -30 || exponent > 30 {
			return "", 0, false
		}
		point, s = exponent, s[:at]
	}
	whole, fraction := s, ""
	if at := strings.IndexAny(s, ".,"); at > 0 {
		whole, fraction = s[:at], s[at+1:]
	}
	digits = whole + fraction
	if whole == "" || strings.Trim(digits, "0123456789") != "" {
		return "", 0, false
	}
	point += len(whole)
	trimmed := strings.TrimLeft(digits, "0")
	return trimmed, point - len(digits) + len(trimmed), true
}

// pad makes digits n long.
func pad(digits string, n int) string {
	if len(digits) >= n {
		return digits[:n]
	}
	return digits + strings.Repeat("0", n-len(digits))
}

// calendar says that 12, 14 or 17 digits are a year of this or the last century, month, day, hour, minute and perhaps more. As
// milliseconds 12 such digits would be of 1976, 14 of the year 2573.
func calendar(s string) bool {
	if n := len(s); n != 12 && n != 14 && n != 17 || s[:2] != "19" && s[:2] != "20" {
		return false
	}
	var p parts
	if !iso(s, &p) {
		return false
	}
	_, ok := p.time()
	return ok
}
