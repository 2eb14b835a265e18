package reconcile

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/freshet/freshet/pkg/money"
	"github.com/freshet/freshet/pkg/terminal"
)

// WriteText prints the report as tables for a person, the inequalities last.
func (r *Report) WriteText(w io.Writer) error {
	t := &printer{tab: tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)}
	t.heading("Kafka -> ods", "partition", "in Kafka", "lost", "stored", "dead-lettered")
	for _, p := range r.Partitions {
		t.row(p.Partition, p.InKafka, p.Lost, p.Stored, p.DeadLettered)
	}
	t.heading("Accepted = stored + rejected", "source", "raw rows", "duplicates", "accepted", "stored", "rejected", "refused at the door")
	for _, s := range r.Sources {
		t.row(s.Source, s.RawRows, s.Duplicates, s.Accepted, s.Stored, s.Rejected, s.Refused)
	}
	if len(r.Rejected) > 0 {
		t.heading("Rejected", "source", "by", "reason", "rows")
		for _, x := range r.Rejected {
			t.row(x.Source, x.RejectedBy, x.Reason, x.Rows)
		}
	}
	t.heading("Order events", "kind", "currency", "events", "lines", "quantity", "net")
	for _, x := range r.Orders {
		t.row(x.Kind, x.Currency, x.Events, x.Lines, money.FormatQuantity(x.QuantityMicros), money.Format(x.NetMicros))
	}
	for _, x := range r.Totals {
		t.row("all", x.Currency, x.Events, x.Lines, money.FormatQuantity(x.QuantityMicros), x.Net())
	}
	t.heading("Orders, as their events tell them", "state", "orders")
	for _, state := range slices.Sorted(maps.Keys(r.Book.Orders)) {
		t.row(state, r.Book.Orders[state])
	}
	t.heading("Of them", "sales in no sum of money", "with more events than are kept", "told otherwise in dw", "events without a number")
	t.row(r.Book.Unvalued, r.Book.Truncated, r.Book.Different, r.Book.Numberless)
	t.heading("Customers", "customers", "identified", "ids merged away")
	t.row(r.Customers.All, r.Customers.Identified, r.Customers.Merged)
	if e := r.Expected; e != nil {
		t.heading(e.EventPrefix+"*", "completed", "refunded", "adjusted", "cancelled", "lines", "quantity", "net", "identified customers")
		t.row(e.Orders["completed"], e.Orders["refunded"], e.Orders["adjusted"], e.Orders["cancelled"], e.Lines, money.FormatQuantity(e.QuantityMicros),
			money.Format(e.NetMicros), e.Identified)
	}
	if len(r.Features) > 0 {
		t.heading("Features served and recomputed", "customer", "numbers", "different")
		for _, f := range r.Features {
			t.row(f.CustomerID, f.Values, len(f.Differences))
		}
	}
	t.heading("Lag", "group", "topic", "records")
	for _, l := range r.Lag {
		t.row(l.Group, l.Topic, l.Records)
	}
	for _, g := range r.Absent {
		t.row(g, "its service never ran here", "")
	}
	t.verdict(r.Inequalities)
	return t.flush()
}

// printer remembers the first error, so that the lines above stay readable.
type printer struct {
	tab *tabwriter.Writer
	err error
}

func (p *printer) line(text string) {
	if p.err == nil {
		_, p.err = fmt.Fprint(p.tab, text)
	}
}

func (p *printer) heading(title string, columns ...string) {
	_ = p.flush() // the error stays with p
	p.line("\n" + title + "\n")
	_ = p.flush() // the error stays with p
	p.line("\t" + strings.Join(columns, "\t") + "\t\n")
}

func (p *printer) row(values ...any) {
	var b strings.Builder
	for _, v := range values {
		b.WriteString("\t" + terminal.Safe(fmt.Sprint(v)))
	}
	p.line(b.String() + "\t\n")
}

func (p *printer) verdict(inequalities []string) {
	_ = p.flush() // the error stays with p
	if len(inequalities) == 0 {
		p.line("\nThe books balance.\n")
		return
	}
	p.line(fmt.Sprintf("\n%d inequalities:\n", len(inequalities)))
	for _, s := range inequalities {
		p.line("- " + terminal.Safe(s) + "\n")
	}
}

func (p *printer) flush() error {
	if err := p.tab.Flush(); p.err == nil {
		p.err = err
	}
	return p.err
}
