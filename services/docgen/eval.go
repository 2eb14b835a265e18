package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"strconv"
)

// scope evaluates constant text where a metric is declared: literals, sums of
// them, constants of the package, variables set once, and parameters as bound.
type scope struct {
	p     *pkg
	stack []ast.Node
	bound binding
}

func (s scope) text(e ast.Expr) (string, error) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			return strconv.Unquote(e.Value)
		}
	case *ast.ParenExpr:
		return s.text(e.X)
	case *ast.BinaryExpr:
		a, err := s.text(e.X)
		if err != nil {
			return "", err
		}
		b, err := s.text(e.Y)
		return a + b, err
	case *ast.Ident:
		if arg, ok := s.bound.args[e.Name]; ok {
			return scope{p: s.p, stack: s.bound.caller}.text(arg)
		}
		if value := s.lookup(e.Name); value != nil {
			return s.text(value)
		}
	}
	return "", fmt.Errorf("%s: not constant text, which docs/metrics.md needs", s.p.where(e))
}

func (s scope) list(e ast.Expr) ([]string, error) {
	switch e := e.(type) {
	case *ast.CompositeLit:
		return s.texts(e.Elts)
	case *ast.Ident:
		if e.Name == "nil" {
			return nil, nil
		}
		if e.Name == s.bound.variadic {
			return scope{p: s.p, stack: s.bound.caller}.texts(s.bound.rest)
		}
		if arg, ok := s.bound.args[e.Name]; ok {
			return scope{p: s.p, stack: s.bound.caller}.list(arg)
		}
		if value := s.lookup(e.Name); value != nil {
			return s.list(value)
		}
	}
	return nil, fmt.Errorf("%s: not a list of constant text, which docs/metrics.md needs", s.p.where(e))
}

func (s scope) texts(exprs []ast.Expr) ([]string, error) {
	var out []string
	for _, e := range exprs {
		t, err := s.text(e)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

// lookup finds what a name stands for: set in the functions around, innermost
// first, else declared in the package.
func (s scope) lookup(name string) ast.Expr {
	for i := len(s.stack) - 1; i >= 0; i-- {
		switch s.stack[i].(type) {
		case *ast.FuncDecl, *ast.FuncLit:
			if v := assigned(s.stack[i], name); v != nil {
				return v
			}
		}
	}
	for _, f := range s.p.files {
		for _, d := range f.Decls {
			if g, ok := d.(*ast.GenDecl); ok {
				if v := assigned(g, name); v != nil {
					return v
				}
			}
		}
	}
	return nil
}

func assigned(root ast.Node, name string) ast.Expr {
	var found ast.Expr
	ast.Inspect(root, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for i, l := range n.Lhs {
				if fmt.Sprint(l) == name && n.Tok == token.DEFINE && i < len(n.Rhs) {
					found = n.Rhs[i]
				}
			}
		case *ast.ValueSpec:
			for i, l := range n.Names {
				if l.Name == name && i < len(n.Values) {
					found = n.Values[i]
				}
			}
		}
		return found == nil
	})
	return found
}
