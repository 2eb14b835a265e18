package rows

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/freshet/freshet/services/freshet/bulk/file"
)

// open opens a content as if it came from standard input.
func open(t testing.TB, content string, f Format) (Reader, error) {
	t.Helper()
	in, err := file.Open(file.Stdin, strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close() })
	return OpenAll(in, f)
}

// table reads everything with all columns bound: a line a row, as `number@line: values`.
func table(t testing.TB, content string, f Format) string {
	t.Helper()
	return tableOf(open(t, content, f))
}

func tableOf(r Reader, err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	columns, _ := r.Columns()
	r.Bind(columns, false)
	out := []string{strings.Join(columns, "|")}
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return strings.Join(out, "\n")
		}
		if err != nil {
			return strings.Join(append(out, "error: "+err.Error()), "\n")
		}
		line := fmt.Sprintf("%d@%d: ", row.Number, row.Line)
		switch {
		case row.Skipped != "":
			line += "(" + row.Skipped + ")"
		case row.Fault != nil:
			line += row.Fault.Reason
		default:
			var cells []string
			for i := range columns {
				v := row.Value(i)
				cells = append(cells, [...]string{"-", "", "n:", "b:", "i:", "j:"}[v.Kind]+v.Text)
			}
			line += strings.Join(cells, "|")
		}
		out = append(out, line)
	}
}

func TestCSV(t *testing.T) {
	for name, c := range map[string]struct {
		content string
		format  Format
		want    string
	}{
		"plain":                 {"a,b\n1,x\n2,y\n", Format{}, "a|b\n1@2: 1|x\n2@3: 2|y"},
		"the last line is open": {"a,b\n1,x", Format{}, "a|b\n1@2: 1|x"},
		"Windows":               {"a,b\r\n1,x\r\n\r\n2,y\r\n", Format{}, "a|b\n1@2: 1|x\n2@4: 2|y"},
		"a mark and semicolons": {mark + "a;b,c;d\n1;2;3\n", Format{}, "a|b,c|d\n1@2: 1|2|3"},
		"tabs":                  {"a\tb\n1\t\"2\"\n", Format{}, "a|b\n1@2: 1|2"},
		"tsv without quotes":    {"a\tb\n\"1\t5\"\n", Format{Type: "tsv", Quotes: "none"}, "a|b\n1@2: \"1|5\""},
		"quotes":                {"a,b\n\"x, \"\"y\"\"\nz\",1\n2,\"\"\n", Format{}, "a|b\n1@2: x, \"y\"\nz|1\n2@4: 2|-"},
		"the rest of a record with an open quote is no row": {"a,b\n\"x\ny\"z,1\n2,3\" pipe\n", Format{}, "a|b\n1@2: bad_quotes\n2@3: bad_quotes\n3@4: 2|3\" pipe"},
		"inches": {"a,b\n5\" pipe,1\n", Format{}, "a|b\n1@2: 5\" pipe|1"},
		"ragged": {"a,b\n1\n1,2,3\n4,5\n", Format{}, "a|b\n1@2: ragged_row\n2@3: ragged_row\n3@4: 4|5"},
		"an open quote costs a line": {"a,b\n\"x,1\n2,y\n3,z\n", Format{},
			"a|b\n1@2: bad_quotes\n2@3: 2|y\n3@4: 3|z"},
		"a quote that is closed by the next one": {"a,b\n1,\"x\n2,y\n3,\"z\"\n4,\"u\nv\"\n", Format{}, "a|b\n1@2: bad_quotes\n2@3: 2|y\n3@4: 3|z\n4@5: 4|u\nv"},
		"Excel names the delimiter":              {mark + "sep=;\r\na;b,c,d\r\n1;2\r\n", Format{}, "a|b,c,d\n1@3: 1|2"},
		"it may be a column":                     {"sep=,b\n1,2\n", Format{}, "sep=|b\n1@2: 1|2"},
		"UTF-16 without a mark": {"a\x00,\x00b\x00\n\x00", Format{},
			"error: the header holds zero bytes, which no text has: a file of UTF-16 without a byte order mark needs format.encoding: utf-16"},
		"behind the quote": {"a,b\n\"x\"y,1\n2,3\n", Format{}, "a|b\n1@2: bad_quotes\n2@3: 2|3"},
		"not UTF-8":        {"a\n\xe9\nx\n", Format{}, "a\n1@2: bad_encoding\n2@3: x"},
		"windows-1252":     {"a\n\xe9\x80\n\x81\n", Format{Encoding: "Windows-1252"}, "a\n1@2: é€\n2@3: bad_encoding"},
		"latin1":           {"a\n\xe9\n", Format{Encoding: "latin1"}, "a\n1@2: é"},
		"gb18030":          {"\xd0\xd5\xc3\xfb,\xb3\xc7\xca\xd0\n\xcd\xf5,\xb1\xb1\xbe\xa9\n", Format{Encoding: "gb18030"}, "姓名|城市\n1@2: 王|北京"},
		"utf-16":           {"\xff\xfea\x00\n\x00\xe9\x00\n\x00", Format{}, "a\n1@2: é"},
		"blanks":           {" a , b \n x ,\n", Format{}, "a|b\n1@2: x|-"},
		"blanks kept":      {"a,b\n x ,\n", Format{KeepBlanks: true}, "a|b\n1@2:  x |-"},
		"null":             {"a,b\nNULL,0\n", Format{Null: []string{"NULL"}}, "a|b\n1@2: -|0"},
		"no header":        {"1,2\n", Format{Columns: []string{"a", "b"}}, "a|b\n1@1: 1|2"},
		"a preamble":       {"Report of May\n\"odd\n\na,b\n1,2\n", Format{SkipLines: 3}, "a|b\n1@5: 1|2"},
		"unnamed column":   {"a,\n1,2\n", Format{}, "a|column_2\n1@2: 1|2"},
		"twice":            {"a,a,a_2,a\n1,2,3,4\n", Format{}, "a|a_3|a_2|a_4\n1@2: 1|2|3|4"},
		"no name":          {"a,,b,column_2,\n1,2,3,4,\n", Format{}, "a|column_3|b|column_2|column_5\n1@2: 1|2|3|4|-"},
		"given twice":      {"1,2\n", Format{Columns: []string{"a", "a"}}, `error: format.columns has the name "a" twice`},
		"ignored": {"Report of May\na,b\n1,x\nTotal,2\n\"Total, all\",x\"\n---\n2,y\nTotals: none\nEnd\nEnde,z\n", Format{Ignore: []string{"Report*", "Total*", "---*", "End"}},
			"a|b\n1@3: 1|x\n2@4: (format.ignore names it)\n3@5: (format.ignore names it)\n4@6: (format.ignore names it)\n5@7: 2|y\n6@8: (format.ignore names it)\n7@9: (format.ignore names it)\n8@10: Ende|z"},
		"the header again":            {"a,b\n1,x\na , b\n\"a\",b,\n2,y\n", Format{}, "a|b\n1@2: 1|x\n2@3: (it is the header again)\n3@4: (it is the header again)\n4@5: 2|y"},
		"one column again":            {"a\na\n", Format{}, "a\n1@2: a"},
		"empty rows":                  {"a,b\n,\n , ,\n,,,,\n1,x\n", Format{}, "a|b\n1@2: (it is empty)\n2@3: (it is empty)\n3@4: (it is empty)\n4@5: 1|x"},
		"empty last fields":           {"a,b\n1,x,,\n2,y, ,z\n", Format{}, "a|b\n1@2: 1|x\n2@3: ragged_row"},
		"unnamed last columns":        {"a,b,,\n1,x\n2,y,,z\n3\n", Format{}, "a|b|column_3|column_4\n1@2: 1|x|-|-\n2@3: 2|y|-|z\n3@4: ragged_row"},
		"empty":                       {"", Format{}, "error: the file is empty: there is not even a header"},
		"foreign header":              {"\xe9,b\n", Format{}, "error: the header is not UTF-8: name the encoding in format.encoding, such as windows-1252 or gb18030"},
		"old Macs":                    {"a,b\r1,2\r3,4\r", Format{}, "a|b\n1@2: 1|2\n2@3: 3|4"},
		"old Macs in their encoding":  {"n\r1;Zo\x91\r", Format{Encoding: "macintosh", Delimiter: ";", Columns: []string{"n", "name"}, SkipLines: 1}, "n|name\n1@2: 1|Zoë"},
		"CR alone inside other lines": {"a,b\r1,2\r\n3,4\n", Format{}, "error: some lines of the file end in CR alone, and others do not: convert them, with `tr '\\r' '\\n'` for instance"},
		"Shift_JIS, whose characters end in ASCII": {"\x95\x5c,b\n\x83\x7c,2\n", Format{Encoding: "cp932"}, "表|b\n1@2: ポ|2"},
		"an encoding of old PCs":                   {"a,b\nM\x81ller,2\n", Format{Encoding: "IBM437"}, "a|b\n1@2: Müller|2"},
		"too large": {"a,b\n1," + strings.Repeat("x", MaxRow) + "\n\"" + strings.Repeat("y", 2*MaxRow) + "\n2,z\n", Format{},
			"a|b\n1@2: too_large\n2@3: too_large\n3@4: 2|z"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := table(t, c.content, c.format); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestJSON(t *testing.T) {
	for name, c := range map[string]struct{ content, want string }{
		"lines": {`{"a":1.10,"b":{"c":"x\né","d":null},"e":[1,2],"f":true}` + "\n\n" + `{"b":{"c":"y"},"g":1e400}`,
			"a|b.c|b.d|e|f|g\n1@1: n:1.10|x\né|-|j:[1,2]|b:true|-\n2@3: -|y|-|-|-|n:1e400"},
		"broken lines": {"{\"a\":1}\n{\"a\":\n[1]\n{\"a\":NaN}\n{\"a\":2} x\n{\"a\":\"\xff\"}\n{\"a\":3}",
			"a\n1@1: n:1\n2@2: invalid_json\n3@3: invalid_json\n4@4: invalid_json\n5@5: invalid_json\n6@6: bad_encoding\n7@7: n:3"},
		"array":             {"[\n {\"a\":\"]\\\"\"},\n {\"a\":2,\"b\":[{}]} ]", "a|b\n1@2: ]\"|-\n2@3: n:2|j:[{}]"},
		"array with faults": {"[{\"a\":1}, 5, {\"a\" 2}, {\"a\":3}]", "a\n1@1: n:1\n2@1: invalid_json\n3@1: invalid_json\n4@1: n:3"},
		"empty array":       {"[ ]", ""},
		"cut array":         {"[{\"a\":1},{\"a\":", "a\n1@1: n:1\nerror: the file ends before its JSON array does: it was cut off"},
		"a huge line": {"{\"a\":1}\n{\"a\":\"" + strings.Repeat("x", MaxRow) + "\"}\n{\"a\":2}",
			"a\n1@1: n:1\n2@2: too_large\n3@3: n:2"},
		"a huge element": {"[{\"a\":1},{\"a\":\"" + strings.Repeat("x", MaxRow) + "\"},{\"a\":2}]", "a\n1@1: n:1\n2@1: too_large\n3@1: n:2"},
		"UTF-16":         {"\xff\xfe{\x00\"\x00a\x00\"\x00:\x00\"\x00\xe9\x00\"\x00}\x00\n\x00", "a\n1@1: é"},
		"no UTF-8":       {"{\"a\":\"\xe9\"}", "a\n1@1: bad_encoding"},
		"dotted key":     {`{"a.b":1}`, "a.b\n1@1: n:1"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := table(t, c.content, Format{}); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestWhatIsNotBoundIsTheRest(t *testing.T) {
	for name, content := range map[string]string{
		"csv":  "a,b,c\n1,,x\n",
		"json": `{"a":1,"b":null,"c":"x"}`,
	} {
		r, err := open(t, content, Format{})
		if err != nil {
			t.Fatal(err)
		}
		r.Bind([]string{"a", "gone"}, true)
		row, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		row.Rest(func(name string, v Value) { got += name + "=" + v.Text + ";" })
		if got != "b=;c=x;" || row.Value(0).Text != "1" || row.Value(1).Kind != Absent {
			t.Errorf("%s: %s %+v", name, got, row)
		}
	}
}

// A mapping that names a member of an object does not make its other members vanish.
func TestTheRestOfAnObjectIsRest(t *testing.T) {
	r, err := open(t, `{"plan":{"price":1,"name":"gold","terms":{"days":30,"auto":true}},"x":{"y":2}}`, Format{})
	if err != nil {
		t.Fatal(err)
	}
	r.Bind([]string{"plan.price", "plan.terms.days"}, true)
	row, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	row.Rest(func(name string, v Value) { got += name + "=" + v.Text + ";" })
	if got != `plan.name=gold;plan.terms.auto=true;x={"y":2};` {
		t.Error(got)
	}
}

func TestDataShowsTheRow(t *testing.T) {
	for content, want := range map[string]string{
		"a,b\n1,\"x\"\"\"\n": `{"a":"1","b":"x\""}`,
		"a,b\n1\xff\n":       "\"1\uFFFD\"",
		`{"a": 1}`:           `{"a": 1}`,
		`{"a" 1}`:            `"{\"a\" 1}"`,
	} {
		r, err := open(t, content, Format{})
		if err != nil {
			t.Fatal(err)
		}
		r.Bind(nil, false)
		row, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if got := string(r.Data(row)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestJSONInAnotherEncoding(t *testing.T) {
	if got := table(t, "{\"a\":\"\xe9\"}\n", Format{Encoding: "latin1"}); got != "a\n1@1: é" {
		t.Error(got)
	}
}

func TestFormatsAreChecked(t *testing.T) {
	bad := Format{Type: "xls", Encoding: "ebcdic", Delimiter: "||", Quotes: "single", SkipLines: -1, Decimal: "'", Thousands: "1", Ignore: []string{"Total*", "*"}}
	if got := bad.Validate(); len(got) != 8 {
		t.Errorf("%d faults: %v", len(got), got)
	}
	if got := (Format{Encoding: "GBK", Delimiter: "tab", Decimal: ",", Thousands: "."}).Validate(); len(got) != 0 {
		t.Error(got)
	}
}

func bufioOf(s string) *bufio.Reader { return bufio.NewReaderSize(strings.NewReader(s), MaxRow+64) }
