package mapping

import (
	"bytes"
	"fmt"

	"github.com/cespare/xxhash/v2"

	"github.com/freshet/freshet/services/freshet/bulk/rows"
)

// Unit is what became of one row, or of the rows of one event.
type Unit struct {
	// Event is one item of POST /v1/import; nil when there is none.
	Event []byte
	// MessageID is the event's; "" when there is none.
	MessageID string
	// Base is the id that the event would have if nothing else had been sent under it; "" when that is MessageID.
	Base string
	// Rows made it, in the file's order; at least one.
	Rows []*rows.Row
	// Fault is why there is no event; without one the row was skipped by `when`, or is Known.
	Fault *rows.Fault
	// Behind is a place of the file that all rows before which are in units before this one, and none of these; none where that cannot be said.
	Behind rows.Place
	// Further says that the rows made the event of the unit before, and this one beside it.
	Further bool
	// Undated says that the event has no time of its own and will count as of its import.
	Undated bool
	// Content tells apart what events say under one message id, whatever file and row they come from. Zero without message_id.
	Content uint64
	// Known says that the event was sent before, from another file: it is left out.
	Known bool
}

// Anew gives an event that says something else than what was sent under its message id an id of its own, made of that, of what it says and of the
// import, since what changed may change back. Only identify calls take one: what a person is is what was said last, and what happened happened once.
// False for all others.
func (m *Mapper) Anew(u *Unit, imports uint64) bool {
	if m.kind != "identify" || u.Further {
		return false
	}
	u.Base, u.MessageID = u.MessageID, fmt.Sprintf("%s~%016x", u.MessageID, u.Content^imports)
	const key = `"messageId":`
	u.Event = bytes.Replace(u.Event, rows.AppendText([]byte(key), u.Base), rows.AppendText([]byte(key), u.MessageID), 1)
	return true
}

// one makes the event of a row that is one by itself.
func (m *Mapper) one(u *Unit) {
	kind, fault := m.choose(u.Rows[0])
	if u.Fault = fault; fault == nil {
		m.write(u, kind, nil)
	}
}

// write makes the event of a unit's rows, or its fault.
func (m *Mapper) write(u *Unit, kind int, lines []byte) {
	if u.Event, u.MessageID, u.Fault = m.event(u.Rows, kind, lines); u.Event == nil {
		return
	}
	u.Undated = m.undated
	if len(m.id) > 0 {
		u.Content = xxhash.Sum64(u.Event[:m.origin[0]])
		u.Content = u.Content*31 + xxhash.Sum64(u.Event[m.origin[1]:])
	}
}
