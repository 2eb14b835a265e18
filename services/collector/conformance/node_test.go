package conformance

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// ClientsVariable names the folder in which `make clients` has installed the npm
// packages. The Makefile sets it, so that a missing package fails `make test`; a bare
// go test looks into .tools, and skips.
const ClientsVariable = "FRESHET_CLIENTS"

// modules returns the folder whose node_modules has the package.
func modules(t *testing.T, pkg string) string {
	t.Helper()
	dir, required := os.LookupEnv(ClientsVariable)
	if dir == "" {
		dir = filepath.Join("..", "..", "..", ".tools")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	missing := ""
	if _, err := os.Stat(filepath.Join(dir, "node_modules", pkg, "package.json")); err != nil {
		missing = err.Error()
	} else if _, err := exec.LookPath("node"); err != nil {
		missing = err.Error()
	}
	switch {
	case missing == "":
		return dir
	case required || os.Getenv("CI") != "":
		t.Fatalf("%s: run make clients", missing)
	default:
		t.Skipf("%s: run make clients", missing)
	}
	return ""
}

// version is the installed version of a package.
func version(t *testing.T, pkg string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(modules(t, pkg), "node_modules", pkg, "package.json"))
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct{ Version string }
	if err := json.Unmarshal(raw, &manifest); err != nil {
		t.Fatal(err)
	}
	return manifest.Version
}

// call is one call of a client, as [type, message].
type call [2]any

// outcome is what a client said of a call.
type outcome struct {
	Index     int
	MessageID string
	Error     string
}

// play runs calls through a Node client and returns what it said of each, in the
// order of the calls, once it has done with all of them.
func (r *rig) play(c client, options map[string]any, calls ...call) []outcome {
	r.t.Helper()
	task, err := json.Marshal(map[string]any{
		"modules": modules(r.t, c.pkg), "host": r.proxy.url, "writeKey": writeKey, "options": options, "calls": calls,
	})
	if err != nil {
		r.t.Fatal(err)
	}
	out, err := runNode(r.t, c.driver, task)
	if err != nil {
		r.t.Fatal(err)
	}
	outcomes := make([]outcome, len(calls))
	answered := 0
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); answered++ {
		var o outcome
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			r.t.Fatalf("%s said %q: %v", c.driver, lines.Bytes(), err)
		}
		outcomes[o.Index] = o
	}
	if answered != len(calls) {
		r.t.Fatalf("%s told of %d of %d calls", c.pkg, answered, len(calls))
	}
	return outcomes
}

// runNode runs a driver to its end and returns its standard output, or its complaint.
func runNode(t *testing.T, driver string, task []byte) ([]byte, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "node", filepath.Join("drivers", driver))
	cmd.WaitDelay = 5 * time.Second
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(task), &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", driver, err, stderr.Bytes())
	}
	return out, nil
}

// failures are the calls that the client gave up.
func failures(outcomes []outcome) int {
	n := 0
	for _, o := range outcomes {
		if o.Error != "" {
			n++
		}
	}
	return n
}
