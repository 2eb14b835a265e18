package collector

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

// outageVariable is how long the broker is dead in TestBrokerKilledUnderLoad.
const outageVariable = "FRESHET_OUTAGE"

// killable is a broker that can be killed and started again on its data.
type killable interface {
	kill()
	start()
}

// kafkaScript kills and starts the Apache Kafka that scripts/kafka.sh runs.
type kafkaScript struct {
	t    testing.TB
	path string
}

func (k kafkaScript) kill()  { k.run("kill") }
func (k kafkaScript) start() { k.run("again") }

func (k kafkaScript) run(what string) {
	k.t.Helper()
	if out, err := exec.Command(k.path, what).CombinedOutput(); err != nil {
		k.t.Fatalf("%s %s: %v\n%s", k.path, what, err, out)
	}
}

// outageBroker is Apache Kafka where the script that runs it is named, else the embedded broker in a process of its own.
func outageBroker(t testing.TB) (address string, b killable) {
	t.Helper()
	if path := os.Getenv(scriptVariable); path != "" {
		return testkit.Kafka(t), kafkaScript{t, path}
	}
	o := startOutage(t)
	return o.address, o
}

// sender is a client that sends one event after the other, each as soon as the one before it is acknowledged.
type sender struct {
	url, user string
	client    *http.Client
	acked     []string
	slowest   time.Duration
}

// run sends until stop is closed; what is not acknowledged is sent again, as clients do.
func (s *sender) run(stop <-chan struct{}, refused *atomic.Int64) {
	for n := 0; ; {
		select {
		case <-stop:
			return
		default:
		}
		id := fmt.Sprintf("%s-%d", s.user, n)
		body := fmt.Sprintf(`{"type":"track","event":"Product Viewed","userId":%q,"messageId":%q,"properties":{"pad":%q}}`, s.user, id, strings.Repeat("x", 500))
		begun := time.Now()
		status := s.post(body)
		if status != http.StatusOK {
			refused.Add(1)
			continue
		}
		s.slowest = max(s.slowest, time.Since(begun))
		s.acked, n = append(s.acked, id), n+1
	}
}

func (s *sender) post(body string) int {
	req, err := http.NewRequest(http.MethodPost, s.url+"/v1/track", strings.NewReader(body))
	if err != nil {
		return 0
	}
	req.SetBasicAuth(testKey, "")
	resp, err := s.client.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	_, _ = b.ReadFrom(resp.Body)
	var answer struct{ Accepted int }
	if err := json.Unmarshal(b.Bytes(), &answer); err != nil || resp.StatusCode == http.StatusOK && answer.Accepted != 1 {
		return -1
	}
	return resp.StatusCode
}

// The broker is killed under load and comes back on its data. Nobody is refused, what was acknowledged is in
// Kafka, nothing else is, within a partition in the order acknowledged; and the collector goes back to Kafka under load.
func TestBrokerKilledUnderLoad(t *testing.T) {
	length := 2 * time.Second
	if v := os.Getenv(outageVariable); v != "" {
		var err error
		if length, err = time.ParseDuration(v); err != nil {
			t.Fatal(err)
		}
	}
	address, kafka := outageBroker(t)
	r := start(t, func(s *setup) { s.kafka = address }, onePartition)
	stop := make(chan struct{})
	var refused atomic.Int64
	var wg sync.WaitGroup
	senders := make([]*sender, 16)
	transport := &http.Transport{MaxIdleConnsPerHost: len(senders)}
	defer transport.CloseIdleConnections()
	for i := range senders {
		senders[i] = &sender{url: r.url, user: fmt.Sprint("u", i), client: &http.Client{Transport: transport, Timeout: 30 * time.Second}}
		wg.Go(func() { senders[i].run(stop, &refused) })
	}
	stopAll := sync.OnceFunc(func() { close(stop); wg.Wait() })
	defer stopAll()
	wait(t, 500*time.Millisecond, func() {})
	kafka.kill()
	unready := 0
	wait(t, length, func() {
		if err := r.svc.Ready(); err != nil {
			unready++
		}
	})
	spooled, spooledBytes := r.spooled(), r.count("spool_bytes")
	kafka.start()
	back := time.Now()
	testkit.Eventually(t, time.Minute, func() error {
		if n := r.spooled(); n > 0 {
			return fmt.Errorf("%d events are in the spool under load", n)
		}
		return nil
	})
	drained := time.Since(back)
	wait(t, 300*time.Millisecond, func() {})
	stopAll()
	testkit.Eventually(t, time.Minute, func() error {
		if r.spooled() != 0 {
			return errors.New("the spool is not empty")
		}
		return nil
	})
	if refused.Load() > 0 || unready > 0 {
		t.Errorf("%d requests were refused, not ready %d times, with room in the spool", refused.Load(), unready)
	}
	if spooled == 0 {
		t.Error("nothing was spooled: the outage was none")
	}
	acked, slowest := 0, time.Duration(0)
	for _, s := range senders {
		acked, slowest = acked+len(s.acked), max(slowest, s.slowest)
	}
	records := checkSenders(t, r, senders)
	syncs, long := r.syncs(.1)
	t.Logf("broker dead for %s: %d acknowledged, %d records in Kafka, %d events (%.0f bytes) in the spool at the return, direct again after %s under load, slowest answer %s, of %d syncs %d took more than 100ms",
		length, acked, records, spooled, spooledBytes, drained.Round(time.Millisecond), slowest.Round(time.Millisecond), syncs, long)
}

// syncs is how many syncs the spool made and how many took longer than a bucket's bound.
func (r *rig) syncs(bound float64) (all, long uint64) {
	r.t.Helper()
	families, err := r.reg.Gather()
	if err != nil {
		r.t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "freshet_collector_spool_sync_duration_seconds" {
			continue
		}
		h := f.GetMetric()[0].GetHistogram()
		all = h.GetSampleCount()
		for _, b := range h.GetBucket() {
			if b.GetUpperBound() == bound {
				long = all - b.GetCumulativeCount()
			}
		}
	}
	return all, long
}

// wait lets time pass, in which something is looked at again and again.
func wait(t testing.TB, d time.Duration, look func()) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(d); ; {
		select {
		case <-end:
			return
		case <-tick.C:
			look()
		}
	}
}

// checkSenders compares what was acknowledged with what is in Kafka, and returns how many records there are.
func checkSenders(t testing.TB, r *rig, senders []*sender) int {
	t.Helper()
	records := r.records(topics.EventsRaw)
	stored := map[string][]string{} // by sender, in the partition's order, the first of each
	seen := map[string]bool{}
	for _, rec := range records {
		e := &eventv1.Event{}
		if err := proto.Unmarshal(rec.Value, e); err != nil {
			t.Fatal(err)
		}
		if !seen[e.EventId] {
			seen[e.EventId] = true
			user, _, _ := strings.Cut(e.EventId, "-")
			stored[user] = append(stored[user], e.EventId)
		}
	}
	for _, s := range senders {
		if got := stored[s.user]; !slices.Equal(got, s.acked) {
			at := 0
			for at < min(len(got), len(s.acked)) && got[at] == s.acked[at] {
				at++
			}
			t.Errorf("%s: %d acknowledged, %d stored, different from %d on", s.user, len(s.acked), len(got), at)
		}
	}
	return len(records)
}
