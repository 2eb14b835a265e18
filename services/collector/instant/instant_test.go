package instant

import (
	"strings"
	"testing"
	"time"
)

// read are writings of one moment, 2026-11-28 00:42:35 UTC, as programs make them. Those with a fraction say it behind a bar.
var read = map[string]string{
	"RFC 3339":                           `2026-11-28T00:42:35Z`,
	"with a zone":                        `2026-11-28T01:42:35+01:00`,
	"lower case":                         `2026-11-28t00:42:35z`,
	"milliseconds":                       `2026-11-28T00:42:35.123Z|123000000ns`,
	"comma and thirteen digits":          `2026-11-28T00:42:35,1234567891234Z|123456789ns`,
	"one digit of fraction":              `2026-11-28T00:42:35.5Z|500000000ns`,
	"no zone":                            `2026-11-28T00:42:35`,
	"blank in between":                   `2026-11-28 00:42:35`,
	"zone without colon":                 `2026-11-28T06:12:35+0530`,
	"zone of hours":                      `2026-11-28T02:42:35+02`,
	"zone with seconds":                  `2026-11-28T00:42:35+00:00:00`,
	"zone behind a blank":                `2026-11-28T00:42:35 Z`,
	"unknown zone of RFC 3339":           `2026-11-28T00:42:35-00:00`,
	"Ruby Time#to_s":                     `2026-11-28 01:42:35 +0100`,
	"Ruby, UTC":                          `2026-11-28 00:42:35 UTC`,
	"Ruby Time#inspect":                  `2026-11-28 00:42:35.123456789 UTC|123456789ns`,
	"Ruby on Rails, in a zone":           `2026-11-27 19:42:35 EST`,
	"Python str(datetime)":               `2026-11-28 00:42:35.123456+00:00|123456000ns`,
	"Python, negative zone":              `2026-11-27 19:12:35-05:30`,
	"PostgreSQL":                         `2026-11-28 00:42:35.12+00|120000000ns`,
	"SQL Server":                         `2026-11-28 00:42:35.1230000 +00:00|123000000ns`,
	"log4j":                              `2026-11-28 00:42:35,123|123000000ns`,
	"milliseconds behind a colon":        `2026-11-28 00:42:35:123|123000000ns`,
	"JavaScript toString":                `Sat Nov 28 2026 01:42:35 GMT+0100 (Central European Standard Time)`,
	"JavaScript toString, German":        `Sat Nov 28 2026 01:42:35 GMT+0100 (Mitteleuropäische Normalzeit)`,
	"JavaScript toString, Japanese":      `Sat Nov 28 2026 09:42:35 GMT+0900 (日本標準時)`,
	"JavaScript toString, brackets":      `Sat Nov 28 2026 01:42:35 GMT+0100 (MEZ (Berlin))`,
	"JavaScript toUTCString":             `Sat, 28 Nov 2026 00:42:35 GMT`,
	"JavaScript toISOString, far year":   `+002026-11-28T00:42:35.000Z`,
	"JavaScript toLocaleString, America": `11/28/2026, 12:42:35 AM`,
	"the same, newer engine":             "11/28/2026, 12:42:35\u202fAM",
	"JavaScript toLocaleString, Britain": `28/11/2026, 00:42:35`,
	"JavaScript toLocaleString, Germany": `28.11.2026, 00:42:35`,
	"JavaScript toLocaleString, Japan":   `2026/11/28 0:42:35`,
	"JavaScript toLocaleString, Egypt":   "٢٨\u200f/١١\u200f/٢٠٢٦، ٠٠:٤٢:٣٥",
	"JavaScript toLocaleString, Spain":   "28/11/2026, 12:42:35\u202fa.\u00a0m.",
	"JavaScript toLocaleString, Taiwan":  `2026/11/28 上午12:42:35`,
	"JavaScript toLocaleString, Korea":   `2026. 11. 28. 오전 12:42:35`,
	"long form":                          `November 28, 2026 at 12:42:35 AM UTC`,
	"RFC 1123":                           `Sat, 28 Nov 2026 00:42:35 UTC`,
	"RFC 1123 with a number":             `Sat, 28 Nov 2026 02:42:35 +0200`,
	"RFC 2822 with a comment":            `Sat, 28 Nov 2026 00:42:35 +0000 (UTC)`,
	"RFC 822":                            `28 Nov 26 00:42:35 GMT`,
	"RFC 822, summer's zone":             `27 Nov 26 20:42:35 EDT`,
	"RFC 850":                            `Saturday, 28-Nov-26 00:42:35 GMT`,
	"cookie":                             `Sat, 28-Nov-2026 00:42:35 GMT`,
	"ctime":                              `Sat Nov 28 00:42:35 2026`,
	"date(1)":                            `Sat Nov 28 12:42:35 AM UTC 2026`,
	"Java Date.toString":                 `Sat Nov 28 00:42:35 UTC 2026`,
	"Java Date.toString, Berlin":         `Sat Nov 28 01:42:35 CET 2026`,
	"Ruby date, X":                       `Sat Nov 28 01:42:35 +0100 2026`,
	"git":                                `Sat Nov 27 19:42:35 2026 -0500`,
	"web server's log":                   `28/Nov/2026:01:42:35 +0100`,
	"Go String":                          `2026-11-28 01:42:35.123456789 +0100 CET m=+0.000000001|123456789ns`,
	"Go String without a name":           `2026-11-28 03:42:35 +0300 +03`,
	"Go String, clock ran back":          `2026-11-28 00:42:35 +0000 UTC m=-12.5`,
	"a name behind a number, whatever":   `2026-11-28 08:42:35 +0800 CST`,
	"Java ZonedDateTime":                 `2026-11-28T01:42:35+01:00[Europe/Berlin]`,
	"Java ZonedDateTime, UTC":            `2026-11-28T00:42:35Z[UTC]`,
	"RFC 9557 with a calendar":           `2026-11-28T00:42:35Z[Etc/UTC][u-ca=gregory]`,
	"zone only in brackets, if known":    `2026-11-28T00:42:35[UTC]`,
	"Java default":                       `Nov 28, 2026 12:42:35 AM`,
	"Java default, noon's half":          `Nov 27, 2026, 7:42:35 PM EST`,
	"ISO basic":                          `20261128T004235Z`,
	"ISO basic, milliseconds":            `20261128T004235.123Z|123000000ns`,
	"ISO basic, zone":                    `20261128T014235+0100`,
	"ISO mixed":                          `2026-11-28T004235Z`,
	"LDAP":                               `20261128004235Z`,
	"LDAP, fraction and zone":            `20261128014235.5+0100|500000000ns`,
	"fourteen digits":                    `20261128004235`,
	"seventeen digits":                   `20261128004235123|123000000ns`,
	"ISO week":                           `2026-W48-6T00:42:35Z`,
	"ISO week, basic":                    `2026W486T004235Z`,
	"ISO ordinal":                        `2026-332T00:42:35Z`,
	"ISO ordinal, basic":                 `2026332T004235Z`,
	"slashes":                            `2026/11/28 00:42:35`,
	"EXIF":                               `2026:11:28 00:42:35`,
	"dots":                               `2026.11.28 00:42:35`,
	"Chinese":                            `2026年11月28日 00时42分35秒`,
	"underscore":                         `2026-11-28_00:42:35`,
	"full width":                         `２０２６－１１－２８Ｔ００：４２：３５Ｚ`,
	"digits of Arabic":                   `٢٠٢٦-١١-٢٨T٠٠:٤٢:٣٥Z`,
	"digits of Thai":                     `๒๐๒๖-๑๑-๒๘ ๐๐:๔๒:๓๕`,
	"digits of Devanagari":               `२०२६-११-२८T००:४२:३५Z`,
	"a minus of typography":              `2026-11-27T19:42:35−05:00`,
	"marks nobody sees":                  "\ufeff\u200e2026-11-28\u00a000:42:35\u200b",
	"quotes within":                      `"2026-11-28T00:42:35Z"`,
	"blanks around":                      "  2026-11-28T00:42:35Z\n",
	"a plus that became a blank":         `2026-11-28T01:42:35 01:00`,
	"UTC and a number":                   `2026-11-28 03:42:35 UTC+3`,
	"GMT and a number with colon":        `2026-11-28 06:12:35 GMT+5:30`,
	"leap second":                        `2026-11-28T00:41:60Z|-35s`,
	"seconds":                            `1795826555`,
	"seconds with a fraction":            `1795826555.123|123000000ns`,
	"seconds with nine":                  `1795826555.123456789|123456789ns`,
	"seconds as a power":                 `1.795826555e9`,
	"milliseconds as a power":            `1.795826555123E+12|123000000ns`,
	"milliseconds as number":             `1795826555000`,
	"milliseconds, fraction":             `1795826555123.456|123456000ns`,
	"microseconds":                       `1795826555123456|123456000ns`,
	"nanoseconds":                        `1795826555123456789|123456789ns`,
	".NET":                               `/Date(1795826555000)/`,
	".NET, zone":                         `/Date(1795826555000+0100)/`,
	".NET, escaped twice":                `\/Date(1795826555123)\/|123000000ns`,
	"source of JavaScript":               `new Date(1795826555000)`,
}

func TestEveryCommonWritingIsRead(t *testing.T) {
	moment := time.Date(2026, 11, 28, 0, 42, 35, 0, time.UTC)
	for name, writing := range read {
		text, beyond, _ := strings.Cut(writing, "|")
		d, _ := time.ParseDuration(beyond)
		want := moment.Add(d)
		if got, ok := Parse([]byte(text)); !ok || !got.Equal(want) {
			t.Errorf("%s: %q is %s %v, want %s", name, text, got.UTC().Format(time.RFC3339Nano), ok, want.Format(time.RFC3339Nano))
		}
	}
}

func TestWhatHasNoSecondsAndTheEdges(t *testing.T) {
	for text, want := range map[string]string{
		"2026-11-28T00:42Z": "2026-11-28T00:42:00Z", "2026-11-28T00:42": "2026-11-28T00:42:00Z", "2026-11-28 00:42": "2026-11-28T00:42:00Z",
		"2026-11-28T01:42+01": "2026-11-28T00:42:00Z", "20261128T0042Z": "2026-11-28T00:42:00Z", "202611280042": "2026-11-28T00:42:00Z", "20261128T00Z": "2026-11-28T00:00:00Z",
		"2026-11-28T07Z": "2026-11-28T07:00:00Z", "2026-11-28T07": "2026-11-28T07:00:00Z", "2026-11-28T07.5Z": "2026-11-28T07:30:00Z", "2026-11-28T07:30,5Z": "2026-11-28T07:30:30Z",
		"2026-11-28": "2026-11-28T00:00:00Z", "20261128": "2026-11-28T00:00:00Z", "2026/11/28": "2026-11-28T00:00:00Z", "2026-1-5": "2026-01-05T00:00:00Z", "2026-332": "2026-11-28T00:00:00Z",
		"2026-W48-6": "2026-11-28T00:00:00Z", "2026年1月5日": "2026-01-05T00:00:00Z", "2026. 1. 5.": "2026-01-05T00:00:00Z", "28 November 2026": "2026-11-28T00:00:00Z",
		"Nov 28, 2026": "2026-11-28T00:00:00Z", "28th of November 2026": "2026-11-28T00:00:00Z", "28/11/2026": "2026-11-28T00:00:00Z", "11/28/2026": "2026-11-28T00:00:00Z",
		"5/5/2026": "2026-05-05T00:00:00Z", "28.11.2026 14:05": "2026-11-28T14:05:00Z", "2026-11-28+01:00": "2026-11-27T23:00:00Z", "2026-11-28Z": "2026-11-28T00:00:00Z", "2026-11-28-05:00": "2026-11-28T05:00:00Z",
		"2026-11-28T24:00:00Z": "2026-11-29T00:00:00Z", "2026-11-28T24:00Z": "2026-11-29T00:00:00Z", "2026-12-31T24:00:00.000": "2027-01-01T00:00:00Z", "20261128T240000Z": "2026-11-29T00:00:00Z",
		"2016-12-31T23:59:60Z": "2017-01-01T00:00:00Z", "2016-12-31T23:59:60.500Z": "2017-01-01T00:00:00.5Z", "20161231T235960Z": "2017-01-01T00:00:00Z", "2017-01-01T00:59:60+01:00": "2017-01-01T00:00:00Z",
		"Sat, 31 Dec 2016 23:59:60 GMT": "2017-01-01T00:00:00Z", "2026-11-28 12:00 PM": "2026-11-28T12:00:00Z", "2026-11-28 12:00 a.m.": "2026-11-28T00:00:00Z", "2026-11-28 1:05 p.m.": "2026-11-28T13:05:00Z", "2026. 11. 28. 오후 1:05": "2026-11-28T13:05:00Z", "2026年11月28日 午後1:05": "2026-11-28T13:05:00Z",
		"2028-02-29": "2028-02-29T00:00:00Z", "2026-W53-7": "2027-01-03T00:00:00Z", "2024-366": "2024-12-31T00:00:00Z", "1970-01-01T00:00:00Z": "1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z": "0001-01-01T00:00:00Z",
		"100000000": "1973-03-03T09:46:40Z", "99999999999": "5138-11-16T09:46:39Z", "100000000000": "1973-03-03T09:46:40Z", "915148800000": "1999-01-01T00:00:00Z", "17958265550e-1": "2026-11-28T00:42:35Z",
		"+1795826555": "2026-11-28T00:42:35Z", "01795826555": "2026-11-28T00:42:35Z", "28 Nov 69 00:00:00 GMT": "1969-11-28T00:00:00Z", "28 Nov 68 00:00:00 GMT": "2068-11-28T00:00:00Z",
	} {
		got, ok := Parse([]byte(text))
		if out := got.UTC().Format(time.RFC3339Nano); !ok || out != want {
			t.Errorf("%q is %s %v, want %s", text, out, ok, want)
		}
	}
}

// What is no time, and what could be two.
func TestWhatIsNotPlainIsNotRead(t *testing.T) {
	for _, text := range []string{
		"", " ", "Invalid date", "Invalid Date", "NaN", "null", "undefined", "yesterday", "now", "soon", "garbage", "-", "+", ":", "T", "Z", "[]", "()", "Date()", "/Date()/", "0", "-1", "1", "12345.678", "99999999",
		"03/04/2026", "3.4.2026", "03-04-2026 10:00", "03/04/26", "28/11/26", "2026", "2026-11", "2026-W48", "12:00", "00:42:35Z", "Nov 2026", "28 Nov", "Nov 28",
		"0000-00-00 00:00:00", "0000-00-00", "2026-00-10", "2026-13-01", "2026-02-29", "2026-11-31", "2026-11-28T25:00:00Z", "2026-11-28T24:00:01Z", "2026-11-28T24:30", "2026-11-28T00:60:00Z", "2026-11-28T00:00:61Z",
		"2026-366", "2026-000", "2026-W54-1", "2025-W53-1", "2026-W48-8", "2026-W48-0", "2026-11-28 13:00 PM", "2026-11-28 AM", "2026-11-28 AM Z", "2026-11-28 AM 1:00 PM x", "2026-11-28 0:30 AM", "2026-11-28T00:42:35+25:00", "2026-11-28T00:42:35+1", "2026-11-28T00:42:35+",
		"2026-11-28 00:42:35 CST", "2026-11-28 00:42:35 IST", "Sat Nov 28 00:42:35 BST 2026", "2026-11-28T00:42:35[Europe/Berlin]", "2026-11-28 00:42:35 Europe/Berlin", "Sat Nov 28 2026 00:42:35 (Central European Standard Time)",
		"2026-11-28T00:42:35Zzz", "2026-11-28T00:42:35Z and more", "2026-11-28 00:42:35 +0100 and", "Sat Nov 28 00:42:35 UTC CET CET 2026", "2026-11-28T00:42:35Z2026-11-28", "2026-11-28 00:42 00:43 00:44", "2026-11/28", "x2026-11-28", "+2026-11-28T00:00:00Z", "+012026-11-28T00:00:00Z", "-000001-11-28T00:00:00Z",
		"+275760-09-13T00:00:00.000Z", "1e400", "1e-400", "1.8e30", "99999999999999999999", "18446744073709551615", "0x6b0a", "1795826555s", "1_795_826_555", "1.795.826.555", "2026-11-28T00:42:35Z" + strings.Repeat(" ", 300),
	} {
		if got, ok := Parse([]byte(text)); ok {
			t.Errorf("%q was read as %s", text, got.UTC().Format(time.RFC3339Nano))
		}
	}
}

func TestValuesOfJSON(t *testing.T) {
	const moment = "2026-11-28T00:42:35Z"
	for raw, want := range map[string]string{
		`1795826555`: moment, `1795826555000`: moment, `1795826555.0`: moment, `1.795826555e9`: moment, `"1795826555"`: moment, `"2026-11-28T00:42:35\u005a"`: moment, `"\/Date(1795826555000)\/"`: moment,
		`{"$date":"2026-11-28T00:42:35Z"}`: moment, `{"$date":1795826555000}`: moment, `{"$date":{"$numberLong":"1795826555000"}}`: moment, `{"$numberLong":"1795826555000"}`: moment,
		`{"seconds":1795826555,"nanos":0}`: moment, `{"seconds":"1795826555","nanos":500000000}`: "2026-11-28T00:42:35.5Z", `{"_seconds":1795826555,"_nanoseconds":0}`: moment, `{"epochSecond":1795826555,"nano":0}`: moment,
		`{"value":"2026-11-28T00:42:35.000Z"}`: moment, `{"__type":"Date","iso":"2026-11-28T00:42:35.000Z"}`: moment,
		`{"date":"2026-11-28 00:42:35.000000","timezone_type":3,"timezone":"UTC"}`:    moment,
		`{"date":"2026-11-28 01:42:35.000000","timezone_type":1,"timezone":"+01:00"}`: moment,
		`{"date":"2026-11-28 01:42:35.000000","timezone_type":2,"timezone":"CET"}`:    moment,
	} {
		got, ok := JSON([]byte(raw))
		if out := got.UTC().Format(time.RFC3339Nano); !ok || out != want {
			t.Errorf("%s is %s %v, want %s", raw, out, ok, want)
		}
	}
	for _, raw := range []string{
		``, `true`, `false`, `null`, `[2026,11,28]`, `["2026-11-28"]`, `{}`, `{"a":1}`, `{"$date":null}`, `{"$date":{}}`, `{"$date":{"$date":{"$date":true}}}`, `{"seconds":true}`, `{"seconds":1}`,
		`{"date":"2026-11-28 01:42:35.000000","timezone_type":3,"timezone":"Europe/Berlin"}`, `{"$date":"` + strings.Repeat("x", 600) + `"}`, `-1`, `0`, `1` + strings.Repeat("0", 300),
	} {
		if got, ok := JSON([]byte(raw)); ok {
			t.Errorf("%s was read as %s", raw, got)
		}
	}
}
