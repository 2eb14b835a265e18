package mapping

import "github.com/freshet/freshet/services/freshet/bulk/rows"

// The reasons why a row becomes no event, besides those of reading. docs/import.md explains them.
const (
	reasonValue     = "bad_value"
	reasonMissing   = "missing_value"
	reasonUnmapped  = "unmapped_value"
	reasonTime      = "bad_timestamp"
	reasonCondition = "bad_condition"
	reasonReturned  = "key_returned"
	reasonWithGroup = "rejected_with_its_group"
	reasonConflict  = "conflicting_rows"
	reasonRepeated  = "message_id_repeated"
	// ReasonChanged is that of run.
	ReasonChanged = "changed_under_its_id"
)

// Reasons are all reasons a row can be rejected for before it is sent.
var Reasons = []string{
	rows.ReasonRagged, rows.ReasonQuotes, rows.ReasonEncoding, rows.ReasonJSON, rows.ReasonTooLarge, rows.ReasonResult,
	reasonValue, reasonMissing, reasonUnmapped, reasonTime, reasonCondition, reasonReturned, reasonWithGroup, reasonConflict, reasonRepeated, ReasonChanged,
}
