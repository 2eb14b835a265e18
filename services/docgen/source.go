package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// module is what import paths of this repository begin with.
const module = "github.com/freshet/freshet/"

// source is the repository as syntax, each package read once.
type source struct {
	root     string
	packages map[string]*pkg
}

// pkg is one package without its tests.
type pkg struct {
	path  string // the directory below the root: "services/collector"
	fset  *token.FileSet
	files []*ast.File
}

// load reads the package in a directory below the root.
func (s *source) load(path string) (*pkg, error) {
	if p := s.packages[path]; p != nil {
		return p, nil
	}
	dir := filepath.Join(s.root, filepath.FromSlash(path))
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read package %s: %w", path, err)
	}
	p := &pkg{path: path, fset: token.NewFileSet()}
	for _, e := range entries {
		if e.IsDir() || !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(p.fset, filepath.Join(dir, e.Name()), nil, parser.ParseComments)
		if err != nil {
			return nil, fmt.Errorf("read package %s: %w", path, err)
		}
		p.files = append(p.files, f)
	}
	s.packages[path] = p
	return p, nil
}

// all loads every package below the given directories, in the order of their paths.
func (s *source) all(dirs ...string) ([]*pkg, error) {
	var out []*pkg
	for _, dir := range dirs {
		base := filepath.Join(s.root, dir)
		err := filepath.WalkDir(base, func(path string, e os.DirEntry, err error) error {
			if err != nil || !e.IsDir() {
				return err
			}
			if e.Name() == "testdata" || strings.HasPrefix(e.Name(), ".") {
				return filepath.SkipDir
			}
			rel, err := filepath.Rel(s.root, path)
			if err != nil {
				return err
			}
			p, err := s.load(filepath.ToSlash(rel))
			if err == nil && len(p.files) > 0 {
				out = append(out, p)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read the packages of %s: %w", dir, err)
		}
	}
	slices.SortFunc(out, func(a, b *pkg) int { return strings.Compare(a.path, b.path) })
	return out, nil
}

// where gives file and line of a node, the file below the root.
func (p *pkg) where(n ast.Node) string {
	at := p.fset.Position(n.Pos())
	return fmt.Sprintf("%s/%s:%d", p.path, filepath.Base(at.Filename), at.Line)
}

// structType finds a struct by its name.
func (p *pkg) structType(name string) *ast.StructType {
	var found *ast.StructType
	for _, f := range p.files {
		ast.Inspect(f, func(n ast.Node) bool {
			if t, ok := n.(*ast.TypeSpec); ok && t.Name.Name == name {
				if s, ok := t.Type.(*ast.StructType); ok {
					found = s
				}
			}
			return found == nil
		})
	}
	return found
}

// fieldDoc is the comment of a struct's field as one line. Where it begins with
// the field's name, the key stands in its place: readers do not know Go names.
func (p *pkg) fieldDoc(structName, field, key string) (string, error) {
	s := p.structType(structName)
	if s == nil {
		return "", fmt.Errorf("%s has no struct %s", p.path, structName)
	}
	for _, f := range s.Fields.List {
		for _, name := range f.Names {
			if name.Name == field {
				return oneLine(f, field, key, p)
			}
		}
	}
	return "", fmt.Errorf("%s.%s has no field %s", p.path, structName, field)
}

func oneLine(f *ast.Field, name, key string, p *pkg) (string, error) {
	text := strings.Join(strings.Fields(f.Doc.Text()), " ")
	if text == "" {
		return "", fmt.Errorf("%s: %s has no comment; it is what docs/config.md says of %s", p.where(f), name, key)
	}
	if rest, ok := strings.CutPrefix(text, name); ok && (rest == "" || !isLetter(rest[0])) {
		text = "`" + key + "`" + rest
	}
	return text, nil
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_' || '0' <= c && c <= '9' }

// koanfTag returns the key and the options of a field's tag.
func koanfTag(f *ast.Field) (key, options string) {
	if f.Tag == nil {
		return "", ""
	}
	tag, err := strconv.Unquote(f.Tag.Value)
	if err != nil {
		return "", ""
	}
	_, rest, found := strings.Cut(tag, `koanf:"`)
	if !found {
		return "", ""
	}
	value, _, _ := strings.Cut(rest, `"`)
	key, options, _ = strings.Cut(value, ",")
	return key, options
}

// imports maps the names a file uses to import paths.
func imports(f *ast.File) map[string]string {
	out := map[string]string{}
	for _, i := range f.Imports {
		path, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			continue
		}
		name := path[strings.LastIndexByte(path, '/')+1:]
		if i.Name != nil {
			name = i.Name.Name
		}
		out[name] = path
	}
	return out
}
