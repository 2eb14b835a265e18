package draft

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"

	"github.com/freshet/freshet/pkg/terminal"
	"github.com/freshet/freshet/services/freshet/bulk/tally"
)

// Report prints what a person needs to judge the draft: what is sure, what is guessed and what is asked; the first events as they would be
// stored; and the totals to hold against the export.
func (d *Draft) Report(w io.Writer) error {
	for _, level := range []Level{Sure, Guessed, Ask} {
		for _, n := range d.Notes {
			if n.Level == level {
				fmt.Fprintf(w, "%-8s %s\n", level, terminal.Safe(n.Says))
			}
		}
	}
	t := d.Trial
	if err := t.show(w); err != nil {
		return err
	}
	for _, reason := range slices.Sorted(maps.Keys(t.Rejected)) {
		fmt.Fprintf(w, "\n%s rows are rejected, %s: %s", tally.Thousands(fmt.Sprint(t.Rejected[reason])), reason, terminal.Safe(t.Example[reason]))
	}
	of := fmt.Sprintf("all %s rows", tally.Thousands(fmt.Sprint(t.Rows)))
	if !t.Whole {
		of = fmt.Sprintf("the first %s rows (--dry-run tells it for the whole file)", tally.Thousands(fmt.Sprint(t.Rows)))
	}
	_, err := fmt.Fprintf(w, "\n%s: %s: right?\n", of, t.Totals.String())
	return err
}

// show prints the first events as a table, with what orders have only where there are some.
func (t *Trial) show(w io.Writer) error {
	if len(t.Shown) == 0 {
		return nil
	}
	fmt.Fprintf(w, "\nthe first %d events as they would be stored (times in UTC):\n", len(t.Shown))
	table := tabwriter.NewWriter(w, 2, 0, 2, ' ', 0)
	orders := t.Totals.Orders+t.Totals.Refunds > 0
	head := "  when\twhat\twho"
	if orders {
		head += "\torder\tlines\tvalue"
	}
	fmt.Fprintln(table, head)
	for _, s := range t.Shown {
		fmt.Fprintf(table, "  %s\t%s\t%s", s.At, cell(s.Name), cell(s.Who))
		if orders {
			fmt.Fprintf(table, "\t%s\t%d\t%s", cell(s.Order), s.Lines, s.Total)
		}
		fmt.Fprintln(table)
	}
	return table.Flush()
}

// cell is a text of a table.
func cell(s string) string {
	if r := []rune(s); len(r) > 32 {
		s = string(r[:31]) + "…"
	}
	return terminal.Safe(s)
}
