package lifetime

import (
	"compress/gzip"
	"encoding/csv"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/testkit"
)

// shopper is a customer of CDNOW: what was known after 39 weeks, and the purchases of the 39 weeks after.
type shopper struct {
	History
	Spend
	later int
}

// cdnow reads the 1/10 sample in weeks, the purchases of a day as one.
func cdnow(t testing.TB) []shopper {
	t.Helper()
	rows := records(t, "cdnow_sample.csv.gz")
	days := map[string]map[time.Time]float64{}
	var names []string
	for _, row := range rows[1:] {
		day, err := time.Parse("20060102", row[2])
		if err != nil {
			t.Fatal(err)
		}
		dollars, err := strconv.ParseFloat(row[4], 64)
		if err != nil {
			t.Fatal(err)
		}
		if days[row[1]] == nil {
			days[row[1]] = map[time.Time]float64{}
			names = append(names, row[1])
		}
		days[row[1]][day] += dollars
	}
	var all []shopper
	for _, name := range names {
		all = append(all, summary(days[name], time.Date(1997, 9, 30, 0, 0, 0, 0, time.UTC)))
	}
	return all
}

func summary(days map[time.Time]float64, now time.Time) shopper {
	first := now
	for day := range days {
		if day.Before(first) {
			first = day
		}
	}
	weeks := func(t time.Time) float64 { return t.Sub(first).Hours() / 24 / 7 }
	s := shopper{History: History{Age: weeks(now)}}
	total := 0.0
	for day, dollars := range days {
		switch {
		case day.After(now):
			s.later++
		case day.After(first):
			s.Repeats++
			s.Last = max(s.Last, weeks(day))
			total += dollars
		}
	}
	if total > 0 {
		s.Spend = Spend{Count: s.Repeats, Mean: total / float64(s.Repeats)}
	}
	return s
}

func records(t testing.TB, name string) [][]string {
	t.Helper()
	f, err := os.Open(testkit.Data(t, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(z).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func histories(all []shopper) []History {
	out := make([]History, len(all))
	for i, s := range all {
		out[i] = s.History
	}
	return out
}
