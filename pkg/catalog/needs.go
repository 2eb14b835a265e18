package catalog

import "slices"

// MadeOf are the positions, rising, of the features that columns of the plan have a part in: those that read one, and those made of such features.
func (c *Catalog) MadeOf(columns []int) []int {
	var out []int
	for i := range c.Features {
		if slices.ContainsFunc(c.Features[i].slots, func(s int) bool { return slices.Contains(columns, c.plan.Slots[s].Column) }) {
			out = append(out, i)
		}
	}
	for _, i := range c.derived { // they are made of features that are made of none
		if slices.ContainsFunc(c.Features[i].of, func(p int) bool { return slices.Contains(out, p) }) {
			out = append(out, i)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Plain is the layout in which an absent value is absent, and zero is written: for the values of a customer of whom some are not known yet.
func (l *Layout) Plain() *Layout {
	fields := slices.Clone(l.Fields)
	for i := range fields {
		fields[i].Zero = false
	}
	return NewLayout(fields)
}
