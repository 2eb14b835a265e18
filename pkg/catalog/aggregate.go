package catalog

import "time"

// aggregate is one way of making features.
type aggregate struct {
	// doc is for people.
	doc string
	// windowed says that it is computed over windows, of which the longest is longest (0: any, and the lifetime).
	windowed bool
	longest  time.Duration
	// the expressions that it needs (+), may have (?) or must not have ( ).
	value, by, each byte
	// text says that Value is a text.
	text bool
	// orders says that it can be made of what orders post.
	orders bool
	// events says that it can be made of events; what is made of features has neither.
	events bool
	of     int // how many features it is made of
	kind   Kind
	entry  Kind
	// decays says that it needs a half-life, or may have one.
	decays byte
	keeps  bool // it has a list of Keep entries
	finish finisher
	// columns are the accumulations it reads, in the order in which finish takes them.
	columns func(d *compiled) []Column
}

// aggregates are all ways, by name.
var aggregates = map[string]aggregate{
	"count": {doc: "how many events there were", windowed: true, each: '?', events: true, orders: false, kind: KindCount,
		finish: finishCount, columns: simple(OpSum)},
	"sum": {doc: "the sum of a number", windowed: true, value: '+', each: '?', events: true, orders: true, kind: KindDecimal,
		finish: finishCount, columns: simple(OpSum)},
	"average": {doc: "a sum by how many had the number, toward zero; of orders: by how many orders", windowed: true, value: '+', each: '?', events: true,
		orders: true, kind: KindDecimal, finish: finishAverage, columns: averageColumns},
	"min": {doc: "the smallest of a number", windowed: true, value: '+', each: '?', events: true, kind: KindDecimal, finish: finishNumber, columns: simple(OpMin)},
	"max": {doc: "the largest of a number", windowed: true, value: '+', each: '?', events: true, kind: KindDecimal, finish: finishNumber, columns: simple(OpMax)},
	"first": {doc: "the text of the earliest event that has one", value: '+', each: '?', text: true, events: true, kind: KindText, finish: finishText,
		columns: simple(OpFirst)},
	"last": {doc: "the text of the latest event that has one", value: '+', each: '?', text: true, events: true, kind: KindText, finish: finishText,
		columns: simple(OpLast)},
	"first_number": {doc: "the number of the earliest event that has one", value: '+', each: '?', events: true, kind: KindDecimal, finish: finishNumber,
		columns: simple(OpFirst)},
	"last_number": {doc: "the number of the latest event that has one", value: '+', each: '?', events: true, kind: KindDecimal, finish: finishNumber,
		columns: simple(OpLast)},
	"first_time":  {doc: "when the earliest was", events: true, orders: true, kind: KindMoment, finish: finishMoment, columns: simple(OpFirstTime)},
	"last_time":   {doc: "when the latest was", events: true, orders: true, kind: KindMoment, finish: finishMoment, columns: simple(OpLastTime)},
	"since_first": {doc: "how long ago the earliest was", events: true, orders: true, kind: KindAge, finish: finishMoment, columns: simple(OpFirstTime)},
	"since_last":  {doc: "how long ago the latest was", events: true, orders: true, kind: KindAge, finish: finishMoment, columns: simple(OpLastTime)},
	"distinct": {doc: "how many different texts there were: exact to 64, about beyond", windowed: true, value: '+', each: '?', text: true, events: true,
		kind: KindCount, finish: finishDistinct, columns: simple(OpDistinct)},
	"top": {doc: "the keys with the most, each with its share of the total", windowed: true, value: '?', by: '+', each: '?', events: true, kind: KindList,
		entry: KindDecimal, decays: '?', keeps: true, finish: finishTop, columns: keyed},
	"top_key": {doc: "the key with the most", windowed: true, value: '?', by: '+', each: '?', events: true, kind: KindText, decays: '?', finish: finishTopKey,
		columns: keyed},
	"top_share": {doc: "the share of the key with the most", windowed: true, value: '?', by: '+', each: '?', events: true, kind: KindDecimal, decays: '?',
		finish: finishTopShare, columns: keyed},
	"breakdown": {doc: "a count, or a sum, by key", windowed: true, value: '?', by: '+', each: '?', events: true, kind: KindList, keeps: true,
		finish: finishBreakdown, columns: simple(OpByKey)},
	"decayed_sum": {doc: "a count, or a sum, in which what lies a half-life back counts half", value: '?', each: '?', events: true, orders: true, kind: KindDecimal,
		decays: '+', finish: finishDecayed, columns: simple(OpDecayed)},
	"gap_mean": {doc: "the mean time between two of the latest 64", events: true, orders: true, kind: KindDuration, finish: finishGapMean, columns: simple(OpTimes)},
	"gap_deviation": {doc: "the standard deviation of the times between two of the latest 64", events: true, orders: true, kind: KindDuration,
		finish: finishGapDeviation, columns: simple(OpTimes)},
	"gap_cv":      {doc: "that deviation by the mean: how regular", events: true, orders: true, kind: KindDecimal, finish: finishGapCV, columns: simple(OpTimes)},
	"gap_longest": {doc: "the longest time between two of the latest 64", events: true, orders: true, kind: KindDuration, finish: finishGapLongest, columns: simple(OpTimes)},
	"session_count": {doc: "how many visits: events at most 30 minutes apart are one", windowed: true, longest: 90 * day, events: true, kind: KindCount,
		finish: finishSessionCount, columns: simple(OpSessions)},
	"session_length": {doc: "the mean time from the first to the last event of a visit", windowed: true, longest: 90 * day, events: true, kind: KindDuration,
		finish: finishSessionLength, columns: simple(OpSessions)},
	"session_depth": {doc: "the mean number of events of a visit", windowed: true, longest: 90 * day, events: true, kind: KindDecimal, finish: finishSessionDepth,
		columns: simple(OpSessions)},
	"session_bounce": {doc: "the share of visits with one event", windowed: true, longest: 90 * day, events: true, kind: KindDecimal, finish: finishSessionBounce,
		columns: simple(OpSessions)},
	"streak_current": {doc: "how many days in a row, UTC, until today or yesterday; at most 366", events: true, kind: KindCount, finish: finishStreakCurrent,
		columns: simple(OpDays)},
	"streak_longest": {doc: "how many days in a row, UTC, at most, within 366 days", events: true, kind: KindCount, finish: finishStreakLongest, columns: simple(OpDays)},
	"latest": {doc: "the last time of each key, the latest 64", by: '+', events: true, kind: KindList, entry: KindMoment, keeps: true, finish: finishLatest,
		columns: simple(OpLatest)},
	"traits": {doc: "the last value of each trait that identify calls told, the latest 64", events: true, kind: KindList, entry: KindText, finish: finishTraits,
		columns: simple(OpTraits)},
	"ratio":   {doc: "one feature by another, toward zero", of: 2, kind: KindDecimal, finish: finishRatio},
	"elapsed": {doc: "the time from one moment to another", of: 2, kind: KindDuration, finish: finishElapsed},
}

// Aggregates are the names of all ways of making a feature, each with what it is.
func Aggregates() map[string]string {
	out := map[string]string{}
	for name, a := range aggregates {
		out[name] = a.doc
	}
	return out
}

// compiled is a definition with its expressions.
type compiled struct {
	*Definition
	aggregate
	column Column // what all its columns have in common
	posted Posted
}

// simple is one column.
func simple(op Op) func(d *compiled) []Column {
	return func(d *compiled) []Column {
		c := d.column
		c.Op, c.Posted = op, d.posted
		return []Column{c}
	}
}

// averageColumns are the sum, and how many had the number.
func averageColumns(d *compiled) []Column {
	sum, count := d.column, d.column
	sum.Op, sum.Posted = OpSum, d.posted
	count.Op, count.Posted = OpSum, PostedOrders
	if count.Source == FromEvents {
		count.Posted, count.Counted, count.Value = 0, count.Value, nil
	}
	return []Column{sum, count}
}

// keyed is one column by key, decayed where there is a half-life.
func keyed(d *compiled) []Column {
	if d.HalfLife > 0 {
		return simple(OpDecayedByKey)(d)
	}
	return simple(OpByKey)(d)
}
