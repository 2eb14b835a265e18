package plan

import (
	"encoding/json"
	"errors"
	"strconv"
	"sync"
	"unicode/utf8"

	"github.com/freshet/freshet/services/collector/jsonscan"
)

// errUnsure ends a walk.
var errUnsure = errors.New("not for certain")

// walker is what one question needs; pooled.
type walker struct{ s jsonscan.Scanner }

var walkers = sync.Pool{New: func() any { return new(walker) }}

// maxRefs bounds references that lead to references at one value.
const maxRefs = 100

// fits says for certain that the text, a JSON value, fits.
func (q *quick) fits(raw []byte) bool {
	w := walkers.Get().(*walker)
	defer walkers.Put(w)
	w.s.Reset(raw, 0, jsonscan.Limits{})
	err := w.value(q, maxRefs)
	w.s.Reset(nil, 0, jsonscan.Limits{})
	return err == nil
}

// value consumes the value at the scanner's position.
func (w *walker) value(q *quick, refs int) error {
	if q == nil || q.all {
		_, err := w.s.Skip()
		return err
	}
	if q.unsure || refs == 0 {
		return errUnsure
	}
	if q.ref != nil || q.allOf != nil || q.anyOf != nil {
		if err := w.others(q, refs-1); err != nil {
			return err
		}
	}
	switch w.s.Peek() {
	case '{':
		return w.object(q)
	case '[':
		return w.array(q)
	}
	raw, err := w.s.Skip()
	if err != nil {
		return err
	}
	if !q.scalar(raw) {
		return errUnsure
	}
	return nil
}

// others asks the schemas that hold at the same value, and goes back to its beginning.
func (w *walker) others(q *quick, refs int) error {
	w.s.Peek()
	at := w.s.Offset()
	if q.ref != nil {
		if err := w.value(q.ref, refs); err != nil {
			return err
		}
		w.s.Seek(at)
	}
	for _, sub := range q.allOf {
		if err := w.value(sub, refs); err != nil {
			return err
		}
		w.s.Seek(at)
	}
	for i, sub := range q.anyOf {
		err := w.value(sub, refs)
		w.s.Seek(at)
		if err == nil {
			break
		}
		if i == len(q.anyOf)-1 {
			return err
		}
	}
	return nil
}

// takes says whether the type is allowed.
func (q *quick) takes(t types) bool { return q.types == 0 || q.types&t != 0 }

// scalar judges what is neither object nor array.
func (q *quick) scalar(raw []byte) bool {
	switch raw[0] {
	case '"':
		return q.takes(isString) && q.text(raw)
	case 't', 'f':
		return q.takes(isBoolean) && !q.listed
	case 'n':
		return q.takes(isNull) && !q.listed
	}
	return !q.listed && q.number(raw)
}

func (q *quick) text(raw []byte) bool {
	text := jsonscan.Text(raw)
	if q.listed {
		if _, ok := q.words[string(text)]; !ok {
			return false
		}
	}
	if q.minLength >= 0 || q.maxLength >= 0 {
		n := utf8.RuneCount(text)
		if n < q.minLength || (q.maxLength >= 0 && n > q.maxLength) {
			return false
		}
	}
	if q.pattern != nil && !q.pattern.MatchString(view(text)) {
		return false
	}
	return q.format == nil || q.format(view(text)) == nil
}

// number compares as floats, which is certain only where the floats differ: rounding never turns the order around.
func (q *quick) number(raw []byte) bool {
	if len(raw) > maxDigits {
		return false
	}
	whole, err := strconv.ParseInt(view(raw), 10, 64)
	if err == nil {
		return q.takes(isInteger) && q.low.below(float64(whole), whole, true) && q.high.above(float64(whole), whole, true)
	}
	if !q.takes(isNumber) || beyond(raw) {
		return false // 2.0 is an integer too: not looked at here
	}
	if q.low == nil && q.high == nil {
		return true
	}
	f, err := json.Number(view(raw)).Float64()
	return err == nil && q.low.below(f, 0, false) && q.high.above(f, 0, false)
}

func (w *walker) object(q *quick) error {
	if q.listed || !q.takes(isObject) {
		return errUnsure
	}
	var seen uint64
	members := 0
	err := w.s.Object(func(name []byte) error {
		members++
		m, named := q.members[string(name)]
		seen |= m.bit
		known := named && m.schema != nil
		if len(q.patterns) > 0 {
			at := w.s.Offset()
			for _, p := range q.patterns {
				if p.match.MatchString(view(name)) {
					known = true
					if err := w.value(p.schema, maxRefs); err != nil {
						return err
					}
					w.s.Seek(at)
				}
			}
		}
		switch {
		case known && m.schema != nil:
			return w.value(m.schema, maxRefs)
		case known:
			return w.value(nil, maxRefs)
		case q.closed:
			return errUnsure
		}
		return w.value(q.rest, maxRefs)
	})
	if err == nil && (seen != q.required || members < q.minMembers || (q.maxMembers >= 0 && members > q.maxMembers)) {
		return errUnsure
	}
	return err
}

func (w *walker) array(q *quick) error {
	if q.listed || !q.takes(isArray) {
		return errUnsure
	}
	n := 0
	err := w.s.Array(func() error {
		n++
		if n <= len(q.prefix) {
			return w.value(q.prefix[n-1], maxRefs)
		}
		return w.value(q.items, maxRefs)
	})
	if err == nil && (n < q.minItems || (q.maxItems >= 0 && n > q.maxItems)) {
		return errUnsure
	}
	return err
}
