package freshet

import (
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/freshet/freshet/services/freshet/doctor"
	"github.com/freshet/freshet/services/freshet/stack"
)

func newDoctor() *cobra.Command {
	var d doors
	var l login
	p := doctor.Patient{}
	cmd := &cobra.Command{
		Use:     "doctor",
		Short:   "Examine the machine and the stack, and say how to mend what is wrong",
		Example: "  freshet doctor",
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := d.open(cmd)
			if err != nil {
				return err
			}
			p.Addresses, p.Login = a, l.Login
			return doctor.Write(cmd.OutOrStdout(), doctor.Examine(cmd.Context(), p))
		},
	}
	d.reads(cmd)
	l.flag(cmd)
	cmd.Flags().StringVar(&p.Dir, "dir", filepath.Dir(stack.DefaultFile), "where the stack keeps its data")
	return cmd
}
