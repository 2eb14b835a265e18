package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// makeFolder makes dir and what is missing above it, so that their names outlive a power cut: a segment is
// as durable as the path to it. What is there already is left as it is.
func makeFolder(dir string, sync func(*os.File) error) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("find %s: %w", dir, err)
	}
	var parents []string // of what is missing, the innermost first
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(at); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		parents = append(parents, filepath.Dir(at))
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("make data directory: %w", err)
	}
	for _, parent := range parents {
		if err := syncFolder(parent, sync); err != nil {
			return err
		}
	}
	return nil
}

// syncFolder makes the names in dir durable.
func syncFolder(dir string, sync func(*os.File) error) error {
	folder, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync folder %s: %w", dir, err)
	}
	if err := errors.Join(sync(folder), folder.Close()); err != nil {
		return fmt.Errorf("sync folder %s: %w", dir, err)
	}
	return nil
}
