package decode

import "github.com/freshet/freshet/services/collector/plan"

// Reasons an event is refused for: the words of RejectedEvent.reason, of answers
// and of the metric's label. docs/events.md explains each; the set is closed.
const (
	ReasonInvalidJSON     = "invalid_json"
	ReasonNotAnObject     = "not_an_object"
	ReasonInvalidUTF8     = "invalid_utf8"
	ReasonTooLarge        = "too_large"
	ReasonTooDeep         = "too_deep"
	ReasonTooManyKeys     = "too_many_keys"
	ReasonMissingType     = "missing_type"
	ReasonUnknownType     = "unknown_type"
	ReasonMissingName     = "missing_event_name"
	ReasonMissingGroup    = "missing_group_id"
	ReasonMissingPrevious = "missing_previous_id"
	ReasonWrongType       = "wrong_type"
	ReasonTooLong         = "too_long"
	ReasonBadIdentifier   = "bad_identifier"
	ReasonNoIdentifier    = "no_identifier"
	ReasonBadTimestamp    = "bad_timestamp"
	ReasonTooOld          = "too_old"
	ReasonInFuture        = "in_future"
	ReasonBadCloudEvent   = "bad_cloudevent"
	ReasonPlanViolation   = plan.ReasonViolation
	ReasonUnplannedEvent  = plan.ReasonUnplanned
)

// Reasons a whole body is refused for, beside those above: its events cannot be told apart, or are none, or too many.
const (
	EmptyBody           = "empty_body"
	MissingBatch        = "missing_batch"
	BatchNotAnArray     = "batch_not_an_array"
	EmptyBatch          = "empty_batch"
	TooManyEventsReason = "too_many_events"
)

// Reasons lists those of events. The store has one more: store.NotStorable.
var Reasons = []string{
	ReasonInvalidJSON, ReasonNotAnObject, ReasonInvalidUTF8, ReasonTooLarge, ReasonTooDeep, ReasonTooManyKeys,
	ReasonMissingType, ReasonUnknownType, ReasonMissingName, ReasonMissingGroup, ReasonMissingPrevious,
	ReasonWrongType, ReasonTooLong, ReasonBadIdentifier, ReasonNoIdentifier,
	ReasonBadTimestamp, ReasonTooOld, ReasonInFuture, ReasonBadCloudEvent, ReasonPlanViolation, ReasonUnplannedEvent,
}

// Fault is why one event, or a whole body, is refused.
type Fault struct {
	// Reason is a word for counting, Detail a sentence for a person: what is wrong and what to change.
	Reason, Detail string
}

// Error is the sentence.
func (f *Fault) Error() string { return f.Detail }
