package embeddedclickhouse

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
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
	if len(os.Args) < 2 || os.Args[1] != childArgument {
		return
	}
	if err := runChild(os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// runChild is the engine's process. Its arguments are libchdb.so, the directory that it is confined to, or "" to have it
// confined to none, its two ports, and what clickhouse-local takes.
func runChild(args []string) error {
	if len(args) < 4 {
		return fmt.Errorf("start the engine's process: want library, directory and two ports before its arguments, got %q", args)
	}
	library, dir, args := args[0], args[1], args[2:]
	var ports [2]int
	for i := range ports {
		var err error
		if ports[i], err = strconv.Atoi(args[i]); err != nil {
			return fmt.Errorf("start the engine's process: port %q: %w", args[i], err)
		}
	}
	go exitWithParent()
	if err := standOnTerminal(); err != nil {
		fmt.Fprintln(os.Stderr, "the engine ends at the first faulty client:", err)
	}
	return onOwnThread(func() error {
		if dir != "" {
			preload(library)
			if err := confine(engineLimits(library, dir, ports[:]...)); err != nil {
				fmt.Fprintln(os.Stderr, err) // it serves all the same; docs/standalone.md says what that means
			}
		}
		return serveForever(library, args[2:])
	})
}

// onOwnThread runs f in a thread that nothing else runs in, and that is not the process's first one: that one's stack is known
// from /proc/self/maps only, which a confined thread cannot read.
func onOwnThread(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		if inFirstThread() {
			done <- onOwnThread(f) // in another one, while this goroutine keeps the first
			return
		}
		done <- f()
	}()
	return <-done
}

// serveForever loads the engine and gives it this thread.
func serveForever(library string, args []string) error {
	handle, err := purego.Dlopen(library, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return fmt.Errorf("load the ClickHouse engine %s: %w", library, err)
	}
	if _, err := purego.Dlsym(handle, "query_stable_v2"); err != nil {
		return fmt.Errorf("the ClickHouse engine %s has no query_stable_v2: %w", library, err)
	}
	var query func(argc int32, argv unsafe.Pointer) uintptr
	purego.RegisterLibFunc(&query, handle, "query_stable_v2")
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
func command(cfg Config, config string, nativePort, httpPort int) (*exec.Cmd, error) {
	library, err := findLibrary()
	if err != nil {
		return nil, err
	}
	if library, err = filepath.Abs(library); err != nil {
		return nil, fmt.Errorf("find the ClickHouse engine: %w", err)
	}
	exe, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this executable: %w", err)
	}
	confined := cfg.Dir
	if cfg.unconfined {
		confined = ""
	}
	native, http := strconv.Itoa(nativePort), strconv.Itoa(httpPort)
	//nolint:noctx // the child outlives the context of its start
	cmd := exec.Command(exe, childArgument, library, confined, native, http,
		"--config-file="+config,
		"--path="+filepath.Join(cfg.Dir, "data"),
		"--listen_host=127.0.0.1",
		"--tcp_port="+native,
		"--http_port="+http,
		"--interactive", "--history_file="+os.DevNull, "--highlight=0", "--disable_suggestion",
		"--progress=off", "--progress-table=off", "--enable-progress-table-toggle=0",
		"--query", serve)
	cmd.Dir, cmd.Env = cfg.Dir, cleanEnvironment(cfg.Dir)
	return cmd, nil
}

// serve opens the listeners and then never ends by itself: see Stop.
const serve = "SYSTEM START LISTEN TCP; SYSTEM START LISTEN HTTP; " + forever

const forever = "SELECT sleepEachRow(1) FROM system.numbers SETTINGS max_block_size = 1 FORMAT Null"
