package main

import (
	"fmt"
	"go/ast"
	"path/filepath"
	"slices"
	"strings"
)

// binary is what the main package of a service says of its configuration.
type binary struct {
	name     string            // "collector"
	sections map[string]string // key -> Go type, such as "broker" -> pkg/broker.Config
	squashed []string          // Go types whose keys stand at the top level
	own      []row             // keys declared in main itself
}

// findBinaries reads the config structs of services/*/cmd/freshet-*.
func findBinaries(src *source) ([]binary, error) {
	mains, err := filepath.Glob(filepath.Join(src.root, "services", "*", "cmd", "freshet-*"))
	if err != nil {
		return nil, err
	}
	var out []binary
	for _, dir := range mains {
		rel, err := filepath.Rel(src.root, dir)
		if err != nil {
			return nil, err
		}
		p, err := src.load(filepath.ToSlash(rel))
		if err != nil {
			return nil, err
		}
		if p.structType("config") == nil {
			continue // a tool, not a service
		}
		b, err := readBinary(p)
		if err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	slices.SortFunc(out, func(a, b binary) int { return strings.Compare(a.name, b.name) })
	return out, nil
}

func readBinary(p *pkg) (binary, error) {
	b := binary{name: strings.TrimPrefix(filepath.Base(p.path), "freshet-"), sections: map[string]string{}}
	paths := map[string]string{}
	for _, f := range p.files {
		for name, path := range imports(f) {
			paths[name] = path
		}
	}
	for _, f := range p.structType("config").Fields.List {
		key, options := koanfTag(f)
		sel, isSelector := f.Type.(*ast.SelectorExpr)
		switch {
		case isSelector && isOurs(paths, sel):
			goType := strings.TrimPrefix(paths[sel.X.(*ast.Ident).Name], module) + "." + sel.Sel.Name
			if options == "squash" {
				b.squashed = append(b.squashed, goType)
			} else {
				b.sections[key] = goType
			}
		case len(f.Names) == 1 && key != "":
			doc, err := oneLine(f, f.Names[0].Name, key, p)
			if err != nil {
				return b, err
			}
			value, kind := p.defaultInMain(f.Names[0].Name)
			b.own = append(b.own, row{key: key, kind: kind, value: value, doc: doc})
		default:
			return b, fmt.Errorf("%s: a field of config without a koanf key", p.where(f))
		}
	}
	return b, nil
}

func isOurs(paths map[string]string, sel *ast.SelectorExpr) bool {
	x, ok := sel.X.(*ast.Ident)
	return ok && strings.HasPrefix(paths[x.Name], module)
}

// defaultInMain finds the value that a config literal gives a field.
func (p *pkg) defaultInMain(field string) (value, kind string) {
	value, kind = "empty", "text"
	for _, f := range p.files {
		ast.Inspect(f, func(n ast.Node) bool {
			lit, ok := n.(*ast.CompositeLit)
			if !ok || fmt.Sprint(lit.Type) != "config" {
				return true
			}
			for _, e := range lit.Elts {
				kv, ok := e.(*ast.KeyValueExpr)
				if !ok || fmt.Sprint(kv.Key) != field {
					continue
				}
				if b, ok := kv.Value.(*ast.BasicLit); ok {
					value = "`" + strings.Trim(b.Value, "\"`") + "`"
					if value == "``" {
						value = "empty"
					}
				}
			}
			return true
		})
	}
	return value, kind
}
