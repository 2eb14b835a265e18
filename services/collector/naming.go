package collector

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
func (w *work) strikes(typ, field, value string) bool {
	if !w.naming.list.Strikes(typ, value) {
		return false
	}
	quoted := fmt.Sprintf("%s %q", field, clipped(value))
	if w.naming.struck == "" {
		w.naming.struck = quoted
	}
	w.note(notePlaceholder, field, quoted+" is a placeholder, nobody's name: it was left out; if it is a name in this workspace, list it under placeholders.remove")
	return true
}

// nobody is why an event without a name is refused.
func (n *naming) nobody() *fault {
	why := "values such as null, 0, -1 or anonymous do not count"
	if n.struck != "" {
		why = n.struck + " is a placeholder and does not count"
	}
	return &fault{reasonNoIdentifier, "the event names nobody: send userId or anonymousId (" + why + ")"}
}

// clipped is at most 40 characters of a value, as a copy that outlives the request.
func clipped(value string) string {
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
func (w *work) addPrevious(it *item, trusted bool) *fault {
	previous := it.previousID
	if !present(previous) {
		previous = it.anonymousID
	}
	if !present(previous) {
		return &fault{reasonMissingPrevious, `an alias call needs the old name in "previousId"`}
	}
	value, f := id("previousId", previous)
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
	w.event.Alias = &eventv1.Alias{PreviousId: value, Trusted: trusted}
	if !trusted {
		w.note(noteAlias, "previousId", fmt.Sprintf("previousId %q counts as an anonymous id only: two user ids become one person on the word of a trusted source alone; "+
			"send the alias with the key of one, or mark this source as trusted if it is a server of yours", clipped(value)))
	}
	return nil
}

// named says that the event has an identifier of this type and value, or, without a value, of this type.
func (w *work) named(typ, value string) bool {
	return slices.ContainsFunc(w.event.Identifiers, func(i *eventv1.Identifier) bool { return i.Type == typ && (value == "" || i.Value == value) })
}

// maxTold is of how many events an answer says what the sender should learn; the rest is on the events. It bounds what an answer holds.
const maxTold = 20

// tell puts what the sender should learn of an event that was taken into the answer: that its alias joins nobody.
func (w *work) tell(index int, messageID string) {
	for _, n := range w.event.Notes {
		if n.Kind == noteAlias && len(w.told) < maxTold {
			w.told = append(w.told, Told{Index: index, MessageID: strings.Clone(messageID), Kind: n.Kind, Detail: n.Detail})
		}
	}
}

// Told is a note on an accepted event that its sender is told of.
type Told struct {
	// Index is the event's place in the request.
	Index int `json:"index"`
	// MessageID is the event's.
	MessageID string `json:"message_id"`
	// Kind is a word, Detail a sentence: see docs/events.md.
	Kind   string `json:"kind"`
	Detail string `json:"detail"`
}
