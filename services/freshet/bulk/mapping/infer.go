package mapping

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/freshet/freshet/services/freshet/bulk/file"
	"github.com/freshet/freshet/services/freshet/bulk/rows"
)

// sampled is how many rows a draft is made of.
const sampled = 1000

// sampleColumn is what the first rows show of a column.
type sampleColumn struct {
	name     string
	filled   int
	kinds    map[string]bool // types that no value speaks against
	layouts  []string        // of times, those that no value speaks against
	before   string          // the value of the row before
	comma    bool            // some value has a decimal comma
	whole    bool            // every value is a whole number, though some are written with decimals
	varies   bool            // within the rows of one order
	distinct map[string]bool // values, up to one more than few
}

// Infer drafts a mapping from a file's header and first rows, as YAML with comments. It is a draft: it always loads and never knows better
// than the person who reads it.
func Infer(in *file.File) (string, error) {
	encoding, err := rows.GuessEncoding(in)
	if err != nil {
		return "", err
	}
	r, err := rows.Open(in, rows.Format{Encoding: encoding})
	if err != nil {
		return "", err
	}
	names, _ := r.Columns()
	if len(names) == 0 {
		return "", errors.New("there is no column to draft a mapping of")
	}
	r.Bind(names, false)
	columns := make([]*sampleColumn, len(names))
	for i, n := range names {
		columns[i] = &sampleColumn{name: n, kinds: map[string]bool{"integer": true, "decimal": true, "boolean": true, "json": true, "comma": true}, layouts: usual, distinct: map[string]bool{}, whole: true}
	}
	order := find(names, orderNames)
	n, repeats, unread, last := 0, false, 0, ""
	for ; n < sampled; n++ {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", err
		}
		if row.Fault != nil {
			unread++
			continue
		}
		same := order >= 0 && last != "" && row.Value(order).Text == last
		repeats = repeats || same
		for i, c := range columns {
			c.add(row.Value(i), same)
		}
		if order >= 0 {
			last = row.Value(order).Text
		}
	}
	d := draft{in: in, encoding: encoding, columns: columns, rows: n, unread: unread, order: -1, single: order}
	if repeats {
		d.order, d.single = order, -1
	}
	return d.write(), nil
}

// usual are the layouts looked for, the sure ones first.
var usual = []string{"iso", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y",
	"%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y", "%d-%b-%Y", "%d %b %Y"}

var usualClocks = func() map[string]*clock {
	out := map[string]*clock{}
	for _, l := range usual {
		if c, err := newClock([]string{l}, ""); err == nil {
			out[l] = c
		}
	}
	return out
}()

// few is how many values a column may have to be listed in the draft.
const few = 6

func (c *sampleColumn) add(v rows.Value, sameOrder bool) {
	if sameOrder && v.Text != c.before {
		c.varies = true
	}
	c.before = v.Text
	if v.Kind == rows.Absent {
		return
	}
	c.filled++
	n, isNumber := decimal(v.Text, ".", "")
	_, isInteger := integer(v.Text, ".", "")
	c.whole = c.whole && isInteger
	plain := v.Kind == rows.Number || isNumber && n == strings.TrimPrefix(v.Text, "+") // a leading zero means a number plate, not a number
	c.rule("integer", isInteger && plain && !strings.Contains(v.Text, "."))
	c.rule("decimal", isNumber && plain)
	_, isComma := decimal(v.Text, ",", ".")
	c.rule("comma", isComma && v.Kind == rows.Text)
	c.comma = c.comma || strings.Contains(v.Text, ",")
	c.rule("boolean", v.Kind == rows.Boolean || slices.Contains([]string{"true", "false", "yes", "no"}, strings.ToLower(v.Text)))
	c.rule("json", v.Kind == rows.JSON)
	c.layouts = slices.DeleteFunc(slices.Clone(c.layouts), func(l string) bool {
		_, err := usualClocks[l].parse(v)
		return err != nil
	})
	if len(c.distinct) <= few {
		c.distinct[v.Text] = true
	}
}

func (c *sampleColumn) rule(kind string, holds bool) { c.kinds[kind] = c.kinds[kind] && holds }

// kind is the type drafted; "" for text.
func (c *sampleColumn) kind() string {
	if c.filled == 0 {
		return ""
	}
	for _, k := range []string{"boolean", "integer", "decimal", "json"} {
		if c.kinds[k] {
			return k
		}
	}
	switch {
	case len(c.layouts) > 0:
		return "timestamp"
	case c.kinds["comma"] && c.comma:
		return "decimal"
	}
	return ""
}

var (
	userNames      = []string{"userid", "customerid", "customerno", "customernumber", "customer", "custid", "clientid", "memberid", "memberno", "contactid", "accountid", "kundennummer", "kundennr"}
	emailNames     = []string{"email", "emailaddress", "mail"}
	phoneNames     = []string{"phone", "phonenumber", "mobile", "mobilephone", "telephone", "tel", "cell", "telefon"}
	anonymousNames = []string{"anonymousid", "visitorid", "cookieid"}
	orderNames     = []string{"orderid", "orderno", "ordernumber", "invoiceno", "invoiceid", "invoice", "receiptid", "receiptno", "receipt", "transactionid", "bon", "bonnr"}
)

// vocabulary is what an order's columns are called in events.
var vocabulary = map[string][]string{
	"product_id": {"productid", "sku", "stockcode", "articleno", "articleid", "itemid", "ean", "article", "artikelnummer", "artikelnr"},
	"name":       {"productname", "description", "item", "artikel", "bezeichnung"},
	"quantity":   {"quantity", "qty", "menge", "anzahl"},
	"price":      {"unitprice", "price", "einzelpreis", "preis"},
	"total":      {"total", "ordertotal", "totalamount", "summe", "gesamt"},
	"currency":   {"currency", "currencycode", "waehrung", "währung"},
	"order_id":   orderNames,
}

// find is the first column that has one of the names; -1 for none.
func find(columns, names []string) int {
	for _, n := range names {
		for i, c := range columns {
			if plainName(c) == n {
				return i
			}
		}
	}
	return -1
}

func plainName(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
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
