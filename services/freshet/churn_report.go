package freshet

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/pkg/terminal"
	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
)

// cardFormats are what a card is asked as, by how its file ends.
var cardFormats = map[string]string{"": "text", ".txt": "text", ".html": "html", ".json": "json"}

// cardFormat is the format of a card by the file that it is written to.
func cardFormat(file string) (string, error) {
	format, ok := cardFormats[strings.ToLower(filepath.Ext(file))]
	if !ok || file != "" && filepath.Ext(file) == "" {
		return "", errors.New("-o: name a file that ends with .html, .json or .txt")
	}
	return format, nil
}

// writeCard writes the card of a model's version to a file, or shows it.
func writeCard(cmd *cobra.Command, file, model string, v *modelv1.Version, card []byte) error {
	if file == "" {
		_, err := cmd.OutOrStdout().Write(card)
		return err
	}
	if err := os.WriteFile(file, card, 0o644); err != nil { //nolint:gosec // A card is to be shown around.
		return fmt.Errorf("write the card: %w", err)
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s: the card of %s, version %s\n", file, terminal.Safe(model), v.GetId())
	return err
}

func newChurnReport() *cobra.Command {
	var d doors
	var out string
	req := &churnv1.EvaluateRequest{}
	cmd := &cobra.Command{
		Use:   "report TARGET",
		Short: "Show the card of a model: what it is worth on customers it had not seen, what moves it, where it is weak",
		Example: `  freshet churn report churn_risk_60d
  freshet churn report churn_risk_60d -o card.html
  freshet churn report churn_risk_60d --version 20261128T181500-3f2a -o card.json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if req.Format, err = cardFormat(out); err != nil {
				return err
			}
			req.Target = args[0]
			return withAPI(cmd, &d, func(api *stack.API) error {
				got, err := api.Churn.Evaluate(cmd.Context(), req)
				if err != nil {
					return fmt.Errorf("read the card of %s: %w", terminal.Safe(args[0]), err)
				}
				return writeCard(cmd, out, args[0], got.GetVersion(), got.GetCard())
			})
		},
	}
	d.reads(cmd)
	cmd.Flags().StringVarP(&out, "output", "o", "", "the file to write: .html, .json or .txt; by default text to standard output")
	cmd.Flags().StringVar(&req.Version, "version", "", "the version; by default the one that serves")
	cmd.Flags().StringVar(&req.Workspace, "workspace", "", `the tenant; empty means "default"`)
	return cmd
}

func newChurnExplain() *cobra.Command {
	var d doors
	var asJSON bool
	req := &churnv1.ExplainRequest{}
	cmd := &cobra.Command{
		Use:   "explain CUSTOMER",
		Short: "Say why a customer's score is what it is, in sentences",
		Example: `  freshet churn explain user_id:42
  freshet churn explain email:ann@example.com --target spend_next_90d --language zh`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			req.Id = args[0]
			return withAPI(cmd, &d, func(api *stack.API) error {
				got, err := api.Churn.Explain(cmd.Context(), req)
				if err != nil {
					return fmt.Errorf("explain %s of %s: %w", terminal.Safe(req.Target), terminal.Safe(args[0]), err)
				}
				if asJSON {
					b, err := protojson.MarshalOptions{UseProtoNames: true, Multiline: true}.Marshal(got)
					fmt.Fprintln(cmd.OutOrStdout(), string(b))
					return err
				}
				return showReasons(cmd, got)
			})
		},
	}
	d.reads(cmd)
	f := cmd.Flags()
	f.StringVar(&req.Target, "target", "churn_risk_60d", "what is predicted")
	f.StringVar(&req.Language, "language", "en", "en or zh")
	f.Int32Var(&req.Limit, "limit", 6, "how many reasons at most")
	f.StringVar(&req.Workspace, "workspace", "", `the tenant; empty means "default"`)
	f.BoolVar(&asJSON, "json", false, "one JSON object instead of text")
	return cmd
}

// showReasons writes what raises and what lowers a score, the strongest first.
func showReasons(cmd *cobra.Command, got *churnv1.ExplainResponse) error {
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	p := func(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) } //nolint:errcheck // Flush tells.
	p("%s", terminal.Safe(got.GetHeadline()))
	band := ""
	if b := got.GetScore().GetBand(); b != "" {
		band = ", " + terminal.Safe(b)
	}
	p("%s = %.3f%s, by version %s", terminal.Safe(got.GetScore().GetTarget()), got.GetScore().GetValue(), band, got.GetScore().GetModelVersion())
	for _, r := range got.GetReasons() {
		p("%+.3f\t%.0f %%\t%s", r.GetContribution(), 100*r.GetShare(), terminal.Safe(r.GetText()))
	}
	for _, text := range got.GetWarnings() {
		p("warning\t\t%s", terminal.Safe(text))
	}
	return w.Flush()
}
