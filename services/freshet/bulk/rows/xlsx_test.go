package rows

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Workbooks of two libraries, with both epochs and both kinds of texts, give the same rows. Numbers are what Excel shows with all its digits: the file
// has 1.1 as 1.1000000000000001. A post code keeps its zeros, a duration is a number of days.
func TestWorkbooksOfOthers(t *testing.T) {
	want := strings.Join([]string{
		"no|sku|post code|sold at|day|clock|price|share|paid|twice|bad|spent",
		`1@4: A-1|Köln 10" <&>|01067|2026-03-01T13:37:59|2026-02-28|23:59:59|n:1.1|n:0.125|b:true|n:2.2|-|n:1.10416666666667`,
		"2@5: 00012|blanks|99999|2026-03-01T13:37:59.123|1904-01-02|00:00:01|n:-1234567.89|n:1|b:false|-|-|-",
		"3@6: A-3|two\nlines|-|2026-12-31T00:00:00|2026-12-31|-|n:123456789012345|-|-|-|-|-",
		"4@7: (format.ignore names it)",
	}, "\n")
	files, err := filepath.Glob(filepath.Join("testdata", "xlsx", "orders-*.xlsx"))
	if err != nil || len(files) != 5 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, path := range files {
		for _, sheet := range []string{"", "Orders", "1"} {
			if got := table(t, content(t, path), Format{SkipLines: 2, Ignore: []string{"Total*"}, Sheet: sheet}); got != want {
				t.Errorf("%s:\n%s\nwant\n%s", filepath.Base(path), got, want)
			}
		}
	}
}

func TestSheetsAreChosen(t *testing.T) {
	path := filepath.Join("testdata", "xlsx", "orders-openpyxl.xlsx")
	for sheet, want := range map[string]string{
		"":       "Orders of March",
		"Notes":  "nothing but a note",
		"2":      "nothing but a note",
		"3":      `error: format.sheet: the workbook has no sheet "3"; it shows "Orders", "Notes"`,
		"Hidden": `error: the sheet "Hidden" is empty: there is not even a header`,
	} {
		got, _, _ := strings.Cut(table(t, content(t, path), Format{Sheet: sheet, Columns: nil}), "\n")
		if got != want {
			t.Errorf("sheet %q: %s", sheet, got)
		}
	}
	r, err := open(t, content(t, path), Format{})
	if err != nil {
		t.Fatal(err)
	}
	if got := Notes(only{r}); len(got) != 1 || got[0] != `the workbook shows 2 sheets with cells, "Orders", "Notes": "Orders" is read; format.sheet chooses another` {
		t.Errorf("%q", got)
	}
}

// A formula that no program calculated is no empty cell. A column that nobody wants may have them.
func TestAFormulaThatWasNeverCalculated(t *testing.T) {
	file := content(t, filepath.Join("testdata", "xlsx", "never-calculated.xlsx"))
	if got := table(t, file, Format{}); got != "id|sum\n1@2: no_result" {
		t.Error(got)
	}
	r, err := open(t, file, Format{})
	if err != nil {
		t.Fatal(err)
	}
	r.Bind([]string{"id"}, false)
	if row, err := r.Next(); err != nil || row.Fault != nil || row.Value(0).Text != "1" {
		t.Errorf("%+v, %v", row, err)
	}
}

func TestOtherWorkbooksSayWhatToDo(t *testing.T) {
	for content, want := range map[string]string{
		"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and so on": "error: it is an old workbook of Excel (.xls), or one with a password: save it as .xlsx without a password and import that",
	} {
		if got := table(t, content, Format{}); got != want {
			t.Error(got)
		}
	}
}

// A workbook inside another packing is unpacked first.
func TestAPackedWorkbook(t *testing.T) {
	file := content(t, filepath.Join("testdata", "xlsx", "never-calculated.xlsx"))
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(file)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got := table(t, b.String(), Format{}); got != "id|sum\n1@2: no_result" {
		t.Error(got)
	}
}

func content(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
