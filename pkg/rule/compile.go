package rule

import (
	"fmt"
	"strings"

	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/parser"

	"github.com/freshet/freshet/pkg/compare"
)

// allowed is said once with every refusal of a form.
const allowed = `allowed are comparisons (== != < <= > >=) of one feature or trait with one constant, in [...], startsWith, endsWith, contains, ` +
	`has(...), tags, "key" in a list, ever("Event Name"), &&, ||, ! and parentheses`

// maxCondition bounds the length of a condition, in characters.
const maxCondition = 4096

// compiler walks one parsed condition.
type compiler struct {
	schema Schema
	share  func(leaf) int
	info   *ast.SourceInfo
	faults []error
}

// compile parses a condition and compiles it over leaves kept by share. All faults
// that can be found at once are given, each with line:column inside the condition.
func compile(when string, schema Schema, share func(leaf) int) (node, []error) {
	if strings.TrimSpace(when) == "" {
		return node{}, []error{fmt.Errorf("1:1: the condition is empty; %s", allowed)}
	}
	p, err := parser.NewParser(parser.ExpressionSizeCodePointLimit(maxCondition), parser.MaxRecursionDepth(100))
	if err != nil {
		return node{}, []error{fmt.Errorf("make the CEL parser: %w", err)}
	}
	parsed, errs := p.Parse(common.NewTextSource(when))
	if faults := errs.GetErrors(); len(faults) > 0 {
		var out []error
		for _, f := range faults {
			out = append(out, fmt.Errorf("%d:%d: %s; %s", f.Location.Line(), f.Location.Column()+1, f.Message, allowed))
		}
		return node{}, out
	}
	// The leaves are shared only once the whole condition is good: a refused rule leaves none behind.
	var mine []leaf
	c := &compiler{schema: schema, info: parsed.SourceInfo(), share: func(l leaf) int { mine = append(mine, l); return len(mine) - 1 }}
	tree := c.tree(parsed.Expr())
	if len(c.faults) > 0 {
		return node{}, c.faults
	}
	return tree.renumbered(func(i int) int { return share(mine[i]) }), nil
}

// renumbered copies the tree with every leaf's place replaced.
func (n node) renumbered(place func(int) int) node {
	if n.kind == nodeLeaf {
		return node{leaf: place(n.leaf)}
	}
	out := node{kind: n.kind}
	for _, k := range n.kids {
		out.kids = append(out.kids, k.renumbered(place))
	}
	return out
}

// fail notes a fault at an expression.
func (c *compiler) fail(e ast.Expr, format string, args ...any) {
	at := c.info.GetStartLocation(e.ID())
	c.faults = append(c.faults, fmt.Errorf("%d:%d: %s", at.Line(), at.Column()+1, fmt.Sprintf(format, args...)))
}

// one is the tree of a single leaf.
func (c *compiler) one(l leaf) node { return node{leaf: c.share(l)} }

// tree compiles a boolean expression.
func (c *compiler) tree(e ast.Expr) node {
	if e.Kind() == ast.IdentKind {
		return c.tag(e)
	}
	if e.Kind() != ast.CallKind {
		return c.notBoolean(e)
	}
	call := e.AsCall()
	args := call.Args()
	switch name := call.FunctionName(); name {
	case operators.LogicalAnd:
		return c.join(nodeAnd, args)
	case operators.LogicalOr:
		return c.join(nodeOr, args)
	case operators.LogicalNot:
		return node{kind: nodeNot, kids: []node{c.tree(args[0])}}
	case operators.In:
		return c.in(args[0], args[1])
	case "ever":
		return c.ever(e)
	case "has":
		return c.has(e)
	default:
		if o, ok := compare.OfCEL(name); ok {
			return c.comparison(e, o, args[0], args[1])
		}
		if o, ok := compare.Function(name); ok && call.IsMemberFunction() && len(args) == 1 {
			return c.textual(o, call.Target(), args[0])
		}
		return c.notBoolean(e)
	}
}

// join compiles the sides of && or ||, flattening a && b && c into one node.
func (c *compiler) join(kind nodeKind, args []ast.Expr) node {
	out := node{kind: kind}
	for _, a := range args {
		n := c.tree(a)
		if n.kind == kind {
			out.kids = append(out.kids, n.kids...)
		} else {
			out.kids = append(out.kids, n)
		}
	}
	return out
}

// notBoolean refuses what is neither a comparison nor a joining of them.
func (c *compiler) notBoolean(e ast.Expr) node {
	before := len(c.faults)
	_, known := c.operand(e)
	c.faults = c.faults[:before]
	if known {
		c.fail(e, "a feature alone is no condition: compare it with a constant")
	} else {
		c.fail(e, "this form is not supported; %s", allowed)
	}
	return node{}
}

// tag compiles a name that is a condition by itself.
func (c *compiler) tag(e ast.Expr) node {
	if f, ok := c.schema.Field(e.AsIdent()); ok && isTag(f) {
		return c.one(leaf{source: sourceHas, index: f.Index, name: e.AsIdent()})
	}
	return c.notBoolean(e)
}

// comparison compiles one leaf. The constant may stand on either side.
func (c *compiler) comparison(e ast.Expr, o compare.Op, left, right ast.Expr) node {
	if left.Kind() == ast.LiteralKind {
		left, right, o = right, left, o.Mirrored()
	}
	if right.Kind() != ast.LiteralKind {
		c.fail(e, "a comparison needs one feature and one constant; %s", allowed)
		return node{}
	}
	x, ok := c.operand(left)
	if !ok {
		return node{}
	}
	return c.leaf(e, x, o, right)
}

// leaf makes the comparison of an operand with a constant.
func (c *compiler) leaf(e ast.Expr, x operand, o compare.Op, constant ast.Expr) node {
	l := x.leaf
	l.op = o
	if text, ok := textOf(constant, x); ok {
		if !o.OfTexts() {
			c.fail(e, "texts are compared with ==, !=, in, startsWith, endsWith and contains")
			return node{}
		}
		l.text = text
		return c.one(l)
	}
	if x.text && !x.number {
		c.fail(constant, "%s is a text: compare it with one, in quotes", l.name)
		return node{}
	}
	if l.elapsed() && o.Equality() {
		c.fail(e, "elapsed time equals a number for one millisecond only: use <, <=, > or >=")
		return node{}
	}
	if l.source == sourceTrait {
		l.source = sourceTraitNumber
	}
	limit, ok := c.limit(constant, x.scale)
	if !ok {
		return node{}
	}
	l.limit = limit
	if !l.elapsed() {
		l.scale = x.scale
	}
	return c.one(l)
}

// textOf is the constant of a comparison of texts. A truth value is one for a trait, which keeps its word.
func textOf(e ast.Expr, x operand) (string, bool) {
	if !x.text {
		return "", false
	}
	switch v := e.AsLiteral().(type) {
	case types.String:
		return string(v), true
	case types.Bool:
		return fmt.Sprint(bool(v)), x.number
	}
	return "", false
}

// textual compiles name.startsWith("x") and its like.
func (c *compiler) textual(o compare.Op, left, right ast.Expr) node {
	x, ok := c.operand(left)
	if !ok {
		return node{}
	}
	if !x.text || right.Kind() != ast.LiteralKind {
		c.fail(left, "%s takes a text and a constant in quotes", o)
		return node{}
	}
	if _, ok := right.AsLiteral().(types.String); !ok {
		c.fail(right, "%s takes a constant in quotes", o)
		return node{}
	}
	return c.leaf(left, x, o, right)
}

// in compiles name in [constants], and "key" in a list.
func (c *compiler) in(left, right ast.Expr) node {
	if left.Kind() == ast.LiteralKind {
		key, ok := left.AsLiteral().(types.String)
		f, name, isList := c.list(right)
		if !ok || !isList {
			c.fail(right, `in takes a feature and a list of constants, or a key in quotes and a feature that is a list`)
			return node{}
		}
		return c.one(leaf{source: sourceHasKey, index: f.Index, name: name, key: string(key)})
	}
	if right.Kind() != ast.ListKind || right.AsList().Size() == 0 {
		c.fail(right, `in takes a list of constants, such as ["gold", "silver"]`)
		return node{}
	}
	x, ok := c.operand(left)
	if !ok {
		return node{}
	}
	out := node{kind: nodeOr}
	for _, e := range right.AsList().Elements() {
		if e.Kind() != ast.LiteralKind {
			c.fail(e, "a list holds constants only")
			continue
		}
		out.kids = append(out.kids, c.leaf(left, x, compare.Equal, e))
	}
	return out
}
