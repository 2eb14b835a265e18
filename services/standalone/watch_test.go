package standalone

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/services/segmentation/webhook"
	"github.com/freshet/freshet/services/watch"
)

// TestTheStackIsWatched: every stage is seen from the first look on; an endpoint that does not take its alerts is told of itself, and that leaves the
// process ready.
func TestTheStackIsWatched(t *testing.T) {
	told := make(chan watch.Notice, 10)
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var n watch.Notice
		if json.NewDecoder(r.Body).Decode(&n) == nil && strings.HasPrefix(n.Type, "freshness.") {
			told <- n
			return
		}
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer hook.Close()
	r := start(t, func(c *Config) {
		c.Segmentation.Rules = filepath.Join(t.TempDir(), "rules.yaml")
		if err := os.WriteFile(c.Segmentation.Rules, []byte(rules), 0o600); err != nil {
			t.Fatal(err)
		}
		key := "whsec_" + base64.StdEncoding.EncodeToString([]byte("a secret of thirty-two bytes, ok"))
		c.Segmentation.Endpoints = map[string]webhook.Endpoint{"shop": {URL: hook.URL, Secret: key}}
		c.Watch.Every, c.Watch.Hold = 200*time.Millisecond, 0
		c.Watch.Stages = map[string]watch.Lines{"alerts": {Behaviour: time.Second}}
	})
	page := func(path string) (code int, body string) {
		resp, err := http.Get("http://" + r.addr.Metrics + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(b)
	}
	testkit.Eventually(t, soon, func() error {
		_, text := page("/metrics")
		for _, stage := range []string{"collector", "identity", "feature", "segmentation", "warehouse", "alerts"} {
			if want := `freshet_freshness_lag_records{stage="` + stage + `"} 0`; !strings.Contains(text, want) {
				return fmt.Errorf("no %s", want)
			}
		}
		return nil
	})
	r.send("/v1/batch", order("m1", "42", 180))
	select {
	case n := <-told:
		if n.Type != "freshness.breached" || n.Data.Stage != "alerts" || n.Data.LagRecords < 1 || n.Data.AgeSeconds <= 1 {
			t.Errorf("%+v", n)
		}
	case <-time.After(soon):
		t.Fatal("nothing was told")
	}
	if code, body := page("/readyz"); code != http.StatusOK {
		t.Errorf("a breach makes the process not ready: %s", body)
	}
}
