package freshet

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	embeddedclickhouse "github.com/freshet/freshet/pkg/embedded/clickhouse"
)

// asCommand has this test binary, started again, be the command line: a process of its own.
const asCommand = "FRESHET_TEST_COMMAND"

func TestMain(m *testing.M) {
	embeddedclickhouse.MaybeChild() // the stack's ClickHouse is this test binary, started again
	if os.Getenv(asCommand) != "" {
		os.Exit(Main(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// run is the command line as a person types it.
func run(t testing.TB, stdin string, args ...string) (code int, out, fault string) {
	t.Helper()
	var o, e strings.Builder
	code = Main(t.Context(), args, strings.NewReader(stdin), &o, &e)
	return code, o.String(), e.String()
}

// start runs a command until stop is called, which fails the test unless it ends cleanly and soon.
func start(t testing.TB, args ...string) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var o, e strings.Builder
	done := make(chan int, 1)
	go func() { done <- Main(ctx, args, strings.NewReader(""), &o, &e) }()
	return func() {
		t.Helper()
		cancel()
		select {
		case code := <-done:
			if code != 0 {
				t.Errorf("freshet %v ended with %d\n%s%s", args, code, o.String(), e.String())
			}
		case <-time.After(time.Minute):
			t.Errorf("freshet %v did not end within a minute", args)
		}
	}
}

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
