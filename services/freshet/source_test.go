package freshet

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/pkg/testkit"
)

var writeKey = regexp.MustCompile(`fsk_[a-z2-7]{32}`)

func TestTheSourceCommands(t *testing.T) {
	file := filepath.Join(t.TempDir(), "made", "sources.yaml")
	cli := func(args ...string) string {
		t.Helper()
		return must(t, append(append([]string{"source"}, args...), "--file", file)...)
	}
	out := cli("add", "web", "--workspace", "shop", "--origin", "https://*.shop.example", "--rate", "500")
	key := writeKey.FindString(out)
	if err := contains(out, "Source web of workspace shop", "shown this once", "curl -u '"+key+":' http://127.0.0.1:8080/v1/track"); err != nil || key == "" {
		t.Error(err)
	}
	second := writeKey.FindString(cli("rotate", "web", "--grace", "1h"))
	if second == "" || second == key {
		t.Errorf("the new key is %q", second)
	}
	cli("add", "pos", "--trusted")
	cli("revoke", "pos", "k1")
	list := cli("list")
	if err := contains(cells(list), "web shop k1 "+key[32:]+" live "+time.Now().UTC().Add(time.Hour).Format("2006-01-02T"),
		"web shop k2 "+second[32:]+" live - 500/s https://*.shop.example", "pos default k1", "revoked"); err != nil {
		t.Error(err)
	}
	var parsed []listedSource
	if err := json.Unmarshal([]byte(cli("list", "--json")), &parsed); err != nil || len(parsed) != 2 || len(parsed[0].Keys) != 2 || parsed[0].Rate != 500 {
		t.Errorf("%+v, %v", parsed, err)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(raw), "trusted: true") != 1 {
		t.Errorf("one source is trusted:\n%s", raw)
	}
	for name, text := range map[string]string{"the file": string(raw), "the list": list} {
		if found := writeKey.FindString(text); found != "" {
			t.Errorf("%s shows a key", name)
		}
	}
	if out := cli("rotate", "web", "--now"); !strings.Contains(out, "k3. No other key works any more.") {
		t.Error(out)
	}
	if out := cli("revoke", "web", "k3"); !strings.Contains(out, "`freshet source rotate web` gives it one") {
		t.Error(out)
	}
	if out := cli("rotate", "web"); !strings.Contains(out, "k4. No other key works.") {
		t.Error(out)
	}
	cli("add", "app")
	until := time.Now().UTC().Add(time.Hour)
	cli("rotate", "app", "--grace", "1h")
	cli("revoke", "app", "k2")
	if out := cli("rotate", "app", "--grace", "48h"); !strings.Contains(out, "k3. The key before it works until "+until.Format("2006-01-02T15:")) {
		t.Error("the first key's own end counts: ", out)
	}
}

func TestWrongSourceCommandsAreExplained(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "sources.yaml")
	must(t, "source", "add", "web", "--file", file)
	must(t, "source", "rotate", "web", "--file", file)
	for line, want := range map[string]string{
		"add":                          "accepts 1 arg",
		"add web":                      "there is a source web already",
		"add Web":                      `name: "Web" is not 1 to 64 of a-z 0-9 _ -`,
		"add app --origin shop":        `"shop" is not an origin such as https://shop.example`,
		"add app --burst 5":            "burst: means nothing without rate",
		"rotate web":                   "has 2 live keys already",
		"rotate app":                   "app: no such source in " + file + ": `freshet source list` shows them",
		"rotate web --grace -1h":       "--grace -1h0m0s is below 0",
		"revoke web":                   "accepts 2 arg",
		"remove web":                   "unknown command \"remove\" for \"freshet source\": it is one of add, list, revoke, rotate",
		"revoke web k9":                "web has no key k9: it has k1, k2",
		"list --file " + dir + "/none": "`freshet source add NAME` makes one",
	} {
		code, _, fault := run(t, "", append([]string{"source", "--file", file}, strings.Fields(line)...)...)
		if code != 1 || !strings.Contains(fault, want) {
			t.Errorf("%s: %d, %s", line, code, fault)
		}
	}
}

// A key works, in a stack that is another process and runs already, a moment after it was made, and ends a moment after it was revoked.
func TestARunningStackTakesUpAKey(t *testing.T) {
	a, sources := process(t)
	send := func(key string) (int, error) {
		req, err := http.NewRequest(http.MethodPost, "http://"+a.CollectorHTTP+"/v1/track", strings.NewReader(`{"event":"Tried","userId":"42"}`))
		if err != nil {
			return 0, err
		}
		req.SetBasicAuth(key, "")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return 0, err
		}
		return resp.StatusCode, resp.Body.Close()
	}
	within := func(what, key string, want int) {
		t.Helper()
		begun := time.Now()
		testkit.Eventually(t, time.Minute, func() error {
			status, err := send(key)
			if err == nil && status != want {
				err = fmt.Errorf("%s: %d, want %d", what, status, want)
			}
			return err
		})
		if took := time.Since(begun); took > 10*time.Second { // a second, and a busy machine's delays
			t.Errorf("%s took %s", what, took)
		}
	}
	first := writeKey.FindString(must(t, "source", "add", "web", "--file", sources))
	within("a new source", first, http.StatusOK)
	second := writeKey.FindString(must(t, "source", "rotate", "web", "--file", sources))
	within("the second key", second, http.StatusOK)
	within("the first key beside it", first, http.StatusOK)
	must(t, "source", "revoke", "web", "k1", "--file", sources)
	within("the revoked key", first, http.StatusUnauthorized)
	within("the one that stays", second, http.StatusOK)
	within("the stack's own key", DefaultWriteKey, http.StatusOK)
}

// process runs `freshet up` in a process of its own until the test ends. It returns its doors, and where it looks for sources: there is
// no such file yet.
func process(t *testing.T) (a stack.Addresses, sources string) {
	t.Helper()
	dir := t.TempDir()
	addresses := filepath.Join(dir, "addresses.json")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, self, "up", "--ephemeral", "--dir", dir, "--log-level", "warn")
	cmd.Env = append(os.Environ(), asCommand+"=1")
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 20 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = cmd.Wait() })
	testkit.Eventually(t, time.Minute, func() error {
		a, err = stack.Load(addresses)
		return err
	})
	return a, filepath.Join(dir, "sources.yaml")
}
