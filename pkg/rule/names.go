package rule

import (
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/freshet/freshet/pkg/catalog"
)

const (
	hourMs = 3_600_000
	dayMs  = 24 * hourMs
	// million is how many integer steps one unit of a decimal has.
	million = 1_000_000
	// maxKey bounds an event name, a key of a list and the name of a trait, in bytes.
	maxKey = 255
)

// Functions lists the functions of a condition, for the documentation and for tools.
func Functions() []string {
	return []string{"days_since_event", "hours_since_event", "ever", "has", "startsWith", "endsWith", "contains"}
}

// operand is what stands on one side of a comparison, without the comparison.
type operand struct {
	leaf leaf
	// scale is how many integer steps the constant's unit has.
	scale int64
	// text and number say what it can be compared with.
	text, number bool
}

func isTag(f Field) bool { return f.Kind == catalog.KindTag }

// operand compiles a name, an entry of a list, a trait or an elapsed time, or notes why it is none.
func (c *compiler) operand(e ast.Expr) (operand, bool) {
	switch e.Kind() {
	case ast.IdentKind:
		if x, ok := c.variable(e.AsIdent()); ok {
			return x, true
		}
		return c.noFeature(e, e.AsIdent())
	case ast.SelectKind:
		s := e.AsSelect()
		if s.Operand().Kind() == ast.IdentKind && s.Operand().AsIdent() == Traits {
			return c.trait(e, s.FieldName())
		}
		if f, name, ok := c.list(s.Operand()); ok && f.EntryTexts {
			return ofTexts(f, name, s.FieldName()), true
		}
	case ast.CallKind:
		call := e.AsCall()
		switch call.FunctionName() {
		case "days_since_event":
			return c.sinceEvent(e, dayMs)
		case "hours_since_event":
			return c.sinceEvent(e, hourMs)
		case operators.Index:
			return c.entry(e, call.Args()[0], call.Args()[1])
		}
	}
	c.fail(e, "not a feature; %s", allowed)
	return operand{}, false
}

// noFeature says that a name is none, or why it cannot be compared.
func (c *compiler) noFeature(e ast.Expr, name string) (operand, bool) {
	f, ok := c.schema.Field(name)
	words, explains := c.schema.(Explainer)
	switch {
	case ok && isTag(f):
		c.fail(e, "%q is a tag: it is a condition by itself, and days_since_%s says how long it holds", name, name)
	case ok:
		c.fail(e, `%q is a list: ask "key" in %s, or compare %s["key"]`, name, name, name)
	case explains:
		c.fail(e, "%s", words.Unknown(name))
	default:
		c.fail(e, "%q is no feature of the catalogue%s%s; `freshet features list` shows all", name, c.orScore(), c.near(name))
	}
	return operand{}, false
}

// orScore is said where the names are those of scores too.
func (c *compiler) orScore() string {
	if b, ok := c.schema.(*Both); ok && len(b.Scores()) > 0 {
		return " and no score"
	}
	return ""
}

// elapsedPrefixes begin the names of the times since a moment.
var elapsedPrefixes = []struct {
	text   string
	unitMs int64
}{{"days_since_", dayMs}, {"hours_since_", hourMs}}

// variable finds what a plain name stands for.
func (c *compiler) variable(name string) (operand, bool) {
	if f, ok := c.schema.Field(name); ok {
		return ofField(f, name)
	}
	for _, prefix := range elapsedPrefixes {
		moment, cut := strings.CutPrefix(name, prefix.text)
		f, ok := c.schema.Field(moment)
		if cut && ok && (f.Kind == catalog.KindMoment || f.Kind == catalog.KindAge || isTag(f)) {
			return operand{leaf: leaf{source: sourceElapsed, index: f.Index, name: moment}, scale: prefix.unitMs, number: true}, true
		}
	}
	return operand{}, false
}

// ofField is a feature that can be compared; tags and lists cannot.
func ofField(f Field, name string) (operand, bool) {
	l := leaf{source: sourceNumber, index: f.Index, name: name}
	unit := f.UnitMs
	if unit == 0 {
		unit = dayMs
	}
	switch f.Kind {
	case catalog.KindCount:
		return operand{leaf: l, scale: 1, number: true}, true
	case catalog.KindDecimal:
		return operand{leaf: l, scale: million, number: true}, true
	case catalog.KindDuration:
		return operand{leaf: l, scale: unit, number: true}, true
	case catalog.KindMoment, catalog.KindAge:
		l.source = sourceElapsed
		return operand{leaf: l, scale: unit, number: true}, true
	case catalog.KindText:
		l.source = sourceText
		return operand{leaf: l, text: true}, true
	}
	return operand{}, false
}

// trait is the value of a trait, which is compared with a text, or with a number when it is one.
func (c *compiler) trait(e ast.Expr, name string) (operand, bool) {
	f, ok := c.schema.Field(Traits)
	switch {
	case !ok || f.Kind != catalog.KindList:
		c.fail(e, "the catalogue keeps no traits: it has no feature %q", Traits)
	case catalog.PersonalTrait(name):
		c.fail(e, "trait %q names a person: it is kept for the profile and no condition may look at it", name)
	default:
		return ofTexts(f, Traits, name), true
	}
	return operand{}, false
}

// ofTexts is an entry of a list of texts.
func ofTexts(f Field, name, key string) operand {
	return operand{leaf: leaf{source: sourceTrait, index: f.Index, name: name, key: key}, scale: million, text: true, number: true}
}

// sinceEvent is the time since the last event of a name.
func (c *compiler) sinceEvent(e ast.Expr, unit int64) (operand, bool) {
	f, event, ok := c.event(e)
	return operand{leaf: leaf{source: sourceSince, index: f.Index, name: LastEvents, key: event}, scale: unit, number: true}, ok
}

// ever compiles ever("Event Name").
func (c *compiler) ever(e ast.Expr) node {
	f, event, ok := c.event(e)
	if !ok {
		return node{}
	}
	return c.one(leaf{source: sourceHasKey, index: f.Index, name: LastEvents, key: event})
}

// event reads the one argument of ever, days_since_event or hours_since_event.
func (c *compiler) event(e ast.Expr) (Field, string, bool) {
	call := e.AsCall()
	f, known := c.schema.Field(LastEvents)
	if !known || f.Kind != catalog.KindList {
		c.fail(e, "the catalogue keeps no times of events: it has no feature %q", LastEvents)
		return f, "", false
	}
	if args := call.Args(); !call.IsMemberFunction() && len(args) == 1 {
		if s, ok := keyOf(args[0]); ok {
			return f, s, true
		}
	}
	c.fail(e, "%s takes one event name in quotes, such as %s(\"Product Viewed\")", call.FunctionName(), call.FunctionName())
	return f, "", false
}

// keyOf is a constant that can be a key.
func keyOf(e ast.Expr) (string, bool) {
	if e.Kind() != ast.LiteralKind {
		return "", false
	}
	s, ok := e.AsLiteral().(types.String)
	return string(s), ok && s != "" && len(s) <= maxKey
}

// list finds a feature that is a list.
func (c *compiler) list(e ast.Expr) (Field, string, bool) {
	if e.Kind() != ast.IdentKind {
		return Field{}, "", false
	}
	f, ok := c.schema.Field(e.AsIdent())
	return f, e.AsIdent(), ok && f.Kind == catalog.KindList
}

// entry is one entry of a list: traits["a b"] or categories["shoes"].
func (c *compiler) entry(e, list, key ast.Expr) (operand, bool) {
	k, isKey := keyOf(key)
	f, name, isList := c.list(list)
	switch {
	case !isList:
		c.fail(list, "only a feature that is a list has entries")
	case !isKey:
		c.fail(key, "an entry is named by a text in quotes of at most %d bytes", maxKey)
	case name == Traits:
		return c.trait(e, k)
	case f.EntryTexts:
		return ofTexts(f, name, k), true
	case f.EntryMoments:
		return operand{leaf: leaf{source: sourceSince, index: f.Index, name: name, key: k}, scale: dayMs, number: true}, true
	default:
		return operand{leaf: leaf{source: sourceEntry, index: f.Index, name: name, key: k}, scale: max(1, f.EntryScale), number: true}, true
	}
	return operand{}, false
}

// has compiles has(feature), has(traits.x) and has(list["key"]).
func (c *compiler) has(e ast.Expr) node {
	call := e.AsCall()
	if len(call.Args()) != 1 || call.IsMemberFunction() {
		c.fail(e, "has takes one feature, such as has(last_order)")
		return node{}
	}
	arg := call.Args()[0]
	if arg.Kind() == ast.IdentKind {
		if f, ok := c.schema.Field(arg.AsIdent()); ok && f.Kind != catalog.KindList {
			return c.one(leaf{source: sourceHas, index: f.Index, name: arg.AsIdent()})
		}
	}
	x, ok := c.operand(arg)
	if !ok {
		return node{}
	}
	if x.leaf.key == "" {
		c.fail(arg, "has takes the name of a feature itself")
		return node{}
	}
	return c.one(leaf{source: sourceHasKey, index: x.leaf.index, name: x.leaf.name, key: x.leaf.key})
}
