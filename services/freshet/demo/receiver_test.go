package demo

import (
	"bytes"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/freshet/freshet/services/segmentation/webhook"
)

func deliver(t *testing.T, r *receiver, id, body string, at time.Time, key []byte) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url(), bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set(webhook.HeaderID, id)
	req.Header.Set(webhook.HeaderTimestamp, strconv.FormatInt(at.Unix(), 10))
	req.Header.Set(webhook.HeaderSignature, webhook.Sign(key, id, at, []byte(body)))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

func TestTheReceiverTakesGenuineAlertsOnceAndRefusesTheRest(t *testing.T) {
	r, err := newReceiver(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	body := `{"type":"segment.entered","data":{"alert_id":"a1","segment":"big_basket"}}`
	now := time.Now()
	for name, c := range map[string]struct {
		id, body string
		at       time.Time
		key      []byte
	}{
		"another key":         {"a1", body, now, []byte("another key that is long enough")},
		"an old timestamp":    {"a1", body, now.Add(-time.Hour), r.key},
		"another alert's id":  {"a2", body, now, r.key},
		"a body without JSON": {"a1", "hello", now, r.key},
	} {
		if code := deliver(t, r, c.id, c.body, c.at, c.key); code != http.StatusUnauthorized {
			t.Errorf("%s: %d", name, code)
		}
	}
	for range 2 {
		if code := deliver(t, r, "a1", body, now, r.key); code != http.StatusOK {
			t.Errorf("a genuine alert: %d", code)
		}
	}
	if code := deliver(t, r, "f1", `{"type":"freshness.breached","data":{"alert_id":"f1","stage":"feature"}}`, now, r.key); code != http.StatusOK {
		t.Errorf("a word on freshness: %d", code)
	}
	if r.forged != 4 || r.repeats != 1 || r.delivered() != 1 || r.segments["big_basket"] != 1 {
		t.Errorf("forged %d, repeats %d, delivered %d, %v", r.forged, r.repeats, r.delivered(), r.segments)
	}
}

func TestFreshnessIsOfAlertsThatAnEventCaused(t *testing.T) {
	now := time.UnixMilli(1_000_000)
	r := &receiver{arrived: map[string]time.Time{"a": now, "b": now, "timer": now, "unknown": now}}
	c := &causes{received: map[string]int64{"a": 999_900, "b": 999_700, "timer": 0, "not delivered": 5}}
	h := freshness(c, r)
	if h.Count() != 2 || h.Quantile(1) != 300*time.Millisecond {
		t.Errorf("%d alerts, worst %s", h.Count(), h.Quantile(1))
	}
}

func TestAFindingIsRightWhenEqualOrFewerAreAllowed(t *testing.T) {
	for _, c := range []struct {
		f    finding
		want bool
	}{
		{finding{truth: 5, found: 5}, true}, {finding{truth: 5, found: 4}, false}, {finding{truth: 5, found: 6}, false},
		{finding{truth: 5, found: 4, atMost: true}, true}, {finding{truth: 5, found: 6, atMost: true}, false},
	} {
		if c.f.right() != c.want {
			t.Errorf("%+v: %v", c.f, c.f.right())
		}
	}
	if got := (finding{money: true}).show(12_500_000); got != "12.50" {
		t.Error(got)
	}
}
