package draft

import (
	"math"
	"slices"
	"strconv"

	"github.com/freshet/freshet/services/freshet/bulk/number"
	"github.com/freshet/freshet/services/freshet/bulk/rows"
)

// amounts tells the price of a unit from the value of a line: by the name, and by the values where they decide. of is the column of the product,
// units that of the quantity; -1 for none.
func (p *plan) amounts(s *sample, columns []*column, taken map[int]bool, of, units int) {
	numeric := func(c *column) bool { return c.numeric() }
	price := find(columns, unitPrice, taken, numeric)
	if price >= 0 {
		taken[price] = true
	}
	line := find(columns, lineTotal, taken, func(c *column) bool { return c.numeric() && (c.varies || !s.repeats(p.order)) })
	if line >= 0 {
		taken[line] = true
	}
	switch {
	case price >= 0 && line >= 0 && units >= 0:
		fits, all := s.product(columns, price, units, line)
		if 10*fits >= 9*all && all > 0 {
			p.note(Sure, "%q is the value of the line: quantity times %q in %d of %d rows", columns[line].name, columns[price].name, fits, all)
		} else {
			p.note(Guessed, "%q is the value of the line, after discounts: it is not quantity times %q in %d of %d rows", columns[line].name, columns[price].name, all-fits, all)
		}
		p.roles[price], p.roles[line] = unitPrice, lineTotal
	case price >= 0 && line >= 0:
		p.roles[price], p.roles[line] = unitPrice, lineTotal
	case price >= 0:
		p.roles[price] = p.one(s, columns, price, of, units, unitPrice)
	case line >= 0:
		p.roles[line] = p.one(s, columns, line, of, units, lineTotal)
	}
}

// one decides what the only amount of a line is. Where a product is sold in several quantities, the price of a unit stays and the value of a line grows.
func (p *plan) one(s *sample, columns []*column, amount, of, units int, byName role) role {
	name := columns[amount].name
	words := map[role]string{unitPrice: "the price of one unit", lineTotal: "the value of the whole line"}
	if units >= 0 && of >= 0 {
		stays, grows := s.growth(columns, amount, of, units)
		is, other, votes := unitPrice, lineTotal, stays
		if grows > stays {
			is, other, votes = lineTotal, unitPrice, grows
		}
		switch all := stays + grows; {
		case votes >= 3 && 5*votes >= 4*all:
			p.note(Sure, "%q is %s: so it is in %d of %d pairs of rows that sell one product in two quantities", name, words[is], votes, all)
			return is
		case all > 0 && byName == other:
			p.note(Guessed, "%q is %s by its name; the values do not decide", name, words[byName])
			return byName
		}
	}
	p.note(Guessed, "%q is %s by its name; if it is %s, call it %s", name, words[byName], words[flip(byName)], map[role]string{unitPrice: "total", lineTotal: "price"}[byName])
	return byName
}

func flip(r role) role {
	if r == unitPrice {
		return lineTotal
	}
	return unitPrice
}

// value is a cell's number; NaN for none. It is evidence, not money: a float will do.
func value(v rows.Value, c *column) float64 {
	digits, _, ok := number.Parse(v.Text, c.numbers.Convention)
	if v.Kind == rows.Number {
		digits, ok = v.Text, true
	}
	f, err := strconv.ParseFloat(digits, 64)
	if !ok || err != nil {
		return math.NaN()
	}
	return f
}

// product counts rows in which price times units is the line's value, to a cent, and those in which all three are known and units is not one.
func (s *sample) product(columns []*column, price, units, line int) (fits, all int) {
	for _, row := range s.rows {
		p, u, l := value(row[price], columns[price]), value(row[units], columns[units]), value(row[line], columns[line])
		if math.IsNaN(p+u+l) || u == 1 {
			continue
		}
		all++
		if math.Abs(math.Abs(p*u)-math.Abs(l)) < 0.0101 {
			fits++
		}
	}
	return fits, all
}

// growth compares neighbouring sales of one product in different quantities: how often the amount stays, and how often it grows with the quantity.
func (s *sample) growth(columns []*column, amount, of, units int) (stays, grows int) {
	type sale struct{ amount, units float64 }
	last := map[string]sale{}
	for _, row := range s.rows {
		now := sale{value(row[amount], columns[amount]), value(row[units], columns[units])}
		if math.IsNaN(now.amount+now.units) || now.units == 0 || now.amount == 0 || row[of].Kind == rows.Absent {
			continue
		}
		before, ok := last[row[of].Text]
		last[row[of].Text] = now
		if !ok || before.units == now.units {
			continue
		}
		switch near := func(a, b float64) bool { return math.Abs(a-b) <= 0.02*math.Max(math.Abs(a), math.Abs(b)) }; {
		case near(before.amount, now.amount):
			stays++
		case near(before.amount/before.units, now.amount/now.units):
			grows++
		}
	}
	return stays, grows
}

// money gives roles to the amounts of a whole order, and looks for refunds among them.
func (p *plan) money(s *sample, columns []*column, taken map[int]bool) {
	grouped := s.repeats(p.order)
	own := func(c *column) bool { return c.numeric() && !(grouped && c.varies) }
	for _, r := range []role{orderTotal, shipping, tax, discount} {
		if i := find(columns, r, taken, own); i >= 0 {
			p.roles[i], taken[i] = r, true
		}
	}
	if i := find(columns, currency, taken, func(c *column) bool { return c.is == text && c.filled > 0 }); i >= 0 {
		p.roles[i], taken[i] = currency, true
	}
	p.refunds(s, columns)
	if p.has(orderTotal) < 0 && p.has(lineTotal) < 0 && p.has(unitPrice) < 0 {
		p.note(Ask, "no column has a name usual for an amount: the orders would be worth nothing. Set properties.total")
	}
}

// refunds looks for rows below zero: the total of an order, or the pieces or the value of a line.
func (p *plan) refunds(s *sample, columns []*column) {
	if p.back {
		return
	}
	by := []role{orderTotal}
	if p.grouped {
		by = []role{quantity, lineTotal}
	}
	for _, r := range by {
		i := p.has(r)
		if i < 0 {
			continue
		}
		below, all := 0, 0
		for _, row := range slices.Concat(s.rows, s.spread) {
			v := value(row[i], columns[i])
			if v < 0 {
				below++
			}
			if v == v { // no NaN
				all++
			}
		}
		if below > 0 && below < all {
			p.signed = i
			p.note(Guessed, "rows with %q below zero are refunds: %d of %d. Set event", columns[i].name, below, all)
			return
		}
	}
}

// has is the column of a role; -1 for none.
func (p *plan) has(r role) int {
	for i, is := range p.roles {
		if is == r {
			return i
		}
	}
	return -1
}
