package watch

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
)

// collectorPage is what a collector says that has been behind since some time ago; 0: it is not.
func collectorPage(now time.Time, ago time.Duration, needs map[string]float64) string {
	since := 0.0
	if ago > 0 {
		since = float64(now.Add(-ago).UnixMilli()) / 1000
	}
	page := fmt.Sprintf("%s 0\n%s 0\n%s %f\n%s 10\n", spoolEvents, spoolOldest, behindSince, since, behindLimit)
	for stage, s := range needs {
		page += fmt.Sprintf("%s{stage=%q} %g\n", behindSeconds, stage, s)
	}
	for _, name := range []string{spoolEvents, spoolOldest, behindSince, behindLimit, behindSeconds} {
		page = "# TYPE " + name + " gauge\n" + page
	}
	return page
}

// pages serves one collector's metrics, which can change; empty is an error.
func pages(t *testing.T) (address string, page *atomic.Value) {
	page = &atomic.Value{}
	page.Store("")
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if text := page.Load().(string); text != "" {
			_, _ = w.Write([]byte(text))
			return
		}
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	t.Cleanup(s.Close)
	return s.URL + "/metrics", page
}

// TestAnOverloadIsToldWithItsStageAndItsEndWithHowLongItLasted: any collector that is behind counts, the first of them says since when, the furthest
// says where; one that cannot be asked ends nothing; what is short is not told.
func TestAnOverloadIsToldWithItsStageAndItsEndWithHowLongItLasted(t *testing.T) {
	one, first := pages(t)
	two, second := pages(t)
	b := testkit.Broker(t, topics.All()...)
	w := newWatch(t, b, func(c *Config) { c.Collectors, c.Hold = []string{one, two}, time.Minute })
	w.run(t)
	now := time.Now()
	idle := collectorPage(now, 0, map[string]float64{"identity": 0.5})
	first.Store(idle)
	second.Store(collectorPage(now, 30*time.Second, map[string]float64{"identity": 1, "feature": 40}))
	overloaded := func() bool {
		n, _ := w.gauge(t, "freshet_freshness_breached", stageOverload, "any", "behind")
		return n == 1
	}
	until := func(what string, ok func() bool) {
		t.Helper()
		testkit.Eventually(t, soon, func() error {
			if !ok() {
				return fmt.Errorf("not %s", what)
			}
			return nil
		})
	}
	looks := func() int { // whole looks from here on
		n, _ := w.gauge(t, "freshet_freshness_looks_total", stageAlerts, "seen")
		return int(n)
	}
	look := func() { t.Helper(); n := looks(); until("two looks later", func() bool { return looks() >= n+2 }) }
	look()
	if overloaded() {
		t.Error("what lasts half a minute is told")
	}
	w.clock.jump(31 * time.Second)
	w.hook.wait(0, "breached overload behind")
	n := w.hook.last()
	began := now.Add(-30 * time.Second)
	if d := n.Data; d.At != "feature" || d.AgeSeconds != 40 || d.LineSeconds != 10 || d.Grade != "any" || d.Advice == "" || d.Runbook != runbook+"#overload" ||
		d.Since != began.UTC().Format("2006-01-02T15:04:05.000Z") || d.Until != "" {
		t.Errorf("told %+v", d)
	}
	first.Store(collectorPage(now, 10*time.Second, map[string]float64{"warehouse": 90})) // the other one is behind too
	look()
	second.Store("") // and this one is away: nobody knows how it is
	first.Store(idle)
	look()
	if !overloaded() {
		t.Error("an overload ended though a collector could not be asked")
	}
	second.Store(idle)
	w.hook.wait(1, "restored overload behind")
	n = w.hook.last()
	ended, err := time.Parse(time.RFC3339, n.Data.Until)
	if lasted := ended.Sub(began); err != nil || n.Data.LastedSeconds < 61 || n.Data.LastedSeconds > lasted.Seconds()+1 || n.Data.LastedSeconds < lasted.Seconds()-1 {
		t.Errorf("ended %q, lasted %g s, want %s (%v)", n.Data.Until, n.Data.LastedSeconds, lasted, err)
	}
	if overloaded() {
		t.Error("the metric says that it goes on")
	}
	if all := w.hook.all(); len(all) != 2 {
		t.Errorf("told %q", all)
	}
}

// A scrape that falls between two metrics says that a collector is behind and that nothing is needed: it is not believed. A collector whose stages
// cannot be asked is.
func TestATornScrapeIsNoOverload(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct {
		needs map[string]float64
		told  bool
	}{
		"nothing is needed":         {map[string]float64{"warehouse": 0, "identity": 0}, false},
		"one stage needs time":      {map[string]float64{"warehouse": 3, "identity": 0}, true},
		"no stage can be asked now": {nil, true},
	} {
		parser := expfmt.NewTextParser(model.UTF8Validation)
		families, err := parser.TextToMetricFamilies(strings.NewReader(collectorPage(now, time.Minute, c.needs)))
		if err != nil {
			t.Fatal(err)
		}
		var o overload
		if o.hear(families); o.since.IsZero() == c.told {
			t.Errorf("%s: %+v", name, o)
		}
	}
}
