package model

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
)

// Files reads files of versions, their hashes checked: a Registry.
type Files interface {
	File(ctx context.Context, v *modelv1.Version, name string) ([]byte, error)
}

// Copies are copies of model files in a local folder, named by version and hash, so that a restart needs no bucket. Any of them may be lost or damaged at any time
// (TestACopyThatIsDamagedIsNotBelieved).
type Copies struct {
	// Dir is the folder. It is made when the first copy is.
	Dir string
}

// Get reads a version's file from the folder, or from the registry and keeps a copy, whose name it gives.
func (c Copies) Get(ctx context.Context, r Files, v *modelv1.Version, name string) (data []byte, kept string, err error) {
	hash := ""
	for _, file := range v.GetFiles() {
		if file.GetName() == name {
			hash = file.GetSha256()
		}
	}
	if hash == "" {
		return nil, "", fmt.Errorf("version %s has no file %s", v.GetId(), name)
	}
	kept = filepath.Base(v.GetId()) + "-" + filepath.Base(hash)
	path := filepath.Join(c.Dir, kept)
	if data, err := os.ReadFile(path); err == nil && hashOf(data) == hash { //nolint:gosec // the name is of a hash and an id
		return data, kept, nil
	}
	if data, err = r.File(ctx, v, name); err != nil {
		return nil, "", err
	}
	c.put(path, data)
	return data, kept, nil
}

// put keeps a file. What cannot be written is read from the bucket at the next start: that is no fault of the model.
func (c Copies) put(path string, data []byte) {
	if os.MkdirAll(c.Dir, 0o750) == nil && os.WriteFile(path+".new", data, 0o600) == nil {
		_ = os.Rename(path+".new", path)
	}
}

// Keep removes all other copies.
func (c Copies) Keep(names map[string]bool) {
	all, err := os.ReadDir(c.Dir)
	if err != nil {
		return
	}
	for _, file := range all {
		if !names[file.Name()] {
			_ = os.Remove(filepath.Join(c.Dir, file.Name()))
		}
	}
}
