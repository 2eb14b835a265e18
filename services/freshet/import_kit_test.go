package freshet

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/testkit"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/collectortest"
)

// door is a real collector before a real broker, without the services behind it.
type door struct{ *collectortest.Collector }

func newDoor(t testing.TB) door {
	t.Helper()
	return door{collectortest.Start(t, "files", DefaultWriteKey)}
}

// events are those in Kafka by id, and how many records there are.
func (d door) events() (map[string]*eventv1.Event, int) {
	all := d.Events()
	out := map[string]*eventv1.Event{}
	for _, e := range all {
		e.ReceivedMs, e.SentMs = 0, 0
		out[e.EventId] = e
	}
	return out, len(all)
}

const rowMapping = `source_name: test
event: Row Seen
identifiers: {user_id: id}
timestamp: at
properties: {n: {column: n, type: integer}, text: text}
`

// rowsFile has n rows, of which each hundredth is bad.
func rowsFile(t testing.TB, n int) string {
	t.Helper()
	var b bytes.Buffer
	b.WriteString("id,at,n,text\n")
	for i := range n {
		bad := ""
		if i%100 == 99 {
			bad = "x"
		}
		fmt.Fprintf(&b, "user-%d,2026-01-02 03:04:05,%d%s,\"text, %d\"\n", i%977, i, bad, i)
	}
	path := filepath.Join(t.TempDir(), "rows.csv")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func rejectsOf(t testing.TB, path string) (out []string) {
	t.Helper()
	b, err := os.ReadFile(path + ".rejects.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		out = append(out, line)
	}
	return out
}

// unitsOf is how far the only import of a ledger is.
func unitsOf(t testing.TB, dir string) (units int64) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) == 0 {
		return 0
	}
	b, err := os.ReadFile(files[0])
	var r struct{ Units int64 }
	if err != nil || json.Unmarshal(b, &r) != nil {
		t.Errorf("the ledger cannot be read: %s, %v", b, err)
	}
	return r.Units
}

// slowly forwards to a collector after a pause, so that an import lasts long enough to be killed.
func slowly(t testing.TB, target string, pause time.Duration) string {
	t.Helper()
	return proxy(t, target, func(http.ResponseWriter, *http.Request) bool {
		<-time.After(pause)
		return false
	})
}

// proxy forwards to a collector what before does not answer itself.
func proxy(t testing.TB, target string, before func(http.ResponseWriter, *http.Request) bool) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if before(w, r) {
			return
		}
		req, err := http.NewRequestWithContext(r.Context(), r.Method, target+r.URL.Path, r.Body)
		if err != nil {
			return
		}
		req.Header = r.Header
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		defer resp.Body.Close()
		maps.Copy(w.Header(), resp.Header)
		w.WriteHeader(resp.StatusCode)
		_, _ = io.Copy(w, resp.Body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func gzipped(t *testing.T, path string) string {
	t.Helper()
	in, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	cmd := exec.Command("gzip", "-c")
	cmd.Stdin = in
	b, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return write(t, "rows.csv.gz", string(b))
}

// killed runs a command in a process of its own until it ends well, and kills it the first times as soon as it has got on, unless it is over then; last is what
// it printed then.
func killed(t testing.TB, ledger string, times int, args []string) (kills int, last string) {
	t.Helper()
	for {
		var out bytes.Buffer
		cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
		cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), asCommand+"=1"), &out, &out
		before := unitsOf(t, ledger)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		if kills < times {
			testkit.Eventually(t, time.Minute, func() error {
				if unitsOf(t, ledger) > before || len(ended) > 0 {
					return nil
				}
				return errors.New("no progress")
			})
			<-time.After(rand.N(60 * time.Millisecond)) // at any moment
			if len(ended) == 0 && cmd.Process.Kill() == nil {
				kills++
				<-ended
				continue
			}
		}
		if err := <-ended; err != nil {
			t.Fatalf("%v\n%s", err, out.String())
		}
		return kills, out.String()
	}
}
