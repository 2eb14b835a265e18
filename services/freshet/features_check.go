package freshet

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/rule"
	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/pkg/terminal"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	"github.com/freshet/freshet/services/freshet/verify"
	"github.com/freshet/freshet/services/segmentation/rulefile"
)

// checkOptions are the flags of `freshet features check`.
type checkOptions struct {
	doors
	rules, forecasts string
	live             bool
}

func newFeaturesCheck() *cobra.Command {
	var o checkOptions
	cmd := &cobra.Command{
		Use:   "check FILE",
		Short: "Lay a features file over the shipped one: every fault, or what it changes",
		Long: `Read a features file as the services do, without a stack. Every fault is told at once, each under its entry and key, with exit status 1. A good
file is told by what it adds to, replaces in and removes from the shipped catalogue; a shipped name that it gives another meaning is named, because
rules and models that use the name would be given other numbers. Definitions of the file that no tag, no other feature, no forecast and, with --rules, no segment looks
at are named as unused. Segments may name scores, bands and warnings too: those of the shipped forecasts with the file of --forecasts laid over them.

With --live the file is held against the catalogue that a stack uses: a live name with another meaning is a fault, as it is at a start.`,
		Example: `  freshet features check features.yaml
  freshet features check features.yaml --rules segments.yaml --live`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cmd.SilenceUsage = true
			return o.run(cmd, args[0])
		},
	}
	o.reads(cmd)
	cmd.Flags().StringVar(&o.rules, "rules", "", "the rules file whose segments count as uses")
	cmd.Flags().StringVar(&o.forecasts, "forecasts", "", "the forecasts `FILE` that goes with it, laid over the shipped one")
	cmd.Flags().BoolVar(&o.live, "live", false, "hold it against the catalogue that the stack uses")
	return cmd
}

func (o *checkOptions) run(cmd *cobra.Command, path string) error {
	names, err := rulefile.LoadNames(path, o.forecasts)
	if err != nil {
		return err
	}
	c := names.Catalog
	tags, err := rule.Tags(c)
	if err != nil {
		return fmt.Errorf("features file %s:\n%w", path, err)
	}
	looking := []looker{tags, names.Forecasts}
	if o.rules != "" {
		rules, err := rulefile.Load(o.rules, names.Schema)
		if err != nil {
			return err
		}
		looking = append(looking, rules.Set)
	}
	if o.live {
		if err := o.against(cmd, c); err != nil {
			return err
		}
	}
	shipped, err := catalog.Load("")
	if err != nil {
		return err
	}
	for _, name := range unused(c, looking) {
		fmt.Fprintf(cmd.OutOrStdout(), "%-9s %s\n", "unused", terminal.Safe(name)) //nolint:errcheck // The last line tells.
	}
	return tellChanges(cmd.OutOrStdout(), shipped, c)
}

// against refuses a catalogue that gives a name of the live one another meaning.
func (o *checkOptions) against(cmd *cobra.Command, c *catalog.Catalog) error {
	return withAPI(cmd, &o.doors, func(api *stack.API) error {
		live, err := o.served(cmd, api)
		if err != nil {
			return err
		}
		return catalog.Changed(live, c)
	})
}

// served is the catalogue that a stack serves.
func (d *doors) served(cmd *cobra.Command, api *stack.API) (*catalog.Catalog, error) {
	a, err := d.open(cmd)
	if err != nil {
		return nil, err
	}
	kafka, err := a.Broker(cmd.Context())
	if err != nil {
		return nil, err
	}
	defer kafka.Close()
	list, err := api.Features.ListFeatures(cmd.Context(), &featurev1.ListFeaturesRequest{})
	if err != nil {
		return nil, fmt.Errorf("ask for the stack's catalogue: %w", err)
	}
	return verify.Catalog(cmd.Context(), kafka, list.GetSchema())
}

// looker says whether it looks at a feature or tag.
type looker interface{ Uses(name string) bool }

// unused are the file's own definitions that nothing looks at.
func unused(c *catalog.Catalog, looking []looker) []string {
	used := map[*catalog.Definition]bool{}
	for i := range c.Features {
		f := &c.Features[i]
		if slices.ContainsFunc(looking, func(l looker) bool { return l.Uses(f.Name) }) {
			used[f.Definition] = true
		}
		for _, of := range f.Of {
			for _, name := range []string{of, of + "_" + f.Window.Name} {
				if other := c.Feature(name); other != nil {
					used[other.Definition] = true
				}
			}
		}
	}
	var out []string
	for _, d := range c.Definitions {
		if !d.Shipped && !used[d] {
			out = append(out, d.Name)
		}
	}
	return out
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
