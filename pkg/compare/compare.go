// Package compare is the comparisons that people may write in conditions, of rules and of features alike: a value with a constant, in CEL's words.
package compare

import (
	"strings"

	"cel.dev/cel-go/common/operators"
)

// Op compares a value with a constant. Its text is how people write it.
type Op string

// The operators; the last three are of texts alone, and are written as functions.
const (
	Equal        Op = "=="
	NotEqual     Op = "!="
	Less         Op = "<"
	LessEqual    Op = "<="
	Greater      Op = ">"
	GreaterEqual Op = ">="
	StartsWith   Op = "startsWith"
	EndsWith     Op = "endsWith"
	Contains     Op = "contains"
)

// OfCEL is the operator that the CEL parser calls so.
func OfCEL(function string) (Op, bool) {
	switch function {
	case operators.Equals:
		return Equal, true
	case operators.NotEquals:
		return NotEqual, true
	case operators.Less:
		return Less, true
	case operators.LessEquals:
		return LessEqual, true
	case operators.Greater:
		return Greater, true
	case operators.GreaterEquals:
		return GreaterEqual, true
	}
	return "", false
}

// Function is the operator that is written as a function of this name.
func Function(name string) (Op, bool) {
	o := Op(name)
	return o, o == StartsWith || o == EndsWith || o == Contains
}

// Equality says that the operator asks for nothing but sameness.
func (o Op) Equality() bool { return o == Equal || o == NotEqual }

// OfTexts says that texts may be compared with it: they have no order.
func (o Op) OfTexts() bool {
	_, function := Function(string(o))
	return function || o.Equality()
}

// Numbers says whether a op b. It is for all but the functions.
func (o Op) Numbers(a, b int64) bool {
	switch o {
	case Equal:
		return a == b
	case NotEqual:
		return a != b
	case Less:
		return a < b
	case LessEqual:
		return a <= b
	case Greater:
		return a > b
	default:
		return a >= b
	}
}

// Texts says whether a op b. It is for operators that are OfTexts.
func (o Op) Texts(a, b string) bool {
	switch o {
	case Equal:
		return a == b
	case NotEqual:
		return a != b
	case StartsWith:
		return strings.HasPrefix(a, b)
	case EndsWith:
		return strings.HasSuffix(a, b)
	default:
		return strings.Contains(a, b)
	}
}

// Mirrored is the operator after its two sides change places: 3 < x is x > 3.
func (o Op) Mirrored() Op {
	switch o {
	case Less:
		return Greater
	case LessEqual:
		return GreaterEqual
	case Greater:
		return Less
	case GreaterEqual:
		return LessEqual
	default:
		return o
	}
}
