package mapping

import (
	"fmt"
	"strings"

	"github.com/freshet/freshet/services/freshet/bulk/rows"
)

// validateAlso reports further events that cannot be made, whatever the file holds.
func (s *Spec) validateAlso() (faults []error) {
	for n, a := range s.Also {
		at := fmt.Sprintf("also[%d]", n)
		switch {
		case a.Event == nil:
			faults = append(faults, fmt.Errorf(`%s.event: it needs a name, such as "Order Refunded"`, at))
		case len(a.Event.Any) > 0:
			faults = append(faults, fmt.Errorf("%s.event: give one name; another further event is another entry of also", at))
		}
		if len(a.MessageID) > 0 && len(s.MessageID) == 0 {
			faults = append(faults, fmt.Errorf("%s.message_id: needs message_id of the mapping itself", at))
		}
	}
	return faults
}

// eachAlso calls f with every field of the further events and its path.
func (s *Spec) eachAlso(f func(at string, field *Field), all func(at string, fields map[string]Field)) {
	for n := range s.Also {
		a, at := &s.Also[n], fmt.Sprintf("also[%d].", n)
		if a.Event != nil {
			f(at+"event", &a.Event.Field)
		}
		if a.Timestamp != nil {
			f(at+"timestamp", a.Timestamp)
		}
		all(at+"properties", a.Properties)
	}
}

// within is a field's path inside its further event; that of a field of the event itself as it is.
func within(at string) string {
	if _, inside, ok := strings.Cut(at, "]."); ok && strings.HasPrefix(at, "also[") {
		return inside
	}
	return at
}

// also compiles the further events. Each is a Mapper that shares whom the event is of, and the ids that were met.
func (c *compiler) also(m *Mapper) {
	for n, a := range c.spec.Also {
		at := fmt.Sprintf("also[%d].", n)
		one := &Mapper{source: m.source, file: m.file, kind: "track", further: true, seen: m.seen, traits: &object{}, otherwise: m.timestamp,
			top: m.top, person: m.person, external: m.external, device: m.device, id: m.id, idNames: m.idNames}
		one.when = c.condition(at+"when", a.When)
		one.events = []*value{c.value(at+"event", &a.Event.Field)}
		one.events[0].required = true
		one.timestamp = c.value(at+"timestamp", a.Timestamp)
		one.properties = c.build(at+"properties", a.Properties)
		if len(a.MessageID) > 0 {
			one.id, one.idNames = c.keys(at+"message_id", a.MessageID), a.MessageID
		}
		m.also = append(m.also, one)
	}
}

// beside emits the further events of an event that is made. One that cannot be made refuses the rows, not the event.
func (m *Mapper) beside(made Unit, emit func(Unit) error) error {
	if made.Event == nil {
		return nil
	}
	for _, one := range m.also {
		is, fault := one.wanted(made.Rows)
		if !is && fault == nil {
			continue
		}
		u := Unit{Rows: made.Rows, Fault: fault, Further: true}
		if fault == nil {
			one.write(&u, 0, nil)
		}
		if err := emit(u); err != nil {
			return err
		}
	}
	return nil
}

// wanted says whether the condition of a further event holds for one of its rows.
func (m *Mapper) wanted(rs []*rows.Row) (is bool, fault *rows.Fault) {
	for _, row := range rs {
		if is, fault = m.when.holds(row); is || fault != nil {
			break
		}
	}
	return is, fault
}
