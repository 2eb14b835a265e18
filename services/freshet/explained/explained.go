// Package explained writes the explanation of a feature or tag for a terminal: what it is, what it is made of as a picture over time, and the last events. It
// computes nothing: every number is one of the answer's.
package explained

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/freshet/freshet/pkg/terminal"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	"github.com/freshet/freshet/services/freshet/verify"
)

// Write writes an explanation.
func Write(out io.Writer, x *featurev1.ExplainFeatureResponse) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s\n\n", terminal.Safe(x.GetSentence()))
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "%s\t%s\n", name, terminal.Safe(value))
		}
	}
	row("customer", x.GetCustomerId())
	row("as of", at(x.GetAsOfMs()))
	if f := x.GetFeature(); f != nil {
		row("value", strings.TrimSpace(verify.Text(x.GetValue())+" "+unit(f)))
	}
	row("how", x.GetWords())
	if x.GetHopMs() > 0 {
		row("window", fmt.Sprintf("%s to %s, in steps of %s", at(x.GetWindowStartMs()), at(x.GetAsOfMs()), length(x.GetHopMs())))
	}
	if x.GetChangesMs() > 0 {
		row("changes", at(x.GetChangesMs())+" at the earliest, if nothing happens")
	}
	for _, c := range x.GetConditions() {
		fmt.Fprintf(w, "%s\t%s\n", mark(c), terminal.Safe(denied(c)+c.GetText()))
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write the explanation: %w", err)
	}
	for _, p := range x.GetParts() {
		writePart(out, p, x)
	}
	for _, of := range x.GetMadeOf() {
		fmt.Fprintf(out, "\n%s is %s: %s\n", terminal.Safe(of.GetName()), terminal.Safe(verify.Text(of.GetValue())), terminal.Safe(of.GetWords()))
		for _, p := range of.GetParts() {
			writePart(out, p, x)
		}
	}
	return writeEvents(out, x)
}

// mark says whether a condition speaks for the tag.
func mark(c *featurev1.Condition) string {
	if c.GetHolds() != c.GetDenied() {
		return "yes"
	}
	return "no"
}

func denied(c *featurev1.Condition) string {
	if c.GetDenied() {
		return "not: "
	}
	return ""
}

// unit is the unit of a number; of others the value says it all.
func unit(f *featurev1.Feature) string {
	switch f.GetKind() {
	case "count", "decimal":
		return f.GetUnit()
	}
	return ""
}

// writeEvents lists the last events.
func writeEvents(out io.Writer, x *featurev1.ExplainFeatureResponse) error {
	if n := x.GetEventsNote(); n != "" {
		fmt.Fprintf(out, "\n%s\n", terminal.Safe(n))
	}
	if len(x.GetEvents()) == 0 {
		return nil
	}
	fmt.Fprintln(out, "\nthe last that count:")
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, e := range x.GetEvents() {
		amount := ""
		if e.GetAmount() != nil {
			amount = verify.Text(e.GetAmount())
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\t%s\n", at(e.GetOccurredMs()), terminal.Safe(e.GetName()), amount, terminal.Safe(strings.Join(e.GetKeys(), ", ")),
			terminal.Safe(e.GetOrderId()+e.GetEventId()))
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write the last events: %w", err)
	}
	return nil
}

// at writes a moment to the second, in UTC.
func at(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05Z") }

// length writes a span of time without what is zero of it.
func length(ms int64) string {
	if ms%86_400_000 == 0 && ms > 0 {
		return fmt.Sprintf("%dd", ms/86_400_000)
	}
	text := (time.Duration(ms) * time.Millisecond).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
