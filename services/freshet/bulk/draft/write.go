package draft

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/freshet/freshet/services/freshet/bulk/number"
	"github.com/freshet/freshet/services/freshet/bulk/rows"
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
	identify := w.order < 0 && w.at < 0
	switch {
	case w.signed >= 0:
		c := w.columns[w.signed]
		when := fmt.Sprintf("number(row[%q]) < 0.0", c.name)
		if c.empty > 0 {
			when = fmt.Sprintf("row[%q] != \"\" && ", c.name) + when
		}
		w.line("type: track\nevent:  # docs/events.md has the names that Freshet understands\n  - {value: Order Refunded, when: %s}\n  - {value: Order Completed}", single(when))
	case w.order >= 0:
		w.line("type: track\nevent: Order Completed  # docs/events.md has the names that Freshet understands")
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

func each(texts []string) (out []string) {
	for _, t := range texts {
		out = append(out, quoted(t))
	}
	return out
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
	case w.order >= 0 && named >= 0:
		w.line("  anonymous_id: {template: %s, when: %s}  # who bought without a name", quoted("order-{"+w.columns[w.order].name+"}"), single(fmt.Sprintf(`row[%q] == ""`, w.columns[named].name)))
	case named >= 0:
	case w.order >= 0:
		w.line("  anonymous_id: {template: %s}  # CHANGE THIS if a column names the customer", quoted("order-{"+w.columns[w.order].name+"}"))
		w.note(Ask, "no column has a name usual for a person: each order stands for somebody nobody knows. Set identifiers")
	default:
		w.line("  user_id: %s  # CHANGE THIS: no column has a name usual for a person", quoted(w.columns[0].name))
		w.note(Ask, "no column has a name usual for a person: %q stands for one. Set identifiers", w.columns[0].name)
	}
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
	if w.at < 0 {
		if w.order >= 0 {
			w.line("# timestamp: {column: ...}  # CHANGE THIS: no column seems to hold the time; without one every row counts as of its import")
			w.note(Ask, "no column seems to hold the time of the order: all would be dated at the import. Set timestamp")
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
	w.line("timestamp: {%s, layouts: [%s]%s}%s%s", from, strings.Join(layouts(w.times.Layouts), ", "), zone, says, w.doubt())
	whole := fmt.Sprintf("%q", c.name)
	if w.beside >= 0 {
		whole += fmt.Sprintf(" and %q", w.columns[w.beside].name)
	}
	level := Sure
	switch {
	case len(w.times.Alternatives) > 0:
		level = Ask
	case !w.times.Sure:
		level = Guessed
	}
	w.note(level, "the time is %s, written as %s: %s", whole, strings.Join(w.times.Layouts, " or "), w.times.Why)
	if zone != "" && w.zone < 0 && !w.times.DateOnly {
		w.note(Guessed, "times name no zone: UTC is taken. Set timestamp.zone, such as Europe/Berlin")
	}
}

// doubt says that the times could be read another way as well.
func (w *writer) doubt() string {
	if len(w.times.Alternatives) == 0 {
		return ""
	}
	return "  # CHECK: the rows fit " + strings.Join(w.times.Alternatives, " and ") + " as well"
}

func unix(layouts []string) bool {
	return !slices.ContainsFunc(layouts, func(l string) bool { return !strings.HasPrefix(l, "unix") })
}

func layouts(list []string) (out []string) {
	for _, l := range list {
		if strings.Trim(l, "abcdefghijklmnopqrstuvwxyz_0123456789") == "" {
			out = append(out, l)
			continue
		}
		out = append(out, `"`+l+`"`)
	}
	return out
}

// ids writes what makes the message id, and what joins rows.
func (w *writer) ids() {
	if w.order < 0 {
		w.line("# message_id: [...]  # columns that name a row for good; by default the file's content and the row's number do")
		return
	}
	name := quoted(w.columns[w.order].name)
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

// currency writes the currency that stands beside the amounts, where no column names it.
func (w *writer) currency() {
	if w.has(currency) >= 0 || w.paths["currency"] {
		return
	}
	if c := w.money(); c != nil {
		switch code := c.numbers.Currency; {
		case len(c.numbers.Currencies) > 1:
			w.line("  currency: {column: %s, type: currency}", quoted(c.name))
			w.note(Sure, "the currency stands beside the amount: %s", strings.Join(c.numbers.Currencies, ", "))
		case code == "" && w.order < 0:
		case code == "":
			w.note(Guessed, "nothing names the currency: amounts count as the workspace's own. Set properties.currency, such as {value: EUR}")
		case len(code) == 3 && code == strings.ToUpper(code) && code[0] < 0x80:
			w.line("  currency: {value: %s}", code)
			w.note(Sure, "the currency is %s: it stands beside the amounts", code)
		default:
			likely, others := w.likely(code, c)
			w.line("  currency: {value: %s}  # CHECK: %s is the sign of %s as well", likely, code, others)
			w.note(Ask, "%s stands beside the amounts: %s is taken, and it may be %s. Set properties.currency", code, likely, others)
		}
	}
}

// money is the column of amounts whose currency is the event's: of an order, or the first that a currency stands in; nil for none.
func (w *writer) money() *column {
	for _, r := range []role{orderTotal, lineTotal, unitPrice} {
		if i := w.has(r); i >= 0 {
			return w.columns[i]
		}
	}
	for _, c := range w.columns {
		if w.order < 0 && c.numeric() && len(c.numbers.Currencies)+len(c.numbers.Currency) > 0 {
			return c
		}
	}
	return nil
}

// likely is the currency that a sign of several most often means: yen have no decimals, and a file in Chinese is of yuan.
func (w *writer) likely(sign string, c *column) (code, others string) {
	switch sign {
	case "¥", "￥":
		if c.numbers.Whole && !w.chinese() {
			return "JPY", "CNY"
		}
		return "CNY", "JPY"
	case "kr":
		return "SEK", "NOK, DKK or ISK"
	case "£":
		return "GBP", "another pound"
	}
	return "USD", "another dollar (CAD, AUD, HKD)"
}

// chinese says that the header is in Chinese: it has characters, and no letters of Japanese.
func (w *writer) chinese() bool {
	han := false
	for _, c := range w.columns {
		for _, r := range c.name {
			if unicode.In(r, unicode.Hiragana, unicode.Katakana) {
				return false
			}
			han = han || unicode.Is(unicode.Han, r)
		}
	}
	return han
}

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
	case (r == orderID || r == productID || r == sku) && c.is == decimal && c.whole:
		return fmt.Sprintf("{column: %s, type: integer}%s", quoted(c.name), note)
	case c.is == text || r == orderID || r == sku:
		return quoted(c.name) + note
	}
	switch c.is {
	case timestamp:
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

// quoted is how a draft writes a text in YAML.
func quoted(s string) string {
	plain := s != ""
	for i, r := range s {
		if !(unicode.IsLetter(r) && r < 128 || r == '_' || i > 0 && (r >= '0' && r <= '9' || r == '.')) {
			plain = false
		}
	}
	if plain && !slices.Contains([]string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}, strings.ToLower(s)) {
		return s
	}
	return string(rows.AppendText(nil, strings.ToValidUTF8(s, "?")))
}

// single is a condition in YAML's single quotes, in which its own double ones need no sign before them.
func single(s string) string {
	if s != strings.ToValidUTF8(s, "?") || strings.ContainsFunc(s, unicode.IsControl) {
		return quoted(s)
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

func sourceName(name string) string {
	name, _, _ = strings.Cut(strings.ToLower(name), ".")
	name = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, name)
	return fmt.Sprintf("%.64s", name)
}
