package webhook

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
)

// One alert of each partition hangs at the endpoint while all behind it are delivered; nothing runs until retention has taken the
// first ones. They are lost, with a word; those that were delivered are not sent again.
func TestRetentionDoesNotSendAgain(t *testing.T) {
	rc := newReceiver(t, func(_ int, r request, w http.ResponseWriter) {
		if strings.HasPrefix(r.id, "stuck") {
			w.WriteHeader(500)
		}
	})
	f := newFixture(t)
	f.cfg.Waits = []time.Duration{time.Hour}
	f.hook("crm", rc.URL)
	f.begin()
	stuck, ids := numbered("stuck", 20), numbered("a", 40)
	f.alert("crm", stuck...)
	first := f.spans()
	f.alert("crm", ids...)
	testkit.Eventually(t, within, func() error {
		if n := len(rc.requests("")); n < len(stuck)+len(ids) {
			return fmt.Errorf("%d of %d sent", n, len(stuck)+len(ids))
		}
		return nil
	})
	f.end()
	for p, s := range first {
		testkit.Retain(t, f.address, topics.Alerts, p, s.Next-1) // one that was never delivered is left
	}
	f.begin()
	f.alert("crm", "last")
	testkit.Eventually(t, within, func() error {
		if len(rc.requests("last")) == 0 {
			return fmt.Errorf("what came afterwards is not sent")
		}
		return nil
	})
	f.end()
	for _, id := range ids {
		if n := len(rc.requests(id)); n != 1 {
			t.Errorf("alert %s was sent %d times", id, n)
		}
	}
}

func (f *fixture) spans() map[int]broker.Span {
	f.t.Helper()
	spans, err := f.client.Spans(f.t.Context(), topics.Alerts.Name)
	if err != nil {
		f.t.Fatal(err)
	}
	return spans
}

// An endpoint that always asks for another day does not keep an alert until retention takes it.
func TestAnAlertsLifeEndsBeforeRetention(t *testing.T) {
	for what, c := range map[string]struct {
		age  time.Duration // of the alert when it is refused for the first time
		want string
	}{
		"young":                            {0, ""},
		"old enough for a last day":        {maxLife - 25*time.Hour, ""},
		"the next attempt would be late":   {maxLife - 23*time.Hour, "a expired"},
		"old at the first attempt already": {maxLife + time.Hour, "a expired"},
	} {
		t.Run(what, func(t *testing.T) {
			rc := newReceiver(t, func(_ int, _ request, w http.ResponseWriter) {
				w.Header().Set("Retry-After", "86400")
				w.WriteHeader(503)
			})
			f := newFixture(t)
			f.deps = func(d *Deps) { d.Now = func() time.Time { return time.Now().Add(c.age) } }
			f.hook("crm", rc.URL)
			f.begin()
			f.alert("crm", "a")
			if c.want != "" {
				f.committed("crm")
			} else {
				testkit.Eventually(t, within, func() error {
					if len(rc.requests("a")) == 0 {
						return fmt.Errorf("it was not tried")
					}
					return nil
				})
			}
			f.end()
			if got := strings.Join(f.dead(), ","); got != c.want {
				t.Errorf("dead letters %q, want %q", got, c.want)
			}
		})
	}
	long := Default()
	long.Waits = []time.Duration{60 * time.Hour, 60 * time.Hour}
	if err := long.Validate(); err == nil || !strings.Contains(err.Error(), "waits: 120h0m0s together must be below 120h0m0s, since alerts.v1 keeps an alert for 168h0m0s") {
		t.Errorf("waits of 120 h: %v", err)
	}
}
