package freshet

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/pkg/terminal"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	"github.com/freshet/freshet/services/freshet/verify"
)

func newFeatures() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "features",
		Short: "List features and tags, read, explain and watch customers', check a features file, verify what is served",
	}
	cmd.AddCommand(newFeaturesList(), newFeaturesGet(), newFeaturesCheck(), newFeaturesVerify(), newFeaturesHistory(), newFeaturesExplain(), newFeaturesWatch())
	return family(cmd)
}

// withAPI opens the stack's reads for as long as do takes.
func withAPI(cmd *cobra.Command, d *doors, do func(*stack.API) error) error {
	a, err := d.open(cmd)
	if err != nil {
		return err
	}
	api, err := a.API(cmd.Context())
	if err != nil {
		return err
	}
	defer api.Close()
	return do(api)
}

func newFeaturesList() *cobra.Command {
	var d doors
	var level, workspace string
	var tags bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the features, or with --tags the tags, that the stack has",
		Example: `  freshet features list --level value
  freshet features list --tags`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if level != "" && !slices.Contains(catalog.Levels(), level) {
				return fmt.Errorf("--level %q is none of %s", level, strings.Join(catalog.Levels(), ", "))
			}
			return withAPI(cmd, &d, func(api *stack.API) error {
				if tags {
					return listTags(cmd, api, &featurev1.ListTagsRequest{Level: level, Workspace: workspace})
				}
				return listFeatures(cmd, api, &featurev1.ListFeaturesRequest{Level: level, Workspace: workspace})
			})
		},
	}
	d.reads(cmd)
	cmd.Flags().StringVar(&level, "level", "", "only those of a level: "+strings.Join(catalog.Levels(), ", "))
	cmd.Flags().BoolVar(&tags, "tags", false, "the tags")
	cmd.Flags().StringVar(&workspace, "workspace", "", `the tenant; empty means "default"`)
	return cmd
}

func listFeatures(cmd *cobra.Command, api *stack.API, req *featurev1.ListFeaturesRequest) error {
	got, err := api.Features.ListFeatures(cmd.Context(), req)
	if err != nil {
		return fmt.Errorf("list the features: %w", err)
	}
	if note := got.GetFileNote(); note != "" {
		fmt.Fprintln(cmd.ErrOrStderr(), "note:", terminal.Safe(note))
	}
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tKIND\tWINDOW\tUNIT\tDESCRIPTION")
	for _, f := range got.GetFeatures() {
		filling := ""
		if f.GetFilling() {
			filling = fmt.Sprintf(" (filling: %d %%)", got.GetFilledPercent())
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s%s\n", terminal.Safe(f.GetName()), f.GetKind(), f.GetWindow(), terminal.Safe(f.GetUnit()), terminal.Safe(f.GetDescription()), filling)
	}
	return w.Flush()
}

func listTags(cmd *cobra.Command, api *stack.API, req *featurev1.ListTagsRequest) error {
	got, err := api.Features.ListTags(cmd.Context(), req)
	if err != nil {
		return fmt.Errorf("list the tags: %w", err)
	}
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tLEVEL\tDESCRIPTION\tWHEN")
	for _, t := range got.GetTags() {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", terminal.Safe(t.GetName()), t.GetLevel(), terminal.Safe(t.GetDescription()), terminal.Safe(t.GetWhen()))
	}
	return w.Flush()
}

func newFeaturesGet() *cobra.Command {
	var d doors
	var asJSON bool
	var workspace string
	cmd := &cobra.Command{
		Use:   "get CUSTOMER [NAME...]",
		Short: "Read a customer's features and tags, all that have a value or those named",
		Example: `  freshet features get user_id:42
  freshet features get user_id:42 spend_30d favourite_brand lapsed --json`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withAPI(cmd, &d, func(api *stack.API) error {
				got, err := api.Features.GetFeatures(cmd.Context(), &featurev1.GetFeaturesRequest{Id: args[0], Workspace: workspace, Names: args[1:]})
				if err != nil {
					return fmt.Errorf("read the features of %s: %w", terminal.Safe(args[0]), err)
				}
				if asJSON {
					b, err := protojson.MarshalOptions{UseProtoNames: true, Multiline: true}.Marshal(got)
					fmt.Fprintln(cmd.OutOrStdout(), string(b))
					return err
				}
				return showFeatures(cmd, got)
			})
		},
	}
	d.reads(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object instead of a table")
	cmd.Flags().StringVar(&workspace, "workspace", "", `the tenant; empty means "default"`)
	return cmd
}

// showFeatures writes an answer as a table; a value that is not there is a dash.
func showFeatures(cmd *cobra.Command, got *featurev1.GetFeaturesResponse) error {
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "customer %s at %s\n", got.GetCustomerId(), moment(got.GetAsOfMs()))
	for _, name := range slices.Sorted(maps.Keys(got.GetValues())) {
		fmt.Fprintf(w, "%s\t%s\n", terminal.Safe(name), terminal.Safe(verify.Text(got.GetValues()[name])))
	}
	for _, name := range slices.Sorted(maps.Keys(got.GetTags())) {
		t := got.GetTags()[name]
		fmt.Fprintf(w, "%s\tholds since %s: %s\n", terminal.Safe(name), moment(t.GetSinceMs()), terminal.Safe(strings.Join(t.GetBecause(), "; ")))
	}
	return w.Flush()
}

func moment(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }
