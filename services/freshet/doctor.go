package freshet

import (
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/services/freshet/doctor"
)

func newDoctor() *cobra.Command {
	var d doors
	var l login
	p := doctor.Patient{}
	var w writer
	var noProbe bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Examine the machine and the stack, and say how to mend what is wrong",
		Long: `Examine the engine, the disk and the ports, and where a stack runs every part of it, each with its remedy. Then send a marked event, the
probe, and time it to the facts, the features and the segments: where it stays is named. It is the track event "Freshet Probe" of the one
customer anonymous_id:freshet-probe, sent as history, so that it fires no alert, with "freshet_probe": true in its context.`,
		Example: `  freshet doctor
  freshet doctor --no-probe`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := d.open(cmd)
			if err != nil {
				return err
			}
			p.Addresses, p.Login = a, l.Login
			if !noProbe {
				p.WriteKey = w.key
			}
			return doctor.Write(cmd.OutOrStdout(), doctor.Examine(cmd.Context(), p))
		},
	}
	d.reads(cmd)
	l.flag(cmd)
	w.flag(cmd)
	cmd.Flags().BoolVar(&noProbe, "no-probe", false, "send no event")
	cmd.Flags().StringVar(&p.Dir, "dir", filepath.Dir(stack.DefaultFile), "where the stack keeps its data")
	return cmd
}
