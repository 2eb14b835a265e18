package draft

import (
	"slices"
	"strconv"
	"strings"

	"github.com/freshet/freshet/services/freshet/bulk/moment"
	"github.com/freshet/freshet/services/freshet/bulk/number"
	"github.com/freshet/freshet/services/freshet/bulk/rows"
)

// few is how many values a column may have to be listed in the draft.
const few = 6

// kind is what the values of a column are.
type kind string

const (
	text      kind = ""
	boolean   kind = "boolean"
	integer   kind = "integer"
	decimal   kind = "decimal"
	timestamp kind = "timestamp"
	object    kind = "json"
)

// column is what the rows that were looked at show of a column.
type column struct {
	name, word string   // the name, and as the vocabulary has it
	words      []string // of the name, without those that are aside
	foreign    bool     // it is the name of another's: a seller's, an agent's
	rank       int      // of timeRank
	filled     int
	empty      int
	varies     bool            // within the rows of one order
	distinct   map[string]bool // values, up to one more than few
	mails      int             // values that are addresses of mail
	spaced     int             // values of several words, as people's names are
	masked     int             // values that an export has made unreadable: 138****0001
	steps      int             // values that are the one before and one

	is      kind
	as      number.Column  // the numbers as they were added
	whole   bool           // every value is a whole number, though some are written with decimals: 17850.0
	numbers number.Finding // of an integer or decimal
	times   moment.Finding // of a timestamp
	gather  *gather        // until judged
	denied  bool           // it is no number of an order, whatever its name says
}

// gather is what is known of values while they are added.
type gather struct {
	before                                 string
	times                                  moment.Column
	plain, zeros, boolean, object, instant bool
}

func newColumn(name string) *column {
	words, foreign := core(name)
	return &column{name: name, word: plain(name), words: words, foreign: foreign, rank: timeRank(name), distinct: map[string]bool{}, whole: true,
		as: number.Column{Money: isMoney(words)}, gather: &gather{plain: true, boolean: true, object: true, instant: true}}
}

// add takes the next row's value; sameOrder says that the row is of the same order as the one before. A value that is left out in all rows of an
// order but the first, as many exports do with the order's own values, does not vary.
func (c *column) add(v rows.Value, sameOrder bool) {
	g := c.gather
	if v.Kind == rows.Absent {
		c.empty++
		if !sameOrder {
			g.before = ""
		}
		return
	}
	c.varies = c.varies || sameOrder && g.before != "" && v.Text != g.before
	c.marks(v.Text)
	g.before = v.Text
	c.filled++
	g.boolean = g.boolean && (v.Kind == rows.Boolean || slices.Contains([]string{"true", "false", "yes", "no"}, strings.ToLower(v.Text)))
	g.object = g.object && v.Kind == rows.JSON
	g.instant = g.instant && v.Kind == rows.Instant
	bare := strings.TrimLeft(v.Text, "-+")
	g.plain = g.plain && bare != "" && len(bare) <= 18 && strings.Trim(bare, "0123456789") == ""
	c.whole = c.whole && isWhole(bare)
	g.zeros = g.zeros || len(bare) > 1 && bare[0] == '0' && bare[1] >= '0' && bare[1] <= '9'
	c.as.Add(v.Text)
	g.times.Add(v.Text)
	if len(c.distinct) <= few {
		c.distinct[v.Text] = true
	}
}

// marks notes what a value is whatever its column is called.
func (c *column) marks(text string) {
	if user, host, ok := strings.Cut(text, "@"); ok && user != "" && strings.Contains(host, ".") && !strings.ContainsAny(text, " ,;") {
		c.mails++
	}
	if strings.Contains(text, " ") {
		c.spaced++
	}
	if strings.Contains(text, "**") || strings.Contains(text, "XXXX") {
		c.masked++
	}
	if before, err := strconv.Atoi(c.gather.before); err == nil && strconv.Itoa(before+1) == text {
		c.steps++
	}
}

// names says that the values can name people: export programs mask some of them.
func (c *column) names() bool {
	return c.filled > 0 && c.is != timestamp && c.is != object && c.is != boolean && 2*c.masked < c.filled
}

// counts says that the values number the rows, under no name, as data frames write their index.
func (c *column) counts() bool {
	return (c.word == "" || strings.HasPrefix(c.word, "unnamed") || strings.HasPrefix(c.name, "column_")) && c.is == integer && c.empty == 0 && c.steps > 0 && c.steps >= c.filled-1-c.filled/20
}

// judge decides what the values are, when all were added. Numbers that may be times (unix seconds, 20210131) are times only under a name that says so.
func (c *column) judge() {
	g := c.gather
	c.gather = nil
	if c.filled == 0 {
		return
	}
	var isTime, isNumber bool
	c.times, isTime = g.times.Finding()
	c.numbers, isNumber = c.as.Finding()
	switch {
	case g.object:
		c.is = object
	case g.boolean:
		c.is = boolean
	case g.instant:
		c.is, c.times = timestamp, moment.Finding{Layouts: []string{"iso"}, Sure: true, Why: "the file's own times"}
	case isTime && (!c.times.Numeric || c.rank >= 0 || strings.HasPrefix(c.name, "column_") && strings.HasPrefix(c.times.Layouts[0], "unix")):
		c.is = timestamp
	case g.zeros || !isNumber || isCode(c.word) || c.numbers.Whole && c.numbers.Unread > 0: // numbers of orders, of which some are C536379
	case g.plain:
		c.is = integer
	default:
		c.is = decimal
	}
}

// isWhole says that digits are of a whole number, as 17850 and 17850.0 are.
func isWhole(digits string) bool {
	whole, decimals, _ := strings.Cut(digits, ".")
	return whole != "" && strings.Trim(whole, "0123456789") == "" && strings.Trim(decimals, "0") == ""
}

// isCode says that digits under a name are no number: nobody adds up postal codes.
func isCode(word string) bool {
	for _, w := range []string{"zip", "postal", "postcode", "postleitzahl", "plz", "codepostal", "邮编", "郵便番号", "우편번호", "индекс"} {
		if strings.Contains(word, w) {
			return true
		}
	}
	return false
}

func (c *column) numeric() bool { return c.is == integer || c.is == decimal }

// fits says that the column's numbers may be read in a convention: its own, one that has groups where the column has none, or, where the values
// leave several readings, another that they fit.
func (c *column) fits(as number.Convention) bool {
	own := c.numbers.Convention
	point := func(sign string) string { return strings.Replace(sign, ".", "", 1) }
	switch same := point(own.Decimal) == point(as.Decimal); {
	case same && own.Thousands == as.Thousands:
		return true
	case same && own.Thousands == "" || !c.numbers.Sure:
		return c.as.Fits(as)
	}
	return false
}
