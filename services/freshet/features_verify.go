package freshet

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/stack"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	"github.com/freshet/freshet/services/freshet/progress"
	"github.com/freshet/freshet/services/freshet/verify"
	"github.com/freshet/freshet/services/warehouse/reconcile"
)

type verifyOptions struct {
	doors
	login
	customers int
	all       bool
	workspace string
	wait      time.Duration
}

func newFeaturesVerify() *cobra.Command {
	var o verifyOptions
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Hold the served features against the facts in ClickHouse, value by value",
		Long: `Ask for all features and tags of customers, chosen by a hash of their ids, compute the same from the facts for the same moment, and list by feature what
is served with another value (mismatch), not served (missing) or served without facts (extra). It waits first until the services have caught up (--wait).
On a stack that takes events, facts are stored a moment after they are counted: who differs is looked at alone, and three times more. Exit status 1 when
something differs, and when there was no customer.`,
		Example: `  freshet features verify
  freshet features verify --customers 200
  freshet features verify --all`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd) },
	}
	o.doors.reads(cmd)
	o.login.flag(cmd)
	f := cmd.Flags()
	f.IntVar(&o.customers, "customers", 20, "how many customers, 1 or more")
	f.BoolVar(&o.all, "all", false, "every customer instead")
	f.StringVar(&o.workspace, "workspace", "", `the tenant; empty means "default"`)
	f.DurationVar(&o.wait, "wait", 30*time.Second, "how long to wait first until no consumer group is behind")
	return cmd
}

func (o *verifyOptions) run(cmd *cobra.Command) error {
	limit := o.customers
	switch {
	case o.all && cmd.Flags().Changed("customers"):
		return errors.New("give --customers or --all, not both")
	case o.all:
		limit = 0
	case limit < 1:
		return fmt.Errorf("--customers %d: give 1 or more, or --all", limit)
	}
	return withAPI(cmd, &o.doors, func(api *stack.API) error {
		a, err := o.open(cmd)
		if err != nil {
			return err
		}
		kafka, err := a.Broker(cmd.Context())
		if err != nil {
			return err
		}
		defer kafka.Close()
		db, err := a.ClickHouse(cmd.Context(), o.Login)
		if err != nil {
			return err
		}
		defer func() { _ = db.Close() }()
		v := verify.Options{Features: api.Features, ClickHouse: db, Workspace: customer.Workspace(o.workspace), Again: 3, Pause: time.Second}
		return o.verify(cmd, kafka, v, limit)
	})
}

func (o *verifyOptions) verify(cmd *cobra.Command, kafka *broker.Client, v verify.Options, limit int) error {
	ctx := cmd.Context()
	settled, cancel := context.WithTimeout(ctx, o.wait)
	defer cancel()
	// Whoever is still behind afterwards may show as a difference.
	_ = reconcile.Settle(settled, kafka, reconcile.DefaultGroups())
	served, err := v.Features.ListFeatures(ctx, &featurev1.ListFeaturesRequest{Workspace: v.Workspace})
	if err != nil {
		return fmt.Errorf("ask for the stack's catalogue: %w", err)
	}
	if v.Catalog, err = verify.Catalog(ctx, kafka, served.GetSchema()); err != nil {
		return err
	}
	ids, err := verify.Customers(ctx, v.ClickHouse, v.Workspace, limit)
	if err != nil {
		return err
	}
	bar := progress.New(cmd.ErrOrStderr(), "customers", int64(len(ids)))
	defer bar.Done()
	v.Done = func() { bar.Add(1) }
	report, err := verify.Run(ctx, v, ids)
	if err != nil {
		return err
	}
	bar.Done()
	if err := report.WriteText(cmd.OutOrStdout()); err != nil {
		return err
	}
	return report.Err()
}
