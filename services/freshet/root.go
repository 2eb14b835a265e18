// Package freshet is the command line: it starts a stack, feeds it, looks into it and explains what it sees. It is not a service, and
// every number it shows comes from the stack's public APIs.
package freshet

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/freshet/freshet/pkg/service"
	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/pkg/terminal"
)

// DefaultWriteKey is the write key of a stack that was started without --write-key: for a laptop only.
const DefaultWriteKey = "freshet-local"

// NewCommand builds the whole command line.
func NewCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "freshet",
		Short: "Real-time customer data: who a customer is, what they do and which segment they are in, within a second",
		Long: `freshet starts a complete stack on this machine, sends events to it and shows what became of them.

A first look:
  freshet up                                        # in one terminal: everything in one process, until Ctrl-C
  freshet send --user 42 --event "Product Viewed"   # in another
  freshet customer user_id:42`,
		Version:       service.BuildVersion(),
		SilenceErrors: true,
	}
	root.AddGroup(&cobra.Group{ID: "run", Title: "Run a stack:"}, &cobra.Group{ID: "feed", Title: "Feed it:"}, &cobra.Group{ID: "look", Title: "Look into it:"})
	add := func(group string, cmds ...*cobra.Command) {
		for _, c := range cmds {
			c.GroupID = group
			c.Args = orNoArgs(c.Args)
			root.AddCommand(c)
		}
	}
	add("run", newUp(), newDemo(), newSource(), newToken(), newRates())
	add("feed", newSend(), newImport(), newReplay(), newSimulate())
	add("look", newCustomer(), newFeatures(), newSegments(), newChurn(), newRecommend(), newScenes(), newGet(), newReconcile(), newSQL(), newTail(), newPlan(), newListen(), newDoctor())
	return root
}

func orNoArgs(args cobra.PositionalArgs) cobra.PositionalArgs {
	if args == nil {
		return cobra.NoArgs
	}
	return args
}

// doors is the flag every client command has.
type doors struct{ file, token string }

// tokenVariable is where a token may stand that is not to be on a command line.
const tokenVariable = "FRESHET_TOKEN"

func (d *doors) flag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&d.file, "addresses-file", "",
		"JSON with the stack's addresses; by default "+stack.DefaultFile+", and the documented ports when there is none")
}

// reads is flag for a command that asks the API.
func (d *doors) reads(cmd *cobra.Command) {
	d.flag(cmd)
	cmd.Flags().StringVar(&d.token, "token", "", "what the reads ask for; by default $"+tokenVariable+", and without it the token in the addresses file")
}

func (d *doors) open(cmd *cobra.Command) (stack.Addresses, error) {
	cmd.SilenceUsage = true // from here on it is not about the command line
	a, err := stack.Load(d.file)
	a.APIToken = cmp.Or(d.token, os.Getenv(tokenVariable), a.APIToken)
	return a, err
}

// exact is the output for what a program reads and an escape would change: see terminal.Writer.
func exact(cmd *cobra.Command) io.Writer {
	if w, ok := cmd.OutOrStdout().(*terminal.Writer); ok {
		return w.Exact()
	}
	return cmd.OutOrStdout()
}

// writer is the flag of every command that sends.
type writer struct{ key string }

func (w *writer) flag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&w.key, "write-key", DefaultWriteKey, "the write key of the source to send as")
}

// family makes a command that only holds others refuse what is none of them: cobra shows the help and succeeds, which a script takes for done.
func family(cmd *cobra.Command) *cobra.Command {
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		cmd.SilenceUsage = true
		var names []string
		for _, c := range cmd.Commands() {
			names = append(names, c.Name())
		}
		return fmt.Errorf("unknown command %q for %q: it is one of %s", args[0], cmd.CommandPath(), strings.Join(names, ", "))
	}
	return cmd
}
