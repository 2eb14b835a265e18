package freshet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/freshet/freshet/pkg/terminal"
	"github.com/freshet/freshet/services/freshet/bulk"
	"github.com/freshet/freshet/services/freshet/bulk/file"
)

// followEvery is how often files are looked at. A file is read when it changed; with group_by, when it then rested for one look: an order must be whole.
const followEvery = time.Second

// follower imports what comes into files, until it is interrupted. A file that only grew is read on from its last row or order; where a hash of all before
// that is another one, the file is read from its beginning. What was sent before is known by its message id (ledger.Sent), whatever became of the
// file: the place where reading goes on saves time and decides nothing (TestReadingOnIsReadingFromTheBeginning).
type follower struct {
	*importSet
	args    []string
	grouped bool
	send    func(ctx context.Context, i *bulk.Import, path string, replaced bool) (bulk.Result, error)
	seen    map[string]*followed
}

// followed is what is known of a file.
type followed struct {
	was, read os.FileInfo // at the last look, and when it was imported
	said      string      // the last fault, told once
}

// run looks at the files until ctx ends.
func (f *follower) run(ctx context.Context) error {
	f.seen = map[string]*followed{}
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	missing := ""
	for {
		files, _, err := bulk.Expand(f.args)
		switch {
		case err != nil && err.Error() != missing:
			missing = err.Error()
			fmt.Fprintf(f.cmd.ErrOrStderr(), "%s: waiting for it\n", terminal.Safe(missing))
		case err == nil:
			missing = ""
		}
		for _, path := range files {
			if err := f.look(ctx, path); ctx.Err() != nil {
				return nil
			} else if err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// look imports a file when it is time to. A fault of one file is told once, and does not end the others.
func (f *follower) look(ctx context.Context, path string) error {
	one := f.seen[path]
	if one == nil {
		one = &followed{}
		f.seen[path] = one
	}
	now, err := os.Stat(path)
	if err != nil {
		f.say(one, path, err)
		return nil
	}
	rests := one.was != nil && same(one.was, now)
	one.was = now
	if one.read != nil && same(one.read, now) || f.grouped && !rests {
		return nil
	}
	replaced := one.read != nil && (!os.SameFile(one.read, now) || now.Size() < one.read.Size())
	began, err := f.pass(ctx, path, replaced)
	if ctx.Err() != nil {
		return err
	}
	f.say(one, path, err)
	if err == nil || !began { // what does not fit is looked at again when it changes; what a collector did not take, at the next look
		one.read = now
	}
	return nil
}

// same says that a file is as it was.
func same(a, b os.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

func (f *follower) say(one *followed, path string, err error) {
	if err == nil {
		one.said = ""
		return
	}
	if text := err.Error(); text != one.said {
		one.said = text
		fmt.Fprintf(f.cmd.ErrOrStderr(), "%s: %s\n", terminal.Safe(path), terminal.Lines(text))
	}
}

// pass imports what is new of a file and prints a line when there was something. began says that it came to sending.
func (f *follower) pass(ctx context.Context, path string, replaced bool) (began bool, err error) {
	in, err := file.OpenGrowing(path)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	if in.Size == 0 {
		return false, nil // not even a line yet
	}
	i, warnings, err := bulk.Prepare(in, f.mapping)
	if err != nil {
		return false, err
	}
	f.warn(warnings)
	result, err := f.send(ctx, i, path, replaced)
	if c := result.Counts; c.Accepted+c.Refused > 0 || c.Rejected > 0 {
		fmt.Fprintf(f.cmd.OutOrStdout(), "%s %s: %d events accepted, %d refused, %d rows rejected, %d known before\n",
			time.Now().Format(time.DateTime), terminal.Safe(path), c.Accepted, c.Refused, c.Rejected, c.Unchanged)
	}
	return result.Recorded, err
}
