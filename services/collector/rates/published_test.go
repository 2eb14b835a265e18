package rates_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/freshet/freshet/services/collector/rates"
)

// What the European Central Bank publishes, in its own forms: one unit of EUR in each currency.
const (
	ecbHistory = "Date,USD,JPY,CYP,\n2026-11-27,1.0800,160.00,N/A,\n2026-11-26,1.2500,150.00,,\n"
	ecbDay     = "Date, USD, JPY, \n27 November 2026, 1.0800, 160.00, \n"
	ecbXML     = `<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
<gesmes:subject>Reference rates</gesmes:subject>
<Cube><Cube time='2026-11-27'><Cube currency='USD' rate='1.0800'/><Cube currency='JPY' rate='160.00'/></Cube>
<Cube time='2026-11-26'><Cube currency='USD' rate='1.2500'/><Cube currency='JPY' rate='150.00'/></Cube></Cube></gesmes:Envelope>`
)

func text(lines []rates.Line) string {
	var out []string
	for _, l := range lines {
		out = append(out, fmt.Sprintf("%s %s %s", l.Date, l.Currency, l.Rate))
	}
	return strings.Join(out, "; ")
}

func zipped(t *testing.T, names ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range names {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(ecbHistory))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestReadPublished(t *testing.T) {
	const history = "2026-11-26 JPY 0.006666666667; 2026-11-26 USD 0.8; 2026-11-27 JPY 0.00625; 2026-11-27 USD 0.925925925926"
	for what, c := range map[string]struct {
		file, base, to, want string
		skipped              int
	}{
		"the bank's history, to its own currency": {ecbHistory, "EUR", "EUR", history, 0},
		"zipped, as the bank offers it":           {zipped(t, "eurofxref-hist.csv"), "EUR", "EUR", history, 0},
		"the bank's XML":                          {ecbXML, "EUR", "EUR", history, 0},
		"with a byte order mark":                  {"\ufeff" + ecbHistory, "EUR", "EUR", history, 0},
		"the bank's day":                          {ecbDay, "EUR", "EUR", "2026-11-27 JPY 0.00625; 2026-11-27 USD 0.925925925926", 0},
		"to another currency, by way of the euro": {ecbDay, "EUR", "USD", "2026-11-27 EUR 1.08; 2026-11-27 JPY 0.00675", 0},
		"days that do not know the currency":      {ecbHistory + "2005-01-03,1.3,140,0.58,\n", "EUR", "CYP", "2005-01-03 EUR 0.58; 2005-01-03 JPY 0.004142857143; 2005-01-03 USD 0.446153846154", 2},
		"another base":                            {"date,EUR\n2026-11-27,0.5\n", "USD", "USD", "2026-11-27 EUR 2", 0},
		"our own form":                            {"date,currency,rate\n2026-11-27,USD,0.92\n", "EUR", "EUR", "2026-11-27 USD 0.92", 0},
	} {
		t.Run(what, func(t *testing.T) {
			lines, skipped, err := rates.ReadPublished([]byte(c.file), c.base, c.to)
			if err != nil || text(lines) != c.want || skipped != c.skipped {
				t.Errorf("got %q, %d skipped, %v; want %q, %d", text(lines), skipped, err, c.want, c.skipped)
			}
		})
	}
}

func TestWhatIsNoFileOfRates(t *testing.T) {
	for what, c := range map[string]struct{ file, want string }{
		"nothing":           {"", "read the first line"},
		"another file":      {"order,total\n1,2\n", "line 1: neither date,currency,rate nor a date and a column for each currency"},
		"a rate of nothing": {"Date,USD\n2026-11-27,0\n", `line 2: USD: "0" is no rate above 0`},
		"words":             {"Date,USD\n2026-11-27,abc\n", `line 2: USD: "abc" is no rate above 0`},
		"no day":            {"Date,USD\n27/11/26,1.08\n", `line 2: date: "27/11/26" is no day`},
		"XML of others":     {"<html><body/></html>", "the XML has no rates in Cube elements"},
		"two files":         {zipped(t, "a.csv", "b.csv"), "the zip has 2 files"},
		"half a zip":        {zipped(t, "a.csv")[:60], "read the zip"},
	} {
		t.Run(what, func(t *testing.T) {
			if lines, _, err := rates.ReadPublished([]byte(c.file), "EUR", "EUR"); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %q, %v; want %q", text(lines), err, c.want)
			}
		})
	}
}

func TestMerge(t *testing.T) {
	lines, _, err := rates.ReadPublished([]byte(ecbHistory), "EUR", "EUR")
	if err != nil {
		t.Fatal(err)
	}
	const made = "2026-11-26,JPY,0.006666666667\n2026-11-26,USD,0.8\n2026-11-27,JPY,0.00625\n2026-11-27,USD,0.925925925926\n"
	const own = "# ours\ncurrency,note,date,rate\n# of the bank\nUSD,\"by, hand\",2026-11-27,0.5\nGBP,,2026-11-27,1.2\n# end"
	for what, c := range map[string]struct {
		old     string
		replace bool
		want    string
		counts  [3]int // added, same, other
	}{
		"a new file":                        {"", false, "date,currency,rate\n" + made, [3]int{4, 0, 0}},
		"the same once more":                {"date,currency,rate\n" + made, false, "date,currency,rate\n" + made, [3]int{0, 4, 0}},
		"no line end at the end":            {"date,currency,rate\n2026-11-26,USD,0.80", false, "date,currency,rate\n2026-11-26,USD,0.80\n" + strings.Replace(made, "2026-11-26,USD,0.8\n", "", 1), [3]int{3, 1, 0}},
		"what is there stays":               {own, false, own + "\nJPY,,2026-11-26,0.006666666667\nUSD,,2026-11-26,0.8\nJPY,,2026-11-27,0.00625\n", [3]int{3, 0, 1}},
		"what is there goes, not its words": {own, true, strings.Replace(own, "USD,\"by, hand\",2026-11-27,0.5\n", "", 1) + "\nJPY,,2026-11-26,0.006666666667\nUSD,,2026-11-26,0.8\nJPY,,2026-11-27,0.00625\nUSD,,2026-11-27,0.925925925926\n", [3]int{3, 0, 1}},
	} {
		t.Run(what, func(t *testing.T) {
			m, err := rates.Merge([]byte(c.old), lines, "EUR", c.replace)
			if err != nil || string(m.Text) != c.want || [3]int{m.Added, m.Same, m.Other} != c.counts {
				t.Errorf("got %v, %+v:\n%s\nwant %v:\n%s", err, [3]int{m.Added, m.Same, m.Other}, m.Text, c.counts, c.want)
			}
		})
	}
	if _, err := rates.Merge([]byte("date,currency,rate\nx,USD,1\n"), lines, "EUR", false); err == nil || !strings.Contains(err.Error(), "the file as it is: line 2") {
		t.Errorf("a faulty file gives %v", err)
	}
}
