package encoding_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/freshet/freshet/services/freshet/bulk/encoding"
)

func guess(t testing.TB, raw []byte) encoding.Finding {
	t.Helper()
	f, err := encoding.Guess(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestFilesOfTwoRows reads testdata/case13: files.txt has the names of each file's encoding and a text of it.
func TestFilesOfTwoRows(t *testing.T) {
	list, err := os.ReadFile("testdata/case13/files.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(list)), "\n")
	if len(lines) != 8 {
		t.Fatalf("%d files", len(lines))
	}
	for _, line := range lines {
		parts := strings.Split(line, "|")
		raw, err := os.ReadFile("testdata/case13/" + parts[0])
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range append(strings.Fields(parts[1]), guess(t, raw).Name) {
			e, canonical, err := encoding.Decoder(name)
			if err != nil {
				t.Errorf("%s: %v", parts[0], err)
				continue
			}
			text := raw
			if e != nil {
				if text, err = e.NewDecoder().Bytes(raw); err != nil {
					t.Fatal(err)
				}
			}
			if !strings.Contains(string(text), parts[2]) {
				t.Errorf("%s as %s (%s) is %q, not %s: %+v", parts[0], name, canonical, text, parts[2], guess(t, raw))
			}
		}
	}
}

// Three letters that nearly tell are not enough: ISO 8859-15's euro is a sign of windows-1252 too, and somebody may have used it.
func TestFewLettersNeedMoreEvidence(t *testing.T) {
	const row = "1;Kaffee;12,50 \xa4\n2;Tee (gr\xfcn);3,99 \xa4\n"
	f := guess(t, []byte("id;artikel;preis\n"+row))
	if f.Name != "iso-8859-15" || f.Sure || len(f.Others) != 1 || f.Others[0] != "windows-1252" {
		t.Errorf("%+v", f)
	}
}

// repeated is a large file: one text again and again, with other bytes at one place.
type repeated struct {
	text  []byte
	at    int64
	other []byte
	read  int64
}

func (r *repeated) ReadAt(b []byte, at int64) (int, error) {
	for n := 0; n < len(b); {
		n += copy(b[n:], r.text[(at+int64(n))%int64(len(r.text)):])
	}
	if from := r.at - at; from >= 0 && from < int64(len(b)) {
		copy(b[from:], r.other)
	}
	r.read += int64(len(b))
	return len(b), nil
}

func TestWhatTheWholeFileSays(t *testing.T) {
	const row = "17;some text of a row;12.50\n"
	sjis := "1,\x8eR\x93c\x91\xbe\x98Y,\x93\x8c\x8b\x9e\n"
	for name, c := range map[string]struct {
		raw  string
		want encoding.Finding // without Why
	}{
		"nothing":                           {"", encoding.Finding{Sure: true}},
		"ASCII":                             {row, encoding.Finding{Sure: true}},
		"UTF-8":                             {row + "Zo\u00eb\n", encoding.Finding{Sure: true}},
		"UTF-8 with its mark":               {"\xef\xbb\xbf" + row + "Zo\xeb\n", encoding.Finding{Sure: true, BadRows: 1}},
		"a bad row at the end":              {strings.Repeat(row, 100_000) + strings.Repeat("Zo\u00eb\n", 9) + "Zo\xeb\n", encoding.Finding{Sure: true, BadRows: 1}},
		"two bad rows of CR alone":          {strings.Repeat("Zo\u00eb\r", 20) + "Zo\xeb\rZo\xeb\r", encoding.Finding{Sure: true, BadRows: 2}},
		"Latin 1 only at the end":           {strings.Repeat(row, 100_000) + strings.Repeat("J\xfcrgen Sch\xf6n, K\xe4the Gro\xdf\n", 9), encoding.Finding{Name: "windows-1252", Sure: true}},
		"a bad row of Shift_JIS":            {strings.Repeat(sjis, 9) + "2,\x8eR\x93c\xff,\x93\x8c\n", encoding.Finding{Name: "shift_jis", Sure: true, BadRows: 1}},
		"UTF-16 with its mark":              {"\xff\xfea\x00", encoding.Finding{Sure: true}},
		"UTF-16 without":                    {"a\x00;\x00\xeb\x00\n\x00", encoding.Finding{Name: "utf-16le", Sure: true}},
		"UTF-16, the other way":             {"\x00a\x00;\x00\xeb\x00\n", encoding.Finding{Name: "utf-16be", Sure: true}},
		"Chinese UTF-16 without a mark":     {"\xd3\x59,\x00\x0d\x54\n\x00\x8b\x73,\x00\x0f\x5c\n\x00", encoding.Finding{Name: "utf-16le", Sure: true}},
		"ISO-2022-JP":                       {row + "\x1b$B;3ED\x1b(B\n", encoding.Finding{Name: "iso-2022-jp", Sure: true}},
		"Parquet":                           {"PAR1\x00\xff", encoding.Finding{Sure: true}},
		"a picture":                         {"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x01\x00\x00\x01", encoding.Finding{}},
		"CR alone":                          {strings.Repeat("J\x9fr\x9aen Sch\x9an;M\x9fnchen\rK\x8athe;Gr\x9f\xa7e\r", 3), encoding.Finding{Name: "macintosh", Sure: true}},
		"half of the rows in each encoding": {strings.Repeat("Zo\u00eb\nZo\xeb\n", 4) + "\u00eb\n", encoding.Finding{BadRows: 4}},
	} {
		t.Run(name, func(t *testing.T) {
			got := guess(t, []byte(c.raw))
			if got.Why == "" {
				t.Error("it does not say why")
			}
			got.Why, got.Others = "", nil
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

func TestALargeFileIsReadInPlacesAllOverIt(t *testing.T) {
	for name, c := range map[string]struct {
		other string
		want  string
		most  int64
	}{
		"ASCII":                              {"", "", 264 << 20},
		"the only letters are in the middle": {strings.Repeat("J\xfcrgen Sch\xf6n, K\xe4the Gro\xdf\n", 20_000), "windows-1252", 264 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			r := &repeated{text: bytes.Repeat([]byte("17;some text of a row;12.50\n"), 1000), at: 500<<20 + 100<<10, other: []byte(c.other)}
			f, err := encoding.Guess(r, 1<<30)
			if err != nil || f.Name != c.want || !f.Sure || !strings.Contains(f.Why, "of 1024 MiB, 256 blocks") || r.read > c.most {
				t.Errorf("%+v, %v, %d bytes read", f, err, r.read)
			}
		})
	}
}

func TestNames(t *testing.T) {
	for canonical, names := range map[string]string{
		"utf-8": "utf-8|UTF8|utf_8|utf-8-sig|ascii|", "utf-16": "utf-16|UTF16|unicode", "utf-16le": "utf-16le|UTF-16-LE|utf_16_le", "utf-16be": "utf-16be",
		"macintosh": "macintosh|mac_roman|mac-roman|x-mac-roman|MacRoman|mac", "windows-1252": "windows-1252|cp1252|CP-1252|win1252|ansi", "windows-1250": "cp1250|windows-1250|x-cp1250",
		"windows-1251": "cp1251|windows-1251|Windows 1251", "windows-1254": "cp1254|windows-1254", "iso-8859-9": "iso-8859-9|latin5|ISO_8859-9", "iso-8859-1": "latin1|iso-8859-1|latin-1|ISO8859-1",
		"iso-8859-15": "iso-8859-15|latin9", "koi8-r": "koi8-r|KOI8R|koi8_r", "koi8-u": "koi8-u", "cp437": "cp437|ibm437|437", "cp850": "cp850|ibm850", "cp852": "cp852", "cp858": "cp858", "cp866": "cp866|ibm866",
		"shift_jis": "shift_jis|shift-jis|sjis|cp932|windows-31j|Shift JIS|ms932", "euc-jp": "euc-jp|eucjp|euc_jp", "iso-2022-jp": "iso-2022-jp", "euc-kr": "euc-kr|cp949|euc_kr|ks_c_5601-1987|uhc",
		"big5": "big5|cp950|big5-hkscs|Big5", "gbk": "gbk|gb2312|cp936|GB_2312-80", "gb18030": "gb18030|GB-18030", "windows-874": "cp874|tis-620|windows-874",
	} {
		for _, name := range strings.Split(names, "|") {
			e, got, err := encoding.Decoder(name)
			if err != nil || got != canonical || (e == nil) != (canonical == "utf-8") {
				t.Errorf("%q: %q, %v", name, got, err)
			}
		}
	}
	for _, name := range []string{"utf-7", "ebcdic", "latin99", "windows", "replacement", "x-user-defined", "中文"} {
		if _, got, err := encoding.Decoder(name); err == nil {
			t.Errorf("%q is %s", name, got)
		}
	}
}
