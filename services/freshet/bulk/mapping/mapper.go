package mapping

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/freshet/freshet/services/freshet/bulk/rows"
)

// Mapper turns rows into units. For one goroutine.
type Mapper struct {
	source, kind, rest string
	file               File
	columns            []string
	sorted             bool

	when               *condition
	timestamp          *value
	events             []*value // alternatives of the name
	top                []named  // members of the event that name somebody
	person             []named  // members of traits that do
	external           []named
	device             named
	who                []*value // all of these but the device, which rows of one event must agree on
	properties, traits *object
	id, key            []int // slots
	idNames, keyNames  []string
	lines              *object
	into               string    // "" when the rows of an event make no list
	also               []*Mapper // further events of the rows of an event
	further            bool      // this is one of those
	otherwise          *value    // of a further event: the time where it has none of its own

	groups  groups
	seen    map[uint64]struct{} // hashes of keys, or of message ids, met before
	scratch []byte
	origin  [2]int // of the event made last: from where to where it says what file and row it comes from
	undated bool   // of the event made last: it has no time
}

// named is a value and the JSON before it, or, of external ids, behind it.
type named struct {
	key   string
	value *value
}

// Columns are what the reader must be bound to.
func (m *Mapper) Columns() []string { return m.columns }

// Rest says whether the columns that are not bound are wanted.
func (m *Mapper) Rest() bool { return m.rest != "" }

// maxEvent is the largest event made, in bytes: beyond it no collector takes it, and the request around it would be refused with it.
const maxEvent = 1 << 20

// Add takes the next row; emit is called for each unit that is complete. An error ends the import: emit's own, or a bound that is reached.
func (m *Mapper) Add(row *rows.Row, emit func(Unit) error) error {
	if len(m.key) > 0 {
		return m.addLine(row, emit)
	}
	unit := Unit{Rows: []*rows.Row{row}, Fault: row.Fault, Behind: row.Place()}
	if row.Skipped != "" {
		return emit(unit)
	}
	if unit.Fault == nil {
		is, fault := m.when.holds(row)
		if unit.Fault = fault; is && fault == nil {
			m.one(&unit)
		}
	}
	if err := emit(unit); err != nil {
		return err
	}
	return m.beside(unit, emit)
}

// End emits what is still held.
func (m *Mapper) End(emit func(Unit) error) error {
	if len(m.key) == 0 {
		return nil
	}
	return m.groups.end(m, m.placed(emit))
}

// event makes the event of its rows, under the kind-th alternative of its name; lines are the elements of a group's list, with commas behind.
func (m *Mapper) event(rs []*rows.Row, kind int, lines []byte) (event []byte, id string, fault *rows.Fault) {
	if id, fault = m.messageID(rs, kind); fault != nil {
		return nil, "", fault
	}
	b := append(m.scratch[:0], `{"type":"`...)
	b = append(b, m.kind...)
	b = append(b, `","messageId":`...)
	b = append(rows.AppendText(b, id), ',')
	if b, fault = m.head(b, rs, kind); fault != nil {
		return nil, "", fault
	}
	for _, step := range []func([]byte, []*rows.Row) ([]byte, *rows.Fault){m.names, m.context} {
		if b, fault = step(b, rs); fault != nil {
			return nil, "", fault
		}
	}
	if b, fault = m.objects(b, rs, lines); fault != nil {
		return nil, "", fault
	}
	b = shut(b)
	m.scratch = b
	if len(b) > maxEvent {
		return nil, "", &rows.Fault{Reason: rows.ReasonTooLarge, Detail: fmt.Sprintf("the event has %d bytes, more than %d", len(b), maxEvent)}
	}
	if len(m.id) > 0 && !m.fresh(id) {
		return nil, "", &rows.Fault{Reason: reasonRepeated, Detail: fmt.Sprintf(
			"the message id %s was there before in this file, so that only one of the two would be counted: message_id needs columns that tell rows apart", id)}
	}
	return append([]byte(nil), b...), id, nil
}

// head writes the time and the name.
func (m *Mapper) head(b []byte, rs []*rows.Row, kind int) ([]byte, *rows.Fault) {
	key := `"event":`
	if m.kind == "page" || m.kind == "screen" {
		key = `"name":`
	}
	var event *value
	if kind < len(m.events) {
		event = m.events[kind]
	}
	before := len(b)
	for _, at := range []*value{m.timestamp, m.otherwise} {
		var fault *rows.Fault
		if b, fault = (named{`"timestamp":`, at}).append(b, rs); fault != nil {
			return b, fault
		}
		if len(b) > before {
			break
		}
	}
	m.undated = len(b) == before && (m.kind == "track" || m.kind == "page" || m.kind == "screen")
	return named{key, event}.append(b, rs)
}

// append writes a member as text, with a comma behind it; nothing when it has no value.
func (n named) append(b []byte, rs []*rows.Row) ([]byte, *rows.Fault) {
	if n.value == nil {
		return b, nil
	}
	v, fault := n.value.name(rs)
	if fault != nil || v.Kind == rows.Absent {
		return b, fault
	}
	return append(rows.AppendText(append(b, n.key...), v.Text), ','), nil
}

func (m *Mapper) names(b []byte, rs []*rows.Row) ([]byte, *rows.Fault) {
	for _, n := range m.top {
		var fault *rows.Fault
		if b, fault = n.append(b, rs); fault != nil {
			return b, fault
		}
	}
	return b, nil
}

// context writes what names the person beside the ids, and where the event came from.
func (m *Mapper) context(b []byte, rs []*rows.Row) ([]byte, *rows.Fault) {
	var fault *rows.Fault
	b = append(b, `"context":{`...)
	if m.kind != "identify" {
		if b, fault = m.list(b, `"traits":{`, m.person, '}', rs); fault != nil {
			return b, fault
		}
	}
	at := len(b)
	if b, fault = m.device.append(b, rs); fault != nil {
		return b, fault
	}
	if len(b) > at {
		b[len(b)-1] = '}'
		b = append(b, ',')
	}
	at = len(b)
	b = append(b, `"externalIds":[`...)
	none := len(b)
	for _, e := range m.external {
		v, fault := e.value.name(rs)
		if fault != nil {
			return b, fault
		}
		if v.Kind != rows.Absent {
			b = append(rows.AppendText(append(b, `{"id":`...), v.Text), e.key...)
		}
	}
	if len(b) == none {
		b = b[:at]
	} else {
		b[len(b)-1] = ']'
		b = append(b, ',')
	}
	m.origin[0] = len(b)
	b = append(b, `"import":{"source":`...)
	b = rows.AppendText(b, m.source)
	b = append(b, `,"file":`...)
	b = rows.AppendText(b, strings.ToValidUTF8(m.file.Name, "?"))
	b = append(b, `,"row":`...)
	b = strconv.AppendInt(b, rs[0].Number, 10)
	m.origin[1] = len(b)
	return append(b, `}},`...), nil
}

// list writes an object of members; nothing when none has a value.
func (m *Mapper) list(b []byte, open string, members []named, end byte, rs []*rows.Row) ([]byte, *rows.Fault) {
	at := len(b)
	b = append(b, open...)
	inside := len(b)
	for _, n := range members {
		var fault *rows.Fault
		if b, fault = n.append(b, rs); fault != nil {
			return b, fault
		}
	}
	if len(b) == inside {
		return b[:at], nil
	}
	b[len(b)-1] = end
	return append(b, ','), nil
}

// objects writes the properties and traits.
func (m *Mapper) objects(b []byte, rs []*rows.Row, lines []byte) ([]byte, *rows.Fault) {
	for _, o := range []struct {
		name string
		is   *object
	}{{"properties", m.properties}, {"traits", m.traits}} {
		at := len(b)
		b = append(append(append(b, '"'), o.name...), `":{`...)
		inside := len(b)
		var fault *rows.Fault
		if b, fault = o.is.append(b, rs); fault != nil {
			return b, fault
		}
		var person []string
		if o.name == "traits" && m.kind == "identify" {
			if b, person, fault = m.personTraits(b, rs); fault != nil {
				return b, fault
			}
		}
		if m.rest == o.name {
			rs[0].Rest(func(name string, v rows.Value) {
				if v.Kind != rows.Absent && !o.is.has(name) && !slices.Contains(person, name) {
					b = append(v.Append(append(rows.AppendText(b, name), ':')), ',')
				}
			})
		}
		if o.name == "properties" && len(lines) > 0 {
			b = append(append(b, m.into...), lines...)
			b[len(b)-1] = ']'
			b = append(b, ',')
		}
		if len(b) == inside {
			b = b[:at]
			continue
		}
		b = append(shut(b), ',')
	}
	return b, nil
}

// personTraits adds the e-mail and phone of an identify call to its traits, unless the mapping names them there itself. It says which it added.
func (m *Mapper) personTraits(b []byte, rs []*rows.Row) (out []byte, added []string, fault *rows.Fault) {
	for i, name := range []string{"email", "phone"} {
		if m.traits.has(name) {
			continue
		}
		from := len(b)
		if b, fault = m.person[i].append(b, rs); fault != nil {
			return b, nil, fault
		}
		if len(b) > from {
			added = append(added, name)
		}
	}
	return b, added, nil
}
