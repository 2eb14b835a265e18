package moment

import (
	"strconv"
	"strings"
	"time"

	"github.com/freshet/freshet/services/freshet/bulk/number"
)

// since reads a number of units since 1970, with decimals.
func since(text string, unit time.Duration) (time.Time, bool) {
	n, ok := number.Plain(text, '.')
	if !ok || strings.ContainsAny(n, "eE") {
		return time.Time{}, false
	}
	whole, fraction, _ := strings.Cut(n, ".")
	units, err := strconv.ParseInt(whole, 10, 64)
	per := int64(time.Second / unit)
	if limit := 100_000_000_000; err != nil || units/per > int64(limit) || units/per < -int64(limit) { // the year 5138
		return time.Time{}, false
	}
	rest, err := strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	rest = rest * int64(unit) / int64(time.Second)
	if strings.HasPrefix(whole, "-") {
		rest = -rest
	}
	return time.Unix(units/per, units%per*int64(unit)+rest).UTC(), true
}

// serial is what the clocks showed after a number of days as Excel counts them: 1 is the first of January 1900, and the day 60, which never was, is passed
// over with all before it; in workbooks of old Macs, 0 is the first of January 1904. The fraction is rounded to milliseconds.
func serial(text string, since1904 bool) (time.Time, bool) {
	n, ok := number.Plain(text, '.')
	whole, fraction, _ := strings.Cut(n, ".")
	days, err := strconv.Atoi(whole)
	first := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	least := 61
	if since1904 {
		first, least = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC), 1
	}
	if !ok || err != nil || days < least || days > 2_958_465 { // the end of the year 9999
		return time.Time{}, false
	}
	part, err := strconv.ParseInt((fraction + "0000000000")[:10], 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	const day, scale = 86_400_000, 10_000_000_000 // milliseconds; ten digits
	return first.AddDate(0, 0, days).Add(time.Duration((part*day+scale/2)/scale) * time.Millisecond), true
}
