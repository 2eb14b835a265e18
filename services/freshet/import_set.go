package freshet

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/spf13/cobra"

	"github.com/freshet/freshet/pkg/terminal"
	"github.com/freshet/freshet/services/freshet/bulk"
	"github.com/freshet/freshet/services/freshet/bulk/file"
	"github.com/freshet/freshet/services/freshet/progress"
)

// importSet is the files of one command.
type importSet struct {
	*importOptions
	cmd   *cobra.Command
	files []string
	size  int64           // of all, when there are several
	told  map[string]bool // warnings
}

// each opens the files one after the other.
func (s *importSet) each(do func(i *bulk.Import, path string) error) error {
	for _, path := range s.files {
		if err := s.one(path, do); err != nil {
			return err
		}
	}
	return nil
}

func (s *importSet) one(path string, do func(i *bulk.Import, path string) error) (err error) {
	in, err := file.Open(path, s.cmd.InOrStdin())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	i, warnings, err := bulk.Prepare(in, s.mapping)
	if err != nil {
		return err
	}
	s.warn(warnings)
	return do(i, path)
}

// warn tells each warning once.
func (s *importSet) warn(warnings []string) {
	for _, w := range warnings {
		if !s.told[w] {
			fmt.Fprintln(s.cmd.ErrOrStderr(), "warning:", terminal.Lines(w))
		}
		s.told[w] = true
	}
}

// preview prints the first events of the files.
func (s *importSet) preview() error {
	left := s.importOptions.preview
	return s.each(func(i *bulk.Import, path string) error {
		if left == 0 {
			return nil
		}
		if len(s.files) > 1 {
			fmt.Fprintf(s.cmd.OutOrStdout(), "%s:\n", terminal.Safe(path))
		}
		shown, err := i.Preview(s.cmd.OutOrStdout(), left)
		left -= shown
		return err
	})
}

// show imports the files under one progress bar and prints what became of them.
func (s *importSet) show(run func(context.Context, *bulk.Import, string) (bulk.Result, error)) error {
	var total bulk.Result
	var bar progress.Bar
	var now atomic.Pointer[bulk.Import]
	stopped := ""
	err := s.each(func(i *bulk.Import, path string) error {
		now.Store(i)
		if bar == nil {
			name, size := i.File.Name, i.File.Size
			if len(s.files) > 1 {
				name, size = fmt.Sprintf("%d files", len(s.files)), s.size
			}
			bar = progress.NewBytes(s.cmd.ErrOrStderr(), name, size, func() string { return now.Load().Note() })
		}
		done := int64(0)
		i.OnProgress = func(n int) {
			done += int64(n)
			bar.Add(n)
		}
		result, err := run(s.cmd.Context(), i, path)
		if total.Plus(result); err == nil && len(s.files) > 1 {
			bar.Add(int(i.File.Size - done)) // what was done before, or is not told to the last byte
		}
		stopped = fmt.Sprintf("row %d", result.Counts.Rows)
		if len(s.files) > 1 {
			stopped += " of " + terminal.Safe(path)
		}
		return err
	})
	if bar != nil {
		bar.Done()
	}
	return s.end(total, stopped, err)
}

// end prints the summary and finds the exit status.
func (s *importSet) end(total bulk.Result, stopped string, err error) error {
	if err == nil || total.Recorded || total.DryRun {
		total.Print(s.cmd.OutOrStdout())
	}
	switch bad := total.Counts.Rejected + total.Counts.Lost; {
	case err != nil && !total.Recorded:
		return err
	case err != nil && s.cmd.Context().Err() != nil: // Main says no more than that it was interrupted
		fmt.Fprintf(s.cmd.ErrOrStderr(), "the import stopped at %s; the same command goes on from there\n", stopped)
		return err
	case err != nil:
		return fmt.Errorf("the import stopped at %s; the same command goes on from there: %w", stopped, err)
	case bad > s.maxRejects:
		return fmt.Errorf("%d rows were rejected, more than --max-rejects %d: see above", bad, s.maxRejects)
	}
	return nil
}
