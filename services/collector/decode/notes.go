package decode

import (
	"strings"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

// Kinds of notes: what of an event that was taken could not be read, or was read another way than it was written. The words of Note.kind, of the
// metric's label and of dw.events.note_kinds. docs/events.md explains each; the set is closed.
const (
	NoteBadTimestamp       = ReasonBadTimestamp // a time that cannot be read, of a live event
	NoteBadEnvelope        = "bad_envelope"     // a member of the batch itself
	NoteWrongType          = ReasonWrongType    // context, integrations, properties or traits that are no object
	NoteRenamed            = "renamed"
	NoteMissingOrderID     = "missing_order_id"
	NoteUnreadableOrderID  = "unreadable_order_id"
	NoteUnreadableMoney    = "unreadable_money"
	NoteAmbiguousMoney     = "ambiguous_money"
	NoteUnreadableQuantity = "unreadable_quantity"
	NoteUnreadableLine     = "unreadable_line"
	NoteUnknownCurrency    = "unknown_currency"
	NoteCurrencyMismatch   = "currency_mismatch"
	NoteNoRate             = "no_rate"
	NoteSaturated          = "saturated"
	NotePlaceholder        = "placeholder_id"    // an id is what programs send in place of one; it was left out
	NoteAlias              = "alias_not_trusted" // an alias of a source that is not trusted does not join two user ids
)

// NoteKinds lists them all.
var NoteKinds = []string{
	NoteBadTimestamp,
	NoteBadEnvelope,
	NoteWrongType,
	NoteRenamed,
	NoteMissingOrderID,
	NoteUnreadableOrderID,
	NoteUnreadableMoney,
	NoteAmbiguousMoney,
	NoteUnreadableQuantity,
	NoteUnreadableLine,
	NoteUnknownCurrency,
	NoteCurrencyMismatch,
	NoteNoRate,
	NoteSaturated,
	NotePlaceholder,
	NoteAlias,
}

// maxNotes bounds the notes of one event.
const maxNotes = 20

// Note adds a note to w.event, unless it has as many as it may. kind is one of noteKinds; path is where in the event, "properties.total"; detail
// is a sentence that says what to change and quotes at most 40 characters of what was sent.
func (w *Work) Note(kind, path, detail string) {
	if len(w.Event.Notes) == maxNotes {
		return
	}
	w.Event.Notes = append(w.Event.Notes, &eventv1.Note{Kind: kind, Path: path, Detail: strings.ToValidUTF8(detail, "?")})
}
