package mapping

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/freshet/freshet/services/freshet/bulk/rows"
)

// messageID is made of the columns of message_id, with the event's name behind where the rows may make several: an order and its refund may share
// their number. Without message_id, of the file's content, the row's number, and the name of a further event.
func (m *Mapper) messageID(rs []*rows.Row, kind int) (string, *rows.Fault) {
	var name rows.Value
	if len(m.events) > 1 || m.further {
		var fault *rows.Fault
		if name, fault = m.events[kind].name(rs); fault != nil {
			return "", fault
		}
	}
	if len(m.id) == 0 {
		b := fmt.Appendf(m.scratch[:0], "%s\x00%s\x00%d", m.file.Sum, m.source, rs[0].Number)
		if m.further {
			b = fmt.Appendf(b, "\x00%s", name.Text)
		}
		sum := sha256.Sum256(b)
		return "import-" + hex.EncodeToString(sum[:16]), nil
	}
	b := append([]byte(m.source), '-')
	for i, slot := range m.id {
		v := first(rs, slot)
		if v.Kind == rows.Absent {
			return "", &rows.Fault{Reason: reasonMissing, Detail: fmt.Sprintf("message_id: column %s is empty", m.idNames[i])}
		}
		if i > 0 {
			b = append(b, '/')
		}
		b = append(b, escaped.Replace(v.Text)...)
	}
	if name.Kind != rows.Absent {
		b = append(append(b, '/'), escaped.Replace(name.Text)...)
	}
	if len(b) > 200 {
		sum := sha256.Sum256(b)
		return m.source + "-" + hex.EncodeToString(sum[:16]), nil
	}
	return string(b), nil
}

// first is the value of a column in the first of the rows that has one.
func first(rs []*rows.Row, slot int) (v rows.Value) {
	for _, row := range rs {
		if v = row.Value(slot); v.Kind != rows.Absent {
			break
		}
	}
	return v
}

// escaped keeps ("a", "b/c") and ("a/b", "c") apart.
var escaped = strings.NewReplacer("~", "~0", "/", "~1")
