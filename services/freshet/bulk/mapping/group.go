package mapping

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"

	"github.com/freshet/freshet/services/freshet/bulk/rows"
)

const (
	// maxSeen is how many keys or message ids are remembered, at about 30 bytes each.
	maxSeen = 8_000_000
	// maxHeld is how much is held in memory with group_by_sorted: false, in bytes.
	maxHeld = 512 << 20
	// maxGroup is how much one event's rows may take, in bytes.
	maxGroup = 4 << 20
)

// groups are the events whose rows are being gathered. Rows of one key that take different names, as an order and its refund do, are different events.
type groups struct {
	last     int         // sorted: the kind of the row before
	key      string      // sorted: of the rows that come now
	begin    rows.Place  // sorted: of the first row of that key
	open     []*group    // sorted: the events of that key, not sorted: all
	hole     *rows.Row   // cannot be read, since the last row that can
	lost     *rows.Row   // sorted: a hole among the rows of this key, which could be of any of its events
	returned *rows.Fault // sorted: why the rows of this key are refused
	byKey    map[string]*group
	held     int
}

// group is one event to be.
type group struct {
	kind  int // the alternative of the event's name
	rows  []*rows.Row
	lines []byte   // elements with commas behind
	names []string // who the rows named so far, "" for nobody
	fault *rows.Fault
	size  int
	over  bool // too large: its rows are refused as they come
}

// addLine takes a row that is a line of an event.
func (m *Mapper) addLine(row *rows.Row, emit func(Unit) error) error {
	g, emit := &m.groups, m.placed(emit)
	refuse := func(f *rows.Fault) error { return emit(Unit{Rows: []*rows.Row{row}, Fault: f}) }
	if row.Skipped != "" {
		return refuse(nil)
	}
	if row.Fault != nil {
		g.hole = row
		return refuse(row.Fault)
	}
	if is, fault := m.when.holds(row); fault != nil || !is {
		return refuse(fault)
	}
	key, fault := m.groupKey(row)
	if fault != nil {
		return refuse(fault)
	}
	kind, fault := m.choose(row)
	if !m.sorted {
		if fault != nil {
			return refuse(fault)
		}
		return m.hold(key, kind, row)
	}
	if len(g.open) == 0 || g.key != key {
		if err := m.turn(key, row, emit); err != nil {
			return err
		}
	} else if g.hole != nil {
		g.lost = g.hole
		for _, one := range g.open {
			one.lacks(g.lost)
		}
	}
	g.hole = nil
	if kind == noKind && len(g.open) > 0 {
		kind, fault = g.last, nil // an export that says it in the order's first row alone
	}
	if fault != nil {
		return refuse(fault)
	}
	g.last = kind
	i := slices.IndexFunc(g.open, func(one *group) bool { return one.kind == kind })
	if i < 0 {
		i = len(g.open)
		g.open = append(g.open, &group{kind: kind, fault: g.returned, over: g.returned != nil})
		g.open[i].lacks(g.lost)
	}
	return m.append(g.open[i], row, emit)
}

// placed tells the first unit behind the rows of a key where the next key's begin: all before that is emitted by then, and what follows is emitted
// when its last row is known.
func (m *Mapper) placed(emit func(Unit) error) func(Unit) error {
	return func(u Unit) error {
		u.Behind, m.groups.begin = m.groups.begin, rows.Place{}
		return emit(u)
	}
}

// turn ends the events of one key and begins those of the next.
func (m *Mapper) turn(key string, row *rows.Row, emit func(Unit) error) error {
	g := &m.groups
	if err := g.end(m, emit); err != nil {
		return err
	}
	if len(m.seen) >= maxSeen {
		return fmt.Errorf("row %d: more than %d events by group_by in one file: split it", row.Number, maxSeen)
	}
	g.key, g.returned, g.lost, g.begin = key, nil, nil, row.Place()
	if !m.fresh(key) {
		g.returned = &rows.Fault{Reason: reasonReturned, Detail: fmt.Sprintf("%s: the rows of %s are not together; the event of the first ones was made without this row: "+
			"sort the file by it, or set group_by_sorted: false", strings.Join(m.keyNames, ", "), m.shown(row))}
	}
	return nil
}

// lacks refuses an event among whose rows one cannot be read.
func (g *group) lacks(hole *rows.Row) {
	if hole != nil && g.fault == nil {
		g.fault = &rows.Fault{Reason: reasonWithGroup, Detail: fmt.Sprintf("row %d, among the rows of this event, cannot be read", hole.Number)}
	}
}

// shown is a row's key for people.
func (m *Mapper) shown(row *rows.Row) string {
	var parts []string
	for _, slot := range m.key {
		parts = append(parts, fmt.Sprintf("%.60q", row.Value(slot).Text))
	}
	return strings.Join(parts, ", ")
}

// groupKey joins the columns of group_by so that no two keys are alike.
func (m *Mapper) groupKey(row *rows.Row) (string, *rows.Fault) {
	b := m.scratch[:0]
	for i, slot := range m.key {
		v := row.Value(slot)
		if v.Kind == rows.Absent {
			return "", &rows.Fault{Reason: reasonMissing, Detail: fmt.Sprintf("group_by: column %s is empty", m.keyNames[i])}
		}
		b = fmt.Appendf(b, "%d:%s", len(v.Text), v.Text)
	}
	m.scratch = b
	return string(b), nil
}

// hold keeps a row until the end of the file.
func (m *Mapper) hold(key string, kind int, row *rows.Row) error {
	g := &m.groups
	if g.byKey == nil {
		g.byKey = map[string]*group{}
	}
	key = fmt.Sprintf("%s%d", key, kind) // a key ends with its last column's text, whose length it says
	in := g.byKey[key]
	if in == nil {
		in = &group{kind: kind}
		g.byKey[key] = in
		g.open = append(g.open, in)
	}
	before := in.size
	if err := m.append(in, row, nil); err != nil {
		return err
	}
	if g.held += in.size - before; g.held > maxHeld {
		return fmt.Errorf("row %d: the rows of one event lie too far apart: more than %d MiB are held; sort the file by %s", row.Number, maxHeld>>20, strings.Join(m.keyNames, ", "))
	}
	return nil
}

// append adds a row to its event. With emit, the rows of an event that is too large are refused at once.
func (m *Mapper) append(g *group, row *rows.Row, emit func(Unit) error) error {
	if g.over && emit != nil {
		return emit(Unit{Rows: []*rows.Row{row}, Fault: g.fault})
	}
	before := len(g.lines)
	g.rows = append(g.rows, row)
	if g.fault == nil {
		g.fault = m.line(g, row)
	}
	g.size += row.Size() + len(g.lines) - before
	if g.size <= maxGroup || emit == nil {
		return nil
	}
	g.over, g.fault = true, &rows.Fault{Reason: rows.ReasonTooLarge, Detail: fmt.Sprintf("the rows of %s take more than %d bytes", m.shown(row), maxGroup)}
	all := g.rows
	g.rows, g.lines = nil, nil
	for _, r := range all {
		if err := emit(Unit{Rows: []*rows.Row{r}, Fault: g.fault}); err != nil {
			return err
		}
	}
	return nil
}

// line adds a row's element to the list, and checks that the row names nobody else than those before it.
func (m *Mapper) line(g *group, row *rows.Row) *rows.Fault {
	own := func(f *rows.Fault) *rows.Fault {
		return &rows.Fault{Reason: f.Reason, Detail: fmt.Sprintf("row %d: %s", row.Number, f.Detail)}
	}
	if fault := m.same(g, row); fault != nil {
		return own(fault)
	}
	if m.into == "" {
		return nil
	}
	from := len(g.lines)
	g.lines = append(g.lines, '{')
	var fault *rows.Fault
	if g.lines, fault = m.lines.append(g.lines, []*rows.Row{row}); fault != nil {
		g.lines = g.lines[:from]
		return own(fault)
	}
	g.lines = append(shut(g.lines), ',')
	return nil
}

// same holds whom a row names against the rows before it. A row that leaves a name empty says nothing: many exports fill the order's columns in its
// first row only.
func (m *Mapper) same(g *group, row *rows.Row) *rows.Fault {
	if g.names == nil {
		g.names = make([]string, len(m.who))
	}
	for i, v := range m.who {
		is, fault := v.when.holds(row)
		var got rows.Value
		if is && fault == nil {
			got, fault = v.alone(row)
		}
		switch {
		case fault != nil:
			return fault
		case got.Kind == rows.Absent:
		case g.names[i] == "":
			g.names[i] = got.Text
		case g.names[i] != got.Text:
			return &rows.Fault{Reason: reasonConflict, Detail: fmt.Sprintf("it names somebody else than the rows of the same event before it: %s is %.60q, and was %.60q", v.at, got.Text, g.names[i])}
		}
	}
	return nil
}

// end emits what is gathered. An event with a bad row is refused whole: an order that lacks a line would be false money.
func (g *groups) end(m *Mapper, emit func(Unit) error) error {
	all := g.open
	g.open, g.byKey = nil, nil
	for i, one := range all {
		all[i] = nil // what is emitted need not be held
		if len(one.rows) == 0 {
			continue
		}
		unit := Unit{Rows: one.rows, Fault: one.fault}
		if unit.Fault == nil {
			m.write(&unit, one.kind, one.lines)
		}
		if err := emit(unit); err != nil {
			return err
		}
		if err := m.beside(unit, emit); err != nil {
			return err
		}
	}
	return nil
}

// fresh notes a key and says whether it is new. Beyond maxSeen nothing more is remembered.
func (m *Mapper) fresh(key string) bool {
	h := xxhash.Sum64String(key)
	if _, ok := m.seen[h]; ok {
		return false
	}
	if len(m.seen) < maxSeen {
		m.seen[h] = struct{}{}
	}
	return true
}
