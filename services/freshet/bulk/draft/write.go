package draft

import (
	"fmt"
	"slices"
	"strings"

	"github.com/freshet/freshet/services/freshet/bulk/moment"
	"github.com/freshet/freshet/services/freshet/bulk/number"
)

// writer writes a plan down as a mapping.
type writer struct {
	*plan
	look
	columns []*column
	numbers number.Convention // of the file
	used    map[int]bool
	paths   map[string]bool
	b       strings.Builder
}

func (w *writer) line(format string, args ...any) { fmt.Fprintf(&w.b, format+"\n", args...) }

func (w *writer) write(source string) string {
	w.used, w.paths = map[int]bool{}, map[string]bool{}
	w.line("source_name: %s", quoted(sourceName(source)))
	if f := w.formatLine(); f != "" {
		w.line("format: {%s}", f)
	}
	for i := range w.left {
		w.used[i] = true
	}
	identify := w.person || w.order < 0 && w.at < 0 && w.deeds < 0 && !w.goods
	switch {
	case w.goods:
		w.line("type: track\nevent: Product Upserted  # a list of products: docs/items.md\nidentifiers:\n  anonymous_id: {value: catalogue}")
		w.fields("properties:", "  ", func(int, *column) bool { return true })
		return w.b.String()
	case w.deeds >= 0 || w.order >= 0 || w.says != "":
		w.events()
	case w.person:
		w.line("type: identify  # a row is a person: what they are, not what they did")
	case identify:
		w.line("type: identify  # no column of a time, hence what a person is, not what they did")
	default:
		w.line("type: track\nevent: Row Imported  # CHANGE THIS to what a row means: docs/events.md")
	}
	w.identifiers()
	w.timestamp()
	w.ids()
	if identify {
		w.fields("traits:", "  ", func(int, *column) bool { return true })
		return w.b.String()
	}
	w.properties()
	if w.grouped {
		w.lines()
	}
	return w.b.String()
}

// formatLine is what the format's defaults do not find out by themselves.
func (w *writer) formatLine() string {
	var parts []string
	add := func(is bool, format string, args ...any) {
		if is {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	f := w.format
	add(f.Encoding != "", "encoding: %s", f.Encoding)
	add(f.Sheet != "", "sheet: %s", quoted(f.Sheet))
	add(f.Delimiter != "", "delimiter: %s", quoted(f.Delimiter))
	add(f.SkipLines > 0, "skip_lines: %d", f.SkipLines)
	add(len(f.Columns) > 0, "columns: [%s]", strings.Join(each(f.Columns), ", "))
	add(len(f.Ignore) > 0, "ignore: [%s]", strings.Join(each(f.Ignore), ", "))
	add(len(f.Null) > 0, `"null": [%s]`, strings.Join(each(f.Null), ", "))
	add(f.TextSign != "", "text_sign: %s", quoted(f.TextSign))
	add(w.numbers.Decimal == ",", `decimal: ","`)
	add(w.numbers.Thousands != "", "thousands: %s", quoted(w.numbers.Thousands))
	return strings.Join(parts, ", ")
}

func (w *writer) identifiers() {
	w.line("identifiers:")
	for _, r := range []role{userID, anonymousID, email, phone} {
		i, ok := w.people[r]
		if !ok {
			continue
		}
		w.used[i] = true
		if c := w.columns[i]; c.is == decimal && c.whole { // 17850.0, as data frames write whole numbers
			w.line("  %s: {column: %s, type: integer}", r, quoted(c.name))
			continue
		}
		w.line("  %s: %s", r, quoted(w.columns[i].name))
	}
	named := w.namer()
	switch {
	case named >= 0 && w.columns[named].empty == 0:
	case w.deeds >= 0 && named >= 0:
	case w.order >= 0 && named >= 0:
		w.line("  anonymous_id: {template: %s, when: %s}  # who bought without a name", quoted("order-"+w.orderTemplate()), single(fmt.Sprintf(`row[%q] == ""`, w.columns[named].name)))
	case named >= 0:
	case w.order >= 0:
		w.line("  anonymous_id: {template: %s}  # CHANGE THIS if a column names the customer", quoted("order-"+w.orderTemplate()))
		w.note(Ask, "no column has a name usual for a person: each order stands for somebody nobody knows. Set identifiers")
	default:
		c := w.columns[w.stranger()]
		w.line("  user_id: %s  # CHANGE THIS: no column has a name usual for a person", quoted(c.name))
		w.note(Ask, "no column has a name usual for a person: %q stands for one. Set identifiers", c.name)
	}
}

// stranger is the column that stands for a person where none names one: the first that every row has and that tells rows apart, or the fullest.
func (w *writer) stranger() int {
	best, points := 0, -1
	for i, c := range w.columns {
		n := c.filled
		if c.is == text || c.is == integer {
			n += c.filled * len(c.distinct)
		}
		if !w.left[i] && i != w.at && n > points {
			best, points = i, n
		}
	}
	return best
}

// namer is the column that names most people; -1 for none. Two that fill each other's gaps are beyond a draft.
func (w *writer) namer() int {
	best := -1
	for _, r := range []role{userID, email, phone, anonymousID} {
		if i, ok := w.people[r]; ok && (best < 0 || w.columns[i].empty < w.columns[best].empty) {
			best = i
		}
	}
	return best
}

func (w *writer) timestamp() {
	if w.at < 0 || w.person {
		if w.order >= 0 || w.deeds >= 0 {
			w.line("# timestamp: {column: ...}  # CHANGE THIS: no column seems to hold the time; without one every row counts as of its import")
			w.note(Ask, "no column seems to hold the time: all would be dated at the import. Set timestamp")
		}
		return
	}
	c := w.columns[w.at]
	w.used[w.at] = true
	from := "column: " + quoted(c.name)
	if w.beside >= 0 {
		w.used[w.beside] = true
		from = "template: " + quoted("{"+c.name+"} {"+w.columns[w.beside].name+"}")
	}
	if w.zone >= 0 {
		w.used[w.zone] = true
		from += ", zone_column: " + quoted(w.columns[w.zone].name)
	}
	zone, says := ", zone: UTC", "  # the time zone of times that name none"
	if w.times.Zoned || unix(w.times.Layouts) {
		zone, says = "", ""
	}
	w.line("timestamp: {%s, layouts: [%s]%s}%s%s", from, strings.Join(layouts(w.times.Layouts), ", "), zone, says, doubt(w.times))
	whole := fmt.Sprintf("%q", c.name)
	if w.beside >= 0 {
		whole += fmt.Sprintf(" and %q", w.columns[w.beside].name)
	}
	w.note(levelOf(w.times), "the time is %s, written as %s: %s", whole, strings.Join(w.times.Layouts, " or "), w.times.Why)
	if zone != "" && w.zone < 0 && !w.times.DateOnly {
		w.note(Guessed, "times name no zone: UTC is taken. Set timestamp.zone, such as Europe/Berlin")
	}
}

// doubt says that the times could be read another way as well.
func doubt(f moment.Finding) string {
	if len(f.Alternatives) == 0 {
		return ""
	}
	return "  # CHECK: the rows fit " + strings.Join(f.Alternatives, " and ") + " as well"
}

func unix(layouts []string) bool {
	return !slices.ContainsFunc(layouts, func(l string) bool { return !strings.HasPrefix(l, "unix") })
}

// ids writes what makes the message id, and what joins rows.
func (w *writer) ids() {
	if w.order < 0 || w.deeds >= 0 {
		w.line("# message_id: [...]  # columns that name a row for good; by default the file's content and the row's number do")
		return
	}
	name := strings.Join(w.orderColumns(), ", ")
	if w.grouped {
		w.line("group_by: [%s]", name)
		if !w.sorted {
			w.line("group_by_sorted: false  # the rows of some orders are not together")
		}
	}
	if w.ownID {
		w.line("# message_id: [...]  # the order's number alone does not tell events apart: some come twice")
		return
	}
	w.line("message_id: [%s]", name)
}

// properties writes the order's own columns, or the row's.
func (w *writer) properties() {
	own := func(i int, c *column) bool {
		switch w.roles[i] {
		case orderID, orderTotal, shipping, tax, discount, currency:
			return !w.grouped || !c.varies
		case "":
			return !w.grouped || !c.varies
		}
		return !w.grouped
	}
	w.fields("properties:", "  ", own)
	w.currency()
}

func (w *writer) lines() {
	w.paths = map[string]bool{}
	w.line("lines:\n  into: products  # product_id, quantity, and price or total are what an order understands")
	before := w.b.Len()
	w.fields("  fields:", "    ", func(int, *column) bool { return true })
	if w.b.Len() == before {
		w.line("  fields: {order_id: %s}", quoted(w.columns[w.order].name))
	}
}
