package freshet

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/services/freshet/tail"
)

// TestTheCommandsOnARealStack uses every client command on `freshet up`, in the order a newcomer would.
func TestTheCommandsOnARealStack(t *testing.T) {
	hook := newHook(t)
	file := up(t, "--webhook", hook.URL)
	cli := func(args ...string) string { t.Helper(); return must(t, append(args, "--addresses-file", file)...) }

	cli("send", "--type", "identify", "--user", "42", "--anonymous", "a-1", "--trait", "email=Ann@Example.com")
	cli("send", "--user", "42", "--event", "Order Completed", "--property", "order_id=O-1", "--property", "total=199.90", "--property", "currency=GBP")
	hook.wait(t, "big_basket")
	testkit.Eventually(t, time.Minute, func() error {
		_, told, fault := run(t, "", "customer", "email:ann@example.com", "--addresses-file", file)
		return contains(told+fault, "user_id:42", "anonymous_id:a-1", "big_basket", "199.9", "Order Completed")
	})
	testkit.Eventually(t, time.Minute, func() error { // the events are read from ClickHouse, the rest is not
		var story struct{ Events []struct{ Name string } }
		if err := json.Unmarshal([]byte(cli("customer", "user_id:42", "--json", "--events", "1")), &story); err != nil || len(story.Events) != 1 {
			return fmt.Errorf("%+v, %v", story, err) //nolint:errorlint // It may be nil.
		}
		return nil
	})
	if err := contains(cells(cli("segments")), "high_value", "big_basket 1", "all customers 1"); err != nil {
		t.Error(err)
	}
	if members := cli("segments", "big_basket"); strings.Count(members, "\n") != 2 {
		t.Errorf("members of big_basket:\n%s", members)
	}
	var line tail.Line
	if err := json.Unmarshal([]byte(cli("tail", "segments.transitions.v1", "--from-beginning", "--max", "1")), &line); err != nil || line.Undecoded != "" {
		t.Errorf("%+v, %v", line, err)
	}
	code, out, fault := run(t, `{"type":"track","event":"x","userId":"7"}`+"\n"+`{"type":"track","event":"x"}`, "send", "-", "--addresses-file", file)
	if err := contains(out+fault, "1 accepted, 1 rejected", "no_identifier: 1", "freshet: 1 of 2 events were rejected"); err != nil || code != 1 {
		t.Error(code, err)
	}
	cli("simulate", "--customers", "100", "--days", "20", "--rate", "200", "--duration", "2s", "--truth", filepath.Join(t.TempDir(), "truth"))
	testkit.Eventually(t, time.Minute, func() error {
		code, out, fault := run(t, "", "reconcile", "--addresses-file", file)
		if code != 0 {
			return fmt.Errorf("reconcile: %s%s", out, fault)
		}
		return contains(cli("doctor"), "all 8 doors", "asks for a write key", "every part of the process is ready")
	})
	if code, _, fault := run(t, "", "customer", "user_id:nobody", "--addresses-file", file); code != 1 || !strings.Contains(fault, "no customer is known as user_id:nobody") {
		t.Error(code, fault)
	}
	if code, _, fault := run(t, "", "send", "--user", "1", "--event", "x", "--write-key", "wrong-key", "--addresses-file", file); code != 1 ||
		!strings.Contains(fault, "does not know this write key") {
		t.Error(code, fault)
	}
}

// TestASecondReplayChangesNothing plays a slice of the real file, and again, moved in time.
func TestASecondReplayChangesNothing(t *testing.T) {
	data := testkit.Data(t, "online_retail.csv.gz")
	file := up(t)
	replay := func(more ...string) {
		t.Helper()
		out := must(t, append([]string{"replay", "online-retail", data, "--limit-invoices", "600", "--addresses-file", file}, more...)...)
		if err := contains(out, "600 sent, 600 accepted, 0 rejected", "600 invoices with"); err != nil {
			t.Error(err)
		}
	}
	books := func() (report string) {
		t.Helper()
		testkit.Eventually(t, time.Minute, func() error {
			code, out, fault := run(t, "", "reconcile", "--addresses-file", file)
			if code != 0 {
				return fmt.Errorf("%s%s", out, fault)
			}
			report = out
			return nil
		})
		return report
	}
	replay()
	first := numbers(books(), "all       GBP")
	if first[0] != 600 {
		t.Errorf("%v orders, want 600", first)
	}
	replay("--shift-to", "now")
	if second := books(); fmt.Sprint(numbers(second, "all       GBP")) != fmt.Sprint(first) || !strings.Contains(cells(second), "1200 600") {
		t.Errorf("first %v, then\n%s", first, second)
	}
}

// numbers are the numbers of the line that holds a text.
func numbers(report, text string) (out []float64) {
	for line := range strings.Lines(report) {
		if strings.Contains(line, text) {
			for _, w := range regexp.MustCompile(`-?\d+(\.\d+)?`).FindAllString(line, -1) {
				n, _ := strconv.ParseFloat(w, 64)
				out = append(out, n)
			}
		}
	}
	return out
}

// up runs `freshet up` in this process until the test ends, and returns its addresses file.
func up(t *testing.T, more ...string) (file string) {
	t.Helper()
	dir := t.TempDir()
	file = filepath.Join(dir, "addresses.json")
	stop := start(t, append([]string{"up", "--ephemeral", "--dir", filepath.Join(dir, "data"), "--addresses-file", file, "--log-level", "warn"}, more...)...)
	t.Cleanup(stop)
	testkit.Eventually(t, time.Minute, func() error {
		_, err := stack.Load(file)
		return err
	})
	return file
}

func must(t testing.TB, args ...string) string {
	t.Helper()
	code, out, fault := run(t, "", args...)
	if code != 0 {
		t.Fatalf("freshet %v: %d\n%s%s", args, code, out, fault)
	}
	return out
}

func contains(text string, wants ...string) error {
	for _, want := range wants {
		if !strings.Contains(text, want) {
			return fmt.Errorf("no %q in:\n%s", want, text)
		}
	}
	return nil
}

// cells is a table's text with single blanks between its cells, whatever their widths.
func cells(table string) string { return strings.Join(strings.Fields(table), " ") }

// hook notes the segments of the alerts it gets.
type hook struct {
	*httptest.Server
	mu   sync.Mutex
	seen map[string]bool
	got  int
}

// count is how many alerts came.
func (h *hook) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.got
}

func newHook(t *testing.T) *hook {
	h := &hook{seen: map[string]bool{}}
	h.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var body struct{ Data struct{ Segment string } }
		if json.NewDecoder(bufio.NewReader(r.Body)).Decode(&body) == nil {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.seen[body.Data.Segment] = true
			h.got++
		}
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *hook) wait(t *testing.T, segment string) {
	t.Helper()
	testkit.Eventually(t, time.Minute, func() error {
		h.mu.Lock()
		defer h.mu.Unlock()
		if !h.seen[segment] {
			return fmt.Errorf("no alert of %s, but of %v", segment, h.seen)
		}
		return nil
	})
}
