//go:build !linux

package localstore

import (
	"os"
	"testing"
)

// readOnly lets nobody but root write to a folder.
func readOnly(t *testing.T, dir string) {
	t.Helper()
	must(t, os.Chmod(dir, 0o555))                       //nolint:gosec // others may read
	t.Cleanup(func() { must(t, os.Chmod(dir, 0o755)) }) //nolint:gosec // the test's own folder
}
