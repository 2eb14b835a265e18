package moment_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/services/freshet/bulk/moment"
)

func column(values ...string) *moment.Column {
	c := &moment.Column{}
	for _, v := range values {
		c.Add(v)
	}
	return c
}

// TestTimesOfRealFiles reads testdata/times.txt: two values of a column, and the first one's time.
func TestTimesOfRealFiles(t *testing.T) {
	raw, err := os.ReadFile("testdata/times.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	if len(lines) < 11 {
		t.Fatalf("%d lines", len(lines))
	}
	for _, line := range lines {
		parts := strings.Split(line, "|")
		f, ok := column(parts[0], parts[1]).Finding()
		if !ok || f.Why == "" || f.Unread > 0 {
			t.Errorf("%s: %+v, %v", line, f, ok)
			continue
		}
		clock, err := moment.New(f.Layouts, "")
		if err != nil {
			t.Fatal(err)
		}
		at, err := clock.Parse(parts[0])
		if got := at.UTC().Format("2006-01-02T15:04:05.000Z"); err != nil || got != parts[2] {
			t.Errorf("%s: %s, %v (%+v)", line, got, err, f)
		}
	}
}

// days are dates in a layout, one a day.
func days(layout string, n int) (out []string) {
	for i := range n {
		out = append(out, time.Date(2026, 1, 1+i, 0, 0, 0, 0, time.UTC).Format(layout))
	}
	return out
}

// year is a year's dates, three a month, none behind the twelfth.
func year(layout string) (out []string) {
	for i := range 36 {
		out = append(out, time.Date(2026, time.Month(1+i/3), 3+4*(i%3), 0, 0, 0, 0, time.UTC).Format(layout))
	}
	return out
}

// firsts are the first days of months, which read the other way are the days of Januaries.
func firsts() (out []string) {
	for i := range 24 {
		out = append(out, time.Date(2020+i/12, time.Month(1+i%12), 1, 0, 0, 0, 0, time.UTC).Format("02/01/2006"))
	}
	return out[1:]
}

func TestTheOrderOfDayAndMonth(t *testing.T) {
	shuffled := []string{"03/04/2026", "11/02/2026", "01/12/2026", "07/05/2026", "02/09/2026", "10/10/2026", "05/01/2026", "04/08/2026", "12/03/2026", "06/06/2026"}
	for name, c := range map[string]struct {
		values []string
		want   string // the first layout, ? when unsure, | and the alternatives
	}{
		"a 25 in second place":               {[]string{"01/05/2026", "12/25/2026"}, "%m/%d/%Y"},
		"a 25 in first place":                {[]string{"01/05/2026", "25/12/2026"}, "%d/%m/%Y"},
		"nothing tells":                      {[]string{"03/04/2026", "05/06/2026"}, "%d/%m/%Y?|%m/%d/%Y"},
		"nothing tells, without zeros":       {[]string{"3/4/2026", "5/6/2026"}, "%m/%d/%Y?|%d/%m/%Y"},
		"nothing tells, with PM":             {[]string{"03/04/2026 10:00 PM"}, "%m/%d/%Y %I:%M %p?|%d/%m/%Y %I:%M %p"},
		"points":                             {[]string{"03.04.2026"}, "%d.%m.%Y"},
		"points, two digits":                 {[]string{"05.01.26", "25.12.26"}, "%d.%m.%y"},
		"dashes":                             {[]string{"03-04-2026"}, "%d-%m-%Y?|%m-%d-%Y"},
		"days of January, or months":         {days("02/01/2006", 12), "%d/%m/%Y?|%m/%d/%Y"},
		"in order of time":                   {year("02/01/2006"), "%d/%m/%Y"},
		"in order of time in America":        {year("01/02/2006"), "%m/%d/%Y"},
		"nearly in order of time both ways":  {append([]string{"01/01/2020", "02/01/2020"}, firsts()...), "%d/%m/%Y?|%m/%d/%Y"},
		"in no order":                        {shuffled, "%d/%m/%Y?|%m/%d/%Y"},
		"backwards in time":                  {reversed(year("01/02/2006")), "%m/%d/%Y"},
		"two digits, a 25 in first place":    {[]string{"08-11-16", "25-12-16"}, "%d-%m-%y?|%y-%m-%d"},
		"two digits, a 26 in second place":   {[]string{"12/26/21", "01/05/22"}, "%m/%d/%y"},
		"two digits, the year in front":      {[]string{"21/01/31", "21/02/15"}, "%y/%m/%d?|%d/%m/%y"},
		"two digits, many days behind":       {days("06/01/02", 31), "%y/%m/%d"},
		"two digits, many days in front":     {days("02-01-06", 31), "%d-%m-%y"},
		"two digits, nothing tells":          {[]string{"03/04/05"}, "%d/%m/%y?|%m/%d/%y|%y/%m/%d"},
		"names of months":                    {[]string{"05-Jan-26", "6-FEB-26"}, "%d-%b-%y"},
		"the year in front of a month":       {[]string{"2026 Jan 5"}, "%Y %b %d"},
		"ISO":                                {[]string{"2026-03-04", "2026-05-06 10:00"}, "iso"},
		"one of fifty is in another order":   {append(slices.Repeat([]string{"25/12/2026"}, 50), "12/25/2026"), "%d/%m/%Y"},
		"both orders in one column are none": {[]string{"25/12/2026", "12/25/2026"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f, ok := column(c.values...).Finding()
			got := ""
			if ok {
				got = f.Layouts[0]
			}
			if ok && !f.Sure {
				got += "?"
			}
			if got = strings.Join(append([]string{got}, f.Alternatives...), "|"); got != c.want {
				t.Errorf("%q, want %q (%+v)", got, c.want, f)
			}
		})
	}
}

func reversed(s []string) []string {
	slices.Reverse(s)
	return s
}

func TestColumn(t *testing.T) {
	for name, c := range map[string]struct {
		values []string
		want   string // layouts, then what else is set
	}{
		"seconds":                        {[]string{"1612069510", "1612069600.5"}, "[unix] numeric zoned"},
		"milliseconds":                   {[]string{"1612069510766"}, "[unix_ms] numeric zoned"},
		"microseconds":                   {[]string{"1612069510766593"}, "[unix_us] numeric zoned"},
		"nanoseconds":                    {[]string{"1612069510766593123"}, "[unix_ns] numeric zoned"},
		"ten digits of another century":  {[]string{"5551234567"}, ""},
		"Excel's days":                   {[]string{"46024", "46025.5"}, "[excel] numeric"},
		"digits of a day":                {[]string{"20210131", "20211205"}, "[%Y%m%d] numeric days"},
		"eight digits of something else": {[]string{"20210131", "12345678"}, ""},
		"digits of a second":             {[]string{"20210131235959"}, "[%Y%m%d%H%M%S] numeric"},
		"with and without a time":        {[]string{"05.01.2026 10:00", "06.01.2026", "07.01.2026 10:00"}, "[%d.%m.%Y %H:%M %d.%m.%Y] sure"},
		"German":                         {[]string{"5. Januar 2026, 10:00 Uhr"}, "[%d. %b %Y, %H:%M Uhr] sure"},
		"French":                         {[]string{"lundi 5 janvier 2026 à 10h30"}, "[%a %d %b %Y à %Hh%M] sure"},
		"Spanish":                        {[]string{"5 de enero de 2026", "25 de diciembre de 2026"}, "[%d de %b de %Y] sure days"},
		"Spanish, p. m.":                 {[]string{"25/12/2026 10:00 p. m."}, "[%d/%m/%Y %I:%M %p] sure"},
		"Chinese":                        {[]string{"2026年1月5日 下午3:05"}, "[%Y年%m月%d日 %p%I:%M] sure"},
		"Japanese":                       {[]string{"2026年01月05日 10時05分09秒"}, "[%Y年%m月%d日 %H時%M分%S秒] sure"},
		"Italian":                        {[]string{"25.12.2026 10.30"}, "[%d.%m.%Y %H.%M] sure"},
		"a zone of all":                  {[]string{"25/12/2026 10:00 PST", "24/12/2026 10:00 PDT"}, "[%d/%m/%Y %H:%M %Z] sure zoned"},
		"offsets":                        {[]string{"25 Dec 2026 10:00:00 +0100"}, "[%d %b %Y %H:%M:%S %z] sure zoned"},
		"a zone of several countries":    {[]string{"2026-01-05 10:00 CST"}, "[iso] zoned CST?"},
		"a web server's":                 {[]string{"05/Jan/2026:10:00:00 +0000"}, "[%d/%b/%Y:%H:%M:%S %z] sure zoned"},
		"Japanese with a weekday":        {[]string{"2026年1月5日(月) 10:00"}, "[%Y年%m月%d日(%a) %H:%M] sure"},
		"a place":                        {[]string{"2026-01-05 10:00 America/New_York"}, "[iso] sure zoned"},
		"a note in brackets":             {[]string{"25.12.2026 (paid)"}, ""},
		"mail's":                         {[]string{"Mon, 05 Jan 2026 10:00:00 GMT"}, "[%a, %d %b %Y %H:%M:%S %Z] sure zoned"},
		"ISO with a mark of UTC":         {[]string{"2026-01-05T10:00:00Z"}, "[iso] sure zoned"},
		"one of fifty is none":           {append(slices.Repeat([]string{"2026-01-05"}, 50), "soon"), "[iso] sure days 1 soon"},
		"two of fifty are":               {append(slices.Repeat([]string{"2026-01-05"}, 50), "soon", "later"), ""},
		"texts":                          {[]string{"May I?", "March on"}, ""},
		"numbers":                        {[]string{"12", "13.5"}, ""},
		"versions":                       {[]string{"1.2.3"}, ""},
		"phones":                         {[]string{"01-23-45-67"}, ""},
		"money":                          {[]string{"$12.50"}, ""},
		"nothing":                        {[]string{""}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f, ok := column(c.values...).Finding()
			got := ""
			if ok {
				got = fmt.Sprint(f.Layouts)
				for _, is := range []struct {
					is   bool
					word string
				}{{f.Sure, " sure"}, {f.Numeric, " numeric"}, {f.DateOnly, " days"}, {f.Zoned, " zoned"}, {len(f.Zones) > 0, " CST?"}, {f.Unread > 0, fmt.Sprintf(" %d %s", f.Unread, f.Example)}} {
					if is.is {
						got += is.word
					}
				}
			}
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// Numbers of things have places as dates have.
func TestNumbersOfThingsAreNoDates(t *testing.T) {
	if f, ok := column("1001-0001-1", "1001-0002-1").Finding(); ok {
		t.Errorf("%+v", f)
	}
}

func TestTimesOfDay(t *testing.T) {
	for _, c := range []struct {
		values []string
		want   string
	}{
		{[]string{"10:00:00", "23:59:59"}, "[%H:%M:%S]"}, {[]string{"10:00 PM", "1:05 am"}, "[%I:%M %p]"}, {[]string{"10:00", "10:00:01", "11:00"}, "[%H:%M %H:%M:%S]"},
		{[]string{"10:00", "soon"}, ""}, {[]string{"2026-01-05 10:00"}, ""}, {nil, ""},
	} {
		got := ""
		if layouts, ok := column(c.values...).TimeOfDay(); ok {
			got = fmt.Sprint(layouts)
		}
		if got != c.want {
			t.Errorf("%q: %q", c.values, got)
		}
	}
}

func TestNoWordMeansTwoMonths(t *testing.T) {
	for word, n := range moment.MonthsOf() {
		if len(n) > 1 {
			t.Errorf("%s is one of %v", word, n)
		}
	}
}

// A finding is never sure of another order than the one in which the column is written.
func TestASureOrderIsTheRightOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		golang := rapid.SampledFrom([]string{"02/01/2006", "01/02/2006", "2/1/2006", "1/2/2006", "02-01-06", "01/02/06", "06/01/02"}).Draw(t, "layout")
		c := &moment.Column{}
		n := rapid.IntRange(1, 40).Draw(t, "rows")
		var first string
		var at time.Time
		for i := range n {
			day := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 2400).Draw(t, "day"))
			if text := day.Format(golang); i == 0 {
				first, at = text, day
				c.Add(text)
			} else {
				c.Add(text)
			}
		}
		f, ok := c.Finding()
		if !ok {
			t.Fatal("no times")
		}
		clock, err := moment.New(f.Layouts, "")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := clock.Parse(first); f.Sure && (err != nil || !got.Equal(at)) {
			t.Fatalf("%s in %s is %s: %+v", first, golang, got, f)
		}
	})
}
