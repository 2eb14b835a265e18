package embeddedclickhouse

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/clickhouse"
	"github.com/freshet/freshet/pkg/embedded/dirlock"
)

// parentDirVariable turns this test binary into a parent of an engine on the
// directory it names; it prints the engine's address and process id.
const parentDirVariable = "FRESHET_TEST_ENGINE_DIR"

func TestMain(m *testing.M) {
	MaybeChild()
	if dir := os.Getenv(parentDirVariable); dir != "" {
		s, err := Start(context.Background(), Config{Dir: dir, Password: "p"})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(s.Native(), s.Pid())
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func startHere(t *testing.T, cfg Config) *Server {
	t.Helper()
	cfg.Password = "p"
	s, err := Start(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// run runs statements as User.
func run(t *testing.T, address string, statements ...string) {
	t.Helper()
	conn := open(t, address, User, "p")
	for _, q := range statements {
		if err := conn.Exec(context.Background(), q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
}

func count(t *testing.T, address, table string) (n uint64) {
	t.Helper()
	if err := open(t, address, User, "p").QueryRow(context.Background(), "SELECT count() FROM "+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTablesSurviveAStop(t *testing.T) {
	dir := t.TempDir()
	s := startHere(t, Config{Dir: dir})
	run(t, s.Native(), "CREATE DATABASE dw", "CREATE TABLE dw.t (x UInt64) ENGINE = MergeTree ORDER BY x",
		"INSERT INTO dw.t SELECT number FROM numbers(100000)")
	pid := s.Pid()
	if err := s.Stop(context.Background()); err != nil {
		t.Fatalf("stop: %v", err)
	}
	if _, _, err := process(pid); err == nil {
		t.Errorf("process %d is still there", pid)
	}
	if got := count(t, startHere(t, Config{Dir: dir}).Native(), "dw.t"); got != 100000 {
		t.Errorf("%d rows after the restart, want 100000", got)
	}
}

// TestParentKilled: the engine goes with its parent, and what was inserted stays.
func TestParentKilled(t *testing.T) {
	dir := t.TempDir()
	address, child, kill := startProcess(t, dir)
	run(t, address, "CREATE TABLE t (x UInt64) ENGINE = MergeTree ORDER BY x")
	for range 20 {
		run(t, address, "INSERT INTO t SELECT number FROM numbers(1000)")
	}
	kill()
	s := startHere(t, Config{Dir: dir}) // at once: it waits for the old engine's end
	if _, _, err := process(child); err == nil {
		t.Errorf("engine %d outlived its parent", child)
	}
	if got := count(t, s.Native(), "t"); got != 20000 {
		t.Errorf("%d rows after the kill, want 20000", got)
	}
}

// startProcess starts an engine whose parent is another process than this one.
func startProcess(t *testing.T, dir string) (address string, pid int, kill func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), parentDirVariable+"="+dir)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = stdin.Close()
	}
	t.Cleanup(kill)
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("parent process: %v", err)
	}
	address, p, _ := strings.Cut(strings.TrimSpace(line), " ")
	if pid, err = strconv.Atoi(p); err != nil {
		t.Fatal(err)
	}
	return address, pid, kill
}

// TestOrphanIsEnded makes what should not happen: an engine that did not notice its
// parent's death, because somebody else holds the pipe.
func TestOrphanIsEnded(t *testing.T) {
	dir := t.TempDir()
	orphan := leaveOrphan(t, dir)
	s := startHere(t, Config{Dir: dir})
	if _, _, err := process(orphan); err == nil {
		t.Errorf("orphan %d still runs beside engine %d", orphan, s.Pid())
	}
}

func TestEngineOfALiveParentIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	s := startHere(t, Config{Dir: dir})
	_, err := Start(context.Background(), Config{Dir: dir, Password: "p"})
	if !errors.Is(err, dirlock.ErrHeld) || !strings.Contains(err.Error(), "still runs") {
		t.Errorf("second engine on the directory: got %v", err)
	}
	if _, err := clickhouse.Open(context.Background(), s.ClientConfig()); err != nil {
		t.Errorf("the first engine was hurt: %v", err)
	}
}

func leaveOrphan(t *testing.T, dir string) int {
	t.Helper()
	lock, err := dirlock.Acquire(dir, "clickhouse.lock")
	if err != nil {
		t.Fatal(err)
	}
	config, err := writeConfig(Config{Dir: dir, Password: "p"})
	if err != nil {
		t.Fatal(err)
	}
	native, http, err := takePorts(context.Background(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	cmd, err := command(Config{Dir: dir}, config, native, http)
	if err != nil {
		t.Fatal(err)
	}
	childEnd, parentEnd, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.ExtraFiles = []*os.File{childEnd, lock.File()}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = childEnd.Close()
	_ = lock.Close()
	t.Cleanup(func() { _ = parentEnd.Close() })
	go func() { _ = cmd.Wait() }()
	// Its parent is this process, but the owner file names one that is gone.
	owner := fmt.Sprintf(`{"pid":%d,"parent":%d}`, cmd.Process.Pid, 1<<22+1)
	if err := os.WriteFile(ownerPath(dir), []byte(owner), 0o600); err != nil {
		t.Fatal(err)
	}
	return cmd.Process.Pid
}

func TestEngineThatDiesIsSeen(t *testing.T) {
	s := startHere(t, Config{Dir: t.TempDir()})
	if err := syscall.Kill(s.Pid(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.Done():
	case <-time.After(time.Minute):
		t.Fatal("Done is not closed")
	}
}

func TestStartFaults(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	for name, tc := range map[string]struct {
		cfg     Config
		library string
		want    string
	}{
		"native port in use": {cfg: Config{NativeAddress: "127.0.0.1:" + port}, want: "port " + port + " is taken by another process"},
		"HTTP port in use":   {cfg: Config{HTTPAddress: "127.0.0.1:" + port}, want: "port " + port + " is taken by another process"},
		"every interface":    {cfg: Config{HTTPAddress: "0.0.0.0:0"}, want: "127.0.0.1 only"},
		"no engine":          {library: "/nowhere/libchdb.so", want: LibraryVariable},
		"not an engine":      {library: os.Args[0], want: "load the ClickHouse engine"},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.library != "" {
				t.Setenv(LibraryVariable, tc.library)
			}
			tc.cfg.Dir = t.TempDir()
			s, err := Start(context.Background(), tc.cfg)
			if err == nil {
				_ = s.Stop(context.Background())
				t.Fatal("it started")
			}
			if !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %q, want it to say %q", err, tc.want)
			}
		})
	}
}
