package forecast

import "time"

// The kinds of warnings.
const (
	// Fell: a count in its recent window is down to a part of what it was in the past one without the recent one, scaled to the same length.
	Fell = "fell"
	// Overdue: the time since a moment is above so many times the customer's own cycle.
	Overdue = "overdue"
	// Unanswered: a moment lies within a span of time, and the moment that would answer it is not behind it.
	Unanswered = "unanswered"
)

// Warning is an early-warning rule.
type Warning struct {
	Name        string
	Description string
	// Kind is Fell, Overdue or Unanswered.
	Kind string
	// Recent and Past are counts with windows, Past's the longer one; To is down to which part, 0 to 1, and Least how much the past must come to, scaled to
	// the recent window. Of Fell.
	Recent, Past string
	To, Least    float64
	// Since is a moment or an age, Cycle a duration, Times how many of them; Least is how many days a cycle counts at least, 0 for as it is. Of Overdue.
	Since, Cycle string
	Times        float64
	// Moment and Answer are moments or ages. Of Unanswered.
	Moment, Answer string
	Within         time.Duration
}

// Feature is the warning's name in rules.
func (w *Warning) Feature() string { return warningPrefix + w.Name }

// warningPrefix begins the names of warnings in rules.
const warningPrefix = "warning_"
