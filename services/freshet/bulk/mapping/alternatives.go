package mapping

import (
	"fmt"

	"github.com/freshet/freshet/services/freshet/bulk/rows"
)

// validateAlternatives reports names of events that no row can have.
func (s *Spec) validateAlternatives() (faults []error) {
	if s.Event == nil {
		return nil
	}
	for n := range s.Event.Any {
		if last := len(s.Event.Any) - 1; n < last && s.Event.Any[n].When == "" {
			faults = append(faults, fmt.Errorf("event[%d]: has no when, so that event[%d] is never taken: only the last one goes without", n, n+1))
		}
	}
	return faults
}

// events compiles the name of the event: one field, or alternatives of which each row takes the first that holds.
func (c *compiler) events() (out []*value) {
	switch {
	case c.spec.Event == nil:
		return nil
	case len(c.spec.Event.Any) == 0:
		out = []*value{c.value("event", &c.spec.Event.Field)}
	}
	for n := range c.spec.Event.Any {
		out = append(out, c.value(fmt.Sprintf("event[%d]", n), &c.spec.Event.Any[n].Field))
	}
	for _, v := range out {
		v.required = v.required || c.spec.Type == "track"
	}
	return out
}

// noKind is the kind of a row for which no alternative holds.
const noKind = -1

// choose finds the alternative of the event's name that a row takes.
func (m *Mapper) choose(row *rows.Row) (int, *rows.Fault) {
	if len(m.events) < 2 {
		return 0, nil
	}
	for n, v := range m.events {
		if is, fault := v.when.holds(row); fault != nil || is {
			return n, fault
		}
	}
	return noKind, &rows.Fault{Reason: reasonMissing, Detail: "event: none of the alternatives holds: leave such rows out by the mapping's when, or end the list with one that has no when"}
}
