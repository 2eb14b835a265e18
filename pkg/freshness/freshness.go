// Package freshness measures how old live events are when each stage is done with
// them: the one metric behind the two-hour line and the one-second goal. It is not
// for other latencies, and history is never observed.
package freshness

import (
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Histogram is freshet_freshness_seconds{stage}. Safe for concurrent use.
type Histogram struct{ seconds *prometheus.HistogramVec }

// New registers the histogram, or takes the one that another stage of the same
// process has registered. A nil reg gives one that is shown nowhere.
func New(reg prometheus.Registerer) (*Histogram, error) {
	h := &Histogram{seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "freshet_freshness_seconds",
		Help: "Age of a live event, from its receipt by the collector, when the stage had handled it.",
		// From one commit of the local broker to the alarm lines of 10 minutes and 2 hours.
		Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 600, 7200},
	}, []string{"stage"})}
	if reg == nil {
		return h, nil
	}
	err := reg.Register(h.seconds)
	var taken prometheus.AlreadyRegisteredError
	if errors.As(err, &taken) {
		if existing, ok := taken.ExistingCollector.(*prometheus.HistogramVec); ok {
			return &Histogram{seconds: existing}, nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("register freshet_freshness_seconds: %w", err)
	}
	return h, nil
}

// Observe notes that stage, one word such as "feature", was done at now with a live
// event received at receivedMs, Unix milliseconds. 0, which stands for no live
// event, is ignored; clocks that disagree count as an age of 0.
func (h *Histogram) Observe(stage string, receivedMs int64, now time.Time) {
	if receivedMs == 0 {
		return
	}
	age := now.Sub(time.UnixMilli(receivedMs))
	h.seconds.WithLabelValues(stage).Observe(max(age, 0).Seconds())
}
