package standalone

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/embedded/dirlock"
	"github.com/freshet/freshet/pkg/stack"
)

// TestTheReadersPasswordIsKept: it is the same after a restart, only its owner can read the two files with it, and no log has it.
func TestTheReadersPasswordIsKept(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "addresses.json")
	var log lockedBuilder
	logged := func(c *Config) { c.Dir, c.AddressesFile = filepath.Join(dir, "data"), file }
	r := startLogging(t, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})), logged)
	password := r.addr.ClickHousePassword
	if len(password) < 20 {
		t.Fatalf("the password is %q", password)
	}
	for _, path := range []string{file, filepath.Join(dir, "data", PasswordFile)} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v; want 0600", path, info.Mode(), err)
		}
	}
	r.stop()
	r = startLogging(t, slog.New(slog.NewTextHandler(&log, nil)), logged)
	r.rows("SELECT count() FROM dw.events", 0)
	if r.addr.ClickHousePassword != password {
		t.Error("the restart made another password")
	}
	r.stop()
	if strings.Contains(log.String(), password) {
		t.Error("the log shows the password")
	}
}

// TestForeignHostsAreNotAnswered: at every HTTP door that answers without a key.
func TestForeignHostsAreNotAnswered(t *testing.T) {
	r := start(t, func(c *Config) { c.Hosts = []string{"shop.example"} })
	ask := func(address, path, host string) *http.Response {
		req, err := http.NewRequest(http.MethodGet, "http://"+address+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		if address == r.addr.APIHTTP {
			req.Header.Set("Authorization", "Bearer "+r.addr.APIToken)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s as %s may be guessed at: %v", path, host, resp.Header)
		}
		return resp
	}
	for _, door := range []struct{ address, path string }{
		{r.addr.APIHTTP, "/"}, {r.addr.APIHTTP, "/v1/segments"}, {r.addr.APIHTTP, "/readyz"}, {r.addr.APIHTTP, "/openapi.json"},
		{r.addr.Metrics, "/metrics"}, {r.addr.Metrics, "/readyz"}, {r.addr.CollectorHTTP, "/readyz"}, {r.addr.CollectorHTTP, "/healthz"},
	} {
		for host, want := range map[string]int{"": 200, "localhost": 200, "shop.example": 200, "evil.example": 421} {
			if resp := ask(door.address, door.path, host); resp.StatusCode != want {
				t.Errorf("%s as %q: %d, want %d", door.path, host, resp.StatusCode, want)
			}
		}
	}
	if resp := ask(r.addr.CollectorHTTP, "/v1/projects/"+writeKey+"/settings", "events.example"); resp.StatusCode != 200 {
		t.Errorf("a browser client behind a proxy gets no settings: %d", resp.StatusCode)
	}
	if resp := ask(r.addr.ClickHouseHTTP, "/?query=SELECT+1", "evil.example"); resp.StatusCode != 421 {
		t.Errorf("ClickHouse: %d", resp.StatusCode)
	}
}

// TestAStartRightAfterAKill does not wait until the killed stack is gone, and wants its ports.
func TestAStartRightAfterAKill(t *testing.T) {
	dir := t.TempDir()
	addr, kill := startProcess(t, dir)
	pid, err := os.ReadFile(filepath.Join(dir, "clickhouse", "owner.json"))
	if err != nil {
		t.Fatal(err)
	}
	var owner struct{ Parent int }
	if err := json.Unmarshal(pid, &owner); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(owner.Parent, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	defer kill() // which also waits for it
	r := start(t, func(c *Config) { c.Dir, c.Ephemeral, c.Listen = dir, false, addr })
	addr.APIToken = r.addr.APIToken // not kept by the stack, but by `freshet up`
	if r.addr != addr {
		t.Errorf("the doors are %v, want %v", r.addr, addr)
	}
}

// TestAHeldDirectoryIsWaitedFor: a kernel that takes its time is played by this process.
func TestAHeldDirectoryIsWaitedFor(t *testing.T) {
	dir := t.TempDir()
	lock, err := dirlock.Acquire(dir, "freshet.lock")
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(time.Second, func() { _ = lock.Close() })
	r := start(t, func(c *Config) { c.Dir = dir })
	if conn, err := r.addr.ClickHouse(t.Context(), stack.Login{}); err != nil {
		t.Error(err)
	} else {
		_ = conn.Close()
	}
}
