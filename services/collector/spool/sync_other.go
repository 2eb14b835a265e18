//go:build !linux

package spool

import "os"

// datasync returns once the file's bytes are on the disk.
func datasync(f *os.File) error { return f.Sync() }
