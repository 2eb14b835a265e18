// Package localstore opens the Pebble stores of a process: copies of logs that can be read again, on a local disk.
//
// # Which store may be thrown away
//
// A copy that is damaged is worth nothing, one that somebody else has open is worth a lot, and a disk that fails to answer says nothing of
// either. So an error of this package has one of three meanings:
//
//   - ErrInUse: another process, or another store of this one, holds the folder. It is never touched (TestWhatAFailedOpenProves).
//   - ErrDamaged: the lock was ours, and what the files say is wrong: Pebble calls it corruption, a file that has to be there is missing, or
//     another engine wrote them. Remove may throw them away (TestWhatAFailedOpenProves, TestDamageIsToldAndEndsNothing).
//   - Neither: the operating system refused (EACCES, ENOSPC, EMFILE, EIO and all others that have a number, but for "no such file"). The
//     same files may be read well a minute later, and stay (TestNoFaultOfTheDiskIsDamage).
//
// Remove takes the lock first, so that nobody's living store is removed, however the folder got there.
//
// It is not for state that exists nowhere else.
package localstore

import (
	"errors"
	"fmt"
	"io/fs"
	"sync/atomic"
	"syscall"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// ErrInUse means that somebody else has the store open.
var ErrInUse = errors.New("another freshet has it open: end that one, or give this one a folder of its own (--dir, or dir in the service's configuration)")

// ErrDamaged means that the files of a store are bad, whoever reads them.
var ErrDamaged = errors.New("the store is damaged")

// DB is an open store.
type DB struct {
	*pebble.DB
	damage atomic.Pointer[error]
}

// Open opens the store in dir, and makes both when they are missing. opts.FS nil means the machine's disk; Logger and
// EventListener are this package's.
func Open(dir string, opts *pebble.Options) (*DB, error) {
	if opts.FS == nil {
		opts.FS = vfs.Default
	}
	if err := opts.FS.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("make the folder %s: %w", dir, err)
	}
	lock, err := hold(opts.FS, dir)
	if err != nil {
		return nil, fmt.Errorf("open the store in %s: %w", dir, err)
	}
	db := &DB{}
	opts.Lock, opts.Logger = lock, quiet{}
	opts.EventListener = &pebble.EventListener{DataCorruption: func(info pebble.DataCorruptionInfo) { db.damage.CompareAndSwap(nil, &info.Details) }}
	db.DB, err = pebble.Open(dir, opts)
	// The open store has the lock too, and gives it back with Close.
	if gaveBack := lock.Close(); err == nil && gaveBack != nil {
		return nil, errors.Join(fmt.Errorf("give back the lock of %s: %w", dir, gaveBack), db.Close())
	}
	switch {
	case err == nil:
		return db, nil
	case number(err) == 0 || number(err) == syscall.ENOENT: // what is wrong is what the files say
		return nil, fmt.Errorf("open the store in %s: %w: %w", dir, ErrDamaged, err)
	default:
		return nil, fmt.Errorf("open the store in %s: %w", dir, err)
	}
}

// Damage is the first damage that was met, also by what Pebble does in the background; nil: none. Without it Pebble would end the process.
func (db *DB) Damage() error {
	if err := db.damage.Load(); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, *err)
	}
	return nil
}

// Fault is an error of the store's calls, which wraps ErrDamaged when it proves damage.
func Fault(err error) error {
	if n := number(err); n != 0 && n != syscall.ENOENT {
		return err
	}
	if pebble.IsCorruptionError(err) || errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}

// Remove removes a store that nobody has open. The folder may be missing.
func Remove(disk vfs.FS, dir string) error {
	if disk == nil {
		disk = vfs.Default
	}
	lock, err := hold(disk, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = errors.Join(disk.RemoveAll(dir), lock.Close())
	}
	if err != nil {
		return fmt.Errorf("remove the store in %s: %w", dir, err)
	}
	return nil
}

// hold locks a folder. The lock's refusals have no path with them, unlike those of the file that it is taken on.
func hold(disk vfs.FS, dir string) (*pebble.Lock, error) {
	lock, err := pebble.LockDirectory(dir, disk)
	switch n := number(err); {
	case err == nil:
		return lock, nil
	case errors.As(err, new(*fs.PathError)) || errors.Is(err, fs.ErrNotExist):
		return nil, err
	case n == 0 || n == syscall.EAGAIN || n == syscall.EACCES:
		return nil, fmt.Errorf("%w (%w)", ErrInUse, err)
	default:
		return nil, err
	}
}

// number is the operating system's number of an error, 0 when it is not from there.
func number(err error) syscall.Errno {
	var n syscall.Errno
	errors.As(err, &n)
	return n
}

// quiet drops Pebble's own chatter; its errors come back from its calls.
type quiet struct{}

func (quiet) Infof(string, ...any)  {}
func (quiet) Errorf(string, ...any) {}

// Fatalf is called when a write-ahead log or a manifest cannot be written: the disk is full or gone, and nothing can be undone.
func (quiet) Fatalf(format string, args ...any) {
	panic(fmt.Sprintf("pebble: "+format, args...))
}
