// Package testkit gives every package's tests the real engines: a broker a test, a
// ClickHouse a test binary with a fresh database a test. It is for tests only.
package testkit

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	embeddedclickhouse "github.com/freshet/freshet/pkg/embedded/clickhouse"
)

// inMain says that Main runs the tests, so that this executable may start itself as an engine.
var inMain atomic.Bool

// Main runs the tests of a package that uses ClickHouse, ends the engine and exits:
//
//	func TestMain(m *testing.M) { testkit.Main(m) }
func Main(m *testing.M) {
	embeddedclickhouse.MaybeChild()
	inMain.Store(true)
	code := m.Run()
	if err := engine.end(code != 0); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// Eventually calls check until it returns nil, and fails the test with its last
// error when timeout has passed.
func Eventually(t testing.TB, timeout time.Duration, check func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	for wait := time.Millisecond; ; wait = min(2*wait, 50*time.Millisecond) {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("not within %s: %v", timeout, err)
		case <-time.After(wait):
		}
	}
}
