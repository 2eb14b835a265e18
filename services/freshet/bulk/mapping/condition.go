package mapping

import (
	"fmt"
	"strconv"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/freshet/freshet/services/freshet/bulk/rows"
)

// condition is a compiled `when`.
type condition struct {
	at      string
	program cel.Program
	columns []string
	slots   []int
}

// maxCost bounds one evaluation, so that no condition holds an import up.
const maxCost = 100_000

// newCondition compiles an expression over row, a map of the columns it names: row.status or row["Order No"].
func newCondition(at, expression string, format rows.Format, slot func(at, column string) int) (*condition, error) {
	env, err := cel.NewEnv(cel.Variable("row", cel.MapType(cel.StringType, cel.DynType)), cel.CrossTypeNumericComparisons(true), numberOf(format),
		cel.ParserExpressionSizeLimit(4096), cel.ParserRecursionLimit(100))
	if err != nil {
		return nil, fmt.Errorf("%s: make the CEL environment: %w", at, err)
	}
	checked, issues := env.Compile(expression)
	if err := issues.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", at, err)
	}
	if t := checked.OutputType(); !t.IsExactType(cel.BoolType) && !t.IsExactType(cel.DynType) {
		return nil, fmt.Errorf("%s: the condition gives %s, not true or false", at, t)
	}
	c := &condition{at: at}
	if err := c.find(checked.NativeRep().Expr()); err != nil {
		return nil, err
	}
	for _, column := range c.columns {
		c.slots = append(c.slots, slot(at, column))
	}
	if c.program, err = env.Program(checked, cel.CostLimit(maxCost)); err != nil {
		return nil, fmt.Errorf("%s: %w", at, err)
	}
	return c, nil
}

// numberOf is the function number(text): a text as a number by the signs of the format, for comparing: it is a float. What is no number, and the
// empty text of an absent value, is an error of the row.
func numberOf(format rows.Format) cel.EnvOption {
	f := &Field{Type: "decimal"}
	convert := converter(f, format)
	return cel.Function("number", cel.Overload("number_of_text", []*cel.Type{cel.DynType}, cel.DoubleType, cel.UnaryBinding(func(v ref.Val) ref.Val {
		text, ok := v.Value().(string)
		if !ok {
			return v.ConvertToType(types.DoubleType)
		}
		if text == "" {
			return types.NewErr(`number(""): the value is absent: ask for it first, as in row.Amount != "" && number(row.Amount) < 0.0`)
		}
		got, err := convert(rows.Value{Kind: rows.Text, Text: text})
		if err != nil {
			return types.NewErr("number(%q): it %v", text, err)
		}
		f, err := strconv.ParseFloat(got.Text, 64)
		if err != nil {
			return types.NewErr("number(%q): %v", text, err)
		}
		return types.Double(f)
	})))
}

// find notes the columns an expression reads.
func (c *condition) find(e ast.Expr) (err error) {
	reads := 0
	isRow := func(e ast.Expr) bool { return e.Kind() == ast.IdentKind && e.AsIdent() == "row" }
	ast.PreOrderVisit(e, ast.NewExprVisitor(func(e ast.Expr) {
		switch {
		case isRow(e):
			reads--
		case e.Kind() == ast.SelectKind && isRow(e.AsSelect().Operand()):
			c.columns = append(c.columns, e.AsSelect().FieldName())
			reads++
		case e.Kind() == ast.CallKind && e.AsCall().FunctionName() == operators.Index && isRow(e.AsCall().Args()[0]):
			if key := e.AsCall().Args()[1]; key.Kind() == ast.LiteralKind {
				if name, ok := key.AsLiteral().Value().(string); ok {
					c.columns = append(c.columns, name)
					reads++
				}
			}
		}
	}))
	if reads != 0 {
		return fmt.Errorf(`%s: row is read by a column's name only: row.status, or row["Order No"]`, c.at)
	}
	return nil
}

// holds evaluates the condition for a row. A value that is not there is the empty text.
func (c *condition) holds(row *rows.Row) (bool, *rows.Fault) {
	if c == nil {
		return true, nil
	}
	values := make(map[string]any, len(c.columns))
	for i, name := range c.columns {
		values[name] = native(row.Value(c.slots[i]))
	}
	out, _, err := c.program.Eval(map[string]any{"row": values})
	if err != nil {
		return false, &rows.Fault{Reason: reasonCondition, Detail: fmt.Sprintf("%s: %v", c.at, err)}
	}
	is, ok := out.Value().(bool)
	if !ok {
		return false, &rows.Fault{Reason: reasonCondition, Detail: fmt.Sprintf("%s: gives %v, not true or false", c.at, out.Value())}
	}
	return is, nil
}

// native is a value as CEL has it: texts stay texts, numbers are whole where they can be.
func native(v rows.Value) any {
	switch v.Kind {
	case rows.Number:
		if n, err := strconv.ParseInt(v.Text, 10, 64); err == nil {
			return n
		}
		if f, err := strconv.ParseFloat(v.Text, 64); err == nil {
			return f
		}
	case rows.Boolean:
		return v.Text == "true"
	}
	return v.Text
}
