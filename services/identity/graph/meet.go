package graph

import "github.com/freshet/freshet/pkg/customer"

// meets says that the candidate x, which is c or the anchor that c joins, brings customers or devices together when c, of the customer o
// or of none, joins: then x was known before, and c comes from another customer or is a device. That somebody's address becomes known
// is no meeting.
func (x candidate) meets(c candidate, o *owner) bool {
	return x.known && (o != nil || x.index != c.index && device(c.Type))
}

// device says that an identifier of this type names a browser, an app or the like, not a person.
func device(typ string) bool {
	return !unique(typ) && typ != customer.TypeEmail && typ != customer.TypePhone
}

// rushed says that an identifier has brought as many together as one person can.
func (g Graph) rushed(m meetings) bool {
	return m.inMinute >= g.limits.PerMinute || m.inDay >= g.limits.PerDay
}

// tie counts that the candidate joins the anchor.
func (p *plan) tie(anchor, c *candidate, o *owner) {
	for _, x := range []*candidate{anchor, c} {
		x.row.degree++
		x.touched = true
		if x.meets(*c, o) && !x.met && c.alias == noAlias {
			m := x.row.meetings.at(p.said.AtMS)
			m.inMinute++
			m.inDay++
			x.row.meetings, x.met = m, true
		}
	}
}
