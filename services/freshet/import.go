package freshet

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/pkg/terminal"
	"github.com/freshet/freshet/services/freshet/bulk"
	"github.com/freshet/freshet/services/freshet/bulk/file"
	"github.com/freshet/freshet/services/freshet/progress"
	"github.com/freshet/freshet/services/simulator/send"
)

// importOptions are the flags of `freshet import`.
type importOptions struct {
	doors
	writer
	url, mapping, rejects, ledger string
	dryRun, infer, again          bool
	preview, connections          int
	maxRejects                    int64
	retryFor                      time.Duration
}

func newImport() *cobra.Command {
	var o importOptions
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Import a file of rows (CRM, ERP, POS, tickets) as events: CSV, NDJSON, JSON or Parquet, plain or packed",
		Long: `Turn each row of a file into an event as a mapping says, and send it to /v1/import. FILE is CSV, NDJSON, a JSON array or Parquet, plain or packed with
gzip, zstd, bzip2, xz or zip; what it is, is found by its content. "-" is standard input, which is copied to a temporary file first.

An import that was interrupted, by kill -9 too, goes on where it was when the same command is given again; one that is finished sends nothing. Rows
that become no event are written to FILE.rejects.ndjson with the reason: they never were events, and that file is their dead letter. docs/import.md
explains the mapping.

Exit status: 0; 1 when more rows were rejected than --max-rejects (0 by default: any), or after a fault. The good rows are imported in either case.`,
		Example: `  freshet import contacts.csv --infer > contacts.yaml              # a first draft of the mapping
  freshet import contacts.csv --map contacts.yaml --preview 3      # the first events, as they would be sent
  freshet import contacts.csv --map contacts.yaml --dry-run        # everything but sending
  freshet import contacts.csv --map contacts.yaml`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd, args[0]) },
	}
	o.doors.flag(cmd)
	o.writer.flag(cmd)
	f := cmd.Flags()
	f.StringVar(&o.mapping, "map", "", "the mapping, a YAML file")
	f.BoolVar(&o.infer, "infer", false, "print a draft of a mapping for the file, and send nothing")
	f.IntVar(&o.preview, "preview", 0, "print the first N events beside their rows, and send nothing")
	f.BoolVar(&o.dryRun, "dry-run", false, "read, map and check everything, and send nothing")
	f.Int64Var(&o.maxRejects, "max-rejects", 0, "how many rejected rows still give exit status 0")
	f.StringVar(&o.rejects, "rejects", "", "where to write the rejected rows; by default FILE.rejects.ndjson; another import's are left alone, and a number is put in")
	f.StringVar(&o.ledger, "ledger", "", `the folder that remembers how far imports came; by default "imports" beside the addresses file`)
	f.BoolVar(&o.again, "again", false, "import the file from its beginning though it was imported already; events with the same message ids count once for 7 days")
	f.StringVar(&o.url, "url", "", "the collector, such as https://collect.example.com; by default that of the addresses file")
	f.IntVar(&o.connections, "connections", 4, "requests under way at once; 1 keeps the order of the file")
	f.DurationVar(&o.retryFor, "retry-for", 10*time.Minute, "how long a request is tried again while the collector is down or asks to wait")
	return cmd
}

func (o *importOptions) run(cmd *cobra.Command, path string) (err error) {
	if o.mapping == "" && !o.infer {
		return errors.New("an import needs a mapping: --map FILE.yaml; --infer drafts one")
	}
	cmd.SilenceUsage = true
	in, err := file.Open(path, cmd.InOrStdin())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	if o.infer {
		return bulk.Infer(in, exact(cmd))
	}
	i, warnings, err := bulk.Prepare(in, o.mapping)
	if err != nil {
		return err
	}
	for _, w := range warnings {
		fmt.Fprintln(cmd.ErrOrStderr(), "warning:", terminal.Lines(w))
	}
	switch {
	case o.preview > 0:
		return i.Preview(cmd.OutOrStdout(), o.preview)
	case o.dryRun:
		return o.show(cmd, i, func(ctx context.Context) (bulk.Result, error) { return i.DryRun(ctx) })
	}
	return o.send(cmd, i, path)
}

// send imports for real.
func (o *importOptions) send(cmd *cobra.Command, i *bulk.Import, path string) error {
	target, dir, err := o.target(cmd)
	if err != nil {
		return err
	}
	var told atomic.Int64 // when, so that the requests under way do not all tell the same
	outage := func(err error) {
		if now, before := time.Now().UnixNano(), told.Load(); now-before > int64(time.Minute) && told.CompareAndSwap(before, now) {
			fmt.Fprintf(cmd.ErrOrStderr(), "the collector takes nothing for now: %s; it is tried again for up to %s\n", terminal.Safe(err.Error()), o.retryFor)
		}
	}
	client, err := send.NewClient(send.Config{URL: target, WriteKey: o.key, History: true, Connections: o.connections, RetryFor: o.retryFor, OnOutage: outage})
	if err != nil {
		return err
	}
	defer client.Close()
	beside := path
	if path == file.Stdin {
		beside = "stdin"
	}
	mark := sha256.Sum256([]byte(o.key))
	settings := bulk.Settings{Client: client, Connections: o.connections, Ledger: dir, Target: o.url, Rejects: o.rejects, Beside: beside,
		Writer: hex.EncodeToString(mark[:4]), Again: o.again, Note: func(line string) { fmt.Fprintln(cmd.ErrOrStderr(), terminal.Lines(line)) }}
	return o.show(cmd, i, func(ctx context.Context) (bulk.Result, error) { return i.Send(ctx, settings) })
}

// target is the collector's URL and the ledger's folder.
func (o *importOptions) target(cmd *cobra.Command) (target, dir string, err error) {
	if dir = o.ledger; dir == "" {
		beside := o.file
		if beside == "" {
			beside = stack.DefaultFile
		}
		dir = filepath.Join(filepath.Dir(beside), "imports")
	}
	if o.url != "" {
		u, err := url.Parse(o.url)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return "", "", fmt.Errorf("--url %q: give a URL such as https://collect.example.com", o.url)
		}
		return o.url, dir, nil
	}
	a, err := o.open(cmd)
	if err != nil {
		return "", "", err
	}
	return "http://" + a.CollectorHTTP, dir, stack.Knock(cmd.Context(), a.CollectorHTTP)
}

// show runs an import under a progress bar and prints what became of it.
func (o *importOptions) show(cmd *cobra.Command, i *bulk.Import, run func(context.Context) (bulk.Result, error)) error {
	bar := progress.NewBytes(cmd.ErrOrStderr(), i.File.Name, i.File.Size, i.Note)
	i.OnProgress = bar.Add
	result, err := run(cmd.Context())
	bar.Done()
	if err == nil || result.Recorded || result.DryRun {
		result.Print(cmd.OutOrStdout())
	}
	switch bad := result.Counts.Rejected + result.Counts.Lost; {
	case err != nil && !result.Recorded:
		return err
	case err != nil && cmd.Context().Err() != nil: // Main says no more than that it was interrupted
		fmt.Fprintf(cmd.ErrOrStderr(), "the import stopped at row %d; the same command goes on from there\n", result.Counts.Rows)
		return err
	case err != nil:
		return fmt.Errorf("the import stopped at row %d; the same command goes on from there: %w", result.Counts.Rows, err)
	case bad > o.maxRejects:
		return fmt.Errorf("%d rows were rejected, more than --max-rejects %d: see above", bad, o.maxRejects)
	}
	return nil
}
