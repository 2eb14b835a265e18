package testkit

import (
	"os"
	"path/filepath"
	"testing"
)

// DataVariable names the folder of published data sets; without it the folder
// shared/data beside the project is meant.
const DataVariable = "FRESHET_DATA"

// Data returns the path of a published data set. Without it the test is skipped with
// one line that says so, and fails in CI.
func Data(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv(DataVariable)
	if dir == "" {
		dir = filepath.Join(projectRoot(t), "..", "shared", "data")
	}
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%v: set %s", err, DataVariable)
		}
		t.Skipf("no %s in %s: set %s to run this", name, dir, DataVariable)
	}
	return path
}

// projectRoot is the directory of go.work, above the package under test.
func projectRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	for err == nil && dir != filepath.Dir(dir) {
		if _, serr := os.Stat(filepath.Join(dir, "go.work")); serr == nil {
			return dir
		}
		dir = filepath.Dir(dir)
	}
	t.Fatalf("no go.work above the test: %v", err)
	return ""
}
