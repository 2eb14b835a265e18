package freshet

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/freshet/freshet/pkg/terminal"
	"github.com/freshet/freshet/services/recommendation/scene"
)

func newScenes() *cobra.Command {
	cmd := &cobra.Command{Use: "scenes", Short: "Check a scenes file: the places where recommendations are shown"}
	cmd.AddCommand(newScenesCheck())
	return family(cmd)
}

func newScenesCheck() *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE",
		Short: "Lay a scenes file over the shipped one: every fault, or what it changes",
		Long: `Read a scenes file as recommendation does, without a stack. Every fault is told at once, each under its entry and key, with exit status 1. A good file is told by what it
adds to, replaces in and removes from the shipped scenes.`,
		Example: "  freshet scenes check scenes.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cmd.SilenceUsage = true
			shipped, err := scene.Load("", nil)
			if err != nil {
				return err
			}
			mine, err := scene.Load(args[0], conditions)
			if err != nil {
				return err
			}
			return tellScenes(cmd.OutOrStdout(), shipped, mine)
		},
	}
}

// conditions reads conditions over items where a file is checked. Without it a file that has one is refused, in words that say so.
var conditions scene.ParseFilter

// tellScenes says what became of the shipped scenes.
func tellScenes(w io.Writer, shipped, mine *scene.Set) error {
	say := func(deed, name string) { fmt.Fprintf(w, "%-9s %s\n", deed, terminal.Safe(name)) } //nolint:errcheck // The last line tells.
	for _, s := range mine.Scenes {
		switch was := shipped.Get(s.Name); {
		case was == nil:
			say("adds", s.Name)
		case was.YAML != s.YAML:
			say("replaces", s.Name)
		}
	}
	for _, s := range shipped.Scenes {
		if mine.Get(s.Name) == nil {
			say("removes", s.Name)
		}
	}
	_, err := fmt.Fprintf(w, "ok: %d scenes\n", len(mine.Scenes))
	return err
}
