package rule

import (
	"fmt"
	"strings"
)

// op compares a value with a constant.
type op string

const (
	opEqual        op = "=="
	opNotEqual     op = "!="
	opLess         op = "<"
	opLessEqual    op = "<="
	opGreater      op = ">"
	opGreaterEqual op = ">="
	opStartsWith   op = "startsWith"
	opEndsWith     op = "endsWith"
	opContains     op = "contains"
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

// ofText says whether a op b, of texts.
func (o op) ofText(a, b string) bool {
	switch o {
	case opEqual:
		return a == b
	case opNotEqual:
		return a != b
	case opStartsWith:
		return strings.HasPrefix(a, b)
	case opEndsWith:
		return strings.HasSuffix(a, b)
	default:
		return strings.Contains(a, b)
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
	sourceNumber  source = iota // a count, a decimal, a duration
	sourceText                  // a text
	sourceHas                   // whether there is a value; of a tag: whether it holds
	sourceElapsed               // time elapsed since a moment
	sourceEntry                 // the number of one entry of a list
	sourceHasKey                // whether a list has an entry
	sourceSince                 // time elapsed since the moment of one entry of a list
	sourceTrait                 // the text of one entry of a list
	sourceTraitNumber
)

// leaf is one comparison. It is comparable, so that equal leaves are found by a map.
type leaf struct {
	source source
	// index is the place in Facts, and name what it is called there.
	index int
	name  string
	// key is that of a list's entry.
	key string
	op  op
	// limit is the constant: a count, micros, or milliseconds. text is that of a comparison of texts.
	limit int64
	text  string
	// scale is how many integer steps the unit has in which people write the number.
	scale int64
}

// since is the moment that an elapsed time counts from; ok is false when it never came.
func (l *leaf) since(f Facts) (ms int64, ok bool) {
	if l.source == sourceElapsed {
		return f.Int(l.index)
	}
	e, ok := f.Entry(l.index, l.key)
	return e.Int, ok
}

// elapsed says whether the leaf changes by the passing of time alone.
func (l *leaf) elapsed() bool { return l.source == sourceElapsed || l.source == sourceSince }

// holds says whether the leaf is true of the facts at nowMs. Of something absent no comparison is true.
func (l *leaf) holds(f Facts, nowMs int64) bool {
	switch l.source {
	case sourceNumber:
		x, ok := f.Int(l.index)
		return ok && l.op.holds(x, l.limit)
	case sourceText:
		x, ok := f.Text(l.index)
		return ok && l.op.ofText(x, l.text)
	case sourceHas:
		return has(f, l.index)
	case sourceEntry:
		e, ok := f.Entry(l.index, l.key)
		return ok && l.op.holds(e.Int, l.limit)
	case sourceHasKey:
		_, ok := f.Entry(l.index, l.key)
		return ok
	case sourceTrait:
		e, ok := f.Entry(l.index, l.key)
		return ok && l.op.ofText(e.Text, l.text)
	case sourceTraitNumber:
		e, ok := f.Entry(l.index, l.key)
		if !ok {
			return false
		}
		x, ok := micros(e.Text)
		return ok && l.op.holds(x, l.limit)
	default:
		t, ok := l.since(f)
		return ok && l.op.holds(nowMs-t, l.limit)
	}
}

// has says whether there is a value of any kind.
func has(f Facts, i int) bool {
	if _, ok := f.Int(i); ok {
		return true
	}
	_, ok := f.Text(i)
	return ok
}

// flip is the one millisecond at which an elapsed leaf that counts from since changes: the first at which its new value holds. Elapsed time only grows,
// so >= and < change when it reaches the limit, > and <= one millisecond later; the change may lie in the past.
func (l *leaf) flip(since int64) int64 {
	if l.op == opGreater || l.op == opLessEqual {
		return since + l.limit + 1
	}
	return since + l.limit
}

// String is the leaf in a normal form: equal for two ways of writing one comparison.
func (l leaf) String() string {
	switch l.source {
	case sourceNumber:
		return fmt.Sprintf("%s%s%d", l.name, l.op, l.limit)
	case sourceText:
		return fmt.Sprintf("%s %s %q", l.name, l.op, l.text)
	case sourceHas:
		return fmt.Sprintf("has(%s)", l.name)
	case sourceElapsed:
		return fmt.Sprintf("ms_since_%s%s%d", l.name, l.op, l.limit)
	case sourceEntry:
		return fmt.Sprintf("%s[%q]%s%d", l.name, l.key, l.op, l.limit)
	case sourceHasKey:
		return fmt.Sprintf("%q in %s", l.key, l.name)
	case sourceSince:
		return fmt.Sprintf("ms_since_%s[%q]%s%d", l.name, l.key, l.op, l.limit)
	case sourceTrait:
		return fmt.Sprintf("%s[%q] %s %q", l.name, l.key, l.op, l.text)
	default:
		return fmt.Sprintf("number(%s[%q])%s%d", l.name, l.key, l.op, l.limit)
	}
}
