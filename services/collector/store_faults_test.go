package collector

import (
	"fmt"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/freshet/freshet/pkg/testkit"
)

// No room on disk and a broker that needs longer than spool.after: within the time for an answer it still makes it.
func TestSlowBrokerWithoutRoomOnDisk(t *testing.T) {
	address, set, _ := slowBroker(t)
	r := start(t, func(s *setup) { s.kafka = address }, spoolAfter(100*time.Millisecond), ackWithin(20*time.Second))
	if err := os.RemoveAll(r.svc.cfg.Spool.Dir); err != nil {
		t.Fatal(err)
	}
	set(300 * time.Millisecond)
	if g := r.post("/v1/track", track("slow")); g.Status != http.StatusOK {
		t.Errorf("a broker that is slow and there: %+v", g)
	}
	if n := r.count("acknowledged_total", "from", "broker"); n != 1 || r.spooled() != 0 {
		t.Errorf("%v acknowledged from the broker, %d in the spool", n, r.spooled())
	}
	if got := unique(r.ids()); fmt.Sprint(got) != "[slow]" {
		t.Errorf("stored %v", got)
	}
	set(0)
}

// stuck is a histogram that takes no observation until it is released: the spool reports each sync to one, so a
// sync seems to hang.
type stuck struct {
	prometheus.Histogram
	release chan struct{}
}

func (s stuck) Observe(v float64) { <-s.release; s.Histogram.Observe(v) }

// A disk that hangs, and no broker: 503 at the deadline, for whoever comes while it hangs.
func TestHangingDiskIs503AtTheDeadline(t *testing.T) {
	address, control := stubborn(t)
	r := start(t, func(s *setup) { s.kafka = address }, spoolAfter(50*time.Millisecond), ackWithin(200*time.Millisecond))
	control(func(req kmsg.Request) (kmsg.Response, error, bool) {
		return refuseProduce(req, kerr.NotEnoughReplicas.Code), nil, true
	})
	disk := stuck{r.svc.store.Metrics.Sync, make(chan struct{})}
	release := sync.OnceFunc(func() { close(disk.release) })
	t.Cleanup(release) // before the collector stops
	r.svc.store.Metrics.Sync = disk
	for range 3 {
		if g := r.post("/v1/track", track("hangs")); g.Status != http.StatusServiceUnavailable || g.Error != "not_stored" || g.Header.Get("Retry-After") == "" {
			t.Errorf("on a disk that hangs: %+v", g)
		}
	}
	if r.svc.Ready() == nil {
		t.Error("ready with a disk that hangs and a broker that refuses")
	}
	release()
	r.taken(track("works"))
}

// The metrics say how much waits and for how long, and that nothing does in the end.
func TestSpoolMetrics(t *testing.T) {
	address, control := stubborn(t)
	r := start(t, func(s *setup) { s.kafka = address }, spoolAfter(50*time.Millisecond))
	willing := refuseUntil(control, kerr.NotEnoughReplicas)
	for i := range 3 {
		if g := r.post("/v1/track", track(fmt.Sprint("e", i))); g.Status != http.StatusOK {
			t.Fatalf("%+v", g)
		}
	}
	if n := r.count("spool_events"); n != 3 {
		t.Errorf("depth is %v events, want 3", n)
	}
	if bytes, of := r.count("spool_bytes"), r.count("spool_capacity_bytes"); bytes < 100 || bytes > of || of != float64(r.svc.cfg.Spool.MaxBytes) {
		t.Errorf("%v bytes of %v", bytes, of)
	}
	testkit.Eventually(t, time.Minute, func() error {
		if age := r.count("spool_oldest_age_seconds"); age < .1 || age > 60 {
			return fmt.Errorf("the oldest is %v s old", age)
		}
		return nil
	})
	willing.Store(true)
	r.drained()
	if n, age := r.count("spool_events"), r.count("spool_oldest_age_seconds"); n != 0 || age != 0 {
		t.Errorf("drained: %v events, %v s", n, age)
	}
}
