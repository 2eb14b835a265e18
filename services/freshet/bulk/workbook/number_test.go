package workbook

import (
	"math"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

func TestWhatANumberMeansUnderAFormat(t *testing.T) {
	for name, c := range map[string]struct {
		code, raw string
		epoch1904 bool
		want      string // with n: for a number, t: for a time
	}{
		"as Excel writes 1.1":           {"General", "1.1000000000000001", false, "n:1.1"},
		"as Excel writes 19.99":         {"0.00", "19.989999999999998", false, "n:19.99"},
		"a sum of floats":               {"General", "0.30000000000000004", false, "n:0.3"},
		"money":                         {`_-* #,##0.00\ "€"_-;-* #,##0.00\ "€"_-`, "-1234.5", false, "n:-1234.5"},
		"dollars of days":               {`[$USD-409] #,##0.00 "per day"`, "3", false, "n:3"},
		"a share":                       {"0.00%", "0.125", false, "n:0.125"},
		"scientific":                    {"0.00E+00", "1.5E-3", false, "n:0.0015"},
		"huge":                          {"General", "1E+300", false, "n:1e+300"},
		"an id of 18 digits":            {"General", "123456789012345678", false, "n:123456789012345678"},
		"a post code":                   {"00000", "1067", false, "01067"},
		"no code":                       {"00000", "1067.5", false, "n:1067.5"},
		"a duration":                    {"[h]:mm:ss", "1.5", false, "n:1.5"},
		"not a number":                  {"General", "x", false, "x"},
		"a day":                         {"m/d/yyyy", "46024", false, "t:2026-01-02"},
		"a day and a time":              {"m/d/yyyy h:mm", "46024", false, "t:2026-01-02T00:00:00"},
		"a day that has a time":         {"yyyy-mm-dd", "46024.127835648149", false, "t:2026-01-02T03:04:05"},
		"milliseconds":                  {"yyyy-mm-dd hh:mm:ss.000", "46024.12783564815", false, "t:2026-01-02T03:04:05"},
		"rounded up to a minute":        {"h:mm", "0.52083333333333326", false, "t:12:30:00"},
		"1904":                          {"d.m.yy", "44562", true, "t:2026-01-02"},
		"before Excel's leap day":       {"d.m.yy", "59", false, "t:1900-02-28"},
		"Excel's leap day":              {"d.m.yy", "60", false, "n:60"},
		"behind Excel's leap day":       {"d.m.yy", "61", false, "t:1900-03-01"},
		"negative":                      {"d.m.yy", "-1", false, "n:-1"},
		"beyond the year 9999":          {"d.m.yy", "2958466", false, "n:2958466"},
		"the last day":                  {"d.m.yyyy", "2958465", false, "t:9999-12-31"},
		"a month":                       {"mmm", "46024", false, "t:2026-01-02"},
		"a month of one letter":         {"m", "46024", false, "t:2026-01-02"},
		"minutes":                       {"mm:ss", "0.5", false, "t:12:00:00"},
		"AM/PM":                         {"h:mm AM/PM", "0.75", false, "t:18:00:00"},
		"another language":              {"[$-407]d. mmmm yyyy;@", "46024", false, "t:2026-01-02"},
		"Japan":                         {`yyyy"年"m"月"d"日"`, "46024", false, "t:2026-01-02"},
		"a colour and text are no time": {`[Red]0.0" days and hours"`, "2.5", false, "n:2.5"},
		"escaped":                       {`0.0\d\h`, "2.5", false, "n:2.5"},
		"no code at all":                {"", "2.5", false, "n:2.5"},
		"half a bracket":                {"[h", "2.5", false, "n:2.5"},
	} {
		got := readFormat(c.code).read(c.raw, c.epoch1904)
		if text := [...]string{"", "n:", "b:", "t:"}[got.Kind] + got.Text; text != c.want {
			t.Errorf("%s: got %s, want %s", name, text, c.want)
		}
	}
	for id, want := range map[int]format{0: {}, 2: {}, 10: {}, 14: {date: true}, 21: {clock: true}, 22: {date: true, clock: true}, 46: {}, 49: {}, 57: {date: true}} {
		if got := builtIn(id); got != want {
			t.Errorf("format %d: %+v", id, got)
		}
	}
}

// An amount of money that Excel holds as a float comes out as it was typed.
func TestMoneyComesOutAsItWasTyped(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		cents := rapid.Int64Range(-99_999_999_999, 99_999_999_999).Draw(rt, "cents")
		want := strconv.FormatFloat(float64(cents)/100, 'f', -1, 64)
		raw := strconv.FormatFloat(float64(cents)/100, 'g', 17, 64) // as Excel writes
		if got := (format{}).read(raw, false); got.Text != want {
			rt.Errorf("%s: got %s, want %s", raw, got.Text, want)
		}
	})
}

func FuzzFormat(f *testing.F) {
	for _, code := range []string{"General", "[h]:mm", `[$-409]d/m/yy\ h:mm AM/PM;@`, `_(* #,##0.00_)`, "[", "[>=1]0;[<0]d", `"`, `\`} {
		f.Add(code, 1.5)
	}
	f.Fuzz(func(t *testing.T, code string, v float64) {
		got := readFormat(code).read(strconv.FormatFloat(v, 'g', -1, 64), false)
		if got.Text == "" || got.Kind == Number && (math.IsNaN(v) || math.IsInf(v, 0)) {
			t.Errorf("%q %v: %+v", code, v, got)
		}
	})
}
