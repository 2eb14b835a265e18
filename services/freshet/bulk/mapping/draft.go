package mapping

import (
	"fmt"
	"slices"
	"strings"

	"github.com/freshet/freshet/services/freshet/bulk/file"
)

// draft writes down what was inferred.
type draft struct {
	in           *file.File
	encoding     string // guessed; "" for what needs none
	columns      []*sampleColumn
	rows, unread int
	order        int // the column whose rows are one event; -1 for none
	single       int // an order's column whose rows are one event each; -1 for none
	b            strings.Builder
	used         map[int]bool
	paths        map[string]bool
}

func (d *draft) line(format string, args ...any) { fmt.Fprintf(&d.b, format+"\n", args...) }

func (d *draft) write() string {
	d.used, d.paths = map[int]bool{}, map[string]bool{}
	names := make([]string, len(d.columns))
	for i, c := range d.columns {
		names[i] = c.name
	}
	orders := d.order >= 0 || d.single >= 0
	at := d.time()
	d.line("# A draft, made of the first %d rows of %s. Read it, change it, then: freshet import FILE --map THIS --preview 3", d.rows, strings.ToValidUTF8(d.in.Name, "?"))
	if d.unread > 0 {
		d.line("# %d of these rows could not be read: see --dry-run, and format.encoding when the file is not UTF-8.", d.unread)
	}
	d.line("source_name: %s", quoted(sourceName(d.in.Name)))
	var format, seems []string
	if d.encoding != "" {
		format, seems = append(format, "encoding: "+d.encoding), append(seems, "letters")
	}
	if slices.ContainsFunc(d.columns, func(c *sampleColumn) bool { return c.kind() == "decimal" && !c.kinds["decimal"] }) {
		format, seems = append(format, `decimal: ",", thousands: "."`), append(seems, "numbers")
	}
	if len(format) > 0 {
		d.line("format: {%s}  # CHECK: this is how %s seem to be written", strings.Join(format, ", "), strings.Join(seems, " and "))
	}
	call := "track"
	switch {
	case orders:
		d.line("type: track\nevent: Order Completed  # docs/events.md has the names that Freshet understands")
	case at >= 0:
		d.line("type: track\nevent: Row Imported  # CHANGE THIS to what a row means: docs/events.md")
	default:
		call = "identify"
		d.line("type: identify  # no column of a time, hence what a person is, not what they did")
	}
	d.identifiers(names)
	if at >= 0 {
		d.used[at] = true
		d.line("timestamp: {column: %s, layouts: [%s], zone: UTC}  # the time zone of times that name none%s", quoted(d.columns[at].name), quotedLayout(d.columns[at].layouts[0]), doubt(d.columns[at]))
	}
	switch {
	case d.order >= 0:
		d.line("group_by: [%[1]s]  # consecutive rows with the same value are one event; group_by_sorted: false takes them from anywhere\nmessage_id: [%[1]s]", quoted(names[d.order]))
	case d.single >= 0:
		d.line("message_id: [%s]", quoted(names[d.single]))
	default:
		d.line("# message_id: [...]  # columns that name a row for good; by default the file's content and the row's number do")
	}
	if call == "identify" {
		d.fields("traits:", "  ", func(c *sampleColumn) bool { return true })
	} else {
		d.fields("properties:", "  ", func(c *sampleColumn) bool { return d.order < 0 || !c.varies })
	}
	if d.order >= 0 {
		d.paths = map[string]bool{}
		d.line("lines:\n  into: products  # product_id, quantity and price are what an order understands")
		d.fields("  fields:", "    ", func(c *sampleColumn) bool { return c.varies })
		if !slices.ContainsFunc(d.columns, func(c *sampleColumn) bool { return c.varies }) {
			d.line("  fields: {order_id: %s}", quoted(names[d.order]))
		}
	}
	return d.b.String()
}

// time is the column that says when; -1 for none.
func (d *draft) time() int {
	for _, words := range [][]string{{"timestamp", "date", "time", "created", "opened", "datum", "zeit", "_at"}, {""}} {
		for i, c := range d.columns {
			if c.kind() != "timestamp" {
				continue
			}
			name := strings.ToLower(c.name)
			if strings.Contains(name, "birth") || strings.Contains(name, "geburt") {
				continue
			}
			if slices.ContainsFunc(words, func(w string) bool { return strings.Contains(name, w) }) {
				return i
			}
		}
	}
	return -1
}

func (d *draft) identifiers(names []string) {
	d.line("identifiers:")
	some := false
	for _, id := range []struct {
		key   string
		names []string
	}{{"user_id", userNames}, {"anonymous_id", anonymousNames}, {"email", emailNames}, {"phone", phoneNames}} {
		if i := find(names, id.names); i >= 0 && !d.used[i] {
			d.used[i], some = true, true
			if c := d.columns[i]; c.kind() == "decimal" && c.whole { // 17850.0, as data frames write whole numbers
				d.line("  %s: {column: %s, type: integer}", id.key, quoted(names[i]))
				continue
			}
			d.line("  %s: %s", id.key, quoted(names[i]))
		}
	}
	if !some {
		d.line("  user_id: %s  # CHANGE THIS: no column has a name usual for a person", quoted(names[0]))
	}
}

// fields writes the columns that are not used yet.
func (d *draft) fields(title, indent string, want func(*sampleColumn) bool) {
	titled := false
	for i, c := range d.columns {
		if d.used[i] || !want(c) {
			continue
		}
		if !titled {
			titled = true
			d.line("%s", title)
		}
		d.used[i] = true
		d.line("%s%s: %s", indent, quoted(d.path(c.name)), c.field())
	}
}

// path is a name that is free, and neither the beginning of another nor beyond one.
func (d *draft) path(column string) string {
	base := pathOf(column)
	if d.order >= 0 || d.single >= 0 {
		for word, names := range vocabulary {
			if slices.Contains(names, plainName(column)) && !d.paths[word] {
				base = word
			}
		}
	}
	for n := 1; ; n++ {
		path := base
		if n > 1 {
			path = fmt.Sprintf("%s_%d", base, n)
		}
		free := true
		for other := range d.paths {
			if other == path || strings.HasPrefix(other, path+".") || strings.HasPrefix(path, other+".") {
				free = false
			}
		}
		if free && path != "products" {
			d.paths[path] = true
			return path
		}
		if strings.Contains(base, ".") {
			base = strings.ReplaceAll(base, ".", "_")
		}
	}
}

func (c *sampleColumn) field() string {
	note := ""
	switch {
	case c.filled == 0:
		note = "  # empty in the first rows"
	case len(c.distinct) <= few && c.kind() != "json":
		var all []string
		for v := range c.distinct {
			all = append(all, fmt.Sprintf("%.30q", v))
		}
		slices.Sort(all)
		note = "  # " + strings.Join(all, ", ")
	}
	switch kind := c.kind(); kind {
	case "":
		return quoted(c.name) + note
	case "timestamp":
		return fmt.Sprintf("{column: %s, type: timestamp, layouts: [%s]}%s%s", quoted(c.name), quotedLayout(c.layouts[0]), note, doubt(c))
	default:
		return fmt.Sprintf("{column: %s, type: %s}%s", quoted(c.name), kind, note)
	}
}

func quotedLayout(l string) string {
	if l == "iso" {
		return l
	}
	return `"` + l + `"`
}

// doubt says that the day and the month could be the other way round.
func doubt(c *sampleColumn) string {
	l := c.layouts[0]
	if strings.HasPrefix(l, "%d/%m") && slices.Contains(c.layouts, "%m/%d"+l[len("%d/%m"):]) {
		return "  # CHECK: day/month or month/day, the first rows fit both"
	}
	return ""
}
