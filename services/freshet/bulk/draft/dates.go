package draft

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// align reads columns of dates that leave the order of day and month open as the column of the same file does whose values prove it: one program
// wrote them all. Where two columns prove different orders, nothing is aligned.
func (d *Draft) align(columns []*column) {
	proof := (*column)(nil)
	for _, c := range columns {
		if c.is != timestamp || !c.times.Sure || dayFirst(c.times.Layouts) == 0 {
			continue
		}
		if proof != nil && dayFirst(proof.times.Layouts) != dayFirst(c.times.Layouts) {
			return
		}
		proof = c
	}
	if proof == nil {
		return
	}
	for _, c := range columns {
		if c.is != timestamp || len(c.times.Alternatives) == 0 || dayFirst(c.times.Layouts) == 0 {
			continue
		}
		if dayFirst(c.times.Layouts) != dayFirst(proof.times.Layouts) {
			if !slices.Contains(c.times.Alternatives, swapped(c.times.Layouts[0])) {
				continue
			}
			for i, l := range c.times.Layouts {
				c.times.Layouts[i] = swapped(l)
			}
		}
		c.times.Alternatives, c.times.Why = nil, fmt.Sprintf("as %q, of which %s", proof.name, proof.times.Why)
	}
}

// dayFirst is 1 where layouts have the day before the month in figures, -1 where the month comes first, 0 where there is no such order.
func dayFirst(layouts []string) int {
	for _, l := range layouts {
		day, month := strings.Index(l, "%d"), strings.Index(l, "%m")
		switch {
		case day < 0 || month < 0 || strings.Contains(l[:min(day, month)], "%Y"):
		case day < month:
			return 1
		default:
			return -1
		}
	}
	return 0
}

// swapped is a layout with day and month in the other order.
func swapped(layout string) string {
	return strings.NewReplacer("%d", "%m", "%m", "%d").Replace(layout)
}

var year = regexp.MustCompile(`\b\d{4}\b`)

// calendar says that the years of a column are not of our calendar: nothing converts them, and an import rejects them.
func (p *plan) calendar(s *sample, columns []*column) {
	count, example := map[string]int{}, map[string]string{}
	for _, row := range s.rows {
		y := year.FindString(strings.Map(figures, row[p.at].Text))
		var name string
		switch {
		case y >= "1300" && y < "1480":
			name = "the Persian or the Islamic"
		case y >= "2480" && y < "2650":
			name = "the Buddhist"
		default:
			continue
		}
		count[name]++
		example[name] = row[p.at].Text
	}
	for name, n := range count {
		if 2*n > len(s.rows) {
			p.note(Ask, "the years of %q, as in %q, are those of %s calendar, which is not read: export or convert them as years of ours", columns[p.at].name, example[name], name)
		}
	}
}

// figures are those of Arabic and Persian as ours.
func figures(r rune) rune {
	switch {
	case r >= '٠' && r <= '٩':
		return r - '٠' + '0'
	case r >= '۰' && r <= '۹':
		return r - '۰' + '0'
	}
	return r
}
