package model

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/freshet/freshet/pkg/wire"
)

var (
	// nameForm is what a model may be called: as a score, since that is what it is.
	nameForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
	// fileForm is what a version's file may be called.
	fileForm = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]{0,63}$`)
	// idForm is what a version's id looks like.
	idForm = regexp.MustCompile(`^[0-9]{8}T[0-9]{6}-[0-9a-f]{4}$`)
)

// where is whose model is meant. It is the key of maps, so that no two are written alike.
type where struct{ workspace, name string }

// String is how people and keys name it. A workspace may be called anything: what separates parts is escaped.
func (w where) String() string { return url.PathEscape(w.workspace) + "/" + w.name }

func (w where) check() error {
	if w.workspace == "" || w.workspace == "." || w.workspace == ".." {
		return fmt.Errorf("a model's workspace cannot be %q: name one", w.workspace)
	}
	if !nameForm.MatchString(w.name) {
		return fmt.Errorf("a model cannot be called %q: a small letter, then at most 63 small letters, digits and _", w.name)
	}
	return nil
}

// The keys on models.v1, by what they end in: nothing is the state, an id a version.
const (
	runKey   = "run"
	runOKKey = "run/ok"
)

// key is where something of a model stands on models.v1.
func (w where) key(what string) []byte {
	if what == "" {
		return []byte(w.String())
	}
	return []byte(w.String() + "/" + what)
}

// splitKey reads a key back. What is not ours is not ok.
func splitKey(key []byte) (w where, what string, ok bool) {
	parts := strings.SplitN(string(key), "/", 3)
	if len(parts) < 2 {
		return w, "", false
	}
	workspace, err := url.PathUnescape(parts[0])
	if err != nil {
		return w, "", false
	}
	if w = (where{workspace, parts[1]}); len(parts) == 3 {
		what = parts[2]
	}
	known := what == "" || what == runKey || what == runOKKey || idForm.MatchString(what)
	return w, what, known && w.check() == nil
}

// folder is where the files of a version lie in the bucket.
func (w where) folder(id string) string { return w.String() + "/" + id + "/" }

// newID names a version by the time when it was made and by what it is made of.
func newID(at time.Time, hash string) string {
	return at.UTC().Format("20060102T150405") + "-" + hash[:4]
}

// hashOf is the SHA-256 of bytes, in hexadecimal digits.
func hashOf(data []byte) string {
	h := sha256.Sum256(data)
	return hex.EncodeToString(h[:])
}

// hashOfAll is that of files, by name and hash, whatever their order.
func hashOfAll(hashes map[string]string) string {
	var all []byte
	for _, name := range slices.Sorted(maps.Keys(hashes)) {
		all = wire.AppendText(wire.AppendText(all, name), hashes[name])
	}
	return hashOf(all)
}
