package expr

import (
	"slices"
	"strconv"
	"strings"
	"sync"
)

// root is where a member is looked for.
type root uint8

const (
	rootProperties root = iota
	rootTraits
	rootContext
	rootItem
	rootColumn // not in JSON: a field of the event
)

var rootNames = [...]string{rootProperties: "properties", rootTraits: "traits", rootContext: "context", rootItem: "item"}

// Path names one member of an event: a field, or a member of the JSON that was sent.
type Path struct {
	root root
	// column is the field's name when root is rootColumn.
	column column
	// keys lead into the JSON; there is at least one, but for item, which may be the element itself.
	keys []string
	// index is the place of the path's value in the cache of an event.
	index int
}

// paths gives every path that a process ever compiled a place of its own: events keep what they have looked up there.
var paths struct {
	sync.Mutex
	index map[string]int
}

// newPath makes a path and finds its place.
func newPath(r root, c column, keys []string) *Path {
	p := &Path{root: r, column: c, keys: keys}
	paths.Lock()
	defer paths.Unlock()
	if paths.index == nil {
		paths.index = map[string]int{}
	}
	text := p.String()
	i, ok := paths.index[text]
	if !ok {
		i = len(paths.index)
		paths.index[text] = i
	}
	p.index = i
	return p
}

// String is the path as a definition writes it: equal for equal paths.
func (p *Path) String() string {
	if p.root == rootColumn {
		return string(p.column)
	}
	var b strings.Builder
	b.WriteString(rootNames[p.root])
	for _, k := range p.keys {
		if isName(k) {
			b.WriteString("." + k)
		} else {
			b.WriteString("[" + strconv.Quote(k) + "]")
		}
	}
	return b.String()
}

// isName says whether a key can be written behind a point.
func isName(s string) bool {
	for i, c := range s {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '_' && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != "" && !slices.Contains(reserved, s)
}

// reserved are words that CEL does not take behind a point.
var reserved = []string{"in", "true", "false", "null", "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop",
	"package", "namespace", "return", "var", "void", "while"}
