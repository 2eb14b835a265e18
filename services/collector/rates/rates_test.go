package rates_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/services/collector/rates"
)

func at(t *testing.T, text string) int64 {
	t.Helper()
	when, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return when.UnixMilli()
}

func TestAt(t *testing.T) {
	table, err := rates.Parse([]byte("\ufeff# of the bank\ncurrency,rate,date,source\nUSD,0.92,2026-03-02,x\nUSD,0.9,2026-01-01,\nUSD,0.91,2026-01-05,\nJPY, 0.0061 ,2026-01-05,\nEUR,1,2026-01-05,\n"), "EUR")
	if err != nil || table.Len() != 5 {
		t.Fatal(table, err)
	}
	for name, c := range map[string]struct {
		currency, when, date string
		e12                  int64
	}{
		"on its day":                               {"USD", "2026-01-05T00:00:00Z", "2026-01-05", 910_000_000_000},
		"until the next":                           {"USD", "2026-01-04T23:59:59.999Z", "2026-01-01", 900_000_000_000},
		"the day is that of UTC":                   {"USD", "2026-01-05T01:00:00+02:00", "2026-01-01", 900_000_000_000},
		"31 days after it":                         {"USD", "2026-02-05T23:59:59Z", "2026-01-05", 910_000_000_000},
		"32 days after it":                         {"USD", "2026-02-06T00:00:00Z", "", 0},
		"before the first":                         {"USD", "2025-12-31T23:59:59Z", "", 0},
		"after the last":                           {"USD", "2026-03-10T00:00:00Z", "2026-03-02", 920_000_000_000},
		"six decimals and more":                    {"JPY", "2026-01-06T00:00:00Z", "2026-01-05", 6_100_000_000},
		"a currency that is not in it":             {"GBP", "2026-01-06T00:00:00Z", "", 0},
		"the currency it leads to may stand in it": {"EUR", "2026-01-06T00:00:00Z", "2026-01-05", rates.One},
	} {
		got, ok := table.At(c.currency, at(t, c.when))
		if got.Date != c.date || got.E12 != c.e12 || ok != (c.e12 != 0) {
			t.Errorf("%s: %+v, %v", name, got, ok)
		}
	}
	if !table.Has("JPY") || table.Has("GBP") {
		t.Error("Has is wrong")
	}
	var none rates.Table
	if _, ok := none.At("USD", 0); ok {
		t.Error("the empty table has a rate")
	}
}

func TestFaults(t *testing.T) {
	const head = "date,currency,rate\n"
	for name, c := range map[string]struct{ text, want string }{
		"an empty file":             {"", "no column date"},
		"a header of another file":  {"day,code,rate\n", "line 1: no column date"},
		"a day that is none":        {head + "2026-02-30,USD,1\n", `line 2: date: "2026-02-30" is no day`},
		"a day written otherwise":   {head + "28.11.2026,USD,1\n", "is no day"},
		"a code in small letters":   {head + "2026-01-01,usd,1\n", `currency: "usd" is no code`},
		"a rate of zero":            {head + "2026-01-01,USD,0\n", "is not above 0"},
		"a rate below zero":         {head + "2026-01-01,USD,-1\n", "is not above 0"},
		"a rate with a comma":       {head + "2026-01-01,USD,\"0,92\"\n", "is no decimal number"},
		"a rate too large":          {head + "2026-01-01,USD,1e8\n", "out of range"},
		"a day twice":               {head + "2026-01-01,USD,1\n2026-01-02,USD,1\n2026-01-01,USD,2\n", "line 4: USD of 2026-01-01 stands in line 2 too"},
		"a line too short":          {head + "2026-01-01,USD\n", "line 2"},
		"the inverse, of the own":   {head + "2026-01-01,EUR,1.08\n", "worth 1 of itself"},
		"a quote that never closes": {head + "\"2026-01-01,USD,1\n", "line"},
		"separated by semicolons":   {"date;currency;rate\n", "no column date"},
	} {
		table, err := rates.Parse([]byte(c.text), "EUR")
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, %v", name, table, err)
		}
	}
	_, err := rates.Parse([]byte(head+"x,USD,1\n2026-01-01,usd,1\n2026-01-01,USD,x\n"), "EUR")
	if err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("three faults are told as %v", err)
	}
	_, err = rates.Parse([]byte(head+strings.Repeat("x,y,z\n", 1000)), "EUR")
	if err == nil || strings.Count(err.Error(), "\n") != 19 {
		t.Errorf("a thousand faults are told as %d lines", strings.Count(err.Error(), "\n")+1)
	}
}

// The look-up is what a search through all lines of the file finds, in whatever order they stand.
func TestAtAgainstASearchOfAllLines(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		days := rapid.SliceOfDistinct(rapid.IntRange(0, 200), func(d int) int { return d }).Draw(t, "days")
		var text strings.Builder
		text.WriteString("date,currency,rate\n")
		for _, d := range days {
			fmt.Fprintf(&text, "%s,USD,%d\n", start.AddDate(0, 0, d).Format(time.DateOnly), d+1)
		}
		table, err := rates.Parse([]byte(text.String()), "EUR")
		if err != nil {
			t.Fatal(err)
		}
		day := rapid.IntRange(0, 260).Draw(t, "day")
		when := start.AddDate(0, 0, day).Add(time.Duration(rapid.Int64Range(0, int64(24*time.Hour)-1).Draw(t, "of the day")))
		want := -1
		for _, d := range days {
			if d <= day && day-d <= rates.MaxAge {
				want = max(want, d)
			}
		}
		got, ok := table.At("USD", when.UnixMilli())
		if ok != (want >= 0) || ok && got.E12 != int64(want+1)*rates.One {
			t.Fatalf("day %d of %v: %+v, %v", day, days, got, ok)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"", "date,currency,rate\n2026-01-01,USD,0.92\n", "date,currency,rate\n\"", "rate,date,currency\r\n1e-12,2026-01-01,JPY\r\n", "\ufeff#\n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if table, err := rates.Parse(data, "EUR"); (table == nil) == (err == nil) {
			t.Fatalf("%v, %v", table, err)
		}
	})
}
