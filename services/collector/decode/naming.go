package decode

import (
	"fmt"
	"slices"
	"strings"

	"github.com/freshet/freshet/pkg/customer"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/placeholder"
)

// naming is how the names of one event are read, and what was no name.
type naming struct {
	list   *placeholder.List
	habits customer.Habits
	// struck is the first placeholder of the event, as its path and a quotation; empty when there was none.
	struck string
}

// strikes says that a value is nobody's name, and notes it on the event.
func (w *Work) strikes(typ, field, value string) bool {
	if !w.naming.list.Strikes(typ, value) {
		return false
	}
	quoted := fmt.Sprintf("%s %q", field, Clipped(value))
	if w.naming.struck == "" {
		w.naming.struck = quoted
	}
	w.Note(NotePlaceholder, field, quoted+" is a placeholder, nobody's name: it was left out; if it is a name in this workspace, list it under placeholders.remove")
	return true
}

// nobody is why an event without a name is refused.
func (n *naming) nobody() *Fault {
	why := "values such as null, 0, -1 or anonymous do not count"
	if n.struck != "" {
		why = n.struck + " is a placeholder and does not count"
	}
	return &Fault{ReasonNoIdentifier, "the event names nobody: send userId or anonymousId (" + why + ")"}
}

// Clipped is at most 40 characters of a value, as a copy that outlives the request.
func Clipped(value string) string {
	n := 0
	for i := range value {
		if n++; n > 40 {
			return strings.ToValidUTF8(value[:i], "?") + "..."
		}
	}
	return strings.ToValidUTF8(strings.Clone(value), "?")
}

// addPrevious reads an alias's other name. Segment's browser library puts the anonymous id into previousId itself; others send it as
// anonymousId only. A previousId that is not the event's own anonymous id may be a user id, which only identity can tell: it goes
// along as it is, beside the user id that it is said to be the same person as.
func (w *Work) addPrevious(it *Item, trusted bool) *Fault {
	previous := it.previousID
	if !present(previous) {
		previous = it.anonymousID
	}
	if !present(previous) {
		return &Fault{ReasonMissingPrevious, `an alias call needs the old name in "previousId"`}
	}
	value, f := ID("previousId", previous)
	if f != nil {
		return f
	}
	value = strings.TrimSpace(value)
	switch {
	case w.named(customer.TypeUserID, value): // it says nothing
		return nil
	case !w.named(customer.TypeUserID, "") || w.named(customer.TypeAnonymousID, value) || value == "":
		return w.addIdentifier(customer.TypeAnonymousID, "previousId", previous)
	}
	if w.strikes(customer.TypeUserID, "previousId", value) {
		return nil
	}
	w.Event.Alias = &eventv1.Alias{PreviousId: value, Trusted: trusted}
	if !trusted {
		w.Note(NoteAlias, "previousId", fmt.Sprintf("previousId %q counts as an anonymous id only: two user ids become one person on the word of a trusted source alone; "+
			"send the alias with the key of one, or mark this source as trusted if it is a server of yours", Clipped(value)))
	}
	return nil
}

// named says that the event has an identifier of this type and value, or, without a value, of this type.
func (w *Work) named(typ, value string) bool {
	return slices.ContainsFunc(w.Event.Identifiers, func(i *eventv1.Identifier) bool { return i.Type == typ && (value == "" || i.Value == value) })
}
