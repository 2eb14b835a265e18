package freshet

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/pkg/terminal"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/freshet/trainset"
)

func newRecommendReport() *cobra.Command {
	var d doors
	var asJSON bool
	var from, to string
	req := &recommendationv1.GetReportRequest{}
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Say what the lists brought: impressions, clicks, purchases, revenue, and how variants compare with the control",
		Long: `What lists that were given in a time brought, by scene and variant or by what --by says, and for each variant of a scene that has a control its uplift. The intervals hold at
every moment: look as often as you like, and stop when you like. docs/experiments.md explains them.`,
		Example: `  freshet recommend report
  freshet recommend report --scene home --from 2026-11-01 --by source,position
  freshet recommend report --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, x := range []struct {
				text string
				ms   *int64
			}{{from, &req.FromMs}, {to, &req.ToMs}} {
				if x.text == "" {
					continue
				}
				at, err := trainset.ParseTime(x.text)
				if err != nil {
					return err
				}
				*x.ms = at.UnixMilli()
			}
			return withAPI(cmd, &d, func(api *stack.API) error {
				got, err := api.Recommendations.GetReport(cmd.Context(), req)
				if err != nil {
					return fmt.Errorf("report what recommendations brought: %w", err)
				}
				if asJSON {
					b, err := protojson.MarshalOptions{UseProtoNames: true, Multiline: true}.Marshal(got)
					fmt.Fprintln(cmd.OutOrStdout(), string(b))
					return err
				}
				return showReport(cmd.OutOrStdout(), req, got)
			})
		},
	}
	d.reads(cmd)
	cmd.Flags().StringVar(&req.Scene, "scene", "", "only this one")
	cmd.Flags().StringVar(&from, "from", "", "lists given from this day or moment on, as 2026-11-01 or 2026-11-01T12:00:00Z; empty: of the last 30 days")
	cmd.Flags().StringVar(&to, "to", "", "lists given before it; empty: until now")
	cmd.Flags().StringVar(&req.By, "by", "", "scene, variant, model, source, position: several between commas; empty means scene,variant")
	cmd.Flags().StringVar(&req.Workspace, "workspace", "", `the tenant; empty means "default"`)
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object instead of tables")
	return cmd
}

// showReport writes the tables.
func showReport(out io.Writer, req *recommendationv1.GetReportRequest, got *recommendationv1.GetReportResponse) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	p := func(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) } //nolint:errcheck // Flush tells.
	if len(got.GetRows()) == 0 {
		p("no list was given in this time")
		return w.Flush()
	}
	by := strings.Split(req.GetBy(), ",")
	if req.GetBy() == "" {
		by = []string{"scene", "variant"}
	}
	p("%s\tLISTS\tVISITORS\tIMPRESSIONS\tCLICKS\tCTR\tORDERS\tCONVERSION\tREVENUE\tBY VISITOR", strings.ToUpper(strings.Join(by, "\t")))
	for _, r := range got.GetRows() {
		for _, name := range by {
			v := terminal.Safe(r.GetBy()[strings.TrimSpace(name)])
			if v == "" {
				v = "-"
			}
			fmt.Fprintf(w, "%s\t", v) //nolint:errcheck // Flush tells.
		}
		p("%d\t%d\t%d\t%d\t%.2f %%\t%d\t%.2f %%\t%.2f\t%.2f", r.GetLists(), r.GetVisitors(), r.GetImpressions(), r.GetClicks(), 100*r.GetCtr(),
			r.GetPurchases(), 100*r.GetConversion(), r.GetRevenue(), r.GetRevenuePerVisitor())
	}
	if len(got.GetComparisons()) > 0 {
		p("")
		p("SCENE\tVARIANT\tFIGURE\tCONTROL\tVARIANT'S\tUPLIFT\tFROM\tTO\tP")
	}
	for _, c := range got.GetComparisons() {
		p("%s\t%s\t%s\t%s\t%s\t%s\t%s", terminal.Safe(c.GetScene()), terminal.Safe(c.GetVariant()), c.GetFigure(), figure(c, c.GetControl()), figure(c, c.GetValue()),
			uplift(c), pValue(c.GetPValue()))
	}
	for i, c := range got.GetComparisons() {
		if i == 0 {
			p("")
		}
		p("%s, %s: %s", terminal.Safe(c.GetScene()), c.GetFigure(), terminal.Safe(c.GetWords()))
	}
	return w.Flush()
}

// figure is a value in the figure's unit.
func figure(c *recommendationv1.Comparison, v float64) string {
	if c.GetFigure() == "revenue" {
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.2f %%", 100*v)
}

// uplift is the difference as a part of the control's value, with the interval in three cells; dashes where nothing can be said.
func uplift(c *recommendationv1.Comparison) string {
	switch {
	case c.GetControl() == 0:
		return "-\t-\t-"
	case c.GetLow() == 0 && c.GetHigh() == 0:
		return fmt.Sprintf("%+.1f %%\t-\t-", 100*c.GetUplift())
	}
	return fmt.Sprintf("%+.1f %%\t%+.1f %%\t%+.1f %%", 100*c.GetUplift(), 100*c.GetLow()/c.GetControl(), 100*c.GetHigh()/c.GetControl())
}

func pValue(p float64) string {
	if p < .001 {
		return "< 0.001"
	}
	return fmt.Sprintf("%.3f", p)
}
