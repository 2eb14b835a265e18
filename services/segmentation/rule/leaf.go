package rule

import "fmt"

// op compares a feature with a constant.
type op string

const (
	opEqual        op = "=="
	opNotEqual     op = "!="
	opLess         op = "<"
	opLessEqual    op = "<="
	opGreater      op = ">"
	opGreaterEqual op = ">="
)

// holds says whether a op b.
func (o op) holds(a, b int64) bool {
	switch o {
	case opEqual:
		return a == b
	case opNotEqual:
		return a != b
	case opLess:
		return a < b
	case opLessEqual:
		return a <= b
	case opGreater:
		return a > b
	default:
		return a >= b
	}
}

// mirrored is the operator after its two sides change places: 3 < x is x > 3.
func (o op) mirrored() op {
	switch o {
	case opLess:
		return opGreater
	case opLessEqual:
		return opGreaterEqual
	case opGreater:
		return opLess
	case opGreaterEqual:
		return opLessEqual
	default:
		return o
	}
}

// source is what a leaf looks at.
type source int

const (
	sourceValue  source = iota // a windowed number
	sourceMoment               // time elapsed since a moment
	sourceEvent                // time elapsed since an event
	sourceEver                 // an event was seen
)

// leaf is one comparison. It is comparable, so that equal leaves are found by a map.
type leaf struct {
	source source
	// index is the place in Facts.values or Facts.moments.
	index int
	// event is the name for sourceEvent and sourceEver.
	event string
	op    op
	// limit is the constant: a count, micros, or milliseconds.
	limit int64
}

// since is the moment that an elapsed time counts from; ok is false when it never came.
func (l leaf) since(f *Facts) (ms int64, ok bool) {
	if l.source == sourceMoment {
		ms = f.moments[l.index]
	} else {
		ms = f.events[l.event]
	}
	return ms, ms != 0
}

// elapsed says whether the leaf changes by the passing of time alone.
func (l leaf) elapsed() bool { return l.source == sourceMoment || l.source == sourceEvent }

// holds says whether the leaf is true of the facts at nowMs.
func (l leaf) holds(f *Facts, nowMs int64) bool {
	switch l.source {
	case sourceValue:
		return l.op.holds(f.values[l.index], l.limit)
	case sourceEver:
		return f.events[l.event] != 0
	default:
		t, ok := l.since(f)
		return ok && l.op.holds(nowMs-t, l.limit)
	}
}

// flip is the one millisecond at which an elapsed leaf changes: the first at which
// its new value holds. ok is false for a leaf that no passing of time changes.
// Elapsed time only grows, so >= and < change when it reaches the limit, > and <=
// one millisecond later; the change may lie in the past.
func (l leaf) flip(f *Facts) (ms int64, ok bool) {
	if !l.elapsed() {
		return 0, false
	}
	t, ok := l.since(f)
	if !ok {
		return 0, false
	}
	if l.op == opGreater || l.op == opLessEqual {
		return t + l.limit + 1, true
	}
	return t + l.limit, true
}

// String is the leaf in a normal form: equal for two ways of writing one comparison.
func (l leaf) String() string {
	switch l.source {
	case sourceValue:
		w, fd := l.index/int(fieldCount), l.index%int(fieldCount)
		return fmt.Sprintf("%s_%s%s%d", fieldNames[fd], windowNames[w], l.op, l.limit)
	case sourceMoment:
		return fmt.Sprintf("ms_since_%s%s%d", momentNames[l.index], l.op, l.limit)
	case sourceEvent:
		return fmt.Sprintf("ms_since_event(%q)%s%d", l.event, l.op, l.limit)
	default:
		return fmt.Sprintf("ever(%q)", l.event)
	}
}
