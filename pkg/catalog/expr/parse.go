package expr

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/parser"

	"github.com/freshet/freshet/pkg/compare"
)

// allowed is said once with every refusal of a form.
const allowed = `allowed are comparisons (== != < <= > >=) of one name with one constant, in [...], startsWith, endsWith, contains, has(...), &&, ||, ! and parentheses`

// maxLength bounds the length of an expression, in characters.
const maxLength = 4096

// Scope is where an expression stands.
type Scope struct {
	// Each says that there is an element in hand: item.
	Each bool
}

type compiler struct {
	scope  Scope
	info   *ast.SourceInfo
	faults []error
}

// ParseBool compiles a condition. The error list has every fault, each with line:column.
func ParseBool(text string, s Scope) (*Bool, []error) {
	var out *Bool
	faults := parse(text, s, func(c *compiler, e ast.Expr) { out = c.tree(e) })
	return out, faults
}

// ParseNumber compiles a number: a constant, a name, or the product of two names.
func ParseNumber(text string, s Scope) (*Number, []error) {
	var out *Number
	faults := parse(text, s, func(c *compiler, e ast.Expr) { out = c.number(e) })
	return out, faults
}

// ParseText compiles a text: a name.
func ParseText(text string, s Scope) (*Text, []error) {
	var out *Text
	faults := parse(text, s, func(c *compiler, e ast.Expr) {
		if p, ok := c.path(e); ok {
			out = &Text{path: p}
		}
	})
	return out, faults
}

// ParsePath compiles the path of an array within properties, traits or context.
func ParsePath(text string) (*Path, []error) {
	var out *Path
	faults := parse(text, Scope{}, func(c *compiler, e ast.Expr) {
		p, ok := c.path(e)
		if ok && p.root == rootColumn {
			c.fail(e, "%s is no array: name one within properties, traits or context, such as properties.products", p)
		}
		out = p
	})
	return out, faults
}

func parse(text string, s Scope, with func(*compiler, ast.Expr)) []error {
	if strings.TrimSpace(text) == "" {
		return []error{fmt.Errorf("1:1: the expression is empty")}
	}
	p, err := parser.NewParser(parser.ExpressionSizeCodePointLimit(maxLength), parser.MaxRecursionDepth(100))
	if err != nil {
		return []error{fmt.Errorf("make the CEL parser: %w", err)}
	}
	parsed, errs := p.Parse(common.NewTextSource(text))
	if faults := errs.GetErrors(); len(faults) > 0 {
		var out []error
		for _, f := range faults {
			out = append(out, fmt.Errorf("%d:%d: %s; %s", f.Location.Line(), f.Location.Column()+1, f.Message, allowed))
		}
		return out
	}
	c := &compiler{scope: s, info: parsed.SourceInfo()}
	with(c, parsed.Expr())
	return c.faults
}

// fail notes a fault at an expression.
func (c *compiler) fail(e ast.Expr, format string, args ...any) {
	at := c.info.GetStartLocation(e.ID())
	c.faults = append(c.faults, fmt.Errorf("%d:%d: %s", at.Line(), at.Column()+1, fmt.Sprintf(format, args...)))
}

// tree compiles a boolean expression.
func (c *compiler) tree(e ast.Expr) *Bool {
	if e.Kind() != ast.CallKind {
		if p, ok := c.path(e); ok {
			return &Bool{kind: kindTruth, path: p}
		}
		return &Bool{}
	}
	call := e.AsCall()
	args := call.Args()
	switch name := call.FunctionName(); name {
	case operators.LogicalAnd:
		return c.join(kindAnd, args)
	case operators.LogicalOr:
		return c.join(kindOr, args)
	case operators.LogicalNot:
		return &Bool{kind: kindNot, kids: []*Bool{c.tree(args[0])}}
	case operators.In:
		return c.in(args[0], args[1])
	case "has":
		if len(args) == 1 && !call.IsMemberFunction() {
			p, _ := c.path(args[0])
			return &Bool{kind: kindHas, path: p}
		}
	case "startsWith", "endsWith", "contains":
		if len(args) == 1 && call.IsMemberFunction() {
			return c.compare(compare.Op(name), call.Target(), args[0])
		}
	case operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals:
		o, _ := compare.OfCEL(name)
		if args[0].Kind() == ast.LiteralKind {
			return c.compare(o.Mirrored(), args[1], args[0])
		}
		return c.compare(o, args[0], args[1])
	case operators.Index:
		if p, ok := c.path(e); ok {
			return &Bool{kind: kindTruth, path: p}
		}
		return &Bool{}
	}
	c.fail(e, "this form is not supported; %s", allowed)
	return &Bool{}
}

// join compiles the sides of && or ||, flattening a && b && c into one node.
func (c *compiler) join(k kind, args []ast.Expr) *Bool {
	out := &Bool{kind: k}
	for _, a := range args {
		if b := c.tree(a); b.kind == k && len(b.kids) > 0 {
			out.kids = append(out.kids, b.kids...)
		} else {
			out.kids = append(out.kids, b)
		}
	}
	return out
}

// compare compiles the comparison of a name with a constant, which decides how the member is read.
func (c *compiler) compare(o compare.Op, left, right ast.Expr) *Bool {
	p, ok := c.path(left)
	if !ok {
		return &Bool{}
	}
	if right.Kind() != ast.LiteralKind {
		c.fail(right, "compare with a constant: a text in quotes, a number, true or false")
		return &Bool{}
	}
	textual := o == compare.StartsWith || o == compare.EndsWith || o == compare.Contains
	equality := o.Equality()
	switch v := right.AsLiteral().(type) {
	case types.String:
		if !textual && !equality {
			c.fail(left, "texts are compared with ==, !=, in, startsWith, endsWith and contains")
		}
		return &Bool{kind: kindText, path: p, op: o, text: string(v)}
	case types.Bool:
		if !equality {
			c.fail(left, "truth values are compared with == and !=")
		}
		if bool(v) == (o == compare.Equal) {
			return &Bool{kind: kindTruth, path: p}
		}
		return &Bool{kind: kindFalse, path: p}
	case types.Int, types.Double:
		if textual {
			c.fail(right, "%s takes a constant in quotes", o)
			return &Bool{}
		}
		n, ok := c.constant(right)
		if !ok {
			return &Bool{}
		}
		return &Bool{kind: kindNumber, path: p, op: o, num: n}
	}
	c.fail(right, "compare with a text in quotes, a number, true or false")
	return &Bool{}
}

// in compiles name in [constants].
func (c *compiler) in(left, right ast.Expr) *Bool {
	if right.Kind() != ast.ListKind || right.AsList().Size() == 0 {
		c.fail(right, `in takes a list of constants, such as ["gold", "silver"]`)
		return &Bool{}
	}
	out := &Bool{kind: kindOr}
	for _, e := range right.AsList().Elements() {
		out.kids = append(out.kids, c.compare(compare.Equal, left, e))
	}
	return out
}

// number compiles a number.
func (c *compiler) number(e ast.Expr) *Number {
	if e.Kind() == ast.LiteralKind {
		n, _ := c.constant(e)
		return &Number{constant: n}
	}
	if e.Kind() == ast.CallKind && e.AsCall().FunctionName() == operators.Multiply {
		args := e.AsCall().Args()
		a, _ := c.path(args[0])
		b, _ := c.path(args[1])
		return &Number{a: a, b: b}
	}
	p, _ := c.path(e)
	return &Number{a: p}
}

// constant reads a number in millionths, exactly.
func (c *compiler) constant(e ast.Expr) (int64, bool) {
	var text string
	switch v := e.AsLiteral().(type) {
	case types.Int:
		text = strconv.FormatInt(int64(v), 10)
	case types.Double:
		text = strconv.FormatFloat(float64(v), 'f', -1, 64)
	default:
		c.fail(e, "write a number, such as 3 or 499.99")
		return 0, false
	}
	r, ok := new(big.Rat).SetString(text)
	if ok {
		r.Mul(r, big.NewRat(1e6, 1))
	}
	if !ok || !r.IsInt() || !r.Num().IsInt64() {
		c.fail(e, "the number must have at most six decimals and lie within plus or minus 9e12")
		return 0, false
	}
	return r.Num().Int64(), true
}

// path compiles a name, or notes why it is none.
func (c *compiler) path(e ast.Expr) (*Path, bool) {
	keys, at := []string(nil), e
	for at.Kind() != ast.IdentKind {
		switch {
		case at.Kind() == ast.SelectKind && !at.AsSelect().IsTestOnly():
			keys, at = append(keys, at.AsSelect().FieldName()), at.AsSelect().Operand()
		case at.Kind() == ast.CallKind && at.AsCall().FunctionName() == operators.Index && at.AsCall().Args()[1].Kind() == ast.LiteralKind:
			args := at.AsCall().Args()
			key, ok := args[1].AsLiteral().(types.String)
			if !ok {
				c.fail(args[1], `a member is named by a text in quotes, such as properties["unit price"]`)
				return nil, false
			}
			keys, at = append(keys, string(key)), args[0]
		default:
			c.fail(e, "not a name of an event: %s", names())
			return nil, false
		}
	}
	slices.Reverse(keys)
	name := at.AsIdent()
	if r := root(slices.Index(rootNames[:], name)); slices.Contains(rootNames[:], name) {
		switch {
		case r == rootItem && !c.scope.Each:
			c.fail(e, "there is no item: name an array with each")
		case r != rootItem && len(keys) == 0:
			c.fail(e, "name a member of %s, such as %s.category", name, name)
		default:
			return newPath(r, "", keys), true
		}
		return nil, false
	}
	if _, ok := fields[column(name)]; !ok || len(keys) > 0 {
		c.fail(e, "%q is no name of an event: %s", name, names())
		return nil, false
	}
	return newPath(rootColumn, column(name), nil), true
}

// names lists what can be named.
func names() string {
	var all []string
	for c := range fields {
		all = append(all, string(c))
	}
	slices.Sort(all)
	return "there are " + strings.Join(all, ", ") + ", and members of properties, traits, context and, with each, item"
}
