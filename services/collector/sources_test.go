package collector

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/services/collector/directory"
)

// sha is a key's hash as the sources file has it.
func sha(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// keyed is a key of a sources file.
func keyed(id, key string, more ...string) string {
	return fmt.Sprintf("{id: %s, sha256: %q%s}", id, sha(key), strings.Join(append([]string{""}, more...), ", "))
}

// sourcesFile gives the collector a sources file with this text.
func sourcesFile(t testing.TB, path *string, text string) func(*setup) {
	*path = filepath.Join(t.TempDir(), "sources.yaml")
	swap(t, *path, text)
	return func(s *setup) { s.cfg.SourcesFile = *path }
}

// swap replaces a file in one step.
func swap(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// as is the headers of a request with this key.
func as(key string) []string { return []string{"Authorization", basic(key)} }

func basic(key string) string {
	req := http.Request{Header: http.Header{}}
	req.SetBasicAuth(key, "")
	return req.Header.Get("Authorization")
}

// settled waits until a reload has given want answers of a result.
func (r *rig) settled(result string, want float64) {
	r.t.Helper()
	testkit.Eventually(r.t, 20*time.Second, func() error {
		if got := r.metric("freshet_collector_sources_reload_total", "result", result); got != want {
			return fmt.Errorf("%v reloads %s, want %v", got, result, want)
		}
		return nil
	})
}

// metric is the value of a counter or gauge with this label, 0 when there is none.
func (r *rig) metric(name, label, value string) float64 {
	r.t.Helper()
	families, err := r.reg.Gather()
	if err != nil {
		r.t.Fatal(err)
	}
	sum := 0.0
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == label && l.GetValue() == value {
					sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
				}
			}
		}
	}
	return sum
}

func TestWhoMaySend(t *testing.T) {
	var path string
	r := start(t, atNoon, sourcesFile(t, &path, `
sources:
  - name: shop
    workspace: retail
    keys: [`+keyed("old", "the-old-key", "expires: 2026-03-01T12:00:01Z")+`, `+keyed("new", "the-new-key")+`,
      `+keyed("gone", "the-gone-key", "revoked: 2026-01-01T00:00:00Z")+`, `+keyed("past", "the-past-key", "expires: 2026-03-01T12:00:00Z")+`]
  - name: closed
    enabled: false
    keys: [`+keyed("k1", "the-closed-key")+`]
  - name: web # has its first key in the configuration
    keys: [`+keyed("k2", "a-second-key-of-web")+`]
`))
	told := map[string]string{"the-past-key": "has expired", "the-gone-key": "does not work any more", "the-closed-key": "does not work any more", sha("the-new-key"): "is unknown"}
	r.post("/v1/track", track("x"), as("nobody-has-this-key")...)
	for key, want := range map[string]int{
		"the-old-key": 200, "the-new-key": 200, "a-second-key-of-web": 200, testKey: 200, "pos-write-key": 200,
		"the-gone-key": 401, "the-past-key": 401, "the-closed-key": 401, "": 401, sha("the-new-key"): 401,
	} {
		for form, got := range map[string]got{
			"header": r.post("/v1/track", track(key), as(key)...),
			"body":   r.post("/v1/batch", `{"writeKey":"`+key+`","batch":[`+track("b"+key)+`]}`, "Authorization", ""),
		} {
			if got.Status != want || want == 401 && (got.Error != "unknown_write_key" || !strings.Contains(got.Message, told[key])) {
				t.Errorf("%q in the %s: %d %s, want %d %s", key, form, got.Status, got.Message, want, told[key])
			}
		}
	}
	events := r.events()
	for id, want := range map[string]string{
		"the-old-key": "retail/shop", "the-new-key": "retail/shop", "a-second-key-of-web": "default/web", testKey: "default/web", "pos-write-key": "shop/pos",
	} {
		if e := events[id]; e.GetWorkspace()+"/"+e.GetSource() != want {
			t.Errorf("an event with %s is of %s/%s, want %s", id, e.GetWorkspace(), e.GetSource(), want)
		}
	}
	if len(events) != 10 || len(r.rejects()) != 0 {
		t.Errorf("%d events and %d rejects, want 10 and none", len(events), len(r.rejects()))
	}
	for reason, want := range map[string]float64{"revoked": 2, "expired": 2, "disabled": 2, "unknown": 3} {
		if got := r.metric("freshet_collector_keys_refused_total", "reason", reason); got != want {
			t.Errorf("%v keys were refused as %s, want %v", got, reason, want)
		}
	}
	// The header's key counts, whatever the body says: another source's key there changes nothing.
	if got := r.post("/v1/batch", `{"writeKey":"the-new-key","batch":[`+track("both")+`]}`, as("the-gone-key")...); got.Status != 401 {
		t.Errorf("a revoked key beside a good one: %d", got.Status)
	}
}

func TestSourcesChangeWhileRequestsRun(t *testing.T) {
	var path string
	one := "sources: [{name: shop, keys: [" + keyed("k1", "the-first-key") + "]}]"
	r := start(t, sourcesFile(t, &path, one))
	stop := make(chan struct{})
	var running sync.WaitGroup
	for i := range 4 {
		running.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				if got := r.post("/v1/track", track(fmt.Sprintf("%d-%d", i, n)), as("the-first-key")...); got.Status != 200 {
					t.Errorf("%+v", got)
					return
				}
			}
		})
	}
	if got := r.post("/v1/track", track("early"), as("the-second-key")...); got.Status != 401 {
		t.Errorf("a key that is not there yet: %d", got.Status)
	}
	swap(t, path, "sources: [{name: shop, keys: ["+keyed("k1", "the-first-key")+","+keyed("k2", "the-second-key")+"]}, {name: new, keys: ["+keyed("k1", "the-new-key")+"]}]")
	r.settled("ok", 1)
	for _, key := range []string{"the-second-key", "the-new-key"} {
		if got := r.post("/v1/track", track(key), as(key)...); got.Status != 200 {
			t.Errorf("%s: %+v", key, got)
		}
	}
	// Each of these is refused as a whole, once, and what was there stays.
	for i, bad := range []string{
		"sources: [{nam: shop}]", "sources: [{name: web, workspace: elsewhere}]",
	} {
		swap(t, path, bad)
		r.settled("failed", float64(i+1))
		if got := r.post("/v1/track", track("bad"), as("the-second-key")...); got.Status != 200 {
			t.Errorf("after %s: %+v", bad, got)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	r.settled("failed", 3)
	before := r.count("sources_loaded_timestamp_seconds")
	swap(t, path, one)
	r.settled("ok", 2)
	if got := r.post("/v1/track", track("late"), as("the-second-key")...); got.Status != 401 {
		t.Errorf("a key that was taken out: %d", got.Status)
	}
	if got := r.count("sources_loaded_timestamp_seconds"); got < before || got == 0 {
		t.Errorf("loaded at %v, before at %v", got, before)
	}
	close(stop)
	running.Wait()
	if got := r.metric("freshet_collector_sources_reload_total", "result", "failed"); got != 3 {
		t.Errorf("%v failed reloads, want 3: a bad file is tried once", got)
	}
}

// trickle writes a file in place, and goes on with empty lines until ctx ends.
func trickle(ctx context.Context, path, text string) error {
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for ctx.Err() == nil {
		<-tick.C
		if _, err := f.WriteString("\n"); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	return f.Close()
}

// Half of a list of sources is a list of sources, and a file that is written in place is empty first: whoever is not in it yet would be
// answered 401, which no client sends again.
func TestAFileThatIsWrittenInPlaceIsReadWhole(t *testing.T) {
	var path string
	head := "sources:\n  - {name: shop, keys: [" + keyed("k1", "the-first-key") + "]}\n"
	tail := "  - {name: last, keys: [" + keyed("k1", "the-last-key") + "]}\n"
	r := start(t, sourcesFile(t, &path, head+tail))
	for _, half := range []string{"", head} {
		slowly, stop := context.WithTimeout(t.Context(), 1500*time.Millisecond) // it is looked at once or twice
		written := make(chan error, 1)
		go func() { written <- trickle(slowly, path, half) }()
		for slowly.Err() == nil {
			if got := r.post("/v1/track", track("x"), as("the-last-key")...); got.Status != 200 {
				t.Errorf("while the file is written, %d bytes of it before: %+v", len(half), got)
				stop()
			}
		}
		if err := errors.Join(<-written, os.WriteFile(path, []byte(head+tail), 0o600)); err != nil {
			t.Fatal(err)
		}
		stop()
	}
	failed := r.metric("freshet_collector_sources_reload_total", "result", "failed")
	swap(t, path, "")
	r.settled("failed", failed+1)
	if got := r.post("/v1/track", track("x"), as("the-last-key")...); got.Status != 200 {
		t.Errorf("an empty file: %+v", got)
	}
	swap(t, path, "sources: []")
	testkit.Eventually(t, time.Minute, func() error {
		if got := r.post("/v1/track", track("x"), as("the-last-key")...); got.Status != 401 {
			return fmt.Errorf("no sources: %+v", got)
		}
		return nil
	})
}

func TestABadSourcesFileStopsTheStart(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*Config, string)
		want string
	}{
		"missing": {func(c *Config, path string) { c.SourcesFile = path + ".none" }, "read the sources file"},
		"faulty":  {func(c *Config, path string) { swap(t, path, "sources: [{name: A}]"); c.SourcesFile = path }, `sources[0].name: "A" is not`},
		"another workspace": {func(c *Config, path string) {
			swap(t, path, "sources: [{name: web, workspace: elsewhere}]")
			c.SourcesFile = path
		}, "source web is of workspace elsewhere in the sources file and of default in the configuration"},
		"a key of both": {func(c *Config, path string) {
			swap(t, path, "sources: [{name: shop, keys: ["+keyed("k1", testKey)+"]}]")
			c.SourcesFile = path
		}, "source web: its write key in the configuration is key k1 of shop in the sources file"},
		"more than all bodies": {func(c *Config, path string) {
			swap(t, path, "sources: [{name: shop, limits: {batch_bytes: 100000000}}]")
			c.SourcesFile = path
		}, "sources[0] (shop): limits.in_flight_bytes: 67108864 is below limits.body_bytes"},
		"a missing plan": {func(c *Config, path string) {
			swap(t, path, "sources: [{name: shop, plan: none.yaml}]")
			c.SourcesFile = path
		}, "none.yaml"},
	} {
		err := tryNew(t, func(cfg *Config) { c.edit(cfg, filepath.Join(t.TempDir(), "sources.yaml")) })
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), testKey) {
			t.Errorf("%s: the fault shows a key: %v", name, err)
		}
	}
}

// tryNew makes a collector that is not run, and returns why it cannot be made.
func tryNew(t *testing.T, edit func(*Config)) error {
	t.Helper()
	client, err := broker.Dial(t.Context(), broker.Config{Addresses: []string{testkit.Kafka(t)}}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	cfg := Default()
	cfg.Sources = []directory.Entry{{Name: "web", Workspace: "default", WriteKey: testKey}}
	edit(&cfg)
	_, err = New(cfg, Deps{Logger: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(), Tracer: noop.NewTracerProvider().Tracer("test"), Broker: client})
	return err
}

func TestTheFileMayAppearLater(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sources.yaml")
	r := start(t, func(s *setup) { s.cfg.SourcesFile, s.cfg.SourcesFileMayBeMissing = path, true })
	if got := r.post("/v1/track", track("1")); got.Status != 200 {
		t.Errorf("a source of the configuration: %+v", got)
	}
	swap(t, path, "sources: [{name: shop, keys: ["+keyed("k1", "the-first-key")+"]}]")
	r.settled("ok", 1)
	if got := r.post("/v1/track", track("2"), as("the-first-key")...); got.Status != 200 {
		t.Errorf("%+v", got)
	}
}

func TestLimitsOfASource(t *testing.T) {
	var path string
	r := start(t, sourcesFile(t, &path, `
sources:
  - {name: small, keys: [`+keyed("k1", "the-small-key")+`], limits: {event_bytes: 200, import_event_bytes: 300, batch_bytes: 1000, batch_events: 3, keys: 8, depth: 3}}
  - {name: large, keys: [`+keyed("k1", "the-large-key")+`], limits: {event_bytes: 100000, batch_bytes: 8388608, batch_events: 4000, keys: 20000, depth: 50}}
`))
	event := func(properties string) string {
		return `{"type":"track","event":"E","userId":"1","properties":` + properties + `}`
	}
	padded := func(n int) string { return event(`{"x":"` + strings.Repeat("x", n-len(event(`{"x":""}`))) + `"}`) }
	batch := func(events ...string) string { return `"batch":[` + strings.Join(events, ",") + `]` }
	many := make([]string, 3000)
	for i := range many {
		many[i] = `{"type":"page","userId":"1"}`
	}
	deep := func(n int) string { return event(strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n)) }
	wide := func(n int) string {
		var keys []string
		for i := range n {
			keys = append(keys, fmt.Sprintf(`"k%d":1`, i))
		}
		return event("{" + strings.Join(keys, ",") + "}")
	}
	for name, c := range map[string]struct {
		key, path, body string
		status          int
		want            string // error or reason
		headerOnly      bool
	}{
		"event, within":             {"small", "/v1/batch", batch(padded(200)), 200, "", false},
		"event, above":              {"small", "/v1/batch", batch(padded(201)), 200, "too_large", false},
		"import, within":            {"small", "/v1/import", batch(padded(300)), 200, "", false},
		"import, above":             {"small", "/v1/import", batch(padded(301)), 200, "too_large", false},
		"body, above":               {"small", "/v1/batch", batch(many[:3]...) + strings.Repeat(" ", 1000), 413, "too_large", false},
		"batch, within":             {"small", "/v1/batch", batch(many[:3]...), 200, "", false},
		"batch, above":              {"small", "/v1/batch", batch(many[:4]...), 400, "too_many_events", false},
		"keys, above":               {"small", "/v1/batch", batch(wide(9)), 200, "too_many_keys", false},
		"depth, within":             {"small", "/v1/batch", batch(deep(2)), 200, "", false},
		"depth, above":              {"small", "/v1/batch", batch(deep(3)), 200, "too_deep", false},
		"a large event":             {"large", "/v1/batch", batch(padded(90000)), 200, "", false},
		"one too large":             {"large", "/v1/batch", batch(padded(100001)), 200, "too_large", false},
		"a deep event":              {"large", "/v1/batch", batch(deep(40)), 200, "", false},
		"a large batch":             {"large", "/v1/batch", batch(many...), 200, "", true},
		"a large body":              {"large", "/v1/batch", batch(many[:3]...) + strings.Repeat(" ", 5<<20), 200, "", true},
		"as the process has it":     {"web", "/v1/batch", batch(padded(32768)), 200, "", false},
		"above what it has":         {"web", "/v1/batch", batch(padded(32769)), 200, "too_large", false},
		"a batch above what it has": {"web", "/v1/batch", batch(many...), 400, "too_many_events", false},
	} {
		key := map[string]string{"small": "the-small-key", "large": "the-large-key", "web": testKey}[c.key]
		answers := map[string]got{"header": r.post(c.path, "{"+c.body+"}", as(key)...)}
		if !c.headerOnly {
			answers["body"] = r.post(c.path, `{"writeKey":"`+key+`",`+c.body+"}", "Authorization", "")
		}
		for where, got := range answers {
			what := got.Error
			if len(got.Rejected) > 0 {
				what = got.Rejected[0].Reason
			}
			if got.Status != c.status || what != c.want {
				t.Errorf("%s, key in the %s: %d %q, want %d %q: %s", name, where, got.Status, what, c.status, c.want, got.Message)
			}
		}
	}
}
