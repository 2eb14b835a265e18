package trainset

import (
	"fmt"
	"strconv"
	"time"
)

// ParseTime reads RFC 3339, a date, or Unix milliseconds.
func ParseTime(text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, text, time.UTC); err == nil {
			return t, nil
		}
	}
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil && len(text) >= 12 {
		return time.UnixMilli(ms), nil
	}
	return time.Time{}, fmt.Errorf("%q is no time: write 2026-03-01T12:00:00Z, 2026-03-01 or Unix milliseconds", text)
}

func parseTime(text string) (int64, error) {
	t, err := ParseTime(text)
	return t.UnixMilli(), err
}
