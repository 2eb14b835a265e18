package draft

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/freshet/freshet/services/freshet/bulk/file"
	"github.com/freshet/freshet/services/freshet/bulk/known"
)

func infer(t *testing.T, path string) *Draft {
	t.Helper()
	in, err := file.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	d, err := Infer(in)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return d
}

// TestEveryExport: each shipped mapping is recognised by the header of an export and gives its totals; testdata of known has both.
func TestEveryExport(t *testing.T) {
	all, err := known.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range all {
		t.Run(x.Name, func(t *testing.T) {
			files, err := filepath.Glob(filepath.Join("../known/testdata", x.Name+".*[nv]")) // .csv, .json or .ndjson
			if err != nil || len(files) != 1 {
				t.Fatal(files, err)
			}
			d := infer(t, files[0])
			want, err := os.ReadFile(filepath.Join("../known/testdata", x.Name+".totals"))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(d.Mapping, "an export of "+x.Title+",") || len(d.Trial.Rejected) > 0 || d.Trial.Totals.String() != strings.TrimSpace(string(want)) {
				t.Errorf("%s, rejected %v, want %s\n%s", d.Trial.Totals.String(), d.Trial.Example, want, d.Mapping)
			}
		})
	}
}
