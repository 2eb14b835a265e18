package watch

import (
	"time"

	dto "github.com/prometheus/client_model/go"
)

// What a collector says of being behind: services/collector/behind.
const (
	behindSince   = "freshet_collector_behind_since_timestamp_seconds"
	behindSeconds = "freshet_collector_behind_seconds"
	behindLimit   = "freshet_collector_behind_limit_seconds"
)

// stageOverload is no stage: it is told like one, when what comes is more than the stages work off. Its cause is behind.
const (
	stageOverload       = "overload"
	behind        cause = "behind"
)

// overload is what the collectors say together: since when the first of them has asked history to come later, and what the one that is
// furthest behind says of it.
type overload struct {
	since time.Time     // zero: none is behind
	needs time.Duration // about how long the stages need to catch up
	limit time.Duration // how long they may need
	stage string        // where most of it stands
}

// hear takes what one collector says. One that is too old to say anything says nothing.
func (o *overload) hear(families map[string]*dto.MetricFamily) {
	began, ok := gauge(families[behindSince])
	if !ok || began <= 0 || torn(families[behindSeconds]) {
		return
	}
	if since := time.UnixMilli(int64(began * 1000)); o.since.IsZero() || since.Before(o.since) {
		o.since = since
	}
	for _, m := range families[behindSeconds].GetMetric() {
		needs := time.Duration(m.GetGauge().GetValue() * float64(time.Second))
		if needs <= o.needs {
			continue
		}
		o.needs = needs
		for _, l := range m.GetLabel() {
			if l.GetName() == "stage" {
				o.stage = l.GetValue()
			}
		}
	}
	limit, _ := gauge(families[behindLimit])
	o.limit = max(o.limit, time.Duration(limit*float64(time.Second)))
}

// torn says that a scrape fell between two metrics of one moment: the collector is behind, and no stage needs anything. The next look has both.
func torn(needs *dto.MetricFamily) bool {
	for _, m := range needs.GetMetric() {
		if m.GetGauge().GetValue() > 0 {
			return false
		}
	}
	return len(needs.GetMetric()) > 0 // a stage that cannot be asked has none
}

// overloaded gives what is to be told of an overload. It counts from when the collector said that it began, and is told, like what is late,
// when it has lasted for hold: an import that is asked to wait for a moment is what the door is for. err says that not every collector was asked;
// lag are the records that wait where most of it stands.
func (b *book) overloaded(now time.Time, o overload, err error, lag int64) ([]Notice, []state) {
	s := state{key: key{stageOverload, unknown, behind}, age: o.needs, line: o.limit, sure: err == nil, lag: lag, at: o.stage, began: o.since}
	s.bad = !o.since.IsZero() && now.Sub(o.since) >= b.cfg.Hold
	if n, ok := b.step(now, s); ok {
		return []Notice{n}, []state{s}
	}
	return nil, []state{s}
}
