package draft

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/freshet/freshet/services/freshet/bulk/file"
)

// TestFilesOfOneImportAreCompared: those with another header are told, once for each header, and whether the mapping fits them.
func TestFilesOfOneImportAreCompared(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"1.csv": "order no,date,email,total\n1,2026-01-05,a@example.com,10\n", "2.csv": "order no,date,email,total\n2,2026-01-06,b@example.com,12\n",
		"3.csv": "order no,date,email,total,note\n3,2026-01-06,b@example.com,12,x\n", "4.csv": "order no,date,email,total,note\n4,2026-01-06,b@example.com,12,x\n",
		"5.csv": "order no,day,email,sum\n5,2026-01-06,b@example.com,12\n", "6.csv": "order no;date;email;total\n6;2026-01-06;b@example.com;12\n", "7.csv": "",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	in, err := file.Open(filepath.Join(dir, "1.csv"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	var others []string
	for _, name := range []string{"2.csv", "3.csv", "4.csv", "5.csv", "6.csv", "7.csv"} {
		others = append(others, filepath.Join(dir, name))
	}
	d, err := Infer(in, others...)
	if err != nil {
		t.Fatal(err)
	}
	for level, says := range map[Level][]string{
		Guessed: {"2 of the 6 other files have another header, as " + others[1] + ": with note; the mapping takes them"},
		Ask:     {"1 of the 6 other files have another header, as " + others[3] + `: without date, total, with day, sum; the mapping does not fit`, others[5] + " cannot be read as this file is: the file is empty"},
	} {
		for _, s := range says {
			if !strings.Contains(d.notes(level), s) || !strings.Contains(d.Mapping, s) {
				t.Errorf("%s does not say %q:\n%s", level, s, d.notes(level))
			}
		}
	}
	if strings.Contains(d.Mapping, others[0]) || strings.Contains(d.Mapping, others[4]) {
		t.Errorf("files that are alike, but for the delimiter that each has, are told:\n%s", d.Mapping)
	}
}
