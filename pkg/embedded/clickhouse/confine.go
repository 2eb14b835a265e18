package embeddedclickhouse

import (
	"debug/elf"
	"errors"
	"os"
	"path/filepath"

	"github.com/ebitengine/purego"
)

// errUnconfined says that the engine can open whatever its owner can: its users are kept from it by their rights
// only, which the scalar function file() does not ask for.
var errUnconfined = errors.New("the engine is not confined to its directory")

// limits are what the engine's process may touch: these files and nothing else.
type limits struct {
	dir         string   // read and write, and everything beneath
	read, write []string // single files, those that exist
	ports       []int    // where it may listen; it may connect to nothing
}

// figures are what the engine reads of the machine and of itself: memory, processors, load. Of /proc/self single files, not the
// directory: environ is in it.
var figures = []string{
	"/proc/self/statm", "/proc/self/stat", "/proc/self/status", "/proc/self/cgroup",
	"/proc/meminfo", "/proc/cpuinfo", "/proc/stat", "/proc/loadavg", "/proc/uptime", "/proc/vmstat",
	"/sys/devices/system/cpu", "/sys/fs/cgroup",
	"/etc/hosts", "/etc/nsswitch.conf", // who localhost is: dictionaries ask
}

func engineLimits(library, dir string, ports ...int) limits {
	return limits{
		dir:   dir,
		read:  append([]string{library}, figures...),
		write: []string{os.DevNull},
		ports: ports,
	}
}

// preload loads what the library needs of the system, so that the confined thread need not read it.
// A failure is the library's to report when it is loaded.
func preload(library string) {
	f, err := elf.Open(library)
	if err != nil {
		return // macOS, or no library at all
	}
	defer func() { _ = f.Close() }()
	needed, err := f.ImportedLibraries()
	if err != nil {
		return
	}
	for _, name := range needed {
		_, _ = purego.Dlopen(name, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	}
}

// cleanEnvironment is all that the child gets to know of this process's environment, which may hold secrets: where it may put
// temporary files, the time zone, and where the loader looks for libraries.
func cleanEnvironment(dir string) []string {
	env := []string{"TMPDIR=" + filepath.Join(dir, "data", "tmp")}
	for _, name := range []string{"TZ", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}
