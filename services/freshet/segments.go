package freshet

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/freshet/freshet/pkg/terminal"
	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
	"github.com/freshet/freshet/services/freshet/story"
)

func newSegments() *cobra.Command {
	var d doors
	var limit int32
	cmd := &cobra.Command{
		Use:   "segments [NAME]",
		Short: "Show the segments and their sizes, or the members of one",
		Example: `  freshet segments
  freshet segments high_value --limit 20`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			a, err := d.open(cmd)
			if err != nil {
				return err
			}
			api, err := a.API(cmd.Context())
			if err != nil {
				return err
			}
			defer api.Close()
			if len(args) == 1 {
				return showMembers(cmd, api.Segments, args[0], limit)
			}
			return showSegments(cmd, api.Segments)
		},
	}
	d.reads(cmd)
	cmd.Flags().Int32Var(&limit, "limit", 100, "members to show, 1 to 10,000")
	return cmd
}

func showSegments(cmd *cobra.Command, api segmentationv1.SegmentationServiceClient) error {
	got, err := api.ListSegments(cmd.Context(), &segmentationv1.ListSegmentsRequest{})
	if err != nil {
		return fmt.Errorf("list the segments: %w", err)
	}
	return story.TellSegments(cmd.OutOrStdout(), got)
}

func showMembers(cmd *cobra.Command, api segmentationv1.SegmentationServiceClient, name string, limit int32) error {
	got, err := api.ListMembers(cmd.Context(), &segmentationv1.ListMembersRequest{Name: name, PageSize: limit})
	if err != nil {
		return fmt.Errorf("list the members of %s: %w", terminal.Safe(name), err)
	}
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CUSTOMER\tENTERED\tVERSION")
	for _, m := range got.GetMembers() {
		fmt.Fprintf(w, "%s\t%s\t%d\n", terminal.Safe(m.GetCustomerId()), m.GetEnteredAt().AsTime().Format(time.RFC3339), m.GetVersion())
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if got.GetNextPageToken() != "" {
		fmt.Fprintf(cmd.OutOrStdout(), "... and more: --limit shows up to 10,000\n")
	}
	return nil
}
