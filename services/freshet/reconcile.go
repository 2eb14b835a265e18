package freshet

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	"github.com/freshet/freshet/services/warehouse/reconcile"
)

type reconcileOptions struct {
	doors
	login
	reconcile.Options
	expect string
	wait   time.Duration
}

func newReconcile() *cobra.Command {
	var o reconcileOptions
	cmd := &cobra.Command{
		Use:   "reconcile",
		Short: "Hold Kafka, ClickHouse and the served features against each other",
		Long: `Count what was accepted, stored and rejected, in Kafka and in ClickHouse, recompute the features of a few customers with plain SQL, and list
every inequality. It waits first until the services have caught up (--wait): the numbers are exact only while nothing is under way. Exit status 1 when two numbers that should be one are not.`,
		Example: `  freshet reconcile
  freshet reconcile --expect online-retail    # after freshet replay online-retail FILE, the whole of it`,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd) },
	}
	o.doors.reads(cmd)
	o.login.flag(cmd)
	f := cmd.Flags()
	f.StringVar(&o.expect, "expect", "", "also check the known numbers of this data set: online-retail")
	f.DurationVar(&o.wait, "wait", 30*time.Second, "how long to wait first until no consumer group is behind; what still is then is listed")
	f.IntVar(&o.Customers, "customers", 5, "customers whose features are recomputed")
	f.StringVar(&o.Workspace, "workspace", "", `the tenant; empty means "default"`)
	return cmd
}

func (o *reconcileOptions) run(cmd *cobra.Command) error {
	switch o.expect {
	case "":
	case "online-retail":
		known := reconcile.OnlineRetail()
		o.Expected = &known
	default:
		return fmt.Errorf("--expect %q: the known set is online-retail", o.expect)
	}
	a, err := o.open(cmd)
	if err != nil {
		return err
	}
	if o.Broker, err = a.Broker(cmd.Context()); err != nil {
		return err
	}
	defer o.Broker.Close()
	if o.ClickHouse, err = a.ClickHouse(cmd.Context(), o.Login); err != nil {
		return err
	}
	defer func() { _ = o.ClickHouse.Close() }()
	api, err := a.API(cmd.Context())
	if err != nil {
		return err
	}
	defer api.Close()
	o.Features = func(ctx context.Context, id string) (*featurev1.GetFeaturesResponse, error) {
		return api.Features.GetFeatures(ctx, &featurev1.GetFeaturesRequest{Id: id, Workspace: o.Workspace})
	}
	settled, cancel := context.WithTimeout(cmd.Context(), o.wait)
	defer cancel()
	// Whoever is still behind afterwards is one of the inequalities.
	_ = reconcile.Settle(settled, o.Broker, reconcile.DefaultGroups())
	report, err := reconcile.Run(cmd.Context(), o.Options)
	if err != nil {
		return err
	}
	if err := report.WriteText(cmd.OutOrStdout()); err != nil {
		return err
	}
	return report.Err()
}
