package localstore

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// readOnly lets nobody write to a folder: also not root, for whom this thread becomes nobody as far as files go.
func readOnly(t *testing.T, dir string) {
	t.Helper()
	for at := filepath.Dir(dir); at != os.TempDir() && at != "/"; at = filepath.Dir(at) {
		must(t, os.Chmod(at, 0o755)) //nolint:gosec // others have to come as far as the folder
	}
	must(t, os.Chmod(dir, 0o555)) //nolint:gosec // the same
	runtime.LockOSThread()
	if os.Getuid() == 0 {
		must(t, syscall.Setfsuid(65534))
	}
	t.Cleanup(func() {
		if os.Getuid() == 0 {
			must(t, syscall.Setfsuid(0))
		}
		runtime.UnlockOSThread()
		must(t, os.Chmod(dir, 0o755)) //nolint:gosec // the test's own folder
	})
}
