package rule

import (
	"fmt"

	"github.com/freshet/freshet/pkg/compare"
)

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
	op  compare.Op
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
		return ok && l.op.Numbers(x, l.limit)
	case sourceText:
		x, ok := f.Text(l.index)
		return ok && l.op.Texts(x, l.text)
	case sourceHas:
		return has(f, l.index)
	case sourceEntry:
		e, ok := f.Entry(l.index, l.key)
		return ok && l.op.Numbers(e.Int, l.limit)
	case sourceHasKey:
		_, ok := f.Entry(l.index, l.key)
		return ok
	case sourceTrait:
		e, ok := f.Entry(l.index, l.key)
		return ok && l.op.Texts(e.Text, l.text)
	case sourceTraitNumber:
		e, ok := f.Entry(l.index, l.key)
		if !ok {
			return false
		}
		x, ok := micros(e.Text)
		return ok && l.op.Numbers(x, l.limit)
	default:
		t, ok := l.since(f)
		return ok && l.op.Numbers(nowMs-t, l.limit)
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
	if l.op == compare.Greater || l.op == compare.LessEqual {
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
