// Package dirlock lets one process at a time own a data directory. The kernel
// drops the lock when its last holder dies, so a crash leaves nothing to clean
// up. It is not for locks between goroutines of one process.
package dirlock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// ErrHeld means that another process, or another Lock of this one, holds the directory.
var ErrHeld = errors.New("directory is in use by another process")

// retryEvery is how often Wait tries again.
const retryEvery = 20 * time.Millisecond

// Lock is a held directory. Close gives it back.
type Lock struct{ file *os.File }

// Acquire makes dir when it is missing and locks it with the file name in it,
// or fails at once with an error that wraps ErrHeld.
func Acquire(dir, name string) (*Lock, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	path := filepath.Join(dir, name)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock file: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock %s: %w", path, ErrHeld)
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return &Lock{file: f}, nil
}

// Wait is Acquire that keeps trying while the directory is held, until ctx ends;
// then the error wraps ErrHeld.
func Wait(ctx context.Context, dir, name string) (*Lock, error) {
	for {
		l, err := Acquire(dir, name)
		if err == nil || !errors.Is(err, ErrHeld) {
			return l, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(retryEvery):
		}
	}
}

// File is the locked file. A child process that inherits it holds the lock too,
// until the last of them ends.
func (l *Lock) File() *os.File { return l.file }

// Close gives the directory back, unless a child process still holds File.
func (l *Lock) Close() error { return l.file.Close() }
