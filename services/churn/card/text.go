package card

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// drivers is how many drivers are told.
const drivers = 12

// Text writes the card for a terminal.
func (c *Card) Text(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	p := func(format string, args ...any) { fmt.Fprintf(t, format+"\n", args...) } //nolint:errcheck // Flush tells.
	p("%s: %s = %s", c.Table, c.Label, c.One)
	p("rows\t%d, %s of them %s", c.Rows, percent(c.BaseRate), c.One)
	p("columns\t%d", c.Columns)
	p("times\t%s", c.span())
	p("judged\t%s", c.Protocol)
	p("chosen\t%s%s; calibration: %s", c.Chosen, behind(c.Settings), c.Calibration)
	p("")
	for _, f := range c.figures() {
		p("%s\t%s\t%s\t%s", f.Name, f.Value, f.Interval, f.Meaning)
	}
	p("")
	p("beside each other\tAUC\tlog-loss\tECE\tlift at 10 %%")
	for _, f := range c.Families {
		p("%s\t%.4f\t%.4f\t%.4f\t%.2f", f.Family, f.Report.AUC, f.Report.LogLoss, f.Report.ECE, f.Report.Lift10)
	}
	p("")
	p("what moves it\tshare\t")
	for _, d := range c.Drivers[:min(drivers, len(c.Drivers))] {
		p("%s\t%s\t%s", d.Name, percent(d.Share), d.Direction)
	}
	if len(c.Weak) > 0 {
		p("")
		p("where it is weak\tAUC\trows")
		for _, g := range c.Weak {
			p("%s = %s\t%.3f\t%d", g.Column, g.Level, g.AUC, g.Rows)
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, list := range [][]string{c.Warnings, c.Notes, honest} {
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

func behind(settings string) string {
	if settings == "" {
		return ""
	}
	return " (" + settings + ")"
}
