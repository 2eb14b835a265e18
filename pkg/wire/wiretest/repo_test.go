package wiretest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// root is the repository's.
const root = "../../.."

// files are the files below pkg and services that a name is wanted of, by their path from the root, in order.
func files(t *testing.T, wanted func(path string) bool) []string {
	t.Helper()
	var found []string
	for _, dir := range []string{"pkg", "services"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			if path, err = filepath.Rel(root, path); err == nil && wanted(filepath.ToSlash(path)) {
				found = append(found, filepath.ToSlash(path))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(found)
	return found
}

var goldenFile = regexp.MustCompile(`[\w/-]+/testdata/golden/[\w-]+-v[0-9]+\.txt`)

func TestEveryGoldenFileIsListed(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs/state-formats.md"))
	if err != nil {
		t.Fatal(err)
	}
	listed := goldenFile.FindAllString(string(page), -1)
	slices.Sort(listed)
	there := files(t, func(path string) bool { return goldenFile.FindString(path) == path })
	if diff := cmp.Diff(listed, there); diff != "" || len(there) == 0 {
		t.Errorf("docs/state-formats.md and the golden files differ (-listed +there):\n%s", diff)
	}
}

// A decoder of its own has bounds of its own. The cursor of package wire has them once.
func TestOneCursor(t *testing.T) {
	varint := regexp.MustCompile(`binary\.(Read)?(V|Uv)arint\(`)
	for _, path := range files(t, func(path string) bool {
		return strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") &&
			!strings.HasPrefix(path, "pkg/wire/")
	}) {
		source, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			t.Fatal(err)
		}
		if found := varint.Find(source); found != nil {
			t.Errorf("%s calls %s...): read it with a wire.Cursor", path, found)
		}
	}
}
