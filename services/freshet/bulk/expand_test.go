package bulk

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestExpand(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.csv", "a.csv", "a.csv.rejects.ndjson", "a.csv.rejects.2.ndjson", "x.txt", ".hidden", "in/c.csv", "empty/.x", "odd[1].csv"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct{ args, want string }{
		"a file":                {"b.csv", "b.csv"},
		"one that is not":       {"gone.csv", "gone.csv"},
		"its name is a pattern": {"odd[1].csv", "odd[1].csv"},
		"a directory":           {".", "a.csv b.csv odd[1].csv x.txt left .hidden a.csv.rejects.2.ndjson a.csv.rejects.ndjson"},
		"a pattern":             {"*.csv", "a.csv b.csv odd[1].csv"},
		"of all":                {"*", "a.csv b.csv odd[1].csv x.txt"},
		"in any order, twice":   {"x.txt b.csv *.csv in", "a.csv b.csv in/c.csv odd[1].csv x.txt"},
		"nothing":               {"*.tsv", "there is no file *.tsv"},
		"nothing in it":         {"empty", "there is no file in empty"},
		"standard input":        {"-", "-"},
		"and others":            {"- a.csv", "standard input (-) is an import by itself"},
		"no pattern":            {"[", "the pattern \"[\": syntax error in pattern"},
	} {
		var args []string
		for _, a := range strings.Fields(c.args) {
			if a != "-" {
				a = filepath.Join(dir, a)
			}
			args = append(args, a)
		}
		files, left, err := Expand(args)
		got := strings.Join(files, " ")
		if len(left) > 0 {
			got += " left " + strings.Join(left, " ")
		}
		if err != nil {
			got = err.Error()
		}
		if got = strings.ReplaceAll(got, dir+string(filepath.Separator), ""); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}
