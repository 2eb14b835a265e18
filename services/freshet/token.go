package freshet

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/freshet/freshet/pkg/access"
	"github.com/freshet/freshet/pkg/keyfile"
	"github.com/freshet/freshet/pkg/stack"
)

// tokensFile is the flag of every command on the tokens file.
type tokensFile struct{ path string }

func newToken() *cobra.Command {
	var file tokensFile
	cmd := &cobra.Command{
		Use:   "token",
		Short: "Say who may read: add a token, give it a new text, take one away",
		Long: `Edit the tokens file, which a running gateway looks at every second. Tokens are random, are shown once and are in the file as hashes only.
Comments in the file stay. The commands of this machine use the token of the addresses file, which show prints.`,
		Example: `  freshet token add crm --scope profiles --scope segments
  freshet token rotate crm               # the old text works for another day
  freshet token revoke crm k1
  freshet token list
  curl -H "Authorization: Bearer $(freshet token show)" http://127.0.0.1:8090/v1/segments`,
	}
	path := filepath.Join(filepath.Dir(stack.DefaultFile), "tokens.yaml") // where `freshet up` looks too
	for _, c := range []*cobra.Command{newTokenAdd(&file), newTokenRotate(&file), newTokenRevoke(&file), newTokenList(&file)} {
		c.Flags().StringVar(&file.path, "file", path, "the tokens file; made by add when there is none")
		cmd.AddCommand(c)
	}
	cmd.AddCommand(newTokenShow())
	return family(cmd)
}

func newTokenAdd(file *tokensFile) *cobra.Command {
	var t access.Token
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Add a token and show it, this once",
		Example: `  freshet token add crm --scope profiles
  freshet token add prometheus --workspace '*' --scope admin`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cmd.SilenceUsage = true
			t.Name = args[0]
			var text string
			err := file.edit(cmd, func(d *access.Document) (err error) {
				text, _, err = d.Add(t)
				return err
			})
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "Token %s for the workspace %s is in %s; a gateway that reads it takes it up within a second.\n", t.Name, t.Workspace, file.path)
			return showToken(cmd.OutOrStdout(), text)
		},
	}
	f := cmd.Flags()
	f.StringVar(&t.Workspace, "workspace", "default", "the tenant it may ask for; * is every one")
	f.StringSliceVar(&t.Scopes, "scope", nil, "what it may do, of "+strings.Join(access.Scopes, ", ")+"; repeatable")
	return cmd
}

func newTokenRotate(file *tokensFile) *cobra.Command {
	var grace time.Duration
	var now bool
	cmd := &cobra.Command{
		Use:   "rotate NAME",
		Short: "Give a token a new text; the old one works for a while longer",
		Long: `Give a token a new text and show it, this once. The one before it goes on working for --grace, so that readers can be changed one after the
other. Two may work at once: a third one is refused until one has expired, unless --now ends all others.`,
		Example: `  freshet token rotate crm
  freshet token rotate crm --now   # after a leak`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cmd.SilenceUsage = true
			if grace < 0 {
				return fmt.Errorf("--grace %s is below 0", grace)
			}
			var text string
			var k keyfile.Key
			var until time.Time
			err := file.edit(cmd, func(d *access.Document) (err error) {
				text, k, until, err = d.Rotate(args[0], grace, now)
				return err
			})
			if err != nil {
				return err
			}
			rest := "The text before it works until " + until.UTC().Format(time.RFC3339) + "."
			if now || grace == 0 || until.IsZero() {
				rest = "No other text works."
			}
			fmt.Fprintf(cmd.OutOrStdout(), "Token %s has a new text, %s. %s\n", args[0], k.ID, rest)
			return showToken(cmd.OutOrStdout(), text)
		},
	}
	cmd.Flags().DurationVar(&grace, "grace", 24*time.Hour, "how long the text before it goes on working, at most")
	cmd.Flags().BoolVar(&now, "now", false, "end all other texts at once, as after a leak")
	return cmd
}

func newTokenRevoke(file *tokensFile) *cobra.Command {
	return &cobra.Command{
		Use:     "revoke NAME KEY-ID",
		Short:   "End a text of a token for good, at once",
		Example: "  freshet token revoke crm k1",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			cmd.SilenceUsage = true
			left := 0
			err := file.edit(cmd, func(d *access.Document) (err error) {
				left, err = d.Revoke(args[0], args[1])
				return err
			})
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s of the token %s is revoked: requests with it are answered 401.\n", args[1], args[0])
			if left == 0 {
				fmt.Fprintf(cmd.OutOrStdout(), "%s has no text that works any more: `freshet token rotate %s` gives it one.\n", args[0], args[0])
			}
			return nil
		},
	}
}

func newTokenShow() *cobra.Command {
	var d doors
	cmd := &cobra.Command{
		Use:     "show",
		Short:   "Print the token that this machine's commands use",
		Example: `  curl -H "Authorization: Bearer $(freshet token show)" http://127.0.0.1:8090/v1/segments`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := d.open(cmd)
			if err != nil {
				return err
			}
			if a.APIToken == "" {
				return fmt.Errorf("there is no token here: `freshet up` leaves one in its addresses file while it runs; else give --token or $%s", tokenVariable)
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), a.APIToken)
			return err
		},
	}
	d.reads(cmd)
	return cmd
}

// edit changes the file; an editor that does not find the token is told where it looked.
func (f *tokensFile) edit(cmd *cobra.Command, change func(*access.Document) error) error {
	err := access.Edit(cmd.Context(), f.path, time.Now(), change)
	if errors.Is(err, access.ErrNoToken) {
		return fmt.Errorf("%w in %s: `freshet token list` shows them", err, f.path)
	}
	return err
}

func showToken(w io.Writer, text string) error {
	_, err := fmt.Fprintf(w, "It is shown this once, keep it safe:\n\n  %s\n\nSend it as `Authorization: Bearer %s`.\n", text, text)
	return err
}

func newTokenList(file *tokensFile) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "Show the tokens and their texts, by id and last four characters",
		Example: "  freshet token list",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cmd.SilenceUsage = true
			list, err := file.list(time.Now())
			if err != nil {
				return err
			}
			if asJSON {
				enc := json.NewEncoder(cmd.OutOrStdout())
				enc.SetIndent("", "  ")
				return enc.Encode(list)
			}
			return printTokens(cmd.OutOrStdout(), list)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "for programs")
	return cmd
}

// listedToken is a token as `list --json` shows it.
type listedToken struct {
	Name      string      `json:"name"`
	Workspace string      `json:"workspace"`
	Scopes    []string    `json:"scopes"`
	Keys      []listedKey `json:"keys"`
}

// list reads the file.
func (f *tokensFile) list(now time.Time) ([]listedToken, error) {
	raw, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no tokens file %s: `freshet token add NAME --scope profiles` makes one", f.path)
	}
	if err != nil {
		return nil, fmt.Errorf("read the tokens file: %w", err)
	}
	file, err := access.Parse(raw, f.path, now)
	if err != nil {
		return nil, err
	}
	out := []listedToken{}
	for _, t := range file.Tokens {
		out = append(out, listedToken{Name: t.Name, Workspace: t.Workspace, Scopes: t.Scopes, Keys: listKeys(t.Keys, now)})
	}
	return out, nil
}

// printTokens writes a line for each text, since the texts are what changes.
func printTokens(w io.Writer, list []listedToken) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "TOKEN\tWORKSPACE\tSCOPES\tKEY\tENDS IN\tSTATE\tEXPIRES")
	for _, token := range list {
		keys := token.Keys
		if len(keys) == 0 {
			keys = []listedKey{{ID: "none", State: "-"}}
		}
		for _, k := range keys {
			expires := "-"
			if !k.Expires.IsZero() {
				expires = k.Expires.UTC().Format(time.RFC3339)
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", token.Name, token.Workspace, strings.Join(token.Scopes, " "), k.ID, or(k.Last4), k.State, expires)
		}
	}
	return t.Flush()
}
