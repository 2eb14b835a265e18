package wiretest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/freshet/freshet/pkg/wire"
)

// recorder is a test that only notes its faults.
type recorder struct {
	testing.TB
	faults []string
}

func (r *recorder) Helper()                   {}
func (r *recorder) Failed() bool              { return len(r.faults) > 0 }
func (r *recorder) Error(v ...any)            { r.faults = append(r.faults, fmt.Sprint(v...)) }
func (r *recorder) Errorf(f string, v ...any) { r.faults = append(r.faults, fmt.Sprintf(f, v...)) }

func numbers() Layout[int64] {
	return Layout[int64]{
		Name: "number", Version: 1,
		Write: func(v int64) []byte { return binary.AppendVarint(nil, v) },
		Read: func(b []byte) (int64, error) {
			v, n := binary.Varint(b)
			if n != len(b) {
				return 0, errors.New("damaged")
			}
			return v, nil
		},
		Examples: map[string]int64{"small": 1, "large": 1 << 40},
	}
}

func TestAChangeOfALayoutFails(t *testing.T) {
	cases := map[string]struct {
		edit func(*Layout[int64])
		want string // "" when nothing is wrong
	}{
		"the same":                      {func(*Layout[int64]) {}, ""},
		"it is only read":               {func(l *Layout[int64]) { l.Write = nil }, ""},
		"the writer's bytes change":     {func(l *Layout[int64]) { l.Write = func(v int64) []byte { return binary.AppendUvarint(nil, uint64(v)) } }, "wants a new layout"},
		"the reader's reading changes":  {func(l *Layout[int64]) { l.Read = func([]byte) (int64, error) { return 1, nil } }, `"large" is read as`},
		"writer and reader change both": {func(l *Layout[int64]) { l.Examples = map[string]int64{"small": 2, "large": 1 << 40} }, `"small" is written as`},
		"an example was added":          {func(l *Layout[int64]) { l.Examples["new"] = 3 }, `no example "new"`},
		"an example was dropped":        {func(l *Layout[int64]) { delete(l.Examples, "large") }, `bytes of "large"`},
		"its format breaks the rule":    {func(l *Layout[int64]) { l.Format = wire.Format{Name: "number", Oldest: 1, Written: 1, Newest: 3} }, "layout 3 is brought while 2"},
		"its format does not read it":   {func(l *Layout[int64]) { l.Format = wire.Format{Name: "number", Oldest: 2, Written: 2, Newest: 2} }, "written by an older"},
		"its format reads another one":  {func(l *Layout[int64]) { l.Format = wire.Format{Name: "number", Oldest: 1, Written: 1, Newest: 2} }, "no golden bytes"},
		"its format is right":           {func(l *Layout[int64]) { l.Format = wire.Format{Name: "number", Oldest: 1, Written: 1, Newest: 1} }, ""},
		"a layout without a file":       {func(l *Layout[int64]) { l.Version = 2 }, "number-v2.txt"},
	}
	for name, c := range cases {
		dir := t.TempDir()
		if err := save(filepath.Join(dir, "number-v1.txt"), 1, map[string][]byte{"small": {2}, "large": binary.AppendVarint(nil, 1<<40)}); err != nil {
			t.Fatal(err)
		}
		l, r := numbers(), &recorder{TB: t}
		c.edit(&l)
		golden(r, dir, l)
		if got := strings.Join(r.faults, "\n"); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: faults %q, want %q", name, got, c.want)
		}
	}
}

func TestUpdateAddsAndNeverChanges(t *testing.T) {
	*update = true
	defer func() { *update = false }()
	dir, l := t.TempDir(), numbers()
	golden(t, dir, l)
	path := filepath.Join(dir, "number-v1.txt")
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{TB: t}
	l.Write = func(v int64) []byte { return binary.AppendVarint(nil, v+1) }
	l.Examples["new"] = 3
	golden(r, dir, l)
	if after, _ := os.ReadFile(path); string(after) != string(before) || len(r.faults) == 0 {
		t.Errorf("the file became %q, faults %q", after, r.faults)
	}
	l = numbers()
	l.Examples["new"] = 3
	golden(t, dir, l)
	if kept, err := load(path); err != nil || len(kept) != 3 || string(kept["new"]) != "\x06" {
		t.Errorf("the example was not added: %v %v", kept, err)
	}
}
