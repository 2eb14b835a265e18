package number

// Column gathers how the numbers of a column are written. The zero Column is empty.
type Column struct{}

// Finding is how the numbers of a column are written.
type Finding struct {
	Convention
	// Sure says that the values leave no other reading. What is not sure may be overruled by a sure column of the same file: see Fits.
	Sure bool
	// Why is the evidence, for people, without a full stop: `groups of three in 12 of 40 values ("1,980")`.
	Why string
	// Currency is the ISO 4217 code that stands beside the numbers, or the sign when that is one of several currencies; empty when there is
	// none, or more than one: Currencies has them all.
	Currency   string
	Currencies []string
	// Whole says that no value has decimals; Percent that all are written with a percent sign.
	Whole, Percent bool
	// Unread is how many values are no numbers: few of many, and Example is one of them.
	Unread  int
	Example string
}

// Add takes the next value. Blank ones count as absent.
func (c *Column) Add(text string) {}

// Finding says how the numbers are written. ok is false for a column of something else: texts, and numbers that are names (with leading zeros).
func (c *Column) Finding() (f Finding, ok bool) { return Finding{}, false }

// Fits says that the values are numbers in another convention too, as Finding's are in its own.
func (c *Column) Fits(other Convention) bool { return false }
