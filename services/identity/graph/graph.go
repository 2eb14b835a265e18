package graph

import "github.com/freshet/freshet/pkg/customer"

// Store holds the state. stream.Tx is one, Batch another. Writes must be seen by
// later reads through the same Store, which may keep the values it is given.
type Store interface {
	Reader
	Set(key, value []byte)
	Delete(key []byte)
}

// Reader is the part of Store that looks without touching.
type Reader interface {
	Get(key []byte) (value []byte, ok bool, err error)
	// Scan calls fn for each key with the prefix, in byte order, from the key `from`
	// on (nil: from the first), until fn says no more or fails. fn must not write.
	Scan(prefix, from []byte, fn func(key, value []byte) (more bool, err error)) error
}

// Limits are the guards' bounds. They decide the outcome, so all replicas and the
// merge emitter must use the same ones: they are fixed by the software's version,
// not by configuration.
type Limits struct {
	// Identifiers is how many identifiers a customer may have. Above 0.
	Identifiers int
	// Merges is how many ids may have been merged into a customer, chains included. Above 0.
	Merges int
	// Refused is how many refused links are recorded for a customer; more are still
	// refused and counted, but leave no trace in the state. 0 or more.
	Refused int
	// Strong and Weak are the degrees (identifiers tied by events that named this one)
	// from which an e-mail address or telephone number, or any other identifier, ties
	// nothing more. Unique types have no such cap: Identifiers bounds them.
	Strong, Weak int
	// PerMinute and PerDay are how often within one minute, and one day, an identifier may bring customers or devices together before it
	// is retired. They bound what a value that nobody foresaw, and that many clients send, can do before it is known for what it is.
	PerMinute, PerDay int
	// UserIDs is how many user ids trusted aliases may give one customer.
	UserIDs int
}

// DefaultLimits are Segment's published caps (100 merges, 1,000 identifiers) and
// degrees that a family's tablet stays under and a shop's till does not. A person who logs in on seven devices within a minute, or on
// seventeen within a day, is taken for a value that many share.
func DefaultLimits() Limits {
	return Limits{Identifiers: 1000, Merges: 100, Refused: 100, Strong: 100, Weak: 20, PerMinute: 5, PerDay: 15, UserIDs: 10}
}

// Graph applies the rules under its limits. The zero value is not usable: see New.
// A Graph has no state of its own; many goroutines may use one.
type Graph struct {
	limits Limits
}

// New returns a Graph with the given limits.
func New(l Limits) Graph { return Graph{limits: l} }

// unique says that one customer has at most one value of this type, and that two
// values are two persons.
func unique(typ string) bool { return typ == customer.TypeUserID }

// saturated says that an identifier of this type with this degree ties nothing more.
func (g Graph) saturated(typ string, degree int) bool {
	switch {
	case unique(typ):
		return false
	case typ == customer.TypeEmail || typ == customer.TypePhone:
		return degree >= g.limits.Strong
	default:
		return degree >= g.limits.Weak
	}
}

// Reason says which rule stopped an identifier. The values are stored: never
// renumber them.
type Reason byte

// The reasons.
const (
	// Blocked: the value is empty or longer than 255 bytes.
	Blocked Reason = 1
	// UniqueConflict: the link would give one customer two user ids.
	UniqueConflict Reason = 2
	// DegreeCap: the identifier has tied too many others.
	DegreeCap Reason = 3
	// IdentifierCap: the customer would have too many identifiers.
	IdentifierCap Reason = 4
	// MergeCap: the customer would have too many merged ids.
	MergeCap Reason = 5
	// Rush: the identifier brought too many customers or devices together within a minute or a day.
	Rush Reason = 6
	// AliasNotTrusted: the alias is between two user ids and its source is not trusted.
	AliasNotTrusted Reason = 7
	// AliasCap: the customer would have too many user ids.
	AliasCap Reason = 8
)

// Reasons lists every reason, for the metrics.
func Reasons() []Reason {
	return []Reason{Blocked, UniqueConflict, DegreeCap, IdentifierCap, MergeCap, Rush, AliasNotTrusted, AliasCap}
}

// String is the word used in metrics and logs.
func (r Reason) String() string {
	switch r {
	case Blocked:
		return "blocked"
	case UniqueConflict:
		return "unique_conflict"
	case DegreeCap:
		return "degree_cap"
	case IdentifierCap:
		return "identifier_cap"
	case MergeCap:
		return "merge_cap"
	case Rush:
		return "rush"
	case AliasNotTrusted:
		return "alias_not_trusted"
	case AliasCap:
		return "alias_cap"
	default:
		return "unknown"
	}
}

// Identifier is one normalised name of a person.
type Identifier struct {
	Type, Value string
}

// Statement is what one event says: these names are one person's.
type Statement struct {
	Workspace string
	// Identifiers, highest priority first.
	Identifiers []Identifier
	// Previous is the other name of an alias, a user id or an anonymous id; empty for other events. Trusted says that it may join two
	// user ids.
	Previous string
	Trusted  bool
	// AtMS is the time that the guards count by, Unix milliseconds: when a live event was received, when one of history occurred.
	AtMS int64
	// ReceivedMS is when the event was received, Unix milliseconds: what was retired later still says who it is of.
	ReceivedMS int64
}

// Dropped is an identifier that a rule stopped.
type Dropped struct {
	Identifier Identifier
	Reason     Reason
}
