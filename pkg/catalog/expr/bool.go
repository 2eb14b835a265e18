package expr

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/freshet/freshet/pkg/compare"
)

// Bool is a compiled condition. It does not change; many goroutines may use it.
type Bool struct {
	kind kind
	kids []*Bool
	path *Path
	op   compare.Op
	text string
	num  int64 // in millionths
}

type kind uint8

const (
	kindAnd kind = iota
	kindOr
	kindNot
	kindText   // path op text, of texts
	kindNumber // path op num
	kindTruth  // path is true
	kindFalse  // path is false
	kindHas    // there is a member of any form but null
)

// Holds says whether the condition is true of an event.
func (b *Bool) Holds(x *Event) bool {
	switch b.kind {
	case kindAnd:
		for _, k := range b.kids {
			if !k.Holds(x) {
				return false
			}
		}
		return true
	case kindOr:
		for _, k := range b.kids {
			if k.Holds(x) {
				return true
			}
		}
		return false
	case kindNot:
		return !b.kids[0].Holds(x)
	case kindText:
		s, ok := x.at(b.path).asText()
		return ok && b.op.Texts(s, b.text)
	case kindNumber:
		n, ok := x.at(b.path).asNumber()
		return ok && b.op.Numbers(n, b.num)
	case kindTruth:
		return x.at(b.path).form == formTrue
	case kindFalse:
		return x.at(b.path).form == formFalse
	default:
		return x.at(b.path).form != formAbsent
	}
}

// String is the condition in a normal form: equal for two ways of writing one.
func (b *Bool) String() string {
	switch b.kind {
	case kindAnd, kindOr:
		join := " && "
		if b.kind == kindOr {
			join = " || "
		}
		parts := make([]string, len(b.kids))
		for i, k := range b.kids {
			parts[i] = k.String()
		}
		return "(" + strings.Join(parts, join) + ")"
	case kindNot:
		return "!" + b.kids[0].String()
	case kindText:
		if b.op.Equality() {
			return fmt.Sprintf("%s %s %s", b.path, b.op, strconv.Quote(b.text))
		}
		return fmt.Sprintf("%s.%s(%s)", b.path, b.op, strconv.Quote(b.text))
	case kindNumber:
		return fmt.Sprintf("%s %s %s", b.path, b.op, decimal(b.num))
	case kindTruth:
		return b.path.String() + " == true"
	case kindFalse:
		return b.path.String() + " == false"
	default:
		return "has(" + b.path.String() + ")"
	}
}

// decimal writes millionths.
func decimal(micros int64) string {
	text := strconv.FormatFloat(float64(micros)/1e6, 'f', -1, 64)
	if float64(micros) != float64(int64(float64(micros))) || micros > 1<<53 || micros < -(1<<53) {
		return strconv.FormatInt(micros, 10) + "e-6"
	}
	return text
}

// Events are the names (see NameOf) of all events that the condition can hold for, sorted; ok is false when it can hold for any.
func (b *Bool) Events() (names []string, ok bool) {
	if b == nil {
		return nil, false
	}
	switch b.kind {
	case kindAnd:
		for _, k := range b.kids {
			some, finite := k.Events()
			switch {
			case !finite:
			case !ok:
				names, ok = some, true
			default:
				names = slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !slices.Contains(some, n) })
			}
		}
		return names, ok
	case kindOr:
		for _, k := range b.kids {
			some, finite := k.Events()
			if !finite {
				return nil, false
			}
			names = append(names, some...)
		}
		slices.Sort(names)
		return slices.Compact(names), true
	case kindText:
		word := b.path.root == rootColumn && b.op == compare.Equal
		if word && (b.path.column == "event" || b.path.column == "type" && b.text != "track") {
			return []string{b.text}, true
		}
	}
	return nil, false
}
