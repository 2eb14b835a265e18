package draft

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// fields writes the columns that are not used yet.
func (w *writer) fields(title, indent string, want func(int, *column) bool) {
	titled := false
	for i, c := range w.columns {
		if w.used[i] || !want(i, c) {
			continue
		}
		if !titled {
			titled = true
			w.line("%s", title)
		}
		w.used[i] = true
		w.line("%s%s: %s", indent, quoted(w.path(i, c.name)), w.field(i, c))
	}
}

func (w *writer) field(i int, c *column) string {
	note := ""
	switch {
	case c.filled == 0:
		note = "  # empty in the rows that were looked at"
	case len(c.distinct) <= few && len(c.distinct) < c.filled && c.is != object:
		var all []string
		for v := range c.distinct {
			all = append(all, fmt.Sprintf("%.30q", v))
		}
		slices.Sort(all)
		note = "  # " + strings.Join(all, ", ")
	}
	switch r := w.roles[i]; {
	case r == orderID && len(w.key) > 0:
		return fmt.Sprintf("{template: %s}", quoted(w.orderTemplate()))
	case r == "" && w.order >= 0 && w.deeds < 0 && c.is == text && (slices.Contains(stateWords, c.word) || slices.ContainsFunc(stateParts, func(n string) bool { return strings.Contains(c.word, n) })):
		return quoted(c.name) + note + "  # leave it out if it changes after the sale: next week's file would say something else of the same order"
	case (r == orderID || r == productID || r == sku) && c.is == decimal && c.whole:
		return fmt.Sprintf("{column: %s, type: integer}%s", quoted(c.name), note)
	case c.is == text || r == orderID || r == sku:
		return quoted(c.name) + note
	}
	switch c.is {
	case timestamp:
		if len(c.times.Alternatives) > 0 {
			note = doubt(c.times)
		}
		return fmt.Sprintf("{column: %s, type: timestamp, layouts: [%s]}%s", quoted(c.name), strings.Join(layouts(c.times.Layouts), ", "), note)
	case decimal:
		return fmt.Sprintf("{column: %s, type: decimal%s}%s", quoted(c.name), w.signs(c), note)
	}
	return fmt.Sprintf("{column: %s, type: %s}%s", quoted(c.name), c.is, note)
}

// signs are the keys of a column whose numbers are written otherwise than the file's.
func (w *writer) signs(c *column) (out string) {
	if c.fits(w.numbers) {
		return ""
	}
	point := c.numbers.Decimal
	if point == "" {
		point = "."
	}
	if point != w.format.DecimalSign() || w.numbers.Decimal == "," {
		out = ", decimal: " + quoted(point)
	}
	if c.numbers.Thousands != "" {
		out += ", thousands: " + quoted(c.numbers.Thousands)
	}
	return out
}

// path is a name that is free, and neither the beginning of another nor beyond one.
func (w *writer) path(i int, column string) string {
	base := pathOf(column)
	if r, ok := w.roles[i]; ok {
		if base = string(r); r == lineTotal {
			base = "total"
		}
	}
	for n := 1; ; n++ {
		path := base
		if n > 1 {
			path = fmt.Sprintf("%s_%d", base, n)
		}
		free := true
		for other := range w.paths {
			if other == path || strings.HasPrefix(other, path+".") || strings.HasPrefix(path, other+".") {
				free = false
			}
		}
		if _, word := w.reserved(path, i); free && !word {
			w.paths[path] = true
			return path
		}
		if strings.Contains(base, ".") {
			base = strings.ReplaceAll(base, ".", "_")
		}
	}
}

// reserved says that a path is one that an order reads, and that the column has not the role for it: a column "Value" of an order whose total is
// another column must not become its value.
func (w *writer) reserved(path string, i int) (role, bool) {
	if path == "products" {
		return "", true
	}
	if w.order < 0 || w.roles[i] != "" {
		return "", false
	}
	for _, r := range []role{orderTotal, "revenue", "value", unitPrice, quantity, currency, orderID, productID, sku, "subtotal", lineTotal} {
		if path == string(r) && (w.has(r) >= 0 || r == "revenue" || r == "value" || r == "subtotal") {
			return r, true
		}
	}
	return "", false
}

// pathOf is a column's name as a property: lower snake case, the dots of nested columns kept.
func pathOf(column string) string {
	var b strings.Builder
	before := ' '
	for _, r := range column {
		switch {
		case unicode.IsUpper(r) && (unicode.IsLower(before) || unicode.IsDigit(before)):
			b.WriteByte('_')
			b.WriteRune(unicode.ToLower(r))
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(unicode.ToLower(r))
		case r == '.':
			b.WriteByte('.')
		default:
			b.WriteByte('_')
		}
		before = r
	}
	parts := strings.FieldsFunc(b.String(), func(r rune) bool { return r == '.' })
	for i, p := range parts {
		if parts[i] = strings.Trim(p, "_"); parts[i] == "" {
			parts[i] = "x"
		}
	}
	if len(parts) == 0 || len(parts) > 5 {
		return "x"
	}
	return strings.Join(parts, ".")
}
