package embeddedclickhouse

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"unsafe"

	"github.com/ebitengine/purego"
)

// childArgument, as the first argument, turns this executable into the engine's process.
const childArgument = "__clickhouse"

// parentPipe is the file the parent hands down that breaks when the parent dies. After
// it comes the lock of the data directory, which the child only has to keep open.
const parentPipe = 3

// MaybeChild runs the engine and exits where this process was started to be one,
// and returns at once otherwise. Call it first in main and in TestMain, before
// flags are parsed.
func MaybeChild() {
	if len(os.Args) < 3 || os.Args[1] != childArgument {
		return
	}
	if err := runChild(os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// runChild is the engine's process: library is libchdb.so, args is what clickhouse-local takes.
func runChild(library string, args []string) error {
	go exitWithParent()
	handle, err := purego.Dlopen(library, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return fmt.Errorf("load the ClickHouse engine %s: %w", library, err)
	}
	if _, err := purego.Dlsym(handle, "query_stable_v2"); err != nil {
		return fmt.Errorf("the ClickHouse engine %s has no query_stable_v2: %w", library, err)
	}
	var query func(argc int32, argv unsafe.Pointer) uintptr
	purego.RegisterLibFunc(&query, handle, "query_stable_v2")
	if err := standOnTerminal(); err != nil {
		fmt.Fprintln(os.Stderr, "the engine ends at the first faulty client:", err)
	}
	argv := cStrings(append([]string{"clickhouse"}, args...))
	query(int32(len(argv)-1), unsafe.Pointer(&argv[0])) // returns when its last query ends or is killed
	runtime.KeepAlive(argv)
	return nil
}

// exitWithParent ends this process when the pipe from the parent breaks: the
// parent is gone, however it went, and nobody is left to stop us.
func exitWithParent() {
	_, _ = io.Copy(io.Discard, os.NewFile(parentPipe, "parent"))
	os.Exit(1)
}

// cStrings is a NULL-terminated argv.
func cStrings(args []string) []*byte {
	argv := make([]*byte, len(args)+1)
	for i, a := range args {
		b := append([]byte(a), 0)
		argv[i] = &b[0]
	}
	return argv
}

// command is the engine's process for this directory and these ports: this executable, started again.
func command(dir, config string, nativePort, httpPort int) (*exec.Cmd, error) {
	library, err := findLibrary()
	if err != nil {
		return nil, err
	}
	exe, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this executable: %w", err)
	}
	//nolint:noctx // the child outlives the context of its start
	return exec.Command(exe, childArgument, library,
		"--config-file="+config,
		"--path="+dir,
		"--listen_host=127.0.0.1",
		fmt.Sprintf("--tcp_port=%d", nativePort),
		fmt.Sprintf("--http_port=%d", httpPort),
		"--interactive", "--history_file="+os.DevNull, "--highlight=0", "--disable_suggestion",
		"--progress=off", "--progress-table=off", "--enable-progress-table-toggle=0",
		"--query", serve), nil
}

// serve opens the listeners and then never ends by itself: see Stop.
const serve = "SYSTEM START LISTEN TCP; SYSTEM START LISTEN HTTP; " + forever

const forever = "SELECT sleepEachRow(1) FROM system.numbers SETTINGS max_block_size = 1 FORMAT Null"
