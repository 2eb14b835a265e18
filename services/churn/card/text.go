package card

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// drivers is how many drivers are told.
const drivers = 12

// Text writes the card for a terminal.
func (c *Card) Text(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	p := func(cells ...string) { fmt.Fprintln(t, strings.Join(cells, "\t")) } //nolint:errcheck // Flush tells.
	table := func(name string, head []string, rows [][]string) {
		p("")
		head[0] = name
		p(head...)
		for _, r := range rows {
			p(r...)
		}
	}
	p(c.title())
	for _, l := range c.about() {
		p(l.Name, l.Text)
	}
	p("")
	for _, f := range c.figures() {
		p(f.Name, f.Value, f.Interval, f.Meaning)
	}
	head, rows := c.families()
	table("beside each other", head, rows)
	table("what moves it", []string{"", "share", ""}, c.movers())
	if head, rows = c.weak(); len(rows) > 0 {
		table("where it is weak", head, rows)
	}
	if rows = c.drifts(); len(rows) > 0 {
		table("drift", []string{"", "PSI"}, rows)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, list := range [][]string{c.Warnings, c.Notes, c.honest()} {
		if len(list) > 0 {
			if _, err := fmt.Fprintln(w); err != nil {
				return err
			}
		}
		for _, line := range list {
			if _, err := fmt.Fprintln(w, "- "+line); err != nil {
				return err
			}
		}
	}
	return nil
}

// movers are the drivers that are told.
func (c *Card) movers() (rows [][]string) {
	for _, d := range c.Drivers[:min(drivers, len(c.Drivers))] {
		rows = append(rows, []string{d.Name, percent(d.Share), d.Direction})
	}
	return rows
}

// drifts are the newest dates of drift.
func (c *Card) drifts() (rows [][]string) {
	for _, d := range c.Drift[max(0, len(c.Drift)-drivers):] {
		rows = append(rows, []string{d.Date.UTC().Format("2006-01-02"), digits(3)(d.PSI)})
	}
	return rows
}
