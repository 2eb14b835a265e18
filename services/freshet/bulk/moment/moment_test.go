package moment_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/services/freshet/bulk/moment"
)

const shown = "2006-01-02T15:04:05.999999999Z"

func TestParse(t *testing.T) {
	for name, c := range map[string]struct{ layout, zone, text, want string }{
		"iso":                              {"iso", "", "2026-01-05T10:00:00.5Z", "2026-01-05T10:00:00.5Z"},
		"iso with an offset":               {"iso", "", "2026-01-05T10:00:00+05:30", "2026-01-05T04:30:00Z"},
		"iso with a blank and an offset":   {"iso", "", "2026-01-05 10:00:00 -0800", "2026-01-05T18:00:00Z"},
		"iso without zeros":                {"iso", "", "2020/2/21 0:00", "2020-02-21T00:00:00Z"},
		"iso with points":                  {"iso", "", "2020.2.21", "2020-02-21T00:00:00Z"},
		"iso basic":                        {"iso", "", "20260105T100000Z", "2026-01-05T10:00:00Z"},
		"iso all digits":                   {"iso", "", "20260105100000", "2026-01-05T10:00:00Z"},
		"iso day":                          {"iso", "", "20260105", "2026-01-05T00:00:00Z"},
		"iso with UTC":                     {"iso", "", "2026-01-05 10:00:00 UTC", "2026-01-05T10:00:00Z"},
		"iso with CEST":                    {"iso", "", "2026-07-05 10:00:00 CEST", "2026-07-05T08:00:00Z"},
		"iso with EDT":                     {"iso", "", "2026-07-05 10:00 EDT", "2026-07-05T14:00:00Z"},
		"iso with GMT and an offset":       {"iso", "", "2026-07-05 10:00 GMT+02:00", "2026-07-05T08:00:00Z"},
		"iso with both":                    {"iso", "", "2026-07-05 10:00:00 +0200 CEST", "2026-07-05T08:00:00Z"},
		"iso of Java":                      {"iso", "", "2026-07-05T10:00:00+02:00[Europe/Berlin]", "2026-07-05T08:00:00Z"},
		"iso with PM":                      {"iso", "", "2026-01-05 10:00:00 PM", "2026-01-05T22:00:00Z"},
		"iso with a comma":                 {"iso", "", "2026-01-05 10:00:00,250", "2026-01-05T10:00:00.25Z"},
		"a zone for local times":           {"iso", "Europe/Berlin", "2026-07-05 10:00", "2026-07-05T08:00:00Z"},
		"a zone of the text counts more":   {"iso", "Europe/Berlin", "2026-07-05 10:00Z", "2026-07-05T10:00:00Z"},
		"CST at home in Chicago":           {"iso", "America/Chicago", "2026-01-05 10:00 CST", "2026-01-05T16:00:00Z"},
		"CST at home in China":             {"iso", "Asia/Shanghai", "2026-01-05 10:00 CST", "2026-01-05T02:00:00Z"},
		"a place in the text":              {"iso", "Europe/Berlin", "2026-07-05 10:00 America/New_York", "2026-07-05T14:00:00Z"},
		"a place that is not":              {"iso", "", "2026-07-05 10:00 America/Nowhere", ""},
		"a hole in the place's clock":      {"iso", "", "2026-03-08 02:30 America/New_York", ""},
		"a weekday in brackets":            {"%Y年%m月%d日(%a) %H:%M", "", "2026年1月5日(月) 10:00", "2026-01-05T10:00:00Z"},
		"CST nowhere":                      {"iso", "", "2026-01-05 10:00 CST", ""},
		"midnight at the end":              {"iso", "", "2026-01-05T24:00:00Z", "2026-01-06T00:00:00Z"},
		"no such hour":                     {"iso", "", "2026-01-05T25:00:00Z", ""},
		"mixed separators":                 {"iso", "", "2026-01/05", ""},
		"text behind":                      {"iso", "", "2026-01-05 and more", ""},
		"unix":                             {"unix", "", "1612069510", "2021-01-31T05:05:10Z"},
		"unix_ms":                          {"unix_ms", "", "1612069510766", "2021-01-31T05:05:10.766Z"},
		"unix_us":                          {"unix_us", "", "1612069510766593", "2021-01-31T05:05:10.766593Z"},
		"unix_ns":                          {"unix_ns", "", "1612069510766593123", "2021-01-31T05:05:10.766593123Z"},
		"unix before 1970":                 {"unix_us", "", "-1500000.5", "1969-12-31T23:59:58.4999995Z"},
		"unix with decimals":               {"unix", "", "1612069510.766", "2021-01-31T05:05:10.766Z"},
		"excel":                            {"excel", "", "46024.127835648149", "2026-01-02T03:04:05Z"},
		"excel1904":                        {"excel1904", "", "44562", "2026-01-02T00:00:00Z"},
		"excel in a zone":                  {"excel", "Europe/Berlin", "46204.5", "2026-07-01T10:00:00Z"},
		"Go's":                             {"02/01/2006 15:04", "", "01/02/2026 03:04", "2026-02-01T03:04:00Z"},
		"day first":                        {"%d.%m.%Y %H:%M", "", "5.1.2026 9:05", "2026-01-05T09:05:00Z"},
		"seconds with a fraction":          {"%d.%m.%Y %H:%M:%S", "", "05.01.2026 09:05:07.25", "2026-01-05T09:05:07.25Z"},
		"touching digits":                  {"%Y%m%d%H%M", "", "202601050905", "2026-01-05T09:05:00Z"},
		"touching digits too few":          {"%Y%m%d", "", "2026105", ""},
		"two digits of the year":           {"%m/%d/%y", "", "12/26/21", "2021-12-26T00:00:00Z"},
		"of the last century":              {"%m/%d/%y", "", "12/26/69", "1969-12-26T00:00:00Z"},
		"English month":                    {"%b %d, %Y", "", "Jan 5, 2026", "2026-01-05T00:00:00Z"},
		"in full, any case":                {"%b %d, %Y", "", "SEPTEMBER 5th, 2026", "2026-09-05T00:00:00Z"},
		"Sept with a dot":                  {"%b %d, %Y", "", "Sept. 5, 2026", "2026-09-05T00:00:00Z"},
		"German month":                     {"%d. %B %Y", "", "5. März 2026", "2026-03-05T00:00:00Z"},
		"German month, short":              {"%d. %b %Y", "", "5. Okt. 2026", "2026-10-05T00:00:00Z"},
		"French month":                     {"%d %b %Y", "", "1er août 2026", "2026-08-01T00:00:00Z"},
		"French month, short":              {"%d %b %Y", "", "5 déc. 2026", "2026-12-05T00:00:00Z"},
		"Spanish month":                    {"%d de %B de %Y", "", "5 de enero de 2026", "2026-01-05T00:00:00Z"},
		"Italian month":                    {"%d %b %Y", "", "5 giu 2026", "2026-06-05T00:00:00Z"},
		"Portuguese month":                 {"%d %b %Y", "", "5 fev. 2026", "2026-02-05T00:00:00Z"},
		"Dutch month":                      {"%d %b %Y", "", "5 mrt. 2026", "2026-03-05T00:00:00Z"},
		"Polish month":                     {"%d %B %Y", "", "5 października 2026", "2026-10-05T00:00:00Z"},
		"no month":                         {"%d %B %Y", "", "5 Foo 2026", ""},
		"weekday":                          {"%a %d %b %Y", "", "Mon. 5 Jan 2026", "2026-01-05T00:00:00Z"},
		"Chinese":                          {"%Y年%m月%d日 %H:%M", "", "2026年1月5日 9:05", "2026-01-05T09:05:00Z"},
		"Chinese afternoon":                {"%Y年%m月%d日 %p%I:%M", "", "2026年1月5日 下午3:05", "2026-01-05T15:05:00Z"},
		"Japanese":                         {"%Y年%m月%d日 %H時%M分%S秒", "", "２０２６年１月５日 ９時５分７秒", "2026-01-05T09:05:07Z"},
		"PM":                               {"%m/%d/%Y %I:%M:%S %p", "", "1/5/2026 10:00:00 PM", "2026-01-05T22:00:00Z"},
		"PM without a blank":               {"%m/%d/%Y %I:%M %p", "", "1/5/2026 10:00PM", "2026-01-05T22:00:00Z"},
		"PM behind a narrow blank":         {"%m/%d/%Y %I:%M %p", "", "1/5/2026 10:00\u202fPM", "2026-01-05T22:00:00Z"},
		"p.m.":                             {"%d/%m/%Y %I:%M %p", "", "5/1/2026 10:00 p.m.", "2026-01-05T22:00:00Z"},
		"p. m.":                            {"%d/%m/%Y %I:%M %p", "", "5/1/2026 10:00 p.\u00a0m.", "2026-01-05T22:00:00Z"},
		"noon":                             {"%d/%m/%Y %I:%M %p", "", "5/1/2026 12:30 pm", "2026-01-05T12:30:00Z"},
		"midnight":                         {"%d/%m/%Y %I:%M %p", "", "5/1/2026 12:30 am", "2026-01-05T00:30:00Z"},
		"13 PM":                            {"%d/%m/%Y %I:%M %p", "", "5/1/2026 13:30 pm", ""},
		"a zone by its name":               {"%d/%m/%Y %H:%M %Z", "", "5/1/2026 10:00 PST", "2026-01-05T18:00:00Z"},
		"a zone by its offset":             {"%d/%m/%Y %H:%M %z", "", "5/1/2026 10:00 +0530", "2026-01-05T04:30:00Z"},
		"a zone that is not there":         {"%d/%m/%Y %H:%M %z", "", "5/1/2026 10:00", ""},
		"a log of a web server":            {"%d/%b/%Y:%H:%M:%S %z", "", "05/Jan/2026:10:00:00 +0000", "2026-01-05T10:00:00Z"},
		"day of the year":                  {"%Y-%j", "", "2026-060", "2026-03-01T00:00:00Z"},
		"no such day of the year":          {"%Y-%j", "", "2026-366", ""},
		"Arabic digits":                    {"%d/%m/%Y", "", "٠٥/٠١/٢٠٢٦", "2026-01-05T00:00:00Z"},
		"marks of direction":               {"%d/%m/%Y", "", "\u200e05\u200e/\u200e01\u200e/2026", "2026-01-05T00:00:00Z"},
		"shorthands":                       {"%F %R", "", "2026-01-05 10:05", "2026-01-05T10:05:00Z"},
		"American shorthand":               {"%D %T", "", "01/05/26 10:05:06", "2026-01-05T10:05:06Z"},
		"many blanks":                      {"%b %d %Y %I:%M%p", "", "Jan  5 2026 10:05PM", "2026-01-05T22:05:00Z"},
		"a leap second is the next minute": {"iso", "", "2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			clock, err := moment.New([]string{c.layout}, c.zone)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if at, err := clock.Parse(c.text); err == nil {
				got = at.UTC().Format(shown)
			}
			if got != c.want {
				t.Errorf("%q as %s is %q, want %q", c.text, c.layout, got, c.want)
			}
		})
	}
}

func TestTimesThatDoNotExist(t *testing.T) {
	for text, want := range map[string]string{
		"2026-02-29":       "is no time written as iso",
		"2026-13-01":       "is no time written as iso",
		"2026-00-01":       "is no time written as iso",
		"2026-03-29 02:30": "falls into the hour that is left out when the clocks go forward in Europe/Berlin",
	} {
		clock, err := moment.New(nil, "Europe/Berlin")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := clock.Parse(text); err == nil || err.Error() != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestLayoutsThatAreNone(t *testing.T) {
	for layout, want := range map[string]string{
		"%d.%m":       "has no year",
		"%Y-%m-%d %":  "ends in the middle of a verb",
		"%Y %Q":       "%Q is none of",
		"%Y-01-%d":    "digits outside of a % verb",
		"dd.mm.yyyy":  "has no year: give iso",
		"15:04":       "has no year: give iso",
		"%H:%M":       "has no year",
		"%Y-%m-%d%%5": "digits outside of a % verb",
	} {
		if _, err := moment.New([]string{"iso", layout}, ""); err == nil || !strings.HasPrefix(err.Error(), "layouts[1]: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", layout, err)
		}
	}
	if _, err := moment.New(nil, "Local"); err == nil {
		t.Error("the zone of the machine is no zone of a file")
	}
}

func TestZone(t *testing.T) {
	for name, want := range map[string]string{ // what the clocks show at 12:00 UTC on the first of July
		"Europe/Berlin": "14:00", "Pacific Time (US & Canada)": "05:00", "pacific time": "05:00", "PST": "04:00", "PDT": "05:00", "W. Europe Standard Time": "14:00",
		"(UTC-08:00) Pacific Time (US & Canada)": "05:00", "(GMT+01:00) Amsterdam, Berlin, Bern, Rome": "14:00", "(GMT+01:00) Nowhere": "13:00", "GMT-3": "09:00", "UTC+5:30": "17:30",
		"+0800": "20:00", "Z": "12:00", "UTC": "12:00", "America/Argentina/Buenos_Aires": "09:00", "EST5EDT": "08:00", "Eastern Time (US & Canada)": "08:00", "Tokyo": "21:00",
		"CST": "", "Local": "", "Nowhere": "", "": "", "../etc/passwd": "", "posixrules": "",
	} {
		at, err := moment.Zone(name)
		got := ""
		if err == nil {
			got = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC).In(at).Format("15:04")
		}
		if got != want {
			t.Errorf("%q: %q, want %q (%v)", name, got, want, err)
		}
	}
}

func TestATimeWithItsZoneInAnotherColumn(t *testing.T) {
	clock, err := moment.New([]string{"%m/%d/%Y %H:%M:%S", "iso"}, "Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ text, zone, want string }{
		{"07/01/2026 10:00:00", "BST", "2026-07-01T09:00:00Z"},
		{"01/01/2026 10:00:00", "GMT", "2026-01-01T10:00:00Z"},
		{"07/01/2026 10:00:00", "PDT", "2026-07-01T17:00:00Z"},
		{"07/01/2026 10:00:00", "America/New_York", "2026-07-01T14:00:00Z"},
		{"07/01/2026 10:00:00", "", "2026-07-01T09:00:00Z"},
		{"2026-07-01T10:00:00Z", "PDT", "2026-07-01T10:00:00Z"},
		{"07/01/2026 10:00:00", "Moon", ""},
	} {
		got := ""
		if at, err := clock.ParseIn(c.text, c.zone, false); err == nil {
			got = at.UTC().Format(shown)
		}
		if got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

func TestADateWhoseTimeIsMissing(t *testing.T) {
	clock, err := moment.New([]string{"%m/%d/%Y %I:%M %p", "iso"}, "")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{"01/05/2026": "2026-01-05T00:00:00Z", "2026-01-05": "2026-01-05T00:00:00Z", "01/05/2026 10:00 PM": ""} {
		got := ""
		if at, err := clock.ParseDay(text); err == nil {
			got = at.UTC().Format(shown)
		}
		if got != want {
			t.Errorf("%s: %q", text, got)
		}
	}
	if _, err := clock.Parse("01/05/2026"); err == nil {
		t.Error("a day is no time where the time has to be there")
	}
}

// goes are strftime patterns and Go's layouts of the same form.
var goes = map[string]string{
	"%d.%m.%Y %H:%M:%S": "02.01.2006 15:04:05", "%m/%d/%Y %I:%M:%S %p": "1/2/2006 3:04:05 PM", "%Y%m%d%H%M%S": "20060102150405", "%d %b %Y %H:%M:%S %z": "2 Jan 2006 15:04:05 -0700",
	"%A, %B %d, %Y %T": "Monday, January 2, 2006 15:04:05", "iso": time.RFC3339Nano, "%Y年%m月%d日 %H时%M分%S秒": "2006年1月2日 15时4分5秒",
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(0, 4_000_000_000).Draw(t, "at"), 0).UTC()
		for layout, golang := range goes {
			clock, err := moment.New([]string{layout}, "")
			if err != nil {
				t.Fatal(err)
			}
			text := at.Format(golang)
			if got, err := clock.Parse(text); err != nil || !got.Equal(at) {
				t.Fatalf("%q as %s: %s, %v", text, layout, got, err)
			}
			c := moment.Column{}
			c.Add(text)
			f, ok := c.Finding()
			if !ok {
				t.Fatalf("%q is found to be no time", text)
			}
			found, err := moment.New(append(f.Layouts, f.Alternatives...), "")
			if err != nil {
				t.Fatalf("%q: %+v: %v", text, f, err)
			}
			if got, err := found.Parse(text); err != nil || f.Sure && !got.Equal(at) {
				t.Fatalf("%q as %v: %s, %v", text, f.Layouts, got, err)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	for layout, golang := range goes {
		f.Add(time.Unix(1767225600, 0).UTC().Format(golang), layout)
	}
	f.Fuzz(func(t *testing.T, text, layout string) {
		c := moment.Column{}
		c.Add(text)
		if found, ok := c.Finding(); ok {
			for _, l := range append(found.Layouts, found.Alternatives...) {
				if _, err := moment.New([]string{l}, ""); err != nil {
					t.Errorf("%q: %q: %v", text, l, err)
				}
			}
		}
		if clock, err := moment.New([]string{layout}, ""); err == nil {
			_, _ = clock.Parse(text)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for _, c := range [][2]string{{"iso", "2026-01-02 03:04:05"}, {"iso", "2026-01-02T03:04:05.123Z"}, {"%d.%m.%Y %H:%M", "02.01.2026 03:04"}, {"%b %d, %Y", "Jan 2, 2026"}} {
		b.Run(fmt.Sprint(c[1]), func(b *testing.B) {
			clock, err := moment.New([]string{c[0]}, "")
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := clock.Parse(c[1]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
