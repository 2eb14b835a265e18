package intake

import (
	"strings"

	"github.com/freshet/freshet/services/collector/decode"
	"github.com/freshet/freshet/services/collector/directory"
)

// Rejection is one refused event of a request.
type Rejection struct {
	// Index is the event's position in the request, from 0.
	Index int `json:"index"`
	// MessageID is the event's id in events.rejected.v1.
	MessageID string `json:"message_id"`
	// Reason is a word from docs/events.md.
	Reason string `json:"reason"`
	// Detail is a sentence: what is wrong and what to change.
	Detail string `json:"detail"`
}

// maxTold is of how many events an answer says what the sender should learn; the rest is on the events. It bounds what an answer holds.
const maxTold = 20

// tell puts what the sender should learn of an event that was taken into the answer: that its alias joins nobody.
func (w *Work) tell(index int, messageID string) {
	for _, n := range w.Event.Notes {
		if n.Kind == decode.NoteAlias && len(w.told) < maxTold {
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

// countNotes counts the notes of an event that was accepted.
func (w *Work) countNotes(src *directory.Source) {
	for _, n := range w.Event.Notes {
		src.Noted(n.Kind)
	}
}
