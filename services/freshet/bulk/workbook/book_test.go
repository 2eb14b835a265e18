package workbook

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"
)

// archive packs parts; a sheet of the given XML is in every one.
func archive(t testing.TB, sheet string, others map[string]string) []byte {
	t.Helper()
	parts := map[string]string{
		"xl/workbook.xml":            `<workbook xmlns:r="r"><sheets><sheet name="A" r:id="1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="1" Type="x/worksheet" Target="s.xml"/><Relationship Id="2" Type="x/sharedStrings" Target="/xl/t.xml"/></Relationships>`,
		"xl/s.xml":                   sheet,
	}
	maps.Copy(parts, others)
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		f, err := w.Create(name)
		if err == nil {
			_, err = io.WriteString(f, parts[name])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// read gives the cells of a workbook's first sheet, a line a row, and the error that ended it.
func read(content []byte) (string, error) {
	b, err := Open(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return "", err
	}
	rows, err := b.Rows(b.Sheets[0])
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var out []string
	for {
		row, err := rows.Next()
		if errors.Is(err, io.EOF) {
			return strings.Join(out, "\n"), nil
		}
		if err != nil {
			return strings.Join(out, "\n"), err
		}
		line := fmt.Sprint(row.Number, ":")
		for _, c := range row.Cells {
			line += fmt.Sprintf(" %d%s=%s", c.Column, [...]string{"", "n", "b", "t", "e", "?"}[c.Kind], c.Text)
		}
		out = append(out, line+row.Fault)
	}
}

func data(rows string) string { return "<worksheet><sheetData>" + rows + "</sheetData></worksheet>" }

func TestCells(t *testing.T) {
	texts := map[string]string{"xl/t.xml": `<sst><si><t>plain</t></si><si><r><t>ri</t></r><r><rPr><b/></rPr><t>ch</t></r><rPh sb="0" eb="1"><t>SPOKEN</t></rPh></si><si><t>a_x000D_b_x0041_c_xZZZZ_</t></si></sst>`}
	for name, c := range map[string]struct{ rows, want string }{
		"texts":              {`<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="s"><v>2</v></c><c r="D1" t="inlineStr"><is><t>in</t></is></c></row>`, "1: 0=plain 1=rich 2=a\rbAc_xZZZZ_ 3=in"},
		"without references": {`<row><c><v>1</v></c><c/><c><v>2</v></c></row><row><c><v>3</v></c></row>`, "1: 0n=1 2n=2\n2: 0n=3"},
		"holes":              {`<row r="3"><c r="AA3"><v>1</v></c></row><row r="4"/><row r="9"><c r="b9"><v>2</v></c></row>`, "3: 26n=1\n9: 1n=2"},
		"formulas": {`<row><c><f>1+1</f><v>2</v></c><c t="str"><f>"a"</f><v>a</v></c><c t="str"><f>""</f><v></v></c><c t="b"><f>TRUE()</f><v>1</v></c><c t="e"><f>1/0</f><v>#DIV/0!</v></c><c><f>1</f></c></row>`,
			"1: 0n=2 1=a 3b=true 4e=#DIV/0! 5?="},
		"an ISO time":            {`<row><c t="d"><v>2026-01-02T03:04:05Z</v></c></row>`, "1: 0t=2026-01-02T03:04:05"},
		"what is behind is none": {`<row><c><v>1</v></c></row></sheetData><other><row><c><v>2</v></c></row></other><sheetData>`, "1: 0n=1"},
	} {
		got, err := read(archive(t, data(c.rows), texts))
		if err != nil || got != c.want {
			t.Errorf("%s: %v\ngot  %q\nwant %q", name, err, got, c.want)
		}
	}
}

func TestHostileWorkbooks(t *testing.T) {
	big := strings.Repeat("x", maxToken+maxToken/2)
	for name, c := range map[string]struct {
		sheet  string
		others map[string]string
		want   string
	}{
		"a bomb":                   {strings.Repeat(" ", maxPart+1) + data(""), nil, "unpacks from"},
		"a bomb of texts":          {data(""), map[string]string{"xl/t.xml": "<sst>" + strings.Repeat(" ", maxPart+1) + "</sst>"}, "unpacks from"},
		"names without end":        {data(""), map[string]string{"xl/workbook.xml": strings.Repeat(" ", maxPart+1)}, "unpacks from"},
		"a tag without end":        {"<worksheet><sheetData a='" + big, nil, "a text or tag of more than"},
		"a text without end":       {data("<row><c t='inlineStr'><is><t>" + big + "</t></is></c></row>"), nil, "of more than"},
		"a text in pieces":         {data("<row><c><v>" + strings.Repeat(strings.Repeat("x", 1000)+"<!---->", maxToken/1000+10) + "</v></c></row>"), nil, "a text of more than"},
		"runs without end":         {data("<row><c t='inlineStr'><is>" + strings.Repeat("<t>"+strings.Repeat("x", 1000)+"</t>", maxToken/1000+10) + "</is></c></row>"), nil, "a text of more than"},
		"nested":                   {strings.Repeat("<a>", 100), nil, "nests more than 64 deep"},
		"an entity":                {`<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`, nil, "it has a document type, which no workbook has"},
		"cut off":                  {"<worksheet><sheetData><row><c><v>1</v></c></row><row><c>", nil, "unexpected EOF"},
		"cut off between rows":     {"<worksheet><sheetData><row><c><v>1</v></c></row>", nil, "unexpected EOF"},
		"a text that is not there": {data("<row><c t='s'><v>7</v></c></row>"), nil, "text number 7 of 0"},
		"another encoding":         {`<?xml version="1.0" encoding="UTF-7"?>` + data(""), nil, "its XML is written in UTF-7"},
		"no sheet":                 {data(""), map[string]string{"xl/workbook.xml": "<workbook/>"}, "the workbook has no sheet of cells"},
		"no relations":             {data(""), map[string]string{"xl/_rels/workbook.xml.rels": ""}, "read xl/_rels/workbook.xml.rels of the workbook"},
	} {
		if _, err := read(archive(t, c.sheet, c.others)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
	content := archive(t, data("<row><c><v>1</v></c></row>"), nil)
	if _, err := Open(bytes.NewReader(content), int64(len(content)/2)); err == nil || Is(bytes.NewReader(content), int64(len(content)/2)) {
		t.Errorf("half an archive: %v", err)
	}
}

// A row that is too long is refused; the rows behind it are read.
func TestARowThatIsTooLong(t *testing.T) {
	cell := "<c t='inlineStr'><is><t>" + strings.Repeat("x", 32_000) + "</t></is></c>"
	got, err := read(archive(t, data("<row>"+strings.Repeat(cell, 40)+"</row><row><c><v>1</v></c></row>"), nil))
	if err != nil || !strings.HasSuffix(got, "the row has more than 1048576 bytes\n2: 0n=1") {
		t.Errorf("%v: ...%.80s", err, got[max(0, len(got)-80):])
	}
}

// What excelize writes comes out as it went in.
func TestWorkbooksOfExcelize(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f := excelize.NewFile()
		defer f.Close()
		var want []string
		for r := range rapid.IntRange(1, 8).Draw(rt, "rows") {
			line := ""
			for c := range rapid.IntRange(1, 5).Draw(rt, "columns") {
				at, _ := excelize.CoordinatesToCellName(c+1, r+1)
				var err error
				switch rapid.IntRange(0, 3).Draw(rt, "kind") {
				case 0:
				case 1:
					v := rapid.StringMatching(`[a-zäß北 _x0-9<&"]{1,12}`).Draw(rt, "text")
					err = f.SetCellStr("Sheet1", at, v)
					line += fmt.Sprintf(" %d=%s", c, v)
				case 2:
					v := rapid.Int64Range(-1e15, 1e15).Draw(rt, "number")
					err = f.SetCellInt("Sheet1", at, v)
					line += fmt.Sprintf(" %dn=%d", c, v)
				case 3:
					v := rapid.Bool().Draw(rt, "boolean")
					err = f.SetCellBool("Sheet1", at, v)
					line += fmt.Sprintf(" %db=%v", c, v)
				}
				if err != nil {
					rt.Fatal(err)
				}
			}
			if line != "" {
				want = append(want, fmt.Sprint(r+1, ":")+line)
			}
		}
		var b bytes.Buffer
		if err := f.Write(&b); err != nil {
			rt.Fatal(err)
		}
		if got, err := read(b.Bytes()); err != nil || got != strings.Join(want, "\n") {
			rt.Errorf("%v\ngot\n%q\nwant\n%q", err, got, strings.Join(want, "\n"))
		}
	})
}

func FuzzSheet(f *testing.F) {
	f.Add(`<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c></row></sheetData></worksheet>`)
	f.Add(`<a><sheetData><row><c t="inlineStr"><is><r><t>x</t></r></is></c></row>`)
	f.Fuzz(func(t *testing.T, sheet string) {
		_, _ = read(archive(t, sheet, map[string]string{"xl/t.xml": "<sst><si><t>a</t></si></sst>"}))
	})
}
