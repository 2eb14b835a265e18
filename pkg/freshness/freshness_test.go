package freshness_test

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/freshet/freshet/pkg/freshness"
)

// Stages of one process share one metric; no live event and clocks that disagree do no harm.
func TestStagesShareOneMetric(t *testing.T) {
	reg := prometheus.NewRegistry()
	now := time.UnixMilli(10_000)
	for _, stage := range []string{"identity", "feature"} {
		h, err := freshness.New(reg)
		if err != nil {
			t.Fatal(err)
		}
		h.Observe(stage, 0, now)
		h.Observe(stage, 9_500, now)
		h.Observe(stage, 10_200, now)
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	if len(families) != 1 || len(families[0].Metric) != 2 {
		t.Fatalf("got %v", families)
	}
	for _, m := range families[0].Metric {
		if h := m.GetHistogram(); h.GetSampleCount() != 2 || h.GetSampleSum() != 0.5 {
			t.Errorf("%v: %d samples, sum %g, want 2 and 0.5", m.Label, h.GetSampleCount(), h.GetSampleSum())
		}
	}
}

func TestNameTakenBySomethingElse(t *testing.T) {
	reg := prometheus.NewRegistry()
	reg.MustRegister(prometheus.NewCounter(prometheus.CounterOpts{Name: "freshet_freshness_seconds"}))
	if _, err := freshness.New(reg); err == nil {
		t.Fatal("no error")
	}
}
