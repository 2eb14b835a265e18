package wire

import (
	"errors"
	"fmt"
)

// ErrNewer and ErrOlder tell which way a layout is out of reach; a VersionError wraps one of them.
var (
	ErrNewer = errors.New("written by a newer Freshet")
	ErrOlder = errors.New("written by an older Freshet")
)

// Format is one thing that is kept, and the numbers of its layouts. The number is the first byte.
type Format struct {
	// Name says what it is, for errors: "customer record of features".
	Name string
	// Oldest and Newest are the first and the last layout that this release reads, Written the one
	// that it writes: Newest, or for one release the layout before. From 1; see the package comment.
	Oldest, Written, Newest byte
}

// Check says what is wrong with the numbers: a test of each format asks.
func (f Format) Check() error {
	switch {
	case f.Name == "":
		return errors.New("a format has no name")
	case f.Oldest < 1 || f.Oldest > f.Written || f.Written > f.Newest:
		return fmt.Errorf("%s: reads layouts %d to %d and writes %d: want 1 <= oldest <= written <= newest", f.Name, f.Oldest, f.Newest, f.Written)
	case f.Newest > f.Written+1:
		return fmt.Errorf("%s: layout %d is brought while %d is not written yet: the release before this one could not read it", f.Name, f.Newest, f.Newest-1)
	}
	return nil
}

// Begin appends the number of the layout that is written. What follows must be in that layout.
func (f Format) Begin(b []byte) []byte { return append(b, f.Written) }

// Open takes the number off b: what follows it, and the number, which is one that this release reads.
// Else the error is a *VersionError, or wraps ErrDamaged where there is none.
func (f Format) Open(b []byte) (Cursor, byte, error) {
	if len(b) == 0 {
		return Cursor{failed: true}, 0, fmt.Errorf("%s: %w", f.Name, ErrDamaged)
	}
	if err := f.Reads(b[0]); err != nil {
		return Cursor{failed: true}, 0, err
	}
	return Read(b[1:]), b[0], nil
}

// Reads is nil for a layout that this release reads, for formats whose number stands elsewhere than in a first byte.
// Zero, which is no layout, wraps ErrDamaged; any other number gives a *VersionError.
func (f Format) Reads(layout byte) error {
	switch {
	case layout == 0:
		return fmt.Errorf("%s: %w", f.Name, ErrDamaged)
	case layout < f.Oldest || layout > f.Newest:
		return &VersionError{Format: f, Found: layout}
	}
	return nil
}

// VersionError says that bytes are in a layout which this release does not read.
type VersionError struct {
	// Format is what this release knows.
	Format Format
	// Found is the layout of the bytes.
	Found byte
}

// Error says which release to run.
func (e *VersionError) Error() string {
	f := e.Format
	if e.Found > f.Newest {
		return fmt.Sprintf("%s: this state was %v: layout %d, and this release reads %d to %d. Run the newer release; "+
			"to go back from it, go back one release at a time (docs/state-formats.md)", f.Name, ErrNewer, e.Found, f.Oldest, f.Newest)
	}
	return fmt.Sprintf("%s: this state was %v: layout %d, and this release reads %d to %d. Run a release that reads both, or begin "+
		"with a new state, from the events (docs/state-formats.md)", f.Name, ErrOlder, e.Found, f.Oldest, f.Newest)
}

// Unwrap is ErrNewer or ErrOlder.
func (e *VersionError) Unwrap() error {
	if e.Found > e.Format.Newest {
		return ErrNewer
	}
	return ErrOlder
}
