package freshet

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/pkg/terminal"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

func newRecommendTrain() *cobra.Command {
	var d doors
	req := &recommendationv1.TrainRequest{}
	cmd := &cobra.Command{
		Use:   "train",
		Short: "Train the models of recommendation of what visitors did, now, and show how it goes",
		Long: `Ask the stack for a training and show how it goes until it is over. The new models serve only where they are better than those that do, on what neither had seen;
otherwise they are kept as a version.

The stack trains by itself: as soon as there is enough to learn from, and every night. Ctrl-C ends the watching, not the training.
Exit status 1 when the training failed, or made no version.`,
		Example: `  freshet recommend train`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withAPI(cmd, &d, func(api *stack.API) error {
				in, err := api.Recommendations.Train(cmd.Context(), req)
				if err != nil {
					return fmt.Errorf("ask for a training: %w", err)
				}
				return follow(cmd, func() (*modelv1.Run, error) {
					part, err := in.Recv()
					return part.GetRun(), err
				})
			})
		},
	}
	d.reads(cmd)
	cmd.Flags().StringVar(&req.Workspace, "workspace", "", `the tenant; empty means "default"`)
	return cmd
}

func newRecommendModels() *cobra.Command {
	var d doors
	var asJSON bool
	req := &recommendationv1.ListModelsRequest{}
	cmd := &cobra.Command{
		Use:   "models",
		Short: "List the versions of the models of recommendation, which of them serves, and what the last training did",
		Example: `  freshet recommend models
  freshet recommend models --json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withAPI(cmd, &d, func(api *stack.API) error {
				got, err := api.Recommendations.ListModels(cmd.Context(), req)
				if err != nil {
					return fmt.Errorf("list the models: %w", err)
				}
				if asJSON {
					b, err := protojson.MarshalOptions{UseProtoNames: true, Multiline: true}.Marshal(got)
					fmt.Fprintln(cmd.OutOrStdout(), string(b))
					return err
				}
				w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
				showModel(w, got)
				return w.Flush()
			})
		},
	}
	d.reads(cmd)
	cmd.Flags().StringVar(&req.Workspace, "workspace", "", `the tenant; empty means "default"`)
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object instead of a table")
	return cmd
}

func newRecommendCard() *cobra.Command {
	var d doors
	var out string
	req := &recommendationv1.EvaluateRequest{}
	cmd := &cobra.Command{
		Use:   "card",
		Short: "Show the card of a version: what its models are worth on what they had not seen, beside popularity and the champion",
		Example: `  freshet recommend card
  freshet recommend card -o card.html --version 20261128T181500-3f2a`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if req.Format, err = cardFormat(out); err != nil {
				return err
			}
			return withAPI(cmd, &d, func(api *stack.API) error {
				got, err := api.Recommendations.Evaluate(cmd.Context(), req)
				if err != nil {
					return fmt.Errorf("read the card: %w", err)
				}
				return writeCard(cmd, out, "recommendation", got.GetVersion(), got.GetCard())
			})
		},
	}
	d.reads(cmd)
	cmd.Flags().StringVarP(&out, "output", "o", "", "the file to write: .html, .json or .txt; by default text to standard output")
	cmd.Flags().StringVar(&req.Version, "version", "", "the version; by default the one that serves")
	cmd.Flags().StringVar(&req.Workspace, "workspace", "", `the tenant; empty means "default"`)
	return cmd
}

func newRecommendPromote() *cobra.Command {
	var d doors
	req := &recommendationv1.PromoteRequest{}
	cmd := &cobra.Command{
		Use:     "promote VERSION",
		Short:   "Have a version of the models serve, on every replica, within a second",
		Example: `  freshet recommend promote 20261128T181500-3f2a`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			req.Version = args[0]
			return withAPI(cmd, &d, func(api *stack.API) error {
				got, err := api.Recommendations.Promote(cmd.Context(), req)
				if err != nil {
					return fmt.Errorf("promote version %s: %w", terminal.Safe(args[0]), err)
				}
				return serves(cmd, got.GetState())
			})
		},
	}
	d.reads(cmd)
	cmd.Flags().BoolVar(&req.Force, "force", false, "promote a version that is unfit, too: a copy of it, which says so")
	cmd.Flags().StringVar(&req.Workspace, "workspace", "", `the tenant; empty means "default"`)
	return cmd
}

func newRecommendRollback() *cobra.Command {
	var d doors
	req := &recommendationv1.RollbackRequest{}
	cmd := &cobra.Command{
		Use:     "rollback",
		Short:   "Have the version of the models serve that served before, on every replica, within a second",
		Example: `  freshet recommend rollback`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withAPI(cmd, &d, func(api *stack.API) error {
				got, err := api.Recommendations.Rollback(cmd.Context(), req)
				if err != nil {
					return fmt.Errorf("roll back: %w", err)
				}
				return serves(cmd, got.GetState())
			})
		},
	}
	d.reads(cmd)
	cmd.Flags().StringVar(&req.Workspace, "workspace", "", `the tenant; empty means "default"`)
	return cmd
}
