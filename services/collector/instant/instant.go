// Package instant reads a point in time out of whatever a client wrote for one: a text in any of the common forms, or a number of seconds,
// milliseconds, microseconds or nanoseconds since 1970. It is not for durations, for writing times, or for columns whose layout is known
// (services/freshet/bulk/mapping, where a person names the layout): here nobody says how the sender writes, and each value stands alone.
//
// Rules, each with its test in instant_test.go:
//   - What has one reading is read; what has two is not. 03/04/2026 is not, 28/11/2026 is. IST and CST name several zones and are not read.
//   - A time without a zone is UTC.
//   - A number's unit is told by its digits before the point: 9 to 11 are seconds (1973 to 5138), 12 to 14 milliseconds, 15 to 17
//     microseconds, 18 and 19 nanoseconds. 8, 12 and 14 digits that are a calendar's (20261128, 202611280042, 20261128004235) are that.
//     Shorter numbers are uptimes and counters, and are not read.
//   - A leap second, :60, is the second after it; 24:00:00 is the beginning of the next day.
//   - A month, a week or a year alone is no point in time. A day is: its first moment.
//   - The result is between the years 1 and 9999. Whether it makes sense is the caller's to say.
package instant

import (
	"strings"
	"time"
)

// maxText is the longest text looked at, in bytes. The longest that was met is JavaScript's Date.toString() with its zone in a script of three bytes a letter.
const maxText = 200

// Parse reads a time out of a text. It reports false when the text is none, or could be two.
func Parse(text []byte) (time.Time, bool) {
	var t time.Time
	if len(text) >= len("2006-01-02T15:04:05Z") && text[len("2006-01-02")] == 'T' && t.UnmarshalText(text) == nil { // what nearly all clients write
		return t, true
	}
	if len(text) > maxText {
		return time.Time{}, false
	}
	s, place := split(clean(text))
	if t, ok := number(s); ok {
		return t, true
	}
	var p parts
	if !iso(s, &p) {
		p = parts{}
		if !words(s, &p) {
			return time.Time{}, false
		}
	}
	if !p.zoned && place != "" && !p.named(place) {
		return time.Time{}, false // the local time of somewhere
	}
	return p.time()
}

// split takes apart what is written behind a time for people: JavaScript's "(Central European Standard Time)", Java's "[Europe/Berlin]",
// Go's monotonic clock, and .NET's and JavaScript's Date( ) around it.
func split(s string) (rest, place string) {
	s = strings.TrimSpace(strings.Trim(s, `"'`))
	if inner, ok := strings.CutSuffix(strings.Trim(s, `/\`), ")"); ok {
		for _, around := range []string{"Date(", "new Date("} {
			if inner, ok := strings.CutPrefix(inner, around); ok {
				return millisOf(strings.Trim(inner, `"'`)), ""
			}
		}
	}
	if at := strings.Index(s, " m="); at > 0 {
		s = s[:at]
	}
	if at := strings.IndexAny(s, "[("); at > 0 && strings.HasSuffix(s, closing(s[at])) {
		place = s[at+1 : len(s)-1]
		s = s[:at]
	}
	return strings.TrimSpace(s), place
}

func closing(open byte) string {
	if open == '[' {
		return "]"
	}
	return ")"
}

// millisOf drops the zone of .NET's /Date(1795826552000+0100)/, which says how to show the time and moves it nowhere.
func millisOf(inner string) string {
	if at := strings.LastIndexAny(inner, "+-"); at > 8 && len(inner)-at == 5 && strings.Trim(inner[:at], "0123456789") == "" {
		return inner[:at]
	}
	return inner
}
