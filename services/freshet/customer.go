package freshet

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/services/freshet/story"
)

// login is the flags of commands that read ClickHouse.
type login struct{ stack.Login }

func (l *login) flag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&l.User, "clickhouse-user", "", "who reads ClickHouse; by default the reader that the addresses file names")
	cmd.Flags().StringVar(&l.Password, "clickhouse-password", "", "the password; by default that of the addresses file")
}

func newCustomer() *cobra.Command {
	var d doors
	var l login
	var asJSON bool
	var limit int
	var workspace string
	cmd := &cobra.Command{
		Use:   "customer ID",
		Short: "Tell one customer's story: names, segments, features, last events",
		Example: `  freshet customer user_id:42
  freshet customer email:ann@example.com --json
  freshet customer 3c5efcf782fb1584cb5d5027dd8da267`,
		Args: cobra.ExactArgs(1),
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
			db, err := a.ClickHouse(cmd.Context(), l.Login)
			if err != nil {
				return err
			}
			defer func() { _ = db.Close() }()
			s, err := story.Gather(cmd.Context(), api, db, workspace, args[0], limit)
			if err != nil {
				return err
			}
			if asJSON {
				return s.JSON(cmd.OutOrStdout())
			}
			return s.Tell(cmd.OutOrStdout(), time.Now())
		},
	}
	d.reads(cmd)
	l.flag(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object instead of text")
	cmd.Flags().IntVar(&limit, "events", 10, "how many of the last events to show")
	cmd.Flags().StringVar(&workspace, "workspace", "", `the tenant; empty means "default"`)
	return cmd
}
