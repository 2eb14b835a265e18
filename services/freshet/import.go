package freshet

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/pkg/terminal"
	"github.com/freshet/freshet/services/freshet/bulk"
	"github.com/freshet/freshet/services/freshet/bulk/file"
	"github.com/freshet/freshet/services/simulator/send"
)

// importOptions are the flags of `freshet import`.
type importOptions struct {
	doors
	writer
	url, mapping, rejects, ledger string
	dryRun, infer, again, follow  bool
	preview, connections          int
	maxRejects                    int64
	retryFor                      time.Duration
}

func newImport() *cobra.Command {
	var o importOptions
	cmd := &cobra.Command{
		Use:   "import FILE...",
		Short: "Import a file of rows (CRM, ERP, POS, tickets) as events: CSV, Excel, NDJSON, JSON or Parquet, plain or packed",
		Long: `Turn each row of a file into an event as a mapping says, and send it to /v1/import. FILE is CSV, a workbook of Excel (.xlsx), NDJSON, a JSON
array or Parquet, plain or packed with gzip, zstd, bzip2, xz or zip; what it is, is found by its content. "-" is standard input, which is copied to a temporary file first.
Several files, a directory (all files in it) or a pattern are one import, in the order of their names: nothing is sent before the mapping fits all.

An import that was interrupted, by kill -9 too, goes on where it was when the same command is given again; one that is finished sends nothing. Rows
that become no event are written to FILE.rejects.ndjson with the reason: they never were events, and that file is their dead letter. docs/import.md
explains the mapping.

Exit status: 0; 1 when more rows were rejected than --max-rejects (0 by default: any), or after a fault. The good rows are imported in either case.`,
		Example: `  freshet import contacts.csv --infer > contacts.yaml              # a first draft of the mapping
  freshet import contacts.csv --map contacts.yaml --preview 3      # the first events, as they would be sent
  freshet import contacts.csv --map contacts.yaml --dry-run        # everything but sending
  freshet import contacts.csv --map contacts.yaml
  freshet import exports/ --map contacts.yaml --follow             # what comes into the directory, until interrupted
  freshet import 'exports/*.csv' --map contacts.yaml               # or exports/: many files, one summary`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd, args) },
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
	f.BoolVar(&o.follow, "follow", false, "go on until interrupted, importing what is new in the files or comes into the directory; needs message_id in the mapping")
	f.StringVar(&o.url, "url", "", "the collector, such as https://collect.example.com; by default that of the addresses file")
	f.IntVar(&o.connections, "connections", 4, "requests under way at once; 1 keeps the order of the file")
	f.DurationVar(&o.retryFor, "retry-for", 10*time.Minute, "how long a request is tried again while the collector is down or asks to wait")
	return cmd
}

func (o *importOptions) run(cmd *cobra.Command, args []string) (err error) {
	if o.mapping == "" && !o.infer {
		return errors.New("an import needs a mapping: --map FILE.yaml; --infer drafts one")
	}
	cmd.SilenceUsage = true
	if o.follow {
		return o.followFiles(cmd, args)
	}
	files, left, err := bulk.Expand(args)
	if err != nil {
		return err
	}
	for _, path := range left {
		fmt.Fprintln(cmd.ErrOrStderr(), "left out:", terminal.Safe(path))
	}
	if o.infer {
		in, err := file.Open(files[0], cmd.InOrStdin())
		if err != nil {
			return err
		}
		return errors.Join(bulk.Infer(in, exact(cmd), cmd.ErrOrStderr(), files[1:]...), in.Close())
	}
	s := &importSet{importOptions: o, cmd: cmd, files: files, told: map[string]bool{}}
	if files[0] != file.Stdin {
		if s.size, err = bulk.Fits(files, o.mapping); err != nil {
			return err
		}
	}
	switch {
	case o.preview > 0:
		return s.preview()
	case o.dryRun:
		return s.show(func(ctx context.Context, i *bulk.Import, _ string) (bulk.Result, error) { return i.DryRun(ctx) })
	}
	return o.send(s, func(send sender) error {
		return s.show(func(ctx context.Context, i *bulk.Import, path string) (bulk.Result, error) {
			return send(ctx, i, path, false, false)
		})
	})
}

// sender imports one file for real.
type sender func(ctx context.Context, i *bulk.Import, path string, follow, replaced bool) (bulk.Result, error)

// send makes ready to import for real.
func (o *importOptions) send(s *importSet, use func(sender) error) error {
	target, dir, err := o.target(s.cmd)
	if err != nil {
		return err
	}
	var told atomic.Int64 // when, so that the requests under way do not all tell the same
	outage := func(err error) {
		if now, before := time.Now().UnixNano(), told.Load(); now-before > int64(time.Minute) && told.CompareAndSwap(before, now) {
			fmt.Fprintf(s.cmd.ErrOrStderr(), "the collector takes nothing for now: %s; it is tried again for up to %s\n", terminal.Safe(err.Error()), o.retryFor)
		}
	}
	client, err := send.NewClient(send.Config{URL: target, WriteKey: o.key, History: true, Connections: o.connections, RetryFor: o.retryFor, OnOutage: outage})
	if err != nil {
		return err
	}
	defer client.Close()
	mark := sha256.Sum256([]byte(o.key))
	settings := bulk.Settings{Client: client, Connections: o.connections, Ledger: dir, Target: o.url, Rejects: o.rejects,
		Writer: hex.EncodeToString(mark[:4]), Again: o.again, Note: func(line string) { fmt.Fprintln(s.cmd.ErrOrStderr(), terminal.Lines(line)) }}
	return use(func(ctx context.Context, i *bulk.Import, path string, follow, replaced bool) (bulk.Result, error) {
		with := settings
		if with.Beside = path; path == file.Stdin {
			with.Beside = "stdin"
		}
		if with.Replaced = replaced; follow {
			with.Follow = path
		}
		return i.Send(ctx, with)
	})
}

// followFiles imports what comes into the files until it is interrupted.
func (o *importOptions) followFiles(cmd *cobra.Command, args []string) error {
	if o.infer || o.dryRun || o.preview > 0 || o.again || slices.Contains(args, file.Stdin) {
		return errors.New("--follow does not go with --infer, --preview, --dry-run, --again and standard input")
	}
	grouped, err := bulk.Follows(o.mapping)
	if err != nil {
		return err
	}
	s := &importSet{importOptions: o, cmd: cmd, told: map[string]bool{}}
	return o.send(s, func(send sender) error {
		f := &follower{importSet: s, args: args, grouped: grouped, send: func(ctx context.Context, i *bulk.Import, path string, replaced bool) (bulk.Result, error) {
			return send(ctx, i, path, true, replaced)
		}}
		return f.run(cmd.Context())
	})
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
