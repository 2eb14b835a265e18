package main

import (
	"errors"
	"fmt"
	"go/ast"
	"strings"
)

// kinds maps the constructors of package prometheus to the kind they make.
var kinds = map[string]string{
	"NewCounter": "counter", "NewCounterVec": "counter", "NewCounterFunc": "counter",
	"NewGauge": "gauge", "NewGaugeVec": "gauge", "NewGaugeFunc": "gauge",
	"NewHistogram": "histogram", "NewHistogramVec": "histogram",
	"NewSummary": "summary", "NewSummaryVec": "summary",
}

// metrics finds the calls of prometheus constructors. Where a small function
// makes several metrics from its parameters, each of its calls is one metric. A
// name, help or label that is no plain text there is an error: it would be missing
// on the page.
func (p *pkg) metrics() ([]metric, error) {
	var out []metric
	var faults []error
	for _, f := range p.files {
		inspect(f, func(n ast.Node, stack []ast.Node) {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || fmt.Sprint(sel.X) != "prometheus" || kinds[sel.Sel.Name] == "" {
				return
			}
			bindings := p.bindings(described(call, sel.Sel.Name), stack)
			if len(bindings) == 0 {
				faults = append(faults, fmt.Errorf("%s: nobody calls the function that makes this metric", p.where(call)))
			}
			for _, b := range bindings {
				m, err := p.readMetric(call, sel.Sel.Name, scope{p, stack, b})
				m.where = p.where(call)
				if err != nil {
					faults = append(faults, fmt.Errorf("%s: %w", m.where, err))
					continue
				}
				out = append(out, m)
			}
		})
	}
	return out, errors.Join(faults...)
}

// described are the arguments that the page shows: the options and the labels.
func described(call *ast.CallExpr, constructor string) []ast.Expr {
	if strings.HasSuffix(constructor, "Vec") {
		return call.Args
	}
	return call.Args[:1]
}

func (p *pkg) readMetric(call *ast.CallExpr, constructor string, s scope) (metric, error) {
	m := metric{kind: kinds[constructor]}
	opts, ok := call.Args[0].(*ast.CompositeLit)
	if !ok {
		return m, errors.New("write the options of a metric as a literal, for docs/metrics.md")
	}
	var err error
	for _, e := range opts.Elts {
		kv, ok := e.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		switch fmt.Sprint(kv.Key) {
		case "Name":
			m.name, err = s.text(kv.Value)
		case "Help":
			m.help, err = s.text(kv.Value)
		}
		if err != nil {
			return m, err
		}
	}
	if strings.HasSuffix(constructor, "Vec") && len(call.Args) > 1 {
		m.labels, err = s.list(call.Args[1])
	}
	return m, err
}

// binding gives a function's parameters the arguments of one of its calls.
type binding struct {
	args     map[string]ast.Expr
	variadic string     // the parameter that takes the rest
	rest     []ast.Expr // what it takes
	caller   []ast.Node // where the call stands
}

// bindings lists the calls of the innermost function around a constructor, if the
// constructor's arguments use that function's parameters; otherwise one empty
// binding: it stands for itself.
func (p *pkg) bindings(args []ast.Expr, stack []ast.Node) []binding {
	for i := len(stack) - 1; i >= 0; i-- {
		switch f := stack[i].(type) {
		case *ast.FuncLit:
			if uses(args, f.Type.Params) {
				return p.callsOf(assignedTo(stack[:i], f), f.Type.Params, outermost(stack[:i]))
			}
			return []binding{{}}
		case *ast.FuncDecl:
			if uses(args, f.Type.Params) {
				return p.callsOf(f.Name.Name, f.Type.Params, nil)
			}
			return []binding{{}}
		}
	}
	return []binding{{}}
}

func uses(args []ast.Expr, params *ast.FieldList) bool {
	names := map[string]bool{}
	for _, f := range params.List {
		for _, name := range f.Names {
			names[name.Name] = true
		}
	}
	found := false
	for _, arg := range args {
		ast.Inspect(arg, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && names[id.Name] {
				found = true
			}
			return !found
		})
	}
	return found
}

// callsOf lists the calls of a function, within a node or in the whole package.
func (p *pkg) callsOf(name string, params *ast.FieldList, within ast.Node) []binding {
	if name == "" {
		return nil // a function without a name, called where it stands or passed on
	}
	var out []binding
	collect := func(n ast.Node, stack []ast.Node) {
		call, ok := n.(*ast.CallExpr)
		if !ok || calledName(call) != name {
			return
		}
		b := binding{args: map[string]ast.Expr{}, caller: stack}
		i := 0
		for _, f := range params.List {
			for _, param := range f.Names {
				if _, ok := f.Type.(*ast.Ellipsis); ok {
					b.variadic, b.rest = param.Name, call.Args[min(i, len(call.Args)):]
				} else if i < len(call.Args) {
					b.args[param.Name] = call.Args[i]
				}
				i++
			}
		}
		out = append(out, b)
	}
	if within != nil {
		inspect(within, collect)
		return out
	}
	for _, f := range p.files {
		inspect(f, collect)
	}
	return out
}

func calledName(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

// assignedTo is the variable that holds a function literal.
func assignedTo(stack []ast.Node, f *ast.FuncLit) string {
	if len(stack) == 0 {
		return ""
	}
	if a, ok := stack[len(stack)-1].(*ast.AssignStmt); ok {
		for i, e := range a.Rhs {
			if e == f && i < len(a.Lhs) {
				return fmt.Sprint(a.Lhs[i])
			}
		}
	}
	return ""
}

func outermost(stack []ast.Node) ast.Node {
	for _, n := range stack {
		if f, ok := n.(*ast.FuncDecl); ok {
			return f
		}
	}
	return nil
}

// inspect visits every node with the nodes around it, outermost first.
func inspect(root ast.Node, visit func(n ast.Node, stack []ast.Node)) {
	var stack []ast.Node
	ast.Inspect(root, func(n ast.Node) bool {
		if n == nil {
			stack = stack[:len(stack)-1]
			return true
		}
		visit(n, append([]ast.Node(nil), stack...))
		stack = append(stack, n)
		return true
	})
}
