package freshet

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/freshet/freshet/pkg/keyfile"
	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/services/collector/source"
)

// sourcesFile is the flag of every command on sources.
type sourcesFile struct{ path string }

// defaultSources is where `freshet up` looks too.
func defaultSources() string { return filepath.Join(filepath.Dir(stack.DefaultFile), "sources.yaml") }

func newSource() *cobra.Command {
	var file sourcesFile
	cmd := &cobra.Command{
		Use:   "source",
		Short: "Say who may send: add a source, give it a new write key, take one away",
		Long: `Edit the sources file, which a running collector looks at every second. Keys are random, are shown once and are in the file as hashes
only. Comments in the file stay.`,
		Example: `  freshet source add web --origin https://shop.example --rate 500
  freshet source rotate web               # the old key works for another day
  freshet source revoke web k1
  freshet source list`,
	}
	cmd.PersistentFlags().StringVar(&file.path, "file", defaultSources(), "the sources file; made by add when there is none")
	cmd.AddCommand(newSourceAdd(&file), newSourceRotate(&file), newSourceRevoke(&file), newSourceList(&file))
	return family(cmd)
}

func newSourceAdd(file *sourcesFile) *cobra.Command {
	var s source.Source
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Add a source and show its write key, this once",
		Example: `  freshet source add web
  freshet source add shop-app --workspace shop --origin 'https://*.shop.example' --rate 500 --burst 2000`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cmd.SilenceUsage = true
			s.Name = args[0]
			var key string
			err := file.edit(cmd, func(d *source.Document) (err error) {
				key, _, err = d.Add(s)
				return err
			})
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "Source %s of workspace %s is in %s; a collector that reads it takes it up within a second.\n", s.Name, s.Workspace, file.path)
			return file.showKey(cmd.OutOrStdout(), key)
		},
	}
	f := cmd.Flags()
	f.StringVar(&s.Workspace, "workspace", "default", "the tenant its events belong to")
	f.StringArrayVar(&s.Origins, "origin", nil, "a web origin whose pages may send, such as https://shop.example or https://*.shop.example; repeatable; none: any")
	f.Float64Var(&s.Limits.Rate, "rate", 0, "events a second it may send on average; 0: no limit of its own")
	f.BoolVar(&s.Trusted, "trusted", false, "it is a server of yours, whose word on people counts: its alias calls may join two user ids; never for a key in a page or an app")
	f.StringVar(&s.Grade, "grade", "", "core for orders and customers of tills, CRM, ERP: how late its events may be, see docs/freshness.md; by default behaviour")
	f.IntVar(&s.Limits.Burst, "burst", 0, "events it may send at once after a pause; 0: two seconds of --rate")
	return cmd
}

func newSourceRotate(file *sourcesFile) *cobra.Command {
	var grace time.Duration
	var now bool
	cmd := &cobra.Command{
		Use:   "rotate NAME",
		Short: "Give a source a new write key; the old one works for a while longer",
		Long: `Give a source a new write key and show it, this once. The key before it goes on working for --grace, so that clients can be changed one after
the other. Two keys may work at once: a third one is refused until one has expired, unless --now ends all others.`,
		Example: `  freshet source rotate web
  freshet source rotate web --grace 168h
  freshet source rotate web --now   # after a leak`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cmd.SilenceUsage = true
			if grace < 0 {
				return fmt.Errorf("--grace %s is below 0", grace)
			}
			var key string
			var k keyfile.Key
			var until time.Time
			err := file.edit(cmd, func(d *source.Document) (err error) {
				key, k, until, err = d.Rotate(args[0], grace, now)
				return err
			})
			if err != nil {
				return err
			}
			rest := "The key before it works until " + until.UTC().Format(time.RFC3339) + "."
			switch {
			case now || grace == 0:
				rest = "No other key works any more."
			case until.IsZero():
				rest = "No other key works."
			}
			fmt.Fprintf(cmd.OutOrStdout(), "Source %s has a new key, %s. %s\n", args[0], k.ID, rest)
			return file.showKey(cmd.OutOrStdout(), key)
		},
	}
	cmd.Flags().DurationVar(&grace, "grace", 24*time.Hour, "how long the key before it goes on working, at most")
	cmd.Flags().BoolVar(&now, "now", false, "end all other keys at once, as after a leak")
	return cmd
}

func newSourceRevoke(file *sourcesFile) *cobra.Command {
	return &cobra.Command{
		Use:     "revoke NAME KEY-ID",
		Short:   "End a write key for good, at once",
		Example: "  freshet source revoke web k1",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			cmd.SilenceUsage = true
			left := 0
			err := file.edit(cmd, func(d *source.Document) (err error) {
				left, err = d.Revoke(args[0], args[1])
				return err
			})
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "Key %s of %s is revoked: requests with it are answered 401.\n", args[1], args[0])
			if left == 0 {
				fmt.Fprintf(cmd.OutOrStdout(), "%s has no key that works any more: `freshet source rotate %s` gives it one.\n", args[0], args[0])
			}
			return nil
		},
	}
}

func newSourceList(file *sourcesFile) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Show the sources and their keys, by id and last four characters",
		Example: `  freshet source list
  freshet source list --json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cmd.SilenceUsage = true
			list, err := file.list()
			if err != nil {
				return err
			}
			if asJSON {
				enc := json.NewEncoder(cmd.OutOrStdout())
				enc.SetIndent("", "  ")
				return enc.Encode(list)
			}
			return printSources(cmd.OutOrStdout(), list)
		},
		Args: cobra.NoArgs,
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "for programs")
	return cmd
}

// edit changes the file; an editor that does not find the source is told where it looked.
func (f *sourcesFile) edit(cmd *cobra.Command, change func(*source.Document) error) error {
	err := source.Edit(cmd.Context(), f.path, time.Now(), change)
	if errors.Is(err, source.ErrNoSource) {
		return fmt.Errorf("%w in %s: `freshet source list` shows them", err, f.path)
	}
	return err
}

// showKey shows a new key, with a request to the stack whose directory the file is in, or else to the documented address.
func (f *sourcesFile) showKey(w io.Writer, key string) error {
	a, err := stack.Load(filepath.Join(filepath.Dir(f.path), filepath.Base(stack.DefaultFile)))
	if err != nil {
		a = stack.Fixed()
	}
	_, err = fmt.Fprintf(w, `Its write key is shown this once, keep it safe:

  %s

Try it:

  curl -u '%s:' http://%s/v1/track -d '{"userId":"42","event":"First Light"}'
`, key, key, a.CollectorHTTP)
	return err
}

// listedSource is a source as `list --json` shows it.
type listedSource struct {
	Name      string      `json:"name"`
	Workspace string      `json:"workspace"`
	Enabled   bool        `json:"enabled"`
	Rate      float64     `json:"rate,omitempty"`
	Burst     int         `json:"burst,omitempty"`
	Origins   []string    `json:"origins,omitempty"`
	Plan      string      `json:"plan,omitempty"`
	Keys      []listedKey `json:"keys"`
}

type listedKey struct {
	ID      string        `json:"id"`
	Last4   string        `json:"last4,omitempty"`
	State   keyfile.State `json:"state"`
	Created time.Time     `json:"created,omitzero"`
	Expires time.Time     `json:"expires,omitzero"`
	Revoked time.Time     `json:"revoked,omitzero"`
}

// list reads the file.
func (f *sourcesFile) list() ([]listedSource, error) {
	raw, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no sources file %s: `freshet source add NAME` makes one", f.path)
	}
	if err != nil {
		return nil, fmt.Errorf("read the sources file: %w", err)
	}
	now := time.Now()
	file, err := source.Parse(raw, f.path, now)
	if err != nil {
		return nil, err
	}
	out := []listedSource{}
	for _, s := range file.Sources {
		l := listedSource{Name: s.Name, Workspace: s.Workspace, Enabled: !s.Disabled(), Rate: s.Limits.Rate, Burst: s.Limits.Burst,
			Origins: s.Origins, Plan: s.Plan, Keys: listKeys(s.Keys, now)}
		out = append(out, l)
	}
	return out, nil
}

func listKeys(keys []keyfile.Key, now time.Time) []listedKey {
	out := []listedKey{}
	for _, k := range keys {
		out = append(out, listedKey{ID: k.ID, Last4: k.Last4, State: k.State(now), Created: k.Created, Expires: k.Expires, Revoked: k.Revoked})
	}
	return out
}

// printSources writes a line for each key, since the keys are what changes.
func printSources(w io.Writer, list []listedSource) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "SOURCE\tWORKSPACE\tKEY\tENDS IN\tSTATE\tEXPIRES\tRATE\tORIGINS\tPLAN")
	for _, s := range list {
		keys := s.Keys
		if len(keys) == 0 {
			keys = []listedKey{{ID: "none", State: "-"}}
		}
		for _, k := range keys {
			state := string(k.State)
			if !s.Enabled {
				state = "disabled"
			}
			rate, expires := "-", "-"
			if s.Rate > 0 {
				rate = strconv.FormatFloat(s.Rate, 'g', -1, 64) + "/s"
			}
			if !k.Expires.IsZero() {
				expires = k.Expires.UTC().Format(time.RFC3339)
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", s.Name, s.Workspace, k.ID, or(k.Last4), state, expires, rate,
				or(strings.Join(s.Origins, " ")), or(s.Plan))
		}
	}
	return t.Flush()
}

// or is a dash where there is nothing.
func or(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
