package freshet

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/rule"
	"github.com/freshet/freshet/pkg/terminal"
)

func newFeaturesCheck() *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE",
		Short: "Lay a features file over the shipped one: every fault, or what it changes",
		Long: `Read a features file as the services do, without a stack. Every fault is told at once, each under its entry and key, with exit status 1. A good
file is told by what it adds to, replaces in and removes from the shipped catalogue; a shipped name that it gives another meaning is named, because
rules and models that use the name would be given other numbers.`,
		Example: `  freshet features check features.yaml`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cmd.SilenceUsage = true
			c, err := catalog.Load(args[0])
			if err != nil {
				return err
			}
			if _, err := rule.Tags(c); err != nil {
				return fmt.Errorf("features file %s:\n%w", args[0], err)
			}
			shipped, err := catalog.Load("")
			if err != nil {
				return err
			}
			return tellChanges(cmd.OutOrStdout(), shipped, c)
		},
	}
}

// tellChanges says what became of the shipped catalogue.
func tellChanges(w io.Writer, shipped, c *catalog.Catalog) error {
	var adds, replaces, removes []string
	sort := func(name string, was, mine bool) {
		switch {
		case !was:
			adds = append(adds, name)
		case mine:
			replaces = append(replaces, name)
		}
	}
	for i := range c.Features {
		f := &c.Features[i]
		sort(f.Name, shipped.Feature(f.Name) != nil, !f.Shipped)
	}
	for i := range c.Tags {
		sort(c.Tags[i].Name, shipped.Tag(c.Tags[i].Name) != nil, !c.Tags[i].Shipped)
	}
	for i := range shipped.Features {
		if n := shipped.Features[i].Name; c.Feature(n) == nil {
			removes = append(removes, n)
		}
	}
	for i := range shipped.Tags {
		if n := shipped.Tags[i].Name; c.Tag(n) == nil {
			removes = append(removes, n)
		}
	}
	for _, x := range []struct {
		deed  string
		names []string
	}{{"adds", adds}, {"replaces", replaces}, {"removes", removes}} {
		for _, name := range x.names {
			fmt.Fprintf(w, "%-9s %s\n", x.deed, terminal.Safe(name))
		}
	}
	if err := catalog.Changed(shipped, c); err != nil {
		for line := range strings.Lines(err.Error()) {
			fmt.Fprintf(w, "%-9s %s\n", "note", terminal.Safe(strings.TrimSuffix(line, "\n")))
		}
	}
	_, err := fmt.Fprintf(w, "ok: %d features of %d definitions, %d tags, schema %016x\n", len(c.Features), len(c.Definitions), len(c.Tags), c.Layout().Fingerprint)
	return err
}
