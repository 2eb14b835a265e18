package collector

import (
	"github.com/freshet/freshet/services/collector/plan"

	"github.com/freshet/freshet/services/collector/store"
)

// Reasons an event is refused for: the words of RejectedEvent.reason, of answers
// and of the metric's label. docs/events.md explains each; the set is closed.
const (
	reasonInvalidJSON     = "invalid_json"
	reasonNotAnObject     = "not_an_object"
	reasonInvalidUTF8     = "invalid_utf8"
	reasonTooLarge        = "too_large"
	reasonTooDeep         = "too_deep"
	reasonTooManyKeys     = "too_many_keys"
	reasonMissingType     = "missing_type"
	reasonUnknownType     = "unknown_type"
	reasonMissingName     = "missing_event_name"
	reasonMissingGroup    = "missing_group_id"
	reasonMissingPrevious = "missing_previous_id"
	reasonWrongType       = "wrong_type"
	reasonTooLong         = "too_long"
	reasonBadIdentifier   = "bad_identifier"
	reasonNoIdentifier    = "no_identifier"
	reasonBadTimestamp    = "bad_timestamp"
	reasonTooOld          = "too_old"
	reasonInFuture        = "in_future"
	reasonBadCloudEvent   = "bad_cloudevent"
	reasonPlanViolation   = plan.ReasonViolation
	reasonUnplannedEvent  = plan.ReasonUnplanned
)

// reasons lists them all.
var reasons = []string{
	reasonInvalidJSON, reasonNotAnObject, reasonInvalidUTF8, reasonTooLarge, reasonTooDeep, reasonTooManyKeys,
	reasonMissingType, reasonUnknownType, reasonMissingName, reasonMissingGroup, reasonMissingPrevious,
	reasonWrongType, reasonTooLong, reasonBadIdentifier, reasonNoIdentifier,
	reasonBadTimestamp, reasonTooOld, reasonInFuture, reasonBadCloudEvent, store.NotStorable, reasonPlanViolation, reasonUnplannedEvent,
}

// fault is why one event is refused: a reason for counting and a sentence for a person.
type fault struct{ reason, detail string }

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
