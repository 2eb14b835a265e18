package mapping

import (
	"bytes"
	"fmt"
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

// groups are the events whose rows are being gathered.
type groups struct {
	open  *group // sorted: the one whose rows come now
	hole  *rows.Row
	byKey map[string]*group // not sorted: all
	order []*group
	held  int
}

// group is one event to be.
type group struct {
	key   string
	rows  []*rows.Row
	lines []byte // elements with commas behind
	names []byte // identifiers of the first row
	fault *rows.Fault
	size  int
	over  bool // too large: its rows are refused as they come
}

// addLine takes a row that is a line of an event.
func (m *Mapper) addLine(row *rows.Row, emit func(Unit) error) error {
	g := &m.groups
	refuse := func(f *rows.Fault) error { return emit(Unit{Rows: []*rows.Row{row}, Fault: f}) }
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
	if !m.sorted {
		return m.hold(key, row)
	}
	if g.open != nil && g.open.key == key {
		if g.hole != nil && g.open.fault == nil {
			g.open.fault = &rows.Fault{Reason: reasonWithGroup, Detail: fmt.Sprintf("row %d, among the rows of this event, cannot be read", g.hole.Number)}
		}
		g.hole = nil
		return m.append(g.open, row, emit)
	}
	if err := g.end(m, emit); err != nil {
		return err
	}
	g.hole = nil
	if len(m.seen) >= maxSeen {
		return fmt.Errorf("row %d: more than %d events by group_by in one file: split it", row.Number, maxSeen)
	}
	g.open = &group{key: key}
	if !m.fresh(key) {
		g.open.over = true
		g.open.fault = &rows.Fault{Reason: reasonReturned, Detail: fmt.Sprintf("%s: the rows of %s are not together; the event of the first ones was made without this row: "+
			"sort the file by it, or set group_by_sorted: false", strings.Join(m.keyNames, ", "), m.shown(row))}
	}
	return m.append(g.open, row, emit)
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
func (m *Mapper) hold(key string, row *rows.Row) error {
	g := &m.groups
	if g.byKey == nil {
		g.byKey = map[string]*group{}
	}
	in := g.byKey[key]
	if in == nil {
		in = &group{key: key}
		g.byKey[key] = in
		g.order = append(g.order, in)
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

// line adds a row's element to the list, and checks that the row names the same person as the first.
func (m *Mapper) line(g *group, row *rows.Row) *rows.Fault {
	own := func(f *rows.Fault) *rows.Fault {
		return &rows.Fault{Reason: f.Reason, Detail: fmt.Sprintf("row %d: %s", row.Number, f.Detail)}
	}
	names, fault := m.names(m.scratch[:0], row)
	if fault == nil {
		names, fault = m.list(names, "{", m.person, '}', row)
	}
	if fault != nil {
		return own(fault)
	}
	m.scratch = names
	if len(g.rows) == 1 {
		g.names = bytes.Clone(names)
	} else if !bytes.Equal(names, g.names) {
		return &rows.Fault{Reason: reasonConflict, Detail: fmt.Sprintf("row %d names somebody else than row %d of the same event: %s and %s", row.Number, g.rows[0].Number,
			bytes.TrimRight(names, ","), bytes.TrimRight(g.names, ","))}
	}
	from := len(g.lines)
	g.lines = append(g.lines, '{')
	if g.lines, fault = m.lines.append(g.lines, row); fault != nil {
		g.lines = g.lines[:from]
		return own(fault)
	}
	g.lines = append(shut(g.lines), ',')
	return nil
}

// end emits what is gathered. An event with a bad row is refused whole: an order that lacks a line would be false money.
func (g *groups) end(m *Mapper, emit func(Unit) error) error {
	all := g.order
	if g.open != nil {
		all = []*group{g.open}
	}
	g.open, g.order, g.byKey = nil, nil, nil
	for i, one := range all {
		all[i] = nil // what is emitted need not be held
		if len(one.rows) == 0 {
			continue
		}
		unit := Unit{Rows: one.rows, Fault: one.fault}
		if unit.Fault == nil {
			unit.Event, unit.MessageID, unit.Fault = m.write(one.rows[0], one.lines)
		}
		if err := emit(unit); err != nil {
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
