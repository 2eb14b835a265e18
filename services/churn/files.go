package churn

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
)

// files are copies of model files in a local folder, named by version and hash. Any of them may be lost or damaged at any time.
type files struct{ dir string }

// get reads a version's file from the folder, or from the registry and keeps a copy.
func (f files) get(ctx context.Context, r Registry, v *modelv1.Version, name string) ([]byte, error) {
	hash := ""
	for _, file := range v.GetFiles() {
		if file.GetName() == name {
			hash = file.GetSha256()
		}
	}
	if hash == "" {
		return nil, fmt.Errorf("version %s has no file %s", v.GetId(), name)
	}
	path := filepath.Join(f.dir, filepath.Base(v.GetId())+"-"+filepath.Base(hash))
	if data, err := os.ReadFile(path); err == nil { //nolint:gosec // the name is of a hash and an id
		if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) == hash {
			return data, nil
		}
	}
	data, err := r.File(ctx, v, name)
	if err != nil {
		return nil, err
	}
	f.copy(path, data)
	return data, nil
}

// copy keeps a file. What cannot be written is read from the bucket at the next start: that is no fault of the model.
func (f files) copy(path string, data []byte) {
	if os.MkdirAll(f.dir, 0o750) == nil && os.WriteFile(path+".new", data, 0o600) == nil {
		_ = os.Rename(path+".new", path)
	}
}

// keep removes the copies of all other versions.
func (f files) keep(versions map[string]bool) {
	all, err := os.ReadDir(f.dir)
	if err != nil {
		return
	}
	for _, file := range all {
		version := file.Name()
		if i := strings.LastIndex(version, "-"); i > 0 && !versions[version[:i]] {
			_ = os.Remove(filepath.Join(f.dir, version))
		}
	}
}
