package doctor

import (
	"context"
	"fmt"
	"strings"
)

// renamed is the kind of note that says of nothing that it could not be read.
const renamed = "renamed"

// notesQuery counts the events of the last day by kind of note; each event counts once under each of its kinds.
const notesQuery = `SELECT arrayJoin(note_kinds) AS kind, count() AS events, any((SELECT countIf(notEmpty(note_kinds)) FROM dw.events WHERE received_at >= now() - INTERVAL 1 DAY))
FROM dw.events WHERE received_at >= now() - INTERVAL 1 DAY GROUP BY kind ORDER BY events DESC, kind`

// NotesSQL shows what could not be read, by source and event.
const NotesSQL = `SELECT source, name, arrayJoin(notes) AS note, count() AS events FROM dw.events WHERE received_at >= now() - INTERVAL 1 DAY GROUP BY ALL ORDER BY events DESC LIMIT 50`

// notes says how many events of the last day could not be read whole.
func notes(ctx context.Context, p Patient) Finding {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	failed := func(err error) Finding {
		return Finding{Check: "notes", State: Failed, Detail: fmt.Sprintf("cannot read the notes of dw.events: %v", err), Fix: restart}
	}
	db, err := p.Addresses.ClickHouse(ctx, p.Login)
	if err != nil {
		return failed(err)
	}
	defer func() { _ = db.Close() }()
	rows, err := db.Query(ctx, notesQuery)
	if err != nil {
		return failed(err)
	}
	defer rows.Close()
	f := Finding{Check: "notes", State: OK, Detail: "every event of the last day was read whole"}
	var kinds []string
	var events uint64
	for rows.Next() {
		var kind string
		var of uint64
		if err := rows.Scan(&kind, &of, &events); err != nil {
			return failed(err)
		}
		kinds = append(kinds, fmt.Sprintf("%s %d", kind, of))
		if kind != renamed {
			f.State, f.Fix = Warned, "docs/events.md says what each kind means and what to change; to see them: "+NotesSQL
		}
	}
	if err := rows.Err(); err != nil {
		return failed(err)
	}
	if len(kinds) > 0 {
		f.Detail = fmt.Sprintf("%d events of the last day have notes: %s", events, strings.Join(kinds, ", "))
	}
	return f
}
