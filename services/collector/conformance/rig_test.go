package conformance

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector"
	"github.com/freshet/freshet/services/collector/collectortest"
)

const writeKey = "conformance-write-key"

// rig is a collector before a real broker, with a proxy in front of it that fails as a test wants.
type rig struct {
	*collectortest.Collector
	t     *testing.T
	proxy *proxy
}

func start(t *testing.T, edits ...func(*collector.Config)) *rig {
	t.Helper()
	c := collectortest.Start(t, "app", writeKey, edits...)
	return &rig{Collector: c, t: t, proxy: startProxy(t, c.Address)}
}

// declare writes a sources file: who sends with key, from pages of one origin ("" means of any), and more lines on it.
func declare(t *testing.T, path, key, origin string, lines ...string) {
	t.Helper()
	hash := sha256.Sum256([]byte(key))
	text := fmt.Sprintf("sources:\n- name: app\n  keys: [{id: one, sha256: %q}]\n", hex.EncodeToString(hash[:]))
	if origin != "" {
		lines = append(lines, fmt.Sprintf("origins: [%q]", origin))
	}
	for _, line := range lines {
		text += "  " + line + "\n"
	}
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil { // at once: the collector looks at any moment
		t.Fatal(err)
	}
}

// ask posts nothing from a page of an origin, past the proxy: 400 when it may send, else what stands against it.
func (r *rig) ask(origin string) int {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.URL+"/v1/track", http.NoBody)
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Origin", origin)
	req.SetBasicAuth(writeKey, "")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// limited gives the source a rate of its own, in events a second, and pages that may send.
func limited(t *testing.T, rate float64, burst int, origins ...string) func(*collector.Config) {
	path := filepath.Join(t.TempDir(), "sources.yaml")
	declare(t, path, writeKey, strings.Join(origins, ""), fmt.Sprintf("limits: {rate: %g, burst: %d}", rate, burst))
	return func(c *collector.Config) { c.Sources, c.SourcesFile = nil, path }
}

// stored are the accepted events in Kafka, copies included, in the order the clients made them.
func (r *rig) stored() []*eventv1.Event {
	r.t.Helper()
	out := r.Events()
	slices.SortStableFunc(out, func(a, b *eventv1.Event) int { return int(a.OriginalMs - b.OriginalMs) })
	return out
}

// copies counts the records of each message id.
func copies(events []*eventv1.Event) map[string]int {
	out := map[string]int{}
	for _, e := range events {
		out[e.EventId]++
	}
	return out
}

// once fails unless every event is there a single time.
func (r *rig) once() {
	r.t.Helper()
	for id, n := range copies(r.stored()) {
		if n != 1 {
			r.t.Errorf("event %s was stored %d times", id, n)
		}
	}
}

// numbers are the values of properties.n among the stored events, sorted, each once.
func (r *rig) numbers() []int {
	r.t.Helper()
	var out []int
	for _, e := range r.stored() {
		var p struct{ N int }
		if err := json.Unmarshal(e.PropertiesJson, &p); err != nil {
			r.t.Fatalf("properties of %s: %v", e.EventId, err)
		}
		out = append(out, p.N)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// upTo is 0 ... n-1.
func upTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.NewTimer(time.Minute)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline.C:
			t.Fatalf("not within a minute: %s", what)
		case <-tick.C:
		}
	}
}
