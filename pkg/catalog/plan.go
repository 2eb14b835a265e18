package catalog

import (
	"time"

	"github.com/freshet/freshet/pkg/catalog/expr"
)

// Op is what a column accumulates.
type Op uint8

// The accumulations. Each says what a Reading of it has.
const (
	// OpSum adds numbers: 1 for each event where the column has no value. Reading.Sum.
	OpSum Op = iota + 1
	// OpMin keeps the smallest number. Reading.N and Any.
	OpMin
	// OpMax keeps the largest number. Reading.N and Any.
	OpMax
	// OpFirst keeps the value of the earliest event; at one time the smaller one. Reading.Text (or N, where Numeric), AtMs, Any.
	OpFirst
	// OpLast keeps the value of the latest event; at one time the larger one. Reading as of OpFirst.
	OpLast
	// OpFirstTime keeps the time of the earliest event. Reading.AtMs and Any.
	OpFirstTime
	// OpLastTime keeps the time of the latest event. Reading.AtMs and Any.
	OpLastTime
	// OpDistinct counts different texts: exactly up to DistinctExact, beyond it by a sketch (Sketch). Reading.Sketch.
	OpDistinct
	// OpByKey adds numbers by key: the MaxKeys keys with the smallest KeyHash have a sum each, the others one together. Reading.Keys and Sum,
	// which is the total of all.
	OpByKey
	// OpDecayed adds numbers into spans of a half-life, each weighted by the step in its span in which it falls (Weight). Reading.Spans.
	OpDecayed
	// OpDecayedByKey is OpDecayed by key, with the bound of OpByKey. Reading.Keys with Spans.
	OpDecayedByKey
	// OpTimes keeps the latest MaxTimes times. Reading.Times.
	OpTimes
	// OpSessions keeps spans of events that are at most SessionGap apart. Reading.Sessions.
	OpSessions
	// OpDays keeps the days, UTC, with an event: at most the last 366 before asOf. Reading.Times, as starts of days.
	OpDays
	// OpLatest keeps the last time of each key, the latest MaxNames of them, ties to the alphabetically first. Reading.Keys with AtMs.
	OpLatest
	// OpTraits keeps the last value of each trait that identify calls told, the latest MaxTraits of them, ties to the alphabetically first.
	// Reading.Keys with Text, AtMs, Source.
	OpTraits
)

// The bounds of what is kept of one customer.
const (
	DistinctExact = 64
	MaxKeys       = 128
	MaxTimes      = 64
	MaxNames      = 64
	MaxTraits     = 64
	// MaxKeyBytes bounds a key, a distinct text and a kept text; a longer one counts as absent.
	MaxKeyBytes = 255
	// SessionGap ends a session.
	SessionGap = 30 * time.Minute
	// SpansKept is after how many half-lives a decayed number is forgotten.
	SpansKept = 10
	// DecaySteps is in how many steps a half-life passes: what happens within one counts fully until the next begins.
	DecaySteps = 8
)

// Source is what a column is fed by.
type Source uint8

// The sources.
const (
	// FromEvents feeds a column with every event of the customer that passes its filter.
	FromEvents Source = iota + 1
	// FromOrders feeds it with what orders post (package order): postings count from their time on and may be taken back.
	FromOrders
)

// Posted is the number of a posting that a column of orders adds.
type Posted uint8

// The numbers of a posting, named as the columns of dw.order_postings.
const (
	PostedOrders Posted = iota + 1
	PostedQuantity
	PostedSpend
	PostedRefunds
	PostedRefund
)

// Column is one accumulation that the engine keeps for each customer. Features that need the same one share it.
type Column struct {
	// Key is its meaning in a normal form: equal keys accumulate equally, in this catalogue and in any other. ID is a hash of it, and of the tiles
	// by which it is kept.
	Key string
	ID  uint64
	Op  Op
	Source
	// Posted says what a column of orders adds; orders need no other field. OpTimes, OpFirstTime and OpLastTime take the times of the sales that
	// stand.
	Posted Posted
	// Where filters events; nil takes all.
	Where *expr.Bool
	// Each, when set, is an array within the event: the column is fed once for each element, which Where, Value and By read as item.
	Each *expr.Path
	// Value is the number added or compared, in millionths; nil adds 1 (not a million).
	Value *expr.Number
	// Counted, when set, must be present for an event to count, though it is not added: for averages.
	Counted *expr.Number
	// Text is the text kept or counted by OpFirst, OpLast, OpDistinct.
	Text *expr.Text
	// By is the key of OpByKey, OpDecayedByKey and OpLatest.
	By *expr.Text
	// HalfLife of a decayed column, whole hours.
	HalfLife time.Duration
	// Hops are the sizes of tiles by which the column is kept, finest first: one for each hop of a window that a feature reads it by.
	Hops []time.Duration
	// Keep is the longest window by each of Hops: what lies further back is pruned.
	Keep []Window
	// Windows are all windows by which sessions are looked at; other columns have none.
	Windows []Window
	// Lifetime says that it is kept without a window, too. Columns that have no windows (all but OpSum, OpMin, OpMax, OpDistinct, OpByKey) have
	// no Hops, and Lifetime set.
	Lifetime bool
}

// Slot is a column read over a window.
type Slot struct {
	Column int // in Plan.Columns
	Window Window
}

// Plan is what a catalogue asks of an engine. It does not change; many goroutines may use it.
type Plan struct {
	// Columns are all accumulations, by Key.
	Columns []Column
	// Slots are all readings that features are made of.
	Slots []Slot
	// Hops are all sizes of tiles, finest first.
	Hops []time.Duration
	// Fingerprint is of Columns: states with another one were kept for another plan.
	Fingerprint uint64
}

// Reading is what a slot holds at a moment. Which fields count is said at its column's Op.
type Reading struct {
	Sum Sum
	// Any says that there was something: the other fields mean nothing without it where Op says so.
	Any      bool
	N        int64
	Text     string
	AtMs     int64
	Times    []int64 // rising
	Sketch   *Sketch
	Keys     []Keyed // by key
	Spans    []Span  // rising
	Sessions []Session
}

// Keyed is the part of one key.
type Keyed struct {
	Key    string
	Sum    Sum
	Spans  []Span
	AtMs   int64
	Text   string
	Source string
}

// Span is what was added within one half-life: Index is floor(time / half-life), Sum is of numbers times Weight.
type Span struct {
	Index int64
	Sum   Sum
}

// Session is one visit.
type Session struct {
	StartMs, EndMs int64
	Events         int64
}
