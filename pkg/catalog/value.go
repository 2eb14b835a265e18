package catalog

// Kind is the form of a feature's value.
type Kind uint8

// The kinds. All but text and list are an int64 in the vector.
const (
	// KindCount is a whole number.
	KindCount Kind = iota + 1
	// KindDecimal is a number in millionths: money, quantities, shares, averages.
	KindDecimal
	// KindMoment is Unix milliseconds.
	KindMoment
	// KindAge is a moment, Unix milliseconds, that is read as the time since then; rules see it grow without a new value.
	KindAge
	// KindDuration is milliseconds.
	KindDuration
	// KindText is a text of at most MaxKeyBytes.
	KindText
	// KindList is a short list of entries, the best first.
	KindList
	// KindTag is a tag: the moment since when it holds, absent while it does not.
	KindTag
)

// Value is one feature's value. The zero Value is an absent one: nothing was ever seen that it could be made of.
type Value struct {
	Present bool
	Int     int64
	Text    string
	List    []Entry
}

// Entry is one entry of a list.
type Entry struct {
	Key string
	// Int is a number in the unit of the feature; for traits the moment they were told.
	Int int64
	// Text is the value of a trait, else empty.
	Text string
	// Source told the trait, else empty.
	Source string
}

// String is the kind's name in the API.
func (k Kind) String() string {
	return [...]string{"", "count", "decimal", "moment", "age", "duration", "text", "list", "tag"}[k]
}
