package collector

import (
	"errors"
	"net/http"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/freshet/freshet/pkg/testkit"
)

// A broker that answers pings and refuses every event, and no spool to take them: not ready, until something is taken.
func TestNotReadyWhileNothingIsTaken(t *testing.T) {
	for name, edits := range map[string][]func(*setup){
		"without a spool":             {withoutSpool},
		"with a spool that is broken": {spoolAfter(200 * time.Millisecond)},
	} {
		t.Run(name, func(t *testing.T) {
			address, control := stubborn(t)
			r := start(t, append(edits, func(s *setup) { s.kafka = address }, ackWithin(300*time.Millisecond))...)
			var willing atomic.Bool
			control(func(req kmsg.Request) (kmsg.Response, error, bool) {
				if willing.Load() {
					return nil, nil, false
				}
				return refuseProduce(req, kerr.NotEnoughReplicas.Code), nil, true
			})
			if err := os.RemoveAll(r.svc.cfg.Spool.Dir); err != nil {
				t.Fatal(err)
			}
			if g := r.post("/v1/track", track("refused")); g.Status != http.StatusServiceUnavailable || g.Header.Get("Retry-After") == "" {
				t.Fatalf("with nothing that takes an event: %+v", g)
			}
			if status := r.get("/readyz"); status != http.StatusServiceUnavailable {
				t.Errorf("readyz %d after an event that nothing took", status)
			}
			if status := r.get("/healthz"); status != http.StatusOK {
				t.Errorf("healthz %d", status)
			}
			willing.Store(true)
			r.taken(track("taken"))
			testkit.Eventually(t, time.Minute, r.svc.Ready)
		})
	}
}

// Without a broker events depend on the spool's disk: it is asked before an event is lost on it.
func TestNotReadyOnABrokenDiskBeforeAnyEvent(t *testing.T) {
	kafka := startLasting(t)
	r := start(t, func(s *setup) { s.kafka = kafka.address })
	testkit.Eventually(t, time.Minute, r.svc.Ready)
	kafka.stop()
	testkit.Eventually(t, time.Minute, func() error { return os.RemoveAll(r.svc.cfg.Spool.Dir) }) // the spool may be writing to it
	testkit.Eventually(t, time.Minute, func() error {
		if r.svc.Ready() == nil {
			return errors.New("ready with neither")
		}
		return nil
	})
	kafka.start()
	testkit.Eventually(t, time.Minute, r.svc.Ready)
}
