package identity

import (
	"errors"
	"io/fs"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// ofAnotherEngine says whether the files in dir are of a version of Pebble that this one cannot read: a newer release's, after it
// was taken back. A folder that the disk does not let us read is not.
func ofAnotherEngine(dir string) bool {
	_, err := pebble.Peek(dir, vfs.Default)
	return err != nil && !errors.As(err, new(*fs.PathError))
}
