package story

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/freshet/freshet/pkg/terminal"
	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
)

// TellSegments writes every segment with its size and its share of all customers.
func TellSegments(out io.Writer, got *segmentationv1.ListSegmentsResponse) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SEGMENT\tSIZE\tSHARE\tKIND\tVERSION\tMEANS")
	for _, s := range got.GetSegments() {
		kind := "rule"
		if s.GetTier() {
			kind = "tier"
		}
		if s.GetAlert() {
			kind += ", alerts"
		}
		fmt.Fprintf(w, "%s\t%d\t%.1f %%\t%s\t%d\t%s\n", terminal.Safe(s.GetName()), s.GetSize(), percent(s.GetSize(), got.GetCustomers()), kind, s.GetVersion(), terminal.Safe(s.GetDescription()))
	}
	fmt.Fprintf(w, "all customers\t%d\t\t\t\t\n", got.GetCustomers())
	return w.Flush()
}

func percent(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return 100 * float64(part) / float64(whole)
}
