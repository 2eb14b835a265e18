package spool

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// datasync returns once the file's bytes, and the size needed to find them, are on the disk.
func datasync(f *os.File) error {
	for {
		if err := unix.Fdatasync(int(f.Fd())); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
