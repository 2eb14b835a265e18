package warehouse

import (
	"slices"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

// noteRows are the columns of dw.events for an event's notes.
type noteRows struct{ kinds, notes [][]string }

func newNoteRows(n int) noteRows {
	return noteRows{kinds: make([][]string, 0, n), notes: make([][]string, 0, n)}
}

func (r *noteRows) add(e *eventv1.Event) {
	var kinds, notes []string
	for _, n := range e.GetNotes() {
		if !slices.Contains(kinds, n.GetKind()) {
			kinds = append(kinds, n.GetKind())
		}
		notes = append(notes, n.GetKind()+" "+n.GetPath()+": "+n.GetDetail())
	}
	r.kinds, r.notes = append(r.kinds, kinds), append(r.notes, notes)
}

func (r *noteRows) columns() []column {
	return []column{{"note_kinds", r.kinds}, {"notes", r.notes}}
}
