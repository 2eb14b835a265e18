package draft

import (
	"math"
	"strings"
)

// numbered finds the columns that tell orders of the same number apart: tills of several shops count their receipts each for itself, and some begin
// anew every day. An order of one customer that is sent from two shops, or paid back on another day, is one order.
func (p *plan) numbered(s *sample, columns []*column, taken map[int]bool) {
	var candidates []int
	free := func(c *column) bool { return c.empty == 0 }
	for i := find(columns, place, taken, free); i >= 0; i = find(columns, place, taken, free) {
		candidates, taken[i] = append(candidates, i), true
	}
	for _, i := range candidates {
		delete(taken, i)
	}
	if p.at >= 0 && p.times.DateOnly && columns[p.at].empty == 0 {
		candidates = append(candidates, p.at)
	}
	for _, i := range candidates {
		if others, same, unknown := p.apart(s, i); others > same || others+same == 0 && unknown > 0 && i != p.at {
			p.key = append(p.key, i)
		}
	}
	if len(p.key) > 0 {
		var names []string
		for _, i := range p.key {
			names = append(names, columns[i].name)
		}
		p.note(Guessed, "orders of the same %q differ in %s: the number counts anew there, and both make an order. Set group_by and message_id", columns[p.order].name, strings.Join(each(names), ", "))
	}
}

// apart counts rows with the number of an order before them and another value of a column: those that name somebody else than that row, the same
// person, and those of which it is not known.
func (p *plan) apart(s *sample, column int) (others, same, unknown int) {
	type row struct{ value, who string }
	seen := map[string]row{}
	var number []byte
	for _, r := range s.rows {
		number = append(number[:0], r[p.order].Text...)
		for _, k := range p.key {
			number = append(append(number, 0), r[k].Text...)
		}
		is := row{value: r[column].Text}
		for _, w := range []role{userID, email, phone} {
			if i, ok := p.people[w]; ok && is.who == "" {
				is.who = r[i].Text
			}
		}
		before, ok := seen[string(number)]
		if !ok {
			seen[string(number)] = is
			continue
		}
		switch {
		case before.value == is.value:
		case before.who == "" || is.who == "":
			unknown++
		case before.who == is.who:
			same++
		default:
			others++
		}
	}
	return others, same, unknown
}

// orderColumns are the columns whose values are one order, quoted.
func (w *writer) orderColumns() []string {
	var out []string
	for _, i := range w.key {
		out = append(out, w.columns[i].name)
	}
	return each(append(out, w.columns[w.order].name))
}

// orderTemplate is the number of an order in a template.
func (w *writer) orderTemplate() string {
	var b strings.Builder
	for _, i := range w.key {
		b.WriteString("{" + w.columns[i].name + "}-")
	}
	return b.String() + "{" + w.columns[w.order].name + "}"
}

// headed asks where the first row of each order has as many pieces as all others of it together: it is the order itself, not a line, and counts twice.
func (p *plan) headed(s *sample, columns []*column, units int) {
	if units < 0 {
		return
	}
	heads, long, all := 0, 0, 0
	for from := 0; from < len(s.rows); {
		to := from + 1
		for to < len(s.rows) && s.rows[to][p.order].Text == s.rows[from][p.order].Text {
			to++
		}
		rest := 0.0
		for _, row := range s.rows[from+1 : to] {
			if n := value(row[units], columns[units]); !math.IsNaN(n) {
				rest += n
			}
		}
		if to-from > 1 {
			if all++; rest != 0 && rest == value(s.rows[from][units], columns[units]) {
				heads++
				long += (to - from) / 3 // of two rows, both may be of one piece
			}
		}
		from = to
	}
	if all > 1 && heads == all && long > 0 {
		p.note(Ask, "the first row of every order has as many %q as its other rows together: it is the order itself and counts twice. Give lines.fields a when", columns[units].name)
	}
}
