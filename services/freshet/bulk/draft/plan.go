package draft

import (
	"fmt"
	"slices"
	"strings"

	"github.com/freshet/freshet/services/freshet/bulk/moment"
	"github.com/freshet/freshet/services/freshet/bulk/rows"
)

// Level says how far a Note can be relied on.
type Level string

const (
	// Sure is what the file leaves no other reading of.
	Sure Level = "sure"
	// Guessed is what is likely, and not proven: the key in the mapping says it too.
	Guessed Level = "guessed"
	// Ask is what the file does not say, and what must be answered before an import.
	Ask Level = "ASK"
)

// levelOf is how far the finding of a column's times can be relied on.
func levelOf(f moment.Finding) Level {
	switch {
	case len(f.Alternatives) > 0:
		return Ask
	case !f.Sure:
		return Guessed
	}
	return Sure
}

// Note is one thing that the draft decided.
type Note struct {
	Level Level
	// Says is a sentence for people.
	Says string
}

// plan is what the columns are for. A place is -1 for none.
type plan struct {
	order   int  // whose values are one order
	grouped bool // its rows are lines of the order
	sorted  bool // and stand together
	at      int  // the time, or the day when beside is its time of day
	beside  int
	times   moment.Finding
	zone    int
	people  map[role]int
	roles   map[int]role // of an order's columns
	signed  int          // the column whose values below zero are refunds
	deeds   int          // the column that says what happened: view, cart, purchase
	known   []deed       // its values that Freshet has a name for
	states  int          // the column of an order's state or kind
	undone  []state      // its values of orders that were no sales
	back    bool         // the column of kinds tells refunds from sales
	key     []int        // columns that tell orders of the same number apart
	says    string       // the event of every row, where no column is an order's number or says what happened
	person  bool         // a row is what somebody is, not what they did
	goods   bool         // a row is a product that is sold
	left    map[int]bool // columns that are left out
	notes   []Note
}

func (p *plan) note(level Level, format string, args ...any) {
	p.notes = append(p.notes, Note{level, fmt.Sprintf(format, args...)})
}

// copy is a plan to write by, which adds notes of its own.
func (p *plan) copy() *plan {
	c := *p
	c.notes = slices.Clone(p.notes)
	return &c
}

// decide gives the columns their roles.
func decide(s *sample, columns []*column) *plan {
	p := &plan{order: find(columns, orderID, nil, func(c *column) bool { return c.filled > 0 && c.is != timestamp && !c.denied }), at: -1, beside: -1, zone: -1, signed: -1, deeds: -1, states: -1,
		people: map[role]int{}, roles: map[int]role{}, sorted: true, left: map[int]bool{}}
	taken := map[int]bool{}
	p.index(s, columns, taken)
	p.happened(s, columns, taken)
	if p.order >= 0 && !taken[p.order] {
		taken[p.order] = true
		p.roles[p.order] = orderID
	}
	p.time(s, columns, taken)
	p.who(columns, taken)
	if p.order >= 0 {
		p.state(s, columns, taken)
		p.numbered(s, columns, taken)
		p.lines(s, columns, taken)
		p.money(s, columns, taken)
	} else if p.deeds < 0 {
		p.persons(s, columns)
		p.reviews(columns, taken)
		p.tickets(columns, taken)
		p.sales(s, columns, taken)
		p.products(columns, taken)
	}
	return p
}

// index leaves the numbers of rows out: next week's file has others for the same rows.
func (p *plan) index(s *sample, columns []*column, taken map[int]bool) {
	for i, c := range columns {
		if !s.bare && i != p.order && c.counts() {
			p.left[i], taken[i] = true, true
			p.note(Sure, "%q only numbers the rows, and is left out", c.name)
		}
	}
}

// who finds the columns that name people: by their names, and addresses of mail by what they are. A column of names of several words names nobody for
// good, and one of addresses is an identifier only where its name says so.
func (p *plan) who(columns []*column, taken map[int]bool) {
	for _, r := range []role{email, phone, userID, anonymousID} {
		i := find(columns, r, taken, func(c *column) bool {
			switch {
			case !c.names() || r == phone && c.is == decimal && !c.whole:
				return false
			case r == email:
				return 2*c.mails >= c.filled
			case r == userID:
				return 2*c.spaced < c.filled && (2*c.mails < c.filled || strings.HasSuffix(c.word, "id"))
			}
			return true
		})
		if i >= 0 {
			p.people[r], taken[i] = i, true
		}
	}
	if _, ok := p.people[email]; ok {
		return
	}
	if i := slices.IndexFunc(columns, func(c *column) bool { return c.filled > 0 && 10*c.mails >= 9*c.filled && !c.foreign }); i >= 0 && !taken[i] {
		p.people[email], taken[i] = i, true
	}
}

// time finds the column of the time of the fact, and the one with the time of day where both are apart.
func (p *plan) time(s *sample, columns []*column, taken map[int]bool) {
	best := func(c *column) int {
		switch {
		case c.is != timestamp:
			return -1
		case c.rank >= 0 && c.times.DateOnly:
			return 2*c.rank + 1
		case c.rank >= 0:
			return 2 * c.rank
		case c.times.Numeric && !s.bare || hasNoFact(c.name):
			return -1
		}
		return 1000
	}
	for i, c := range columns {
		if r := best(c); r >= 0 && !taken[i] && (p.at < 0 || r < best(columns[p.at])) {
			p.at = i
		}
	}
	if p.at < 0 {
		return
	}
	p.times = columns[p.at].times
	taken[p.at] = true
	p.calendar(s, columns)
	if p.times.DateOnly {
		p.timeOfDay(s, columns, taken)
	}
	if i := find(columns, zone, taken, func(c *column) bool { return c.filled > 0 }); i >= 0 && !p.times.Zoned {
		p.zone, taken[i] = i, true
	}
}

// timeOfDay finds a column that makes a time of the day in another: "10:31:07" beside "2021-03-05", or 103107 beside 20210305, as tills write.
func (p *plan) timeOfDay(s *sample, columns []*column, taken map[int]bool) {
	for i, c := range columns {
		if taken[i] || c.is != text && c.is != integer || c.filled == 0 || c.rank < 0 {
			continue
		}
		var both moment.Column
		for _, rows := range [][][]rows.Value{s.rows, s.spread} {
			for _, row := range rows {
				if row[p.at].Text != "" && row[i].Text != "" {
					both.Add(row[p.at].Text + " " + row[i].Text)
				}
			}
		}
		f, ok := both.Finding()
		if (!ok || f.DateOnly) && len(p.times.Layouts) == 1 && p.times.Layouts[0] == "%Y%m%d" && s.clock(i) {
			f, ok = p.times, true
			f.Layouts, f.DateOnly = []string{"%Y%m%d %H%M%S"}, false
		}
		if ok && !f.DateOnly {
			p.beside, p.times = i, f
			taken[i] = true
			return
		}
	}
}

// clock says that the values are times of day in six figures.
func (s *sample) clock(i int) bool {
	for _, row := range slices.Concat(s.rows, s.spread) {
		if v := row[i].Text; len(v) != 6 || strings.Trim(v, "0123456789") != "" || v[:2] > "23" || v[2:4] > "59" || v[4:] > "59" {
			return false
		}
	}
	return true
}

// lines gives roles to the columns of an order's lines, and decides whether rows are lines.
func (p *plan) lines(s *sample, columns []*column, taken map[int]bool) {
	give := func(r role, fits func(*column) bool) int {
		i := find(columns, r, taken, fits)
		if i >= 0 {
			p.roles[i], taken[i] = r, true
		}
		return i
	}
	numeric := func(c *column) bool { return c.numeric() }
	filled := func(c *column) bool { return c.filled > 0 }
	product := give(productID, filled)
	article := give(sku, filled)
	name := give(productName, func(c *column) bool { return c.filled > 0 && (c.is == text || c.is == integer) })
	units := give(quantity, numeric)
	repeats := s.repeats(p.order)
	p.grouped = repeats || (product >= 0 || article >= 0 || name >= 0) && (units >= 0 || find(columns, unitPrice, taken, numeric) >= 0)
	if !p.grouped {
		return
	}
	if repeats {
		p.note(Sure, "rows with the same %q are one order", columns[p.order].name)
		p.headed(s, columns, units)
	} else {
		p.note(Guessed, "each row is a line of an order: rows with the same %q would be one order", columns[p.order].name)
	}
	if product < 0 && article < 0 && name < 0 {
		p.note(Guessed, "no column has a name usual for a product: products[].product_id is empty")
	}
	of := product
	if of < 0 {
		of = max(article, name)
	}
	p.amounts(s, columns, taken, of, units)
}

// hasNoFact says that a name is of another time than the fact's.
func hasNoFact(name string) bool {
	name = plain(name)
	for _, w := range notTheFact {
		if strings.Contains(name, w) {
			return true
		}
	}
	return false
}
