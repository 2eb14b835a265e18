package freshet

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/freshet/freshet/pkg/stack"
)

func newSQL() *cobra.Command {
	var d doors
	var l login
	var format string
	cmd := &cobra.Command{
		Use:   "sql QUERY",
		Short: "Ask ClickHouse, as the reader",
		Long: `Send one query to the stack's ClickHouse and print the answer. The user and the password come from the addresses file. A FORMAT in the query
counts before --format. With - the query is read from standard input.`,
		Example: `  freshet sql 'SELECT name, count() FROM dw.events GROUP BY name'
  freshet sql 'SELECT * FROM dw.orders FORMAT CSVWithNames' > orders.csv
  freshet sql "SELECT customer_id, value FROM dm.scores_latest WHERE target = 'churn_risk_90d' ORDER BY value DESC LIMIT 20"
  freshet sql - < report.sql`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			a, err := d.open(cmd)
			if err != nil {
				return err
			}
			query := io.Reader(strings.NewReader(args[0]))
			if args[0] == "-" {
				query = cmd.InOrStdin()
			}
			return ask(cmd, a, a.Login(l.Login), query, answerFormat(format, cmd.OutOrStdout()))
		},
	}
	d.flag(cmd)
	l.flag(cmd)
	cmd.Flags().StringVar(&format, "format", "", "ClickHouse's name of the answer's format; by default a table on a terminal, and tab-separated elsewhere")
	return cmd
}

// answerFormat is for eyes on a terminal, and for programs elsewhere.
func answerFormat(format string, out io.Writer) string {
	if format != "" {
		return format
	}
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return "PrettyCompactMonoBlock"
	}
	return "TabSeparated"
}

// ask copies the answer as it comes.
func ask(cmd *cobra.Command, a stack.Addresses, login stack.Login, query io.Reader, format string) error {
	if err := stack.Knock(cmd.Context(), a.ClickHouseHTTP); err != nil {
		return err
	}
	address := "http://" + a.ClickHouseHTTP + "/?default_format=" + url.QueryEscape(format)
	req, err := http.NewRequestWithContext(cmd.Context(), http.MethodPost, address, query)
	if err != nil {
		return fmt.Errorf("ask ClickHouse at %s: %w", a.ClickHouseHTTP, err)
	}
	req.SetBasicAuth(login.User, login.Password)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("ask ClickHouse at %s: %w", a.ClickHouseHTTP, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		fault, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10)) // what there is of it
		return errors.New("ClickHouse says: " + strings.TrimSpace(string(fault)))
	}
	if _, err := io.Copy(cmd.OutOrStdout(), resp.Body); err != nil {
		return fmt.Errorf("read ClickHouse's answer: %w", err)
	}
	return nil
}
