package freshet

import (
	"fmt"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/pkg/terminal"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	"github.com/freshet/freshet/services/freshet/explained"
	"github.com/freshet/freshet/services/freshet/trainset"
)

func newFeaturesExplain() *cobra.Command {
	var d doors
	var asJSON bool
	var moment string
	req := &featurev1.ExplainFeatureRequest{}
	cmd := &cobra.Command{
		Use:   "explain CUSTOMER NAME",
		Short: "Say how a customer's feature or tag came about: what adds up to it, over which time, the last events",
		Example: `  freshet features explain user_id:42 spend_30d
  freshet features explain user_id:42 lapsed
  freshet features explain user_id:42 age --reveal
  freshet features explain user_id:42 spend_30d --at 2026-11-01 --json`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			req.Id, req.Name = args[0], args[1]
			if moment != "" {
				at, err := trainset.ParseTime(moment)
				if err != nil {
					return fmt.Errorf("--at: %w", err)
				}
				req.AsOf = timestamppb.New(at)
			}
			return withAPI(cmd, &d, func(api *stack.API) error {
				got, err := api.Features.ExplainFeature(cmd.Context(), req)
				if err != nil {
					return fmt.Errorf("explain %s of %s: %w", terminal.Safe(args[1]), terminal.Safe(args[0]), err)
				}
				if asJSON {
					b, err := protojson.MarshalOptions{UseProtoNames: true, Multiline: true}.Marshal(got)
					fmt.Fprintln(cmd.OutOrStdout(), string(b))
					return err
				}
				return explained.Write(cmd.OutOrStdout(), got)
			})
		},
	}
	d.reads(cmd)
	f := cmd.Flags()
	f.BoolVar(&asJSON, "json", false, "one JSON object instead of text")
	f.StringVar(&moment, "at", "", "explain the value of a moment of the past: RFC 3339, a date (its first moment in UTC) or Unix milliseconds")
	f.BoolVar(&req.Reveal, "reveal", false, "tell personal and sensitive values too")
	f.StringVar(&req.Workspace, "workspace", "", `the tenant; empty means "default"`)
	return cmd
}
