package keyfile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/freshet/freshet/pkg/embedded/dirlock"
)

// Edit changes a file, or makes it: change gets the text as it is, empty when there is no file, and gives the new one, which is written
// beside the file and takes its place in one step, so that a reader sees the old or the new. One edit at a time goes on, others wait
// until ctx ends. Nothing is written when change fails. what names the file in errors: "sources file".
func Edit(ctx context.Context, path, what string, change func(old []byte) ([]byte, error)) error {
	real, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		real, err = path, nil
	}
	if err != nil {
		return fmt.Errorf("find the %s: %w", what, err)
	}
	release, err := lock(ctx, real)
	if err != nil {
		return fmt.Errorf("wait for another change of the %s: %w", what, err)
	}
	defer release()
	old, err := Read(real)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read the %s: %w", what, err)
	}
	text, err := change(old)
	if err != nil {
		return err
	}
	if err := replace(real, text); err != nil {
		return fmt.Errorf("write the %s: %w", what, err)
	}
	return nil
}

// lock keeps two edits of one file apart. The kernel drops it when its holder dies.
func lock(ctx context.Context, path string) (release func(), err error) {
	l, err := dirlock.Wait(ctx, filepath.Dir(path), "."+filepath.Base(path)+".lock")
	if err != nil {
		return nil, err
	}
	return func() { _ = l.Close() }, nil
}

// replace puts text in the place of a file, with its mode and its owner; a new one is readable by its owner only.
func replace(path string, text []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // 0600
	if err != nil {
		return err
	}
	if old, statErr := os.Stat(path); statErr == nil {
		err = errors.Join(keepOwner(f, old), f.Chmod(old.Mode().Perm()))
	}
	if err == nil {
		_, err = f.Write(text)
	}
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// keepOwner gives a file to the owner of the one it replaces: after `sudo freshet source rotate` the collector must still read it. Whoever
// may not give files away replaces it with one of their own, as an editor does.
func keepOwner(f *os.File, old fs.FileInfo) error {
	s, ok := old.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	if err := f.Chown(int(s.Uid), int(s.Gid)); err != nil && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}
