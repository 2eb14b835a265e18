package freshet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/freshet/freshet/pkg/retry"
	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/pkg/terminal"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	"github.com/freshet/freshet/services/freshet/verify"
)

// watchOptions are what `freshet features watch` is asked for.
type watchOptions struct {
	doors
	featurev1.WatchFeaturesRequest

	asJSON bool
	max    int
	shown  int
}

// errEnough ends a watch that has shown what it was to show.
var errEnough = errors.New("enough was shown")

func newFeaturesWatch() *cobra.Command {
	o := &watchOptions{}
	cmd := &cobra.Command{
		Use:   "watch",
		Short: "Follow changes of features and tags as they happen",
		Long: `Follow changes of features and tags until Ctrl-C, one line each: when, who, what it was and is, and why it changed. A stack that restarts is waited for, and
nothing is left out. At the end it says from where to go on.`,
		Example: `  freshet features watch --feature spend_30d --feature lapsed
  freshet features watch --customer user_id:42
  freshet features watch --feature orders_lifetime --json | jq .features`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withAPI(cmd, &o.doors, func(api *stack.API) error { return o.run(cmd, api) })
		},
	}
	o.reads(cmd)
	f := cmd.Flags()
	f.StringArrayVar(&o.Ids, "customer", nil, "a customer id or type:value, several times for several; by default everybody")
	f.StringArrayVar(&o.Names, "feature", nil, "a feature or tag, several times for several; by default all but personal ones")
	f.StringVar(&o.Workspace, "workspace", "", `the tenant; empty means "default"`)
	f.StringVar(&o.Resume, "resume", "", "go on where an earlier watch ended; by default from now")
	f.BoolVar(&o.Reveal, "reveal", false, "allow personal and sensitive features")
	f.BoolVar(&o.LiveOnly, "live", false, "leave out changes that come from imports and replays")
	f.BoolVar(&o.asJSON, "json", false, "each change as one line of JSON")
	f.IntVar(&o.max, "max", 0, "end after this many changes; 0 never ends")
	return cmd
}

// run follows, also through restarts of the stack.
func (o *watchOptions) run(cmd *cobra.Command, api *stack.API) error {
	ctx := cmd.Context()
	begun := false
	for {
		err := o.follow(ctx, cmd.OutOrStdout(), api)
		begun = begun || o.Resume != ""
		switch {
		case errors.Is(err, errEnough), ctx.Err() != nil:
			fmt.Fprintf(cmd.ErrOrStderr(), "go on with --resume %s\n", o.Resume)
			return nil
		case begun && status.Code(err) == codes.Unavailable:
			if retry.Sleep(ctx, time.Second) != nil {
				return nil
			}
			continue
		}
		return fmt.Errorf("watch features: %w", err)
	}
}

// follow shows changes until the stream ends.
func (o *watchOptions) follow(ctx context.Context, out io.Writer, api *stack.API) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	answers, err := api.Features.WatchFeatures(ctx, &o.WatchFeaturesRequest)
	for err == nil {
		var a *featurev1.WatchFeaturesResponse
		if a, err = answers.Recv(); err != nil {
			break
		}
		for _, c := range a.GetChanges() {
			if err := o.show(out, c); err != nil {
				return err
			}
			if o.shown++; o.shown == o.max {
				o.Resume = a.GetResume()
				return errEnough
			}
		}
		o.Resume = a.GetResume()
	}
	return err
}

// show writes one customer's changes.
func (o *watchOptions) show(out io.Writer, c *featurev1.CustomerChange) error {
	if o.asJSON {
		b, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(c)
		if err != nil {
			return fmt.Errorf("write a change: %w", err)
		}
		_, err = fmt.Fprintln(out, string(b))
		return err
	}
	why := strings.ToLower(strings.TrimPrefix(c.GetReason().String(), "CHANGE_REASON_"))
	if c.GetHistory() {
		why += ", history"
	}
	var lines []string
	if c.GetMergedInto() != "" {
		lines = append(lines, "is "+c.GetMergedInto()+" now")
	}
	for _, f := range c.GetFeatures() {
		old := "?"
		if f.GetOld() != nil {
			old = verify.Text(f.GetOld())
		}
		lines = append(lines, fmt.Sprintf("%s %s -> %s", f.GetName(), old, verify.Text(f.GetNew())))
	}
	for _, t := range c.GetTags() {
		if t.GetHolds() {
			lines = append(lines, fmt.Sprintf("+%s since %s", t.GetName(), moment(t.GetSinceMs())))
		} else {
			lines = append(lines, fmt.Sprintf("-%s", t.GetName()))
		}
	}
	for _, l := range lines {
		if _, err := fmt.Fprintf(out, "%s  %s  %s  (%s)\n", moment(c.GetAsOfMs()), c.GetCustomerId(), terminal.Safe(l), why); err != nil {
			return fmt.Errorf("write a change: %w", err)
		}
	}
	return nil
}
