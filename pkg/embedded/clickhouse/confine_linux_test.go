package embeddedclickhouse

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestEachVersionIsAskedForWhatItKnows: a bit that the kernel does not know makes it refuse all of them. Only the version of the kernel
// that the test runs on is tried for real, by the tests that read files.
func TestEachVersionIsAskedForWhatItKnows(t *testing.T) {
	for version, want := range map[int]struct{ truncate, ioctl, ports bool }{
		2: {}, 3: {truncate: true}, 4: {truncate: true, ports: true}, 5: {true, true, true}, 7: {true, true, true}, 99: {true, true, true},
	} {
		files, ports := handled(version)
		if got := files&unix.LANDLOCK_ACCESS_FS_TRUNCATE != 0; got != want.truncate {
			t.Errorf("version %d: truncate %v", version, got)
		}
		if got := files&unix.LANDLOCK_ACCESS_FS_IOCTL_DEV != 0; got != want.ioctl {
			t.Errorf("version %d: ioctl %v", version, got)
		}
		if got := ports == everyPort; got != want.ports {
			t.Errorf("version %d: ports %v", version, got)
		}
		for _, always := range []uint64{unix.LANDLOCK_ACCESS_FS_READ_FILE, unix.LANDLOCK_ACCESS_FS_WRITE_FILE, unix.LANDLOCK_ACCESS_FS_EXECUTE, unix.LANDLOCK_ACCESS_FS_REFER} {
			if files&always == 0 {
				t.Errorf("version %d forbids not even %#x", version, always)
			}
		}
	}
}

// TestWhatCannotBeConfinedIsTold: the engine's process goes on then, and says so.
func TestWhatCannotBeConfinedIsTold(t *testing.T) {
	needLandlock(t)
	err := confine(limits{dir: "/nowhere/at/all"}) // fails before anything is in force
	if !errors.Is(err, errUnconfined) || !strings.Contains(err.Error(), "/nowhere/at/all") {
		t.Errorf("got %v", err)
	}
}

// TestTheChildGetsNoSecrets of the environment.
func TestTheChildGetsNoSecrets(t *testing.T) {
	t.Setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
	t.Setenv("TZ", "Europe/Berlin")
	env := cleanEnvironment("/data")
	if slices.ContainsFunc(env, func(e string) bool { return strings.Contains(e, "hunter2") }) || !slices.Contains(env, "TZ=Europe/Berlin") || len(env) >= len(os.Environ()) {
		t.Errorf("the child gets %q", env)
	}
}
