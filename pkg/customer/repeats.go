package customer

import "time"

// RepeatsWithin is for how long after its receipt an event is told from its repetition, at least: identity forgets the ids of events after
// that, so a copy that comes later counts again.
const RepeatsWithin = 7 * 24 * time.Hour
