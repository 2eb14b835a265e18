package verify

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/freshet/freshet/pkg/terminal"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

func byNameThenCustomer(a, b Difference) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Customer, b.Customer))
}

// WriteText writes the report for a person: for each name how often it is served with another value than computed (mismatch), computed and not
// served (missing), served and not computed (extra), and an example.
func (r *Report) WriteText(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if len(r.Differences) > 0 {
		fmt.Fprintln(w, "FEATURE\tMISMATCH\tMISSING\tEXTRA\tEXAMPLE")
	}
	for i := 0; i < len(r.Differences); {
		first := r.Differences[i]
		var mismatch, missing, extra int
		for ; i < len(r.Differences) && r.Differences[i].Name == first.Name; i++ {
			switch d := r.Differences[i]; {
			case d.Served == nil:
				missing++
			case d.Computed == nil:
				extra++
			default:
				mismatch++
			}
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\tcustomer %s: served %s, computed %s\n", terminal.Safe(first.Name), mismatch, missing, extra, first.Customer,
			terminal.Safe(Text(first.Served)), terminal.Safe(Text(first.Computed)))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, id := range r.Unknown {
		fmt.Fprintf(out, "customer %s has facts, and the API does not know them\n", id)
	}
	_, err := fmt.Fprintf(out, "%d customers, %d values computed from the facts, %d differ from what is served\n", r.Customers, r.Values, len(r.Differences))
	return err
}

// Err says in one sentence that something differs; nil when nothing does, and there was something to compare.
func (r *Report) Err() error {
	switch {
	case r.Customers == 0:
		return errors.New("there is no customer to verify: dw.events has none of this workspace")
	case len(r.Differences)+len(r.Unknown) > 0:
		return fmt.Errorf("%d values differ, %d customers are not known", len(r.Differences), len(r.Unknown))
	}
	return nil
}

// Text is a value exactly, on one line; "-" is none.
func Text(v *featurev1.FeatureValue) string {
	switch x := v.GetValue().(type) {
	case *featurev1.FeatureValue_Count:
		return fmt.Sprint(x.Count)
	case *featurev1.FeatureValue_Decimal:
		return x.Decimal
	case *featurev1.FeatureValue_MomentMs:
		return time.UnixMilli(x.MomentMs).UTC().Format("2006-01-02T15:04:05.000Z")
	case *featurev1.FeatureValue_DurationMs:
		return (time.Duration(x.DurationMs) * time.Millisecond).String()
	case *featurev1.FeatureValue_Text:
		return x.Text
	case *featurev1.FeatureValue_List:
		var parts []string
		for _, e := range x.List.GetEntries() {
			parts = append(parts, e.GetKey()+" "+Text(e.GetValue()))
		}
		return strings.Join(parts, ", ")
	}
	return "-"
}
