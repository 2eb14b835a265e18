package watch

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/services/segmentation/webhook"
)

// telling is a teller of one endpoint that answers as told; ids are those of the requests, in their order.
func telling(t *testing.T, answer func(attempt int, w http.ResponseWriter)) (tl *teller, ids func() []string, run func()) {
	t.Helper()
	var mu sync.Mutex
	var got []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var n Notice
		if err := json.NewDecoder(r.Body).Decode(&n); err != nil || n.Data.AlertID != r.Header.Get(webhook.HeaderID) {
			t.Errorf("%+v, %v", n, err)
		}
		mu.Lock()
		defer mu.Unlock()
		got = append(got, n.Data.AlertID)
		answer(len(got), w)
	}))
	t.Cleanup(s.Close)
	cfg := Default()
	cfg.Endpoints = map[string]webhook.Endpoint{"pager": {URL: s.URL, Secret: secret}}
	targets, err := readTargets(cfg)
	if err != nil {
		t.Fatal(err)
	}
	m, err := newMetrics(nil)
	if err != nil {
		t.Fatal(err)
	}
	tl = newTeller(cfg, targets, m, quiet(), time.Now)
	ids = func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(got)
	}
	run = func() {
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- tl.run(ctx) }()
		t.Cleanup(func() { cancel(); <-done })
	}
	return tl, ids, run
}

func numbered(i int) Notice { return Notice{Type: breached, Data: Data{AlertID: fmt.Sprint(i)}} }

// TestWhatIsRefusedIsToldAgainBeforeWhatComesAfterIt under the same id, however often: a redirect is no success either.
func TestWhatIsRefusedIsToldAgainBeforeWhatComesAfterIt(t *testing.T) {
	tl, ids, run := telling(t, func(attempt int, w http.ResponseWriter) {
		switch attempt {
		case 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		case 3:
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(http.StatusFound)
		}
	})
	run()
	tl.tell(numbered(1))
	tl.tell(numbered(2))
	want := []string{"1", "1", "2", "2"}
	testkit.Eventually(t, soon, func() error {
		if got := ids(); !slices.Equal(got, want) {
			return fmt.Errorf("told %q, want %q", got, want)
		}
		return nil
	})
	testkit.Eventually(t, soon, func() error {
		refused, delivered := testutil.ToFloat64(tl.metrics.notices.WithLabelValues("pager", "refused")), testutil.ToFloat64(tl.metrics.notices.WithLabelValues("pager", "delivered"))
		if refused != 2 || delivered != 2 {
			return fmt.Errorf("%g refused, %g delivered", refused, delivered)
		}
		return nil
	})
}

// TestTellingWaitsForNobody: what an endpoint does not take piles up to a bound, then the new ones are dropped and counted.
func TestTellingWaitsForNobody(t *testing.T) {
	tl, ids, run := telling(t, func(int, http.ResponseWriter) {})
	for i := range maxWaiting + 7 {
		tl.tell(numbered(i))
	}
	if dropped := testutil.ToFloat64(tl.metrics.notices.WithLabelValues("pager", "dropped")); dropped != 7 {
		t.Errorf("%g dropped, want 7", dropped)
	}
	run()
	testkit.Eventually(t, soon, func() error {
		if got := ids(); len(got) != maxWaiting || got[0] != "0" || got[len(got)-1] != fmt.Sprint(maxWaiting-1) {
			return fmt.Errorf("%d came", len(got))
		}
		return nil
	})
}
