package freshet

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/services/freshet/demo"
	"github.com/freshet/freshet/services/standalone"
)

// TestTheDemoFindsTheTruthAndLeavesNothingBehind plays a small demo.
func TestTheDemoFindsTheTruthAndLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	out := must(t, "demo", "--customers", "300", "--days", "20", "--rate", "150", "--live", "5s")
	for _, want := range []string{"ok  events stored, each once", "ok  customers", "alerts reached the webhook", "Freshness, event received", "One customer's story", "high_value"} {
		if err := contains(out, want); err != nil {
			t.Error(err)
		}
	}
	if !regexp.MustCompile(`Tags:\n  \w+ +(basic|behaviour|preference|value) +since .*\d`).MatchString(out) {
		t.Errorf("the story has no tag with its reason:\n%s", out)
	}
	recommended(t, out)
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left in the temporary directory: %v, %v", left, err)
	}
}

// recommended checks what the demo shows of recommendation: a page that changes with one look, lists that beat what is popular by the truth, a report of clicks.
func recommended(t *testing.T, out string) {
	t.Helper()
	part := regexp.MustCompile(`(?s)the home page has changed \d+ ms after .*?\n +before +after +why\n(.*?)\nOf what \d+ customers .* lists find (\d+) %, what is popular (\d+) %: ok\n.*?of what was seen *\n(.*?)\n\n`).FindStringSubmatch(out)
	if part == nil {
		t.Fatalf("recommendation is not shown:\n%s", out)
	}
	changed := 0
	for row := range strings.Lines(part[1]) {
		if cells := regexp.MustCompile(` {2,}`).Split(strings.TrimSpace(row), -1); len(cells) == 3 && cells[0] != cells[1] {
			changed++
		}
	}
	if changed == 0 {
		t.Errorf("one look changed nothing, or there is no reason:\n%s", part[1])
	}
	lists, _ := strconv.Atoi(part[2])
	popular, _ := strconv.Atoi(part[3])
	if float64(lists) < 1.3*float64(popular) {
		t.Errorf("lists find %d %%, what is popular %d %%", lists, popular)
	}
	if !regexp.MustCompile(`(?m)^ *\w+ +\d+ +[1-9]\d* +\d+\.\d %`).MatchString(part[4]) {
		t.Errorf("the report has no clicks:\n%s", part[4])
	}
}

// badDay is a stack whose collector's answers get lost on the way, as on a machine that is too busy to give them in time: the events were taken.
type badDay struct {
	demo.Stack
	t        *testing.T
	requests atomic.Int64
	front    atomic.Pointer[httptest.Server]
}

func (b *badDay) Addresses() stack.Addresses {
	a := b.Stack.Addresses()
	if b.front.Load() == nil {
		proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: a.CollectorHTTP})
		front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if b.requests.Add(1)%4 != 1 {
				proxy.ServeHTTP(w, r)
				return
			}
			answer := httptest.NewRecorder()
			proxy.ServeHTTP(answer, r)
			if answer.Code != http.StatusOK && answer.Code != http.StatusBadRequest {
				b.t.Errorf("the collector answered %d", answer.Code)
			}
			panic(http.ErrAbortHandler)
		}))
		b.t.Cleanup(front.Close)
		b.front.Store(front)
	}
	a.CollectorHTTP = strings.TrimPrefix(b.front.Load().URL, "http://")
	return a
}

// TestTheDemoOnABadDay plays it on a machine that is too busy: events come twice, by repeats of the sender or by way of the spool. The demo finds the
// truth all the same and says how many copies were its own.
func TestTheDemoOnABadDay(t *testing.T) {
	for name, c := range map[string]struct {
		cfg   func(*standalone.Config)
		front func(demo.Stack) demo.Stack
		want  []string
	}{
		"a quarter of the answers gets lost": {
			func(*standalone.Config) {}, func(s demo.Stack) demo.Stack { return &badDay{Stack: s, t: t} },
			[]string{"more are ours: sent or stored again on the way", "were sent again"},
		},
		"the broker is slower than the collector waits": {
			func(c *standalone.Config) { c.Collector.Spool.After = time.Millisecond }, func(s demo.Stack) demo.Stack { return s },
			nil, // how many of them the broker had got as well depends on the machine
		},
	} {
		t.Run(name, func(t *testing.T) {
			var out, bars strings.Builder
			cfg := standalone.Default()
			c.cfg(&cfg)
			err := demo.Run(t.Context(), demo.Options{
				Customers: 200, Days: 15, Rate: 100, Live: 4 * time.Second, Seed: 3, Out: &out, Bars: &bars,
				Start: func(ctx context.Context, in demo.Setup) (demo.Stack, error) {
					s, err := startDemo(ctx, in, cfg)
					return c.front(s), err
				},
			})
			if err != nil {
				t.Errorf("%v\n%s", err, out.String())
			}
			for _, want := range append(c.want, "ok  events stored, each once", "ok  events dropped of which no copy is stored") {
				if err := contains(out.String(), want); err != nil {
					t.Error(err)
				}
			}
			if err := contains(bars.String(), "history, events: "); err != nil || strings.Contains(bars.String(), "days") {
				t.Error("progress is not told in events", err)
			}
		})
	}
}
