package rows

import (
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzCSV holds the reader against encoding/csv: what that reads without a fault is read the same here, and nothing panics.
func FuzzCSV(f *testing.F) {
	for _, seed := range []string{"1,2\n", "\"a\"\"b\",c\n", "\"x\ny\",\r\n", "a\"b,c\n\"", ",\n\n,\n", "\"a\"b,1\n2,3\n", "\xff,1\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		got := records{in: bufioOf(content), delimiter: ',', quote: true}
		var mine [][]string
		for {
			rec, err := got.next()
			if err != nil {
				break
			}
			fields, fault := got.fields(rec.text, 2)
			if rec.fault == nil && fault == nil {
				for i := range fields {
					fields[i] = strings.ReplaceAll(fields[i], "\r\n", "\n")
				}
				mine = append(mine, fields)
			}
		}
		std := csv.NewReader(strings.NewReader(content))
		std.FieldsPerRecord = -1
		theirs, err := std.ReadAll()
		if err != nil || strings.Contains(content, "\r") {
			return // it is stricter than we are, or treats a lone \r otherwise
		}
		if a, b := show(mine), show(theirs); a != b {
			t.Errorf("%q: got %s, encoding/csv has %s", content, a, b)
		}
	})
}

func show(rows [][]string) string {
	var b strings.Builder
	for _, r := range rows {
		b.WriteString(strings.Join(r, "\x01") + "\x02")
	}
	return b.String()
}

// FuzzAppendText holds the writer of strings against encoding/json.
func FuzzAppendText(f *testing.F) {
	f.Add("a\"\\\n\x00é\u2028")
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return
		}
		var got string
		if err := json.Unmarshal(AppendText(nil, s), &got); err != nil || got != s {
			t.Errorf("%q became %q, %v", s, got, err)
		}
	})
}

// FuzzOpen reads anything as anything.
func FuzzOpen(f *testing.F) {
	for _, seed := range []string{"a,b\n1,2", `{"a":{"b":1}}`, `[{"a":1},2]`, "PAR1", "\xff\xfea\x00", "\x1f\x8b"} {
		f.Add(seed, "")
	}
	f.Fuzz(func(t *testing.T, content, typ string) {
		_ = table(t, content, Format{Type: typ, Encoding: "gb18030"})
		_ = table(t, content, Format{Type: typ})
	})
}
