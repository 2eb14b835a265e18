package rows

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/freshet/freshet/services/freshet/bulk/file"
)

func layout(t testing.TB, content string, f Format) Found {
	t.Helper()
	in, err := file.Open(file.Stdin, strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	found, err := Layout(in, f)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// brief is what a Found says to a Format.
func brief(f Found) string {
	out := fmt.Sprintf("skip %d", f.SkipLines)
	if f.Delimiter != "" {
		out += " by " + f.Delimiter
	}
	if len(f.Ignore) > 0 {
		out += fmt.Sprintf(" ignore %q", f.Ignore)
	}
	if f.Headless {
		out += fmt.Sprintf(" headless %d", f.Width)
	}
	if f.Sheet != "" {
		out += " sheet " + f.Sheet
	}
	if !f.Sure {
		out += "?"
	}
	return out
}

func TestLayouts(t *testing.T) {
	body := "2026-01-02,A-1,12.50,Köln\n2026-01-03,A-2,1.00,Bonn\n2026-01-04,A-3,7.25,\n"
	header := "Date,Order,Amount,City\n"
	many := strings.Repeat(body, 20)
	for name, c := range map[string]struct{ content, want string }{
		"plain":                        {header + body, "skip 0"},
		"empty":                        {"", "skip 0"},
		"one column":                   {"mail\na@x.de\nb@x.de\n", "skip 0"},
		"texts only":                   {"Name,City\nAnn,Köln\nBob,Bonn\n", "skip 0"},
		"a title":                      {"Sales report\n\n" + header + body, "skip 2"},
		"a title with delimiters":      {"Sales report,,,\nfrom,2026-01-01,,\n,,,\n" + header + many, "skip 3"},
		"a title in quotes, in lines":  {"\"Sales report,\nof January\"\n" + header + many, "skip 2"},
		"account lines":                {"Account: 12345\nPeriod,2026-01-01,2026-01-31\nCurrency,EUR\n" + header + many, "skip 3"},
		"no header":                    {body, "skip 0 headless 4?"},
		"no header behind a title":     {"Export\n" + many, "skip 1 headless 4?"},
		"sums":                         {header + body + "Total,,20.75,\n", `skip 0 ignore ["Total*"]`},
		"sums in the third field":      {header + body + ",,Total: 20.75,\n", `skip 0 ignore [",,Total*"]`},
		"a line and sums":              {header + body + "-----------\nTotal: 3 rows\n\"Generated 2026-02-01, by till\"\n,,,\n", `skip 0 ignore ["Generated*" "Total*" "--*"]`},
		"a first field called total":   {"Product,Order,Amount,City\nSoap,A-1,2.00,Köln\nSoap,A-2,2.00,Köln\nTotal,A-3,1.00,Bonn\n", "skip 0"},
		"a product called total":       {header + body + "2026-01-05,Total,1.00,Bonn\n", "skip 0"},
		"semicolons, commas inside":    {"Datum;Betrag, brutto, netto;Ort, Land\n1.2.2026;1,50;x\n2.2.2026;2,50;y\n", "skip 0 by ;"},
		"fewer semicolons than commas": {"Datum;Betrag, brutto, netto, alles\n1.2.2026;1,50\n2.2.2026;2,50\n3.2.2026;1\n", "skip 0 by ;"},
		"tabs":                         {strings.ReplaceAll("Report\n"+header+body, ",", "\t"), "skip 1"},
		"Excel says it":                {"sep=;\na;b\n1;2\n", "skip 0"},
		"Excel says it, and a title":   {"sep=;\nReport\na;b\n1;2\n3;4\n", "skip 2 by ;"},
		"old Macs":                     {strings.ReplaceAll("Report\n"+header+body, "\n", "\r"), "skip 1"},
		"a Chinese bill": {"微信支付账单明细,,,\n微信昵称：[某],,,\n起始时间：[2026-01-01 00:00:00],,,\n,,,\n----------------------微信支付账单明细列表--------------------,,,\n" +
			"交易时间,交易类型,商品,金额(元)\n2026-01-02 03:04:05,商户消费,\"茶\",¥17.70\n2026-01-03 03:04:05,转账,\"/\",¥5.00\n合计：,,,¥22.70\n", `skip 5 ignore ["合计：*"]`},
		"the whole is larger than what is looked at": {"Report\n" + header + strings.Repeat(many, 300) + "Total,,7.00,\n", `skip 1 ignore ["Total*"]`},
		"a remark that begins as rows do":            {"What,n\nNote 1,1\nNote 2,2\nNote 9 rows\n", "skip 0?"},
		"of many widths":                             {"a,b\n1\n1,2,3\n1\n1,2,3,4\n1,2\n1,2,3,4,5\n", "skip 0?"},
		"lines of JSON":                              {`{"a":1}` + "\n", "skip 0"},
	} {
		t.Run(name, func(t *testing.T) {
			found := layout(t, c.content, Format{})
			if got := brief(found); got != c.want {
				t.Errorf("got %s, want %s: %s", got, c.want, strings.Join(found.Why, "; "))
			}
			if !found.Sure || c.content == "" || strings.HasPrefix(c.content, "{") {
				return
			}
			// What was found reads the file, without a fault.
			for line := range strings.Lines(table(t, c.content, Format{SkipLines: found.SkipLines, Delimiter: found.Delimiter, Ignore: found.Ignore})) {
				if strings.Contains(line, "error:") && name != "old Macs" || strings.Contains(line, ReasonRagged) || strings.Contains(line, ReasonQuotes) {
					t.Error(line)
				}
			}
		})
	}
}

func TestLayoutOfAWorkbook(t *testing.T) {
	for _, name := range []string{"orders-openpyxl.xlsx", "orders-xlsxwriter.xlsx"} {
		found := layout(t, content(t, filepath.Join("testdata", "xlsx", name)), Format{})
		if got := brief(found); got != `skip 2 ignore ["Total*"] sheet Orders` || strings.Join(found.Sheets, " ") != "Orders Notes" {
			t.Errorf("%s: %s, %q: %s", name, got, found.Sheets, found.Why)
		}
	}
}

func FuzzLayout(f *testing.F) {
	f.Add("Report\na,b\n1,2\nTotal,3\n")
	f.Add("\"\n,,\n\x00;|")
	f.Fuzz(func(t *testing.T, content string) {
		in, err := file.Open(file.Stdin, strings.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		if found, err := Layout(in, Format{Type: "csv"}); err == nil {
			if faults := (Format{SkipLines: found.SkipLines, Delimiter: found.Delimiter, Ignore: found.Ignore}).Validate(); len(faults) > 0 {
				t.Errorf("%+v: %v", found, faults)
			}
		}
	})
}

// The end of a packed file is not looked at, and that is said; that of a plain one is.
func TestLayoutSaysWhatItDidNotLookAt(t *testing.T) {
	text := "a,b\n" + strings.Repeat("1,x\n", 100_000) + "Total,\n"
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if found := layout(t, text, Format{}); brief(found) != `skip 0 ignore ["Total*"]` {
		t.Errorf("%s: %s", brief(found), found.Why)
	}
	if found := layout(t, b.String(), Format{}); brief(found) != "skip 0" || !strings.Contains(strings.Join(found.Why, ";"), "the end of the file was not looked at, because it is packed") {
		t.Errorf("%s: %s", brief(found), found.Why)
	}
}
