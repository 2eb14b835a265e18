package collector

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

// Kinds of notes: what of an event that was taken could not be read, or was read another way than it was written. The words of Note.kind, of the
// metric's label and of dw.events.note_kinds. docs/events.md explains each; the set is closed.
const (
	noteBadTimestamp       = reasonBadTimestamp // a time that cannot be read, of a live event
	noteBadEnvelope        = "bad_envelope"     // a member of the batch itself
	noteWrongType          = reasonWrongType    // context, integrations, properties or traits that are no object
	noteRenamed            = "renamed"
	noteMissingOrderID     = "missing_order_id"
	noteUnreadableOrderID  = "unreadable_order_id"
	noteUnreadableMoney    = "unreadable_money"
	noteAmbiguousMoney     = "ambiguous_money"
	noteUnreadableQuantity = "unreadable_quantity"
	noteUnreadableLine     = "unreadable_line"
	noteUnknownCurrency    = "unknown_currency"
	noteCurrencyMismatch   = "currency_mismatch"
	noteNoRate             = "no_rate"
	noteSaturated          = "saturated"
	notePlaceholder        = "placeholder_id"    // an id is what programs send in place of one; it was left out
	noteAlias              = "alias_not_trusted" // an alias of a source that is not trusted does not join two user ids
)

// noteKinds lists them all.
var noteKinds = []string{
	noteBadTimestamp,
	noteBadEnvelope,
	noteWrongType,
	noteRenamed,
	noteMissingOrderID,
	noteUnreadableOrderID,
	noteUnreadableMoney,
	noteAmbiguousMoney,
	noteUnreadableQuantity,
	noteUnreadableLine,
	noteUnknownCurrency,
	noteCurrencyMismatch,
	noteNoRate,
	noteSaturated,
	notePlaceholder,
	noteAlias,
}

// maxNotes bounds the notes of one event.
const maxNotes = 20

// newNotesMetric counts notes.
func newNotesMetric() *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "freshet_collector_notes_total",
		Help: "What of accepted events could not be read, or was read another way than it was written, by source and kind; docs/events.md has the kinds."},
		[]string{"source", "kind"})
}

// note adds a note to w.event, unless it has as many as it may. kind is one of noteKinds; path is where in the event, "properties.total"; detail
// is a sentence that says what to change and quotes at most 40 characters of what was sent.
func (w *work) note(kind, path, detail string) {
	if len(w.event.Notes) == maxNotes {
		return
	}
	w.event.Notes = append(w.event.Notes, &eventv1.Note{Kind: kind, Path: path, Detail: strings.ToValidUTF8(detail, "?")})
}

// countNotes counts the notes of an event that was accepted.
func (w *work) countNotes(src *source) {
	for _, n := range w.event.Notes {
		src.metrics.notes[n.Kind].Inc()
	}
}
