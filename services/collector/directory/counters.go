package directory

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/freshet/freshet/services/collector/decode"
)

// counters are those of one source, looked up once.
type counters struct {
	accepted   prometheus.Counter
	rejected   map[string]prometheus.Counter // by reason
	throttled  prometheus.Counter
	notes      map[string]prometheus.Counter // by kind
	kept, left map[string]prometheus.Counter // refused bodies, by code
}

// otherCode stands for any code of a refused body that is not among those known.
const otherCode = "other"

// ofSource makes the counters of a source, at zero, so that a rate over them is right from the first event.
func (m *metrics) ofSource(name string) *counters {
	c := &counters{
		accepted: m.events.WithLabelValues(name, "accepted", ""), throttled: m.throttled.WithLabelValues(name),
		rejected: map[string]prometheus.Counter{}, notes: map[string]prometheus.Counter{},
		kept: map[string]prometheus.Counter{}, left: map[string]prometheus.Counter{},
	}
	for _, code := range append([]string{otherCode}, m.codes...) {
		c.kept[code], c.left[code] = m.bodies.WithLabelValues(name, code, "true"), m.bodies.WithLabelValues(name, code, "false")
	}
	for _, kind := range decode.NoteKinds {
		c.notes[kind] = m.notes.WithLabelValues(name, kind)
	}
	for _, reason := range m.reasons {
		c.rejected[reason] = m.rejected(name, reason)
	}
	return c
}

func (m *metrics) rejected(source, reason string) prometheus.Counter {
	return m.events.WithLabelValues(source, "rejected", reason)
}

// Rejected counts an event of a source, by its name, that turned out to be refused after it was acknowledged.
func (d *Directory) Rejected(source, reason string) { d.metrics.rejected(source, reason).Inc() }

// Accepted counts events made durable.
func (s *Source) Accepted(events int) { s.counters.accepted.Add(float64(events)) }

// Rejected counts one refused event, made durable too. The reason is one of Deps.Reasons.
func (s *Source) Rejected(reason string) { s.counters.rejected[reason].Inc() }

// Noted counts a note on an accepted event. The kind is one of decode.NoteKinds.
func (s *Source) Noted(kind string) { s.counters.notes[kind].Inc() }

// Throttled counts a request answered 429.
func (s *Source) Throttled() { s.counters.throttled.Inc() }

// BodyRefused counts a request that was refused whole.
func (s *Source) BodyRefused(code string, kept bool) {
	of := s.counters.left
	if kept {
		of = s.counters.kept
	}
	c := of[code]
	if c == nil {
		c = of[otherCode]
	}
	c.Inc()
}
