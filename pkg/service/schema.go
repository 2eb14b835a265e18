package service

import (
	"encoding"
	"fmt"
	"reflect"
	"sort"
	"strings"
)

// Field is one key of a configuration struct. The generator of docs/config.md
// walks configurations with it, so that the page cannot differ from the loader.
type Field struct {
	// Key is the last part of the key the user types: "flush_every".
	Key string
	// Owner and Name say where the field is declared: Owner is the struct's type, Name the Go name.
	Owner reflect.Type
	Name  string
	// Index is for reflect's FieldByIndex, from the struct given to Fields.
	Index []int
	// Type is the field's type.
	Type reflect.Type
}

// Section says whether the field holds further keys rather than a value.
func (f Field) Section() bool { return isSection(f.Type) }

// Fields lists the keys of a configuration struct in the order of the source,
// those of squashed structs in place. Fields without a koanf tag are no keys.
func Fields(t reflect.Type) []Field {
	var out []Field
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("koanf"), ",")
		if options == "squash" && f.Type.Kind() == reflect.Struct {
			for _, inner := range Fields(f.Type) {
				inner.Index = append([]int{i}, inner.Index...)
				out = append(out, inner)
			}
			continue
		}
		if name == "" || name == "-" || !f.IsExported() {
			continue
		}
		out = append(out, Field{Key: name, Owner: t, Name: f.Name, Index: []int{i}, Type: f.Type})
	}
	return out
}

var textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()

func isSection(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && !reflect.PointerTo(t).Implements(textUnmarshaler)
}

// keysOf lists every full key below t, prefix before each.
func keysOf(t reflect.Type, prefix string) []string {
	var out []string
	for _, f := range Fields(t) {
		out = append(out, prefix+f.Key)
		if f.Section() {
			out = append(out, keysOf(f.Type, prefix+f.Key+".")...)
		}
	}
	return out
}

// unknownKeys reports the keys of a decoded file that t does not have. known are
// the keys a typing error may have meant.
func unknownKeys(t reflect.Type, value map[string]any, prefix string, known []string) []error {
	fields := map[string]Field{}
	for _, f := range Fields(t) {
		fields[f.Key] = f
	}
	var faults []error
	for _, key := range sortedKeys(value) {
		f, ok := fields[key]
		if !ok {
			faults = append(faults, unknownKey(prefix+key, known))
			continue
		}
		faults = append(faults, unknownInside(f.Type, value[key], prefix+key, known)...)
	}
	return faults
}

// unknownInside looks through sections and through lists and maps of sections.
func unknownInside(t reflect.Type, value any, path string, known []string) []error {
	if isSection(t) {
		if m, ok := value.(map[string]any); ok {
			return unknownKeys(t, m, path+".", known)
		}
		return nil
	}
	if k := t.Kind(); k != reflect.Slice && k != reflect.Map || !isSection(t.Elem()) {
		return nil
	}
	var faults []error
	inside := func(v any, path string) {
		faults = append(faults, unknownInside(t.Elem(), v, path, keysOf(t.Elem(), path+"."))...)
	}
	switch v := value.(type) {
	case []any:
		for i, e := range v {
			inside(e, fmt.Sprintf("%s[%d]", path, i))
		}
	case map[string]any:
		for _, k := range sortedKeys(v) {
			inside(v[k], path+"."+k)
		}
	}
	return faults
}

func unknownKey(key string, known []string) error {
	if near := Nearest(key, known); near != "" {
		return fmt.Errorf("%s: unknown key; the nearest known key is %s", key, near)
	}
	return fmt.Errorf("%s: unknown key; there are no keys here", key)
}

// Nearest returns the known key with the fewest edits to key, "" when there is none. A key whose last
// part is the same wins: right name, wrong section.
func Nearest(key string, known []string) string {
	last := func(s string) string { return s[strings.LastIndexByte(s, '.')+1:] }
	best, bestCost := "", -1
	for _, k := range known {
		cost := edits(key, k)
		if last(k) == last(key) {
			cost = 0
		}
		if bestCost < 0 || cost < bestCost {
			best, bestCost = k, cost
		}
	}
	return best
}

// edits is the Levenshtein distance in bytes.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
