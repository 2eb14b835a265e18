package workbook

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// read is what a number means under a format.
func (f format) read(raw string, epoch1904 bool) Cell {
	v, err := strconv.ParseFloat(raw, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return Cell{Kind: Text, Text: raw}
	}
	if f.date || f.clock {
		if text, ok := f.time(v, epoch1904); ok {
			return Cell{Kind: Time, Text: text}
		}
	}
	text := digits(raw, v)
	if f.zeros > 0 && strings.Trim(text, "0123456789") == "" {
		return Cell{Kind: Text, Text: strings.Repeat("0", max(f.zeros-len(text), 0)) + text}
	}
	return Cell{Kind: Number, Text: text}
}

// digits writes a number as Excel knows it, with 15 digits; a whole number that the file has with up to 18 keeps them.
func digits(raw string, v float64) string {
	if n, err := strconv.ParseInt(raw, 10, 64); err == nil && len(raw) <= 19 {
		return strconv.FormatInt(n, 10)
	}
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 15, 64), 64)
	if err != nil {
		rounded = v
	}
	if math.Abs(rounded) >= 1e21 || rounded != 0 && math.Abs(rounded) < 1e-12 {
		return strconv.FormatFloat(rounded, 'e', -1, 64)
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}

const day = 24 * 60 * 60 * 1000 // milliseconds

// time writes the number of days since the epoch as people wrote it; not ok for what is no time that Excel knows. Excel believes that 1900 was a leap
// year: its day 60 never was, and the days before it count from the day after.
func (f format) time(v float64, epoch1904 bool) (string, bool) {
	millis := math.Round(v * day)
	if v < 0 || v >= 2_958_466 {
		return "", false
	}
	whole, rest := int(millis/day), int64(math.Mod(millis, day))
	clock := "15:04:05"
	if rest%1000 != 0 {
		clock = "15:04:05.000"
	}
	if !f.date && whole == 0 {
		return time.UnixMilli(rest).UTC().Format(clock), true
	}
	first := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	switch {
	case epoch1904:
		first = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	case whole == 60:
		return "", false
	case whole < 60:
		first = first.AddDate(0, 0, 1)
	}
	at := first.AddDate(0, 0, whole).Add(time.Duration(rest) * time.Millisecond)
	if !f.clock && rest == 0 {
		return at.Format(time.DateOnly), true
	}
	return at.Format("2006-01-02T" + clock), true
}
