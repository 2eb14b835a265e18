package rule

import (
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
)

const (
	hourMs = 3_600_000
	dayMs  = 24 * hourMs
	// micros is how many integer steps of money one unit of the currency has.
	micros = 1_000_000
	// maxEventName bounds an event name, in bytes.
	maxEventName = 200
)

// Names lists every name a condition may use, for the documentation and for tools:
// variables, then functions of an event name.
func Names() (variables, functions []string) {
	for _, w := range windowNames {
		for _, f := range fieldNames {
			variables = append(variables, f+"_"+w)
		}
	}
	for _, m := range momentNames {
		variables = append(variables, "days_since_"+m, "hours_since_"+m)
	}
	return variables, []string{"days_since_event", "hours_since_event", "ever"}
}

// feature finds the leaf that a name or an elapsed-time call stands for, without its
// comparison, and how many of its integer steps the constant's unit has. report says
// whether a name that does not exist is noted as a fault.
func (c *compiler) feature(e ast.Expr, report bool) (l leaf, scale int64, ok bool) {
	switch {
	case e.Kind() == ast.IdentKind:
		l, scale, ok = variable(e.AsIdent())
		if !ok && report {
			c.fail(e, "%q is no feature: there are %s, each with _%s (such as spend_30d), and days_since_ or hours_since_ with %s",
				e.AsIdent(), strings.Join(fieldNames[:], ", "), strings.Join(windowNames[:], ", _"), strings.Join(momentNames[:], ", "))
		}
		return l, scale, ok
	case e.Kind() == ast.CallKind && e.AsCall().FunctionName() == "days_since_event":
		scale = dayMs
	case e.Kind() == ast.CallKind && e.AsCall().FunctionName() == "hours_since_event":
		scale = hourMs
	default:
		if report {
			c.fail(e, "not a feature; %s", allowed)
		}
		return leaf{}, 0, false
	}
	if !report {
		return leaf{source: sourceEvent}, scale, true
	}
	event, ok := c.eventName(e)
	return leaf{source: sourceEvent, event: event}, scale, ok
}

// variable finds the leaf of a plain name.
func variable(name string) (leaf, int64, bool) {
	for prefix, scale := range map[string]int64{"days_since_": dayMs, "hours_since_": hourMs} {
		for i, m := range momentNames {
			if name == prefix+m {
				return leaf{source: sourceMoment, index: i}, scale, true
			}
		}
	}
	for w, window := range windowNames {
		for f, fieldName := range fieldNames {
			if name != fieldName+"_"+window {
				continue
			}
			scale := int64(1)
			if field(f).decimal() {
				scale = micros
			}
			return leaf{source: sourceValue, index: w*int(fieldCount) + f}, scale, true
		}
	}
	return leaf{}, 0, false
}

// eventName reads the one argument of ever, days_since_event or hours_since_event.
func (c *compiler) eventName(e ast.Expr) (string, bool) {
	call := e.AsCall()
	if args := call.Args(); !call.IsMemberFunction() && len(args) == 1 && args[0].Kind() == ast.LiteralKind {
		if s, ok := args[0].AsLiteral().(types.String); ok && s != "" && len(s) <= maxEventName {
			return string(s), true
		}
	}
	c.fail(e, "%s takes one event name in quotes, such as %s(\"Product Viewed\")", call.FunctionName(), call.FunctionName())
	return "", false
}
