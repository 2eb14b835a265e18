// Package wiretest holds layouts against the bytes they once had. Tests only.
//
// A golden file is testdata/golden/<name>-v<layout>.txt: after a line that begins with #, each example has
// a line with its name and a line with its bytes in hexadecimal. With -update, Golden writes files and examples
// that are missing. It never changes what stands: bytes that change want a new layout, with a file of its
// own. Where a layout may change in place because nobody has data in it, delete the file first.
package wiretest

import (
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/freshet/freshet/pkg/wire"
)

var update = flag.Bool("update", false, "write golden files and examples that are missing")

// Layout is one layout of something that is kept.
type Layout[T any] struct {
	// Format, where there is one, is held against its rule, and every layout that it reads must have a file.
	Format wire.Format
	// Name and Version name the file. Version is the layout's number, 1 where the bytes have none.
	Name    string
	Version byte
	// Write encodes in this layout. Nil says that no writer of it is left: the file's bytes are only read.
	Write func(T) []byte
	// Read decodes it. Nil says that nobody reads it back: a hash that is compared, a row for a later review.
	Read func([]byte) (T, error)
	// Examples are values that together use every field and every branch, by a name.
	Examples map[string]T
}

// Golden fails when Write gives other bytes than the file has, when Read gives other values than the examples,
// when an example has no bytes, and when bytes have no example.
func Golden[T any](t testing.TB, l Layout[T]) {
	t.Helper()
	golden(t, "testdata/golden", l)
}

// golden is Golden with the files in a folder.
func golden[T any](t testing.TB, dir string, l Layout[T]) {
	t.Helper()
	if l.Format != (wire.Format{}) {
		holdFormat(t, dir, l.Name, l.Version, l.Format)
	}
	path := pathOf(dir, l.Name, l.Version)
	kept, err := load(path)
	if err != nil && !(os.IsNotExist(err) && *update) {
		t.Errorf("read golden bytes (-update writes what is missing): %v", err)
		return
	}
	added := false
	for name, want := range l.Examples {
		b, ok := kept[name]
		switch {
		case !ok && *update && l.Write != nil:
			b, added = l.Write(want), true
			kept[name] = b
		case !ok:
			t.Errorf("%s has no example %q: -update adds it", path, name)
			continue
		case l.Write != nil:
			if got := l.Write(want); string(got) != string(b) {
				t.Errorf("%s: %q is written as\n  %x, and the file has\n  %x: a change of bytes wants a new layout (docs/state-formats.md)", path, name, got, b)
			}
		}
		if l.Read == nil {
			continue
		}
		if got, err := l.Read(b); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %q is read as\n  %+v (%v), want\n  %+v", path, name, got, err, want)
		}
	}
	for name := range kept {
		if _, ok := l.Examples[name]; !ok {
			t.Errorf("%s has bytes of %q, which is no example any more: a layout that is read keeps its examples", path, name)
		}
	}
	if added && !t.Failed() {
		if err := save(path, l.Version, kept); err != nil {
			t.Errorf("write golden bytes: %v", err)
		}
	}
}

func pathOf(dir, name string, version byte) string {
	return filepath.Join(dir, fmt.Sprintf("%s-v%d.txt", name, version))
}

// holdFormat fails when a format breaks its rule, when it does not read the layout in hand, and when it reads one without a file.
func holdFormat(t testing.TB, dir, name string, version byte, f wire.Format) {
	t.Helper()
	if err := errors.Join(f.Check(), f.Reads(version)); err != nil {
		t.Error(err)
	}
	for v := f.Oldest; v <= f.Newest; v++ {
		if _, err := os.Stat(pathOf(dir, name, v)); err != nil && !(v == version && *update) {
			t.Errorf("%s reads layout %d, of which there are no golden bytes: %v", f.Name, v, err)
		}
	}
}

// load reads a golden file; a missing one gives no examples and the error.
func load(path string) (map[string][]byte, error) {
	kept := map[string][]byte{}
	data, err := os.ReadFile(path)
	if err != nil {
		return kept, err
	}
	var name string
	for i, line := range strings.Split(strings.TrimRight(string(data), "\n"), "\n") {
		switch {
		case strings.HasPrefix(line, "#"):
		case name == "":
			name = line
		default:
			b, err := hex.DecodeString(strings.TrimSpace(line))
			if err != nil {
				return kept, fmt.Errorf("%s line %d: %w", path, i+1, err)
			}
			kept[name], name = b, ""
		}
	}
	return kept, nil
}

func save(path string, version byte, kept map[string][]byte) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# Layout %d. See docs/state-formats.md before you change a byte.\n", version)
	for _, name := range slices.Sorted(maps.Keys(kept)) {
		fmt.Fprintf(&b, "%s\n  %x\n", name, kept[name])
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(b.String()), 0o644)
}

// Bytes gives every golden example of a folder's files whose name begins with name: seeds of a fuzz test.
func Bytes(t testing.TB, name string) [][]byte {
	t.Helper()
	paths, err := filepath.Glob("testdata/golden/" + name + "-v*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no golden bytes of %s: %v", name, err)
	}
	var all [][]byte
	for _, path := range paths {
		kept, err := load(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, example := range slices.Sorted(maps.Keys(kept)) {
			all = append(all, kept[example])
		}
	}
	return all
}
