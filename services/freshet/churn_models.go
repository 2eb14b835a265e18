package freshet

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/pkg/terminal"
	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
)

func newChurnModels() *cobra.Command {
	var d doors
	var asJSON bool
	req := &churnv1.ListModelsRequest{}
	cmd := &cobra.Command{
		Use:   "models",
		Short: "List what is predicted, the versions of the models, which of them serve, and what the last training did",
		Example: `  freshet churn models
  freshet churn models --target churn_risk_60d --json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withAPI(cmd, &d, func(api *stack.API) error {
				got, err := api.Churn.ListModels(cmd.Context(), req)
				if err != nil {
					return fmt.Errorf("list the models: %w", err)
				}
				if asJSON {
					b, err := protojson.MarshalOptions{UseProtoNames: true, Multiline: true}.Marshal(got)
					fmt.Fprintln(cmd.OutOrStdout(), string(b))
					return err
				}
				return showModels(cmd.OutOrStdout(), got)
			})
		},
	}
	d.reads(cmd)
	cmd.Flags().StringVar(&req.Target, "target", "", "only this one")
	cmd.Flags().StringVar(&req.Workspace, "workspace", "", `the tenant; empty means "default"`)
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object instead of tables")
	return cmd
}

// mostVersions is how many versions of a target are shown.
const mostVersions = 8

func showModels(out io.Writer, got *churnv1.ListModelsResponse) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for i, t := range got.GetTargets() {
		if i > 0 {
			fmt.Fprintln(w) //nolint:errcheck // Flush tells.
		}
		fmt.Fprintf(w, "%s: %s\n", terminal.Safe(t.GetTarget()), terminal.Safe(t.GetDescription())) //nolint:errcheck // Flush tells.
		showModel(w, t)
	}
	return w.Flush()
}

// modelBook is what is known of one model: churn and recommendation tell it alike.
type modelBook interface {
	GetState() *modelv1.State
	GetVersions() []*modelv1.Version
	GetRun() *modelv1.Run
	GetMissing() string
}

// showModel writes what serves, what the last training did, and the newest versions.
func showModel(w io.Writer, t modelBook) {
	p := func(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) } //nolint:errcheck // Flush tells.
	if t.GetMissing() != "" {
		p("no model serves: %s", terminal.Safe(t.GetMissing()))
	} else {
		p("%s serves since %s: %s", t.GetState().GetChampion(), moment(t.GetState().GetSinceMs()), terminal.Safe(t.GetState().GetWhy()))
	}
	if run := t.GetRun(); run != nil && t.GetMissing() != run.GetWords() {
		p("last training (%s, %s): %s", run.GetTrigger(), stateOf(run), terminal.Safe(run.GetWords()))
	}
	all := t.GetVersions()
	if len(all) > 0 {
		p("VERSION\tIS\tROWS\tCUSTOMERS\tROWS FROM\tTO\tFAMILY\tFIGURES\tBY")
	}
	for _, v := range all[:min(len(all), mostVersions)] {
		p("%s\t%s\t%d\t%d\t%s\t%s\t%s\t%s\t%s", v.GetId(), role(t.GetState(), v), v.GetRows(), v.GetCustomers(), moment(v.GetFromMs()), moment(v.GetToMs()),
			terminal.Safe(v.GetFamily()), figuresOf(v), v.GetTrigger())
	}
	if n := len(all) - mostVersions; n > 0 {
		p("and %d older ones", n)
	}
}

func stateOf(run *modelv1.Run) string {
	return strings.ToLower(strings.TrimPrefix(run.GetState().String(), "RUN_STATE_"))
}

// role is what a version is.
func role(s *modelv1.State, v *modelv1.Version) string {
	switch {
	case s.GetChampion() == v.GetId():
		return "champion"
	case slices.Contains(s.GetChallengers(), v.GetId()):
		return "challenger"
	case v.GetUnfit() != "":
		return "unfit"
	case slices.Contains(s.GetPrevious(), v.GetId()):
		return "served before"
	}
	return "kept"
}

// figuresOf are those of a version that a line has room for.
func figuresOf(v *modelv1.Version) string {
	var out []string
	for _, f := range [][2]string{{"auc", "AUC %.3f"}, {"log_loss", "log-loss %.3f"}, {"lift_10", "lift %.2f"}, {"mae", "MAE %.2f"}, {"total", "total %.2f"},
		{"next_item_recall_20", "next item Recall@20 %.3f"}, {"holdout_recall_20", "holdout Recall@20 %.3f"}} {
		if x, ok := v.GetMetrics()[f[0]]; ok {
			out = append(out, fmt.Sprintf(f[1], x))
		}
	}
	return strings.Join(out, ", ")
}

func newChurnPromote() *cobra.Command {
	var d doors
	req := &churnv1.PromoteRequest{}
	cmd := &cobra.Command{
		Use:     "promote TARGET VERSION",
		Short:   "Have a version of a model serve, on every replica, within a second",
		Example: `  freshet churn promote churn_risk_60d 20261128T181500-3f2a`,
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			req.Target, req.Version = args[0], args[1]
			return withAPI(cmd, &d, func(api *stack.API) error {
				got, err := api.Churn.Promote(cmd.Context(), req)
				if err != nil {
					return fmt.Errorf("promote version %s of %s: %w", terminal.Safe(args[1]), terminal.Safe(args[0]), err)
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

func newChurnRollback() *cobra.Command {
	var d doors
	req := &churnv1.RollbackRequest{}
	cmd := &cobra.Command{
		Use:     "rollback TARGET",
		Short:   "Have the version of a model serve that served before, on every replica, within a second",
		Example: `  freshet churn rollback churn_risk_60d`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			req.Target = args[0]
			return withAPI(cmd, &d, func(api *stack.API) error {
				got, err := api.Churn.Rollback(cmd.Context(), req)
				if err != nil {
					return fmt.Errorf("roll %s back: %w", terminal.Safe(args[0]), err)
				}
				return serves(cmd, got.GetState())
			})
		},
	}
	d.reads(cmd)
	cmd.Flags().StringVar(&req.Workspace, "workspace", "", `the tenant; empty means "default"`)
	return cmd
}

func serves(cmd *cobra.Command, s *modelv1.State) error {
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s: %s serves: %s\n", terminal.Safe(s.GetName()), s.GetChampion(), terminal.Safe(s.GetWhy()))
	return err
}
