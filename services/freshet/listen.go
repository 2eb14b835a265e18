package freshet

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"
)

// maxDelivery bounds what is read of one delivery, in bytes.
const maxDelivery = 1 << 20

func newListen() *cobra.Command {
	var address string
	cmd := &cobra.Command{
		Use:   "listen",
		Short: "Receive alerts here and print each as a line of JSON, until Ctrl-C",
		Long: `Answers every POST with 200 and prints its body: what a webhook of yours would receive, to see it once before you write one.
It checks no signature (docs/alerts.md shows how) and listens on this machine only.`,
		Example: `  freshet listen &
  freshet up --webhook http://127.0.0.1:9999/`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := new(net.ListenConfig).Listen(cmd.Context(), "tcp", address)
			if err != nil {
				return fmt.Errorf("listen for alerts (--address takes another port): %w", err)
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "alerts to http://%s/ are printed here\n", l.Addr())
			return listen(cmd.Context(), l, cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&address, "address", "127.0.0.1:9999", "host:port to listen on")
	return cmd
}

// listen serves until ctx ends.
func listen(ctx context.Context, l net.Listener, out io.Writer) error {
	lines := make(chan []byte, 100)
	server := &http.Server{
		ReadHeaderTimeout: 5 * time.Second,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxDelivery))
			var line bytes.Buffer
			if err != nil || json.Compact(&line, body) != nil {
				http.Error(w, "the body is not JSON", http.StatusBadRequest)
				return
			}
			select {
			case lines <- line.Bytes():
			case <-r.Context().Done():
			}
		}),
	}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	for {
		select {
		case line := <-lines:
			fmt.Fprintf(out, "%s\n", line)
		case err := <-done:
			if errors.Is(err, http.ErrServerClosed) {
				return nil
			}
			return err
		}
	}
}
