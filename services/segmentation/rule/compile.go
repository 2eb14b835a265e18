package rule

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/parser"
)

// allowed is said once with every refusal of a form.
const allowed = "allowed are comparisons (== != < <= > >=) of one feature with one number, ever(\"Event Name\"), &&, ||, ! and parentheses"

// maxCondition bounds the length of a condition, in characters.
const maxCondition = 4096

var operatorOf = map[string]op{
	operators.Equals: opEqual, operators.NotEquals: opNotEqual,
	operators.Less: opLess, operators.LessEquals: opLessEqual,
	operators.Greater: opGreater, operators.GreaterEquals: opGreaterEqual,
}

// compiler walks one parsed condition.
type compiler struct {
	share  func(leaf) int
	info   *ast.SourceInfo
	faults []error
}

// compile parses a condition and compiles it over leaves kept by share. All faults
// that can be found at once are given, each with line:column inside the condition.
func compile(when string, share func(leaf) int) (node, []error) {
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
	c := &compiler{info: parsed.SourceInfo(), share: func(l leaf) int { mine = append(mine, l); return len(mine) - 1 }}
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

// tree compiles a boolean expression.
func (c *compiler) tree(e ast.Expr) node {
	if e.Kind() != ast.CallKind {
		c.notBoolean(e)
		return node{}
	}
	call := e.AsCall()
	switch name := call.FunctionName(); name {
	case operators.LogicalAnd:
		return c.join(nodeAnd, call.Args())
	case operators.LogicalOr:
		return c.join(nodeOr, call.Args())
	case operators.LogicalNot:
		return node{kind: nodeNot, kids: []node{c.tree(call.Args()[0])}}
	case "ever":
		event, _ := c.eventName(e)
		return node{leaf: c.share(leaf{source: sourceEver, event: event})}
	default:
		if o, ok := operatorOf[name]; ok {
			return c.comparison(e, o, call.Args()[0], call.Args()[1])
		}
		c.notBoolean(e)
		return node{}
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
func (c *compiler) notBoolean(e ast.Expr) {
	if _, scale, ok := c.feature(e, false); ok && scale != 0 {
		c.fail(e, "a feature alone is no condition: compare it with a number")
		return
	}
	c.fail(e, "this form is not supported; %s", allowed)
}

// comparison compiles one leaf. The constant may stand on either side.
func (c *compiler) comparison(e ast.Expr, o op, left, right ast.Expr) node {
	if left.Kind() == ast.LiteralKind {
		left, right, o = right, left, o.mirrored()
	}
	if right.Kind() != ast.LiteralKind {
		c.fail(e, "a comparison needs one feature and one number; %s", allowed)
		return node{}
	}
	l, scale, ok := c.feature(left, true)
	if !ok {
		return node{}
	}
	l.op = o
	if l.elapsed() && (o == opEqual || o == opNotEqual) {
		c.fail(e, "elapsed time equals a number for one millisecond only: use <, <=, > or >=")
		return node{}
	}
	if l.limit, ok = c.limit(right, scale); !ok {
		return node{}
	}
	return node{leaf: c.share(l)}
}

// limit reads a constant and scales it to the leaf's integers, exactly.
func (c *compiler) limit(e ast.Expr, scale int64) (int64, bool) {
	var text string
	fine := true
	switch v := e.AsLiteral().(type) {
	case types.Int:
		text = strconv.FormatInt(int64(v), 10)
	case types.Double:
		// The shortest text that reads back as this double is what was written, up to 15 digits.
		text = strconv.FormatFloat(float64(v), 'f', -1, 64)
		fine = len(strings.ReplaceAll(strings.Trim(text, "-.0"), ".", "")) <= 15
	default:
		c.fail(e, "compare with a number, such as 3 or 499.99")
		return 0, false
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok || !fine {
		c.fail(e, "the number must be finite, and have at most 15 digits when it has a decimal point")
		return 0, false
	}
	r.Mul(r, new(big.Rat).SetInt64(scale))
	if !r.IsInt() {
		c.fail(e, "the number is too fine: counts are whole, money has at most 6 decimals, elapsed time whole milliseconds")
		return 0, false
	}
	// A quarter of the range, so that a moment plus a limit never overflows.
	if n := r.Num(); n.BitLen() <= 61 {
		return n.Int64(), true
	}
	c.fail(e, "the number is too large")
	return 0, false
}
