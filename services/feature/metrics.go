package feature

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/freshet/freshet/pkg/freshness"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

// metrics count what the task does. A batch that is tried again counts twice.
type metrics struct {
	applied, changes, duplicates, forwarded, merged, timers, slow prometheus.Counter

	watches prometheus.Gauge

	filled, fillFacts prometheus.Counter

	sets      *prometheus.CounterVec // by reason
	freshness *freshness.Histogram
	now       func() time.Time
}

func newMetrics(reg prometheus.Registerer, now func() time.Time) (*metrics, error) {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: "freshet_feature_" + name, Help: help})
	}
	m := &metrics{
		applied:    counter("events_applied_total", "Events added to a customer's state."),
		changes:    counter("order_changes_total", "Changes of orders added to a customer's state."),
		duplicates: counter("duplicates_total", "Events, changes of orders and handovers dropped because they were applied before."),
		forwarded:  counter("forwarded_total", "Events, changes of orders and handovers passed on because their customer was merged away."),
		merged:     counter("merges_total", "Merged customers whose state was added to another."),
		timers:     counter("timers_total", "Times a window changed with no event."),
		filled:     counter("filled_total", "Records given what they lacked of a catalogue that grew."),
		fillFacts:  counter("fill_facts_total", "Facts read to fill records after the catalogue grew."),
		slow:       counter("watches_slow_total", "Watches that were ended because their caller took no answers."),
		watches: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "freshet_feature_watches", Help: "Watches that are open.",
		}),
		sets: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "freshet_feature_sets_published_total", Help: "Feature sets published, by reason.",
		}, []string{"reason"}),
		now: now,
	}
	fresh, err := freshness.New(reg)
	m.freshness = fresh
	if reg == nil {
		return m, err
	}
	errs := []error{err}
	for _, c := range []prometheus.Collector{m.applied, m.changes, m.duplicates, m.forwarded, m.merged, m.timers, m.slow, m.watches, m.filled, m.fillFacts, m.sets} {
		errs = append(errs, reg.Register(c))
	}
	return m, errors.Join(errs...)
}

// published counts a feature set, and how old its earliest live event is.
func (m *metrics) published(reason featurev1.ChangeReason, receivedMs int64) {
	m.sets.WithLabelValues(reasonWords[reason]).Inc()
	m.freshness.Observe("feature", receivedMs, m.now())
}

var reasonWords = map[featurev1.ChangeReason]string{
	featurev1.ChangeReason_CHANGE_REASON_EVENT: "event",
	featurev1.ChangeReason_CHANGE_REASON_TIME:  "time",
	featurev1.ChangeReason_CHANGE_REASON_MERGE: "merge",
}

// filling registers how far a fill is, and whether the features file has faults.
func (m *metrics) filling(reg prometheus.Registerer, s *Service) error {
	if reg == nil {
		return nil
	}
	return errors.Join(reg.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "freshet_feature_filled_ratio", Help: "How much of this process's customers has every feature of the catalogue, 0 to 1: below 1 while new ones are filled from the facts.",
	}, func() float64 {
		part, _ := s.filler.progress()
		return part
	})), reg.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "freshet_feature_file_faulty", Help: "1 while the features file has faults and the catalogue of before stays in use.",
	}, func() float64 {
		if f := s.file.Load(); f != nil && f.fault != "" {
			return 1
		}
		return 0
	})))
}
