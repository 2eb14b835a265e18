package freshet

import (
	"encoding/csv"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/pkg/terminal"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// answered writes an answer as one JSON object.
func answered(cmd *cobra.Command, m proto.Message) error {
	b, err := protojson.MarshalOptions{UseProtoNames: true, Multiline: true}.Marshal(m)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), string(b))
	return err
}

func newRecommendFor() *cobra.Command {
	var d doors
	var asJSON, count bool
	req := &recommendationv1.RecommendRequest{}
	cmd := &cobra.Command{
		Use:   "for [CUSTOMER]",
		Short: "Show the list that a customer has in a scene now, and why each item is in it",
		Long: `Ask a running stack for a list. Without a customer the session and the page speak. What is asked here is a dry run: it is not counted as a list that was
shown, unless --count says so.`,
		Example: `  freshet recommend for user_id:42
  freshet recommend for anonymous_id:abc --scene product --context sku-7 --limit 5
  freshet recommend for --session sku-1,sku-2 --filter 'price < 50' --json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				req.Id = args[0]
			}
			req.DryRun, req.Items = !count, true
			return withAPI(cmd, &d, func(api *stack.API) error {
				got, err := api.Recommendations.Recommend(cmd.Context(), req)
				if err != nil {
					return fmt.Errorf("ask for a list: %w", err)
				}
				if asJSON {
					return answered(cmd, got)
				}
				return showList(cmd, got)
			})
		},
	}
	d.reads(cmd)
	f := cmd.Flags()
	f.StringVar(&req.Scene, "scene", "home", "the scene: freshet recommend scenes lists all")
	f.StringSliceVar(&req.ContextItems, "context", nil, "what the page is about: products, between commas")
	f.StringSliceVar(&req.SessionItems, "session", nil, "what the visitor touched in this visit, oldest first")
	f.StringVar(&req.Filter, "filter", "", "a condition over items, such as 'price < 50'")
	f.Int32Var(&req.Limit, "limit", 0, "how many; 0 for what the scene says")
	f.StringVar(&req.Country, "country", "", "where the visitor is, such as DE")
	f.BoolVar(&count, "count", false, "count it as a list that was given")
	languageFlags(cmd, &req.Language, &req.Workspace, &asJSON)
	return cmd
}

// languageFlags are those of every command that shows sentences.
func languageFlags(cmd *cobra.Command, language, workspace *string, asJSON *bool) {
	f := cmd.Flags()
	if language != nil {
		f.StringVar(language, "language", "en", "en or zh")
	}
	f.StringVar(workspace, "workspace", "", `the tenant; empty means "default"`)
	f.BoolVar(asJSON, "json", false, "one JSON object instead of text")
}

// showList writes a list as a table, and below it what was missing.
func showList(cmd *cobra.Command, got *recommendationv1.RecommendResponse) error {
	head := "nobody"
	if got.GetCustomerId() != "" {
		head = got.GetCustomerId()
	}
	if got.GetVariant() != "" {
		head += ", variant " + got.GetVariant()
	}
	if got.GetModelVersion() != "" {
		head += ", models " + got.GetModelVersion()
	}
	if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s for %s\n", terminal.Safe(got.GetScene()), terminal.Safe(head)); err != nil {
		return err
	}
	if err := showItems(cmd, got.GetRecommendations()); err != nil {
		return err
	}
	for _, text := range got.GetDegraded() {
		fmt.Fprintf(cmd.OutOrStdout(), "note: %s\n", terminal.Safe(text))
	}
	return nil
}

func showItems(cmd *cobra.Command, items []*recommendationv1.Recommendation) error {
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	for _, x := range items {
		why := x.GetReason()
		if x.GetExplored() {
			why += " (explored)"
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\n", x.GetPosition(), terminal.Safe(x.GetProductId()), terminal.Safe(x.GetItem().GetName()), terminal.Safe(x.GetSource()), terminal.Safe(why)) //nolint:errcheck // Flush tells.
	}
	return w.Flush()
}

func newRecommendSimilar() *cobra.Command {
	var d doors
	var asJSON bool
	req := &recommendationv1.SimilarItemsRequest{Items: true}
	cmd := &cobra.Command{
		Use:     "similar PRODUCT",
		Short:   "Show what goes with a product, whoever asks",
		Example: "  freshet recommend similar sku-7\n  freshet recommend similar sku-7 --by bought_together --limit 5",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			req.ItemId = args[0]
			return withAPI(cmd, &d, func(api *stack.API) error {
				got, err := api.Recommendations.SimilarItems(cmd.Context(), req)
				if err != nil {
					return fmt.Errorf("ask what goes with %s: %w", terminal.Safe(args[0]), err)
				}
				if asJSON {
					return answered(cmd, got)
				}
				return showItems(cmd, got.GetItems())
			})
		},
	}
	d.reads(cmd)
	cmd.Flags().StringVar(&req.By, "by", "", "also_bought, also_viewed, bought_together or content; by default the best of all")
	cmd.Flags().Int32Var(&req.Limit, "limit", 10, "how many")
	languageFlags(cmd, &req.Language, &req.Workspace, &asJSON)
	return cmd
}

func newRecommendExplain() *cobra.Command {
	var d doors
	var asJSON bool
	req := &recommendationv1.ExplainRequest{}
	cmd := &cobra.Command{
		Use:     "explain CUSTOMER PRODUCT",
		Short:   "Say why a product stands where it stands for a customer, or why it does not",
		Example: "  freshet recommend explain user_id:42 sku-7\n  freshet recommend explain user_id:42 sku-7 --scene cart --context sku-1 --language zh",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			req.Id, req.ItemId = args[0], args[1]
			return withAPI(cmd, &d, func(api *stack.API) error {
				got, err := api.Recommendations.Explain(cmd.Context(), req)
				if err != nil {
					return fmt.Errorf("explain %s for %s: %w", terminal.Safe(args[1]), terminal.Safe(args[0]), err)
				}
				if asJSON {
					return answered(cmd, got)
				}
				return showStory(cmd, got)
			})
		},
	}
	d.reads(cmd)
	cmd.Flags().StringVar(&req.Scene, "scene", "home", "the scene")
	cmd.Flags().StringSliceVar(&req.ContextItems, "context", nil, "what the page is about")
	languageFlags(cmd, &req.Language, &req.Workspace, &asJSON)
	return cmd
}

func showStory(cmd *cobra.Command, got *recommendationv1.ExplainResponse) error {
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	p := func(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) } //nolint:errcheck // Flush tells.
	p("%s", terminal.Safe(got.GetHeadline()))
	for _, x := range got.GetProposals() {
		p("source\t%s\t%.4g\t%s", terminal.Safe(x.GetSource()), x.GetScore(), terminal.Safe(x.GetText()))
	}
	for _, text := range got.GetRules() {
		p("rule\t\t\t%s", terminal.Safe(text))
	}
	for _, text := range got.GetReasons() {
		p("ranker\t\t\t%s", terminal.Safe(text))
	}
	return w.Flush()
}

func newRecommendScenes() *cobra.Command {
	var d doors
	var asJSON bool
	req := &recommendationv1.ListScenesRequest{}
	cmd := &cobra.Command{
		Use:   "scenes",
		Short: "List the places where lists are shown, and what proposes items there",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withAPI(cmd, &d, func(api *stack.API) error {
				got, err := api.Recommendations.ListScenes(cmd.Context(), req)
				if err != nil {
					return fmt.Errorf("ask for the scenes: %w", err)
				}
				if asJSON {
					return answered(cmd, got)
				}
				w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
				for _, s := range got.GetScenes() {
					fmt.Fprintf(w, "%s\t%d\t%s\t%s\n", terminal.Safe(s.GetName()), s.GetLimit(), terminal.Safe(strings.Join(s.GetSources(), ", ")), terminal.Safe(s.GetDescription())) //nolint:errcheck // Flush tells.
				}
				return w.Flush()
			})
		},
	}
	d.reads(cmd)
	languageFlags(cmd, nil, &req.Workspace, &asJSON)
	return cmd
}

func newRecommendRules() *cobra.Command {
	var d doors
	var asJSON bool
	var export string
	req := &recommendationv1.ListRulesRequest{}
	cmd := &cobra.Command{
		Use:     "rules",
		Short:   "List association rules: who buys these buys those, too",
		Example: "  freshet recommend rules --item sku-7\n  freshet recommend rules --order lift --limit 10000 --export csv > rules.csv",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if export != "" && export != "csv" {
				return errors.New("--export: csv is what there is")
			}
			return withAPI(cmd, &d, func(api *stack.API) error {
				got, err := api.Recommendations.ListRules(cmd.Context(), req)
				if err != nil {
					return fmt.Errorf("ask for the rules: %w", err)
				}
				switch {
				case asJSON:
					return answered(cmd, got)
				case export != "":
					return exportRules(cmd, got)
				}
				return showRules(cmd, got)
			})
		},
	}
	d.reads(cmd)
	f := cmd.Flags()
	f.StringVar(&req.ItemId, "item", "", "only rules that begin with this product")
	f.Int32Var(&req.Limit, "limit", 100, "how many, at most 10000")
	f.StringVar(&req.Order, "order", "confidence", "confidence, lift, support or leverage")
	f.Float64Var(&req.MinConfidence, "min-confidence", 0, "leave out rules with less, 0 to 1")
	f.Float64Var(&req.MinLift, "min-lift", 0, "leave out rules with less")
	f.StringVar(&export, "export", "", "csv: a table with a header instead of text")
	languageFlags(cmd, nil, &req.Workspace, &asJSON)
	return cmd
}

func showRules(cmd *cobra.Command, got *recommendationv1.ListRulesResponse) error {
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%d baskets\tlift\tsupport\tbaskets\n", got.GetBaskets()) //nolint:errcheck // Flush tells.
	for _, r := range got.GetRules() {
		fmt.Fprintf(w, "%s\t%.2f\t%.4f\t%d\n", terminal.Safe(r.GetText()), r.GetLift(), r.GetSupport(), r.GetBaskets()) //nolint:errcheck // Flush tells.
	}
	return w.Flush()
}

// exportRules writes the rules for another program: ids as they are, several between blanks, in quotes where the format needs them.
func exportRules(cmd *cobra.Command, got *recommendationv1.ListRulesResponse) error {
	w := csv.NewWriter(exact(cmd))
	rows := [][]string{{"when", "then", "confidence", "lift", "support", "leverage", "baskets"}}
	number := func(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
	for _, r := range got.GetRules() {
		rows = append(rows, []string{strings.Join(r.GetWhen(), " "), strings.Join(r.GetThen(), " "), number(r.GetConfidence()), number(r.GetLift()), number(r.GetSupport()),
			number(r.GetLeverage()), strconv.FormatInt(r.GetBaskets(), 10)})
	}
	return w.WriteAll(rows)
}
