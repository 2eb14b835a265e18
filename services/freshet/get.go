package freshet

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/freshet/freshet/pkg/stack"
)

func newGet() *cobra.Command {
	var d doors
	cmd := &cobra.Command{
		Use:   "get PATH",
		Short: "Read the HTTP/JSON API with the stack's token",
		Long:  "Ask the gateway for a path, as curl with the stack's token would, and print the answer as it is. Exit status 1 when it is not 200.",
		Example: `  freshet get /v1/customers/user_id:42/features
  freshet get '/v1/segments/high_value/members?page_size=10' | jq .members`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !strings.HasPrefix(args[0], "/") {
				return fmt.Errorf("PATH begins with a slash, such as /v1/segments; got %q", args[0])
			}
			a, err := d.open(cmd)
			if err != nil {
				return err
			}
			return get(cmd, a, args[0])
		},
	}
	d.reads(cmd)
	return cmd
}

func get(cmd *cobra.Command, a stack.Addresses, path string) error {
	if err := stack.Knock(cmd.Context(), a.APIHTTP); err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(cmd.Context(), http.MethodGet, "http://"+a.APIHTTP+path, nil)
	if err != nil {
		return fmt.Errorf("ask for %q: %w", path, err)
	}
	if a.APIToken != "" {
		req.Header.Set("Authorization", "Bearer "+a.APIToken)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("ask for %q: %w", path, err)
	}
	defer resp.Body.Close()
	_, err = io.Copy(cmd.OutOrStdout(), resp.Body)
	fmt.Fprintln(cmd.OutOrStdout())
	if resp.StatusCode != http.StatusOK {
		err = errors.Join(err, fmt.Errorf("the API answered %d %s", resp.StatusCode, http.StatusText(resp.StatusCode)))
	}
	return err
}
