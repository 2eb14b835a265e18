package moment

// Column gathers how the times of a column are written. The zero Column is empty.
type Column struct{}

// Finding is how the times of a column are written.
type Finding struct {
	// Layouts as a mapping has them, the most frequent first.
	Layouts []string
	// Sure says that the values leave no other reading.
	Sure bool
	// Why is the evidence, for people, without a full stop.
	Why string
	// Alternatives are layouts in place of the first of Layouts that the values would fit as well.
	Alternatives []string
	// Numeric says that the values are pure numbers (unix seconds, yyyymmdd, Excel's days), which may be something else: the name of the column
	// has to speak for a time, at least not against it.
	Numeric bool
	// DateOnly says that no value has a time of day; Zoned that all name their zone.
	DateOnly, Zoned bool
	// Unread is how many values are no times: few of many, and Example is one of them.
	Unread  int
	Example string
}

// Add takes the next value, in the order of the rows. Blank ones count as absent.
func (c *Column) Add(text string) {}

// Finding says how the times are written. ok is false for a column of something else.
func (c *Column) Finding() (f Finding, ok bool) { return Finding{}, false }
