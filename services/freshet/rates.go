package freshet

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/freshet/freshet/pkg/keyfile"
	"github.com/freshet/freshet/services/collector/rates"
	"github.com/freshet/freshet/services/collector/source"
)

func newRates() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "rates",
		Short:   "Say what currencies are worth: add a bank's exchange rates to a workspace's",
		Example: "  freshet rates import eurofxref-hist.zip",
	}
	cmd.AddCommand(newRatesImport())
	return family(cmd)
}

func newRatesImport() *cobra.Command {
	var i ratesImport
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Add the exchange rates of a bank's file to a workspace's",
		Long: `Add exchange rates to the file that the sources file names for a workspace, which a running collector looks at every second. FILE is what the
European Central Bank publishes (eurofxref, CSV or XML, of one day or of all, zipped or not), any CSV with a date and a column for each currency that tells what one unit of
--base is worth in it, or date,currency,rate. Rates that lead to another currency are turned by way of the base. What the file says already stays;
an import that is repeated adds nothing. Nothing is written when anything is faulty.`,
		Example: `  freshet rates import eurofxref-hist.zip
  freshet rates import eurofxref.csv --workspace shop   # every day: adds what is new`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cmd.SilenceUsage = true
			return i.run(cmd, args[0])
		},
	}
	f := cmd.Flags()
	f.StringVar(&i.file, "file", defaultSources(), "the sources file, which names the workspace's currency and its file of rates")
	f.StringVar(&i.workspace, "workspace", "default", "the tenant whose rates they are")
	f.StringVar(&i.base, "base", "EUR", "the currency whose worth the columns tell")
	f.BoolVar(&i.replace, "replace", false, "a rate that is there with another value gives way; by default it stays")
	return cmd
}

// ratesImport are the command's flags.
type ratesImport struct {
	file, workspace, base string
	replace               bool
}

func (i *ratesImport) run(cmd *cobra.Command, from string) error {
	w, err := i.find()
	if err != nil {
		return err
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return fmt.Errorf("read the rates: %w", err)
	}
	lines, skipped, err := rates.ReadPublished(data, i.base, w.Currency)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	if len(lines) == 0 {
		return fmt.Errorf("%s has no rate that leads to %s, the currency of the workspace %s (%d days do not say what %s is worth)", from, w.Currency, w.Name, skipped, w.Currency)
	}
	to := w.Rates
	if !filepath.IsAbs(to) {
		to = filepath.Join(filepath.Dir(i.file), to)
	}
	var m rates.Merged
	err = keyfile.Edit(cmd.Context(), to, "file of rates", func(old []byte) ([]byte, error) {
		m, err = rates.Merge(old, lines, w.Currency, i.replace)
		return m.Text, err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", to, err)
	}
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "%s: %d rates added to %s, from %s to %s; %d were there.\n", to, m.Added, w.Currency, lines[0].Date, lines[len(lines)-1].Date, m.Same)
	switch {
	case m.Other > 0 && i.replace:
		fmt.Fprintf(out, "%d had another value and were replaced.\n", m.Other)
	case m.Other > 0:
		fmt.Fprintf(out, "%d are there with another value and stay: --replace takes the new one.\n", m.Other)
	}
	if skipped > 0 {
		fmt.Fprintf(out, "%d days do not say what %s is worth and were left out.\n", skipped, w.Currency)
	}
	fmt.Fprintln(out, "Orders that are taken from now on count with them; what was converted stays as it is.")
	return nil
}

// find gives the workspace, which needs a currency and a place for its rates.
func (i *ratesImport) find() (source.Workspace, error) {
	raw, err := os.ReadFile(i.file)
	if errors.Is(err, fs.ErrNotExist) {
		return source.Workspace{}, fmt.Errorf("there is no sources file %s: `freshet source add NAME` makes one", i.file)
	}
	if err != nil {
		return source.Workspace{}, fmt.Errorf("read the sources file: %w", err)
	}
	file, err := source.Parse(raw, i.file, time.Now())
	if err != nil {
		return source.Workspace{}, err
	}
	at := slices.IndexFunc(file.Workspaces, func(w source.Workspace) bool { return w.Name == i.workspace })
	if at < 0 || file.Workspaces[at].Currency == "" || file.Workspaces[at].Rates == "" {
		return source.Workspace{}, fmt.Errorf("the workspace %s has no currency or no file of rates. Say both in %s:\n\nworkspaces:\n  - name: %s\n    currency: EUR\n    rates: rates.csv", i.workspace, i.file, i.workspace)
	}
	return file.Workspaces[at], nil
}
