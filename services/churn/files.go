package churn

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"

	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
)

// files are copies of model files in a local folder, named by version and hash. Any of them may be lost or damaged at any time.
type files struct{ dir string }

// get reads a version's file from the folder, or from the registry and keeps a copy, whose name it gives.
func (f files) get(ctx context.Context, r Registry, v *modelv1.Version, name string) (data []byte, kept string, err error) {
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
	path := filepath.Join(f.dir, kept)
	if data, err := os.ReadFile(path); err == nil { //nolint:gosec // the name is of a hash and an id
		if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) == hash {
			return data, kept, nil
		}
	}
	if data, err = r.File(ctx, v, name); err != nil {
		return nil, "", err
	}
	f.copy(path, data)
	return data, kept, nil
}

// copy keeps a file. What cannot be written is read from the bucket at the next start: that is no fault of the model.
func (f files) copy(path string, data []byte) {
	if os.MkdirAll(f.dir, 0o750) == nil && os.WriteFile(path+".new", data, 0o600) == nil {
		_ = os.Rename(path+".new", path)
	}
}

// keep removes all other copies.
func (f files) keep(names map[string]bool) {
	all, err := os.ReadDir(f.dir)
	if err != nil {
		return
	}
	for _, file := range all {
		if !names[file.Name()] {
			_ = os.Remove(filepath.Join(f.dir, file.Name()))
		}
	}
}
