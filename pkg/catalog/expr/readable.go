package expr

import (
	"strconv"
	"strings"
	"unicode/utf8"
	"unsafe"
)

// view is b as a text, without a copy: the event that holds b does not change.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// readable says whether ClickHouse's parser takes a JSON document. The collector, whose parser is Go's, lets some through that simdjson refuses as
// a whole, and these have no members, here as there: text that is not UTF-8, halves of surrogate pairs, integers beyond 64 bits, numbers beyond
// float64. raw is valid JSON as Go sees it.
func readable(raw []byte) bool {
	odd := false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c >= utf8.RuneSelf:
			odd = true
		case c == '"':
			for i++; i < len(raw) && raw[i] != '"'; i++ {
				if raw[i] == '\\' {
					i++
					if i < len(raw) && raw[i] == 'u' && !surrogate(raw[i+1:], raw[:i-1]) {
						return false
					}
				} else if raw[i] >= utf8.RuneSelf {
					odd = true
				}
			}
		case c == '-' || c >= '0' && c <= '9':
			end := i + 1
			for end < len(raw) && strings.IndexByte("+-.eE0123456789", raw[end]) >= 0 {
				end++
			}
			if !parses(raw[i:end]) {
				return false
			}
			i = end - 1
		}
	}
	return !odd || utf8.Valid(raw)
}

// parses says whether a number fits: short ones without exponent always do.
func parses(number []byte) bool {
	if len(number) < 19 && !strings.ContainsAny(view(number), "eE") {
		return true
	}
	text := view(number)
	if !strings.ContainsAny(text, ".eE") {
		if _, err := strconv.ParseInt(text, 10, 64); err == nil {
			return true
		}
		_, err := strconv.ParseUint(text, 10, 64)
		return err == nil
	}
	_, err := strconv.ParseFloat(text, 64)
	return err == nil
}

// surrogate says whether the escape whose four digits rest begins with is no half of a pair without the other half. before ends in front of it.
func surrogate(rest, before []byte) bool {
	high, ok := hex4(rest)
	if !ok {
		return false
	}
	switch {
	case high >= 0xd800 && high < 0xdc00:
		if len(rest) < 10 || rest[4] != '\\' || rest[5] != 'u' {
			return false
		}
		low, ok := hex4(rest[6:])
		return ok && low >= 0xdc00 && low < 0xe000
	case high >= 0xdc00 && high < 0xe000:
		if len(before) < 6 || before[len(before)-6] != '\\' || before[len(before)-5] != 'u' {
			return false
		}
		first, ok := hex4(before[len(before)-4:])
		return ok && first >= 0xd800 && first < 0xdc00
	}
	return true
}

func hex4(b []byte) (uint64, bool) {
	if len(b) < 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(view(b[:4]), 16, 16)
	return n, err == nil
}
